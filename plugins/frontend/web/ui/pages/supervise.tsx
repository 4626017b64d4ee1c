// SPDX-License-Identifier: GPL-3.0-or-later
//
// The bundle of what only supervisors and administrators open.

import type { JSX } from 'react';

import type { Page } from '../route';
import { Team } from './team';

export default function Supervise({ page }: { page: Page }): JSX.Element | null {
  switch (page) {
    case 'team':
      return <Team />;
    default:
      return null;
  }
}
