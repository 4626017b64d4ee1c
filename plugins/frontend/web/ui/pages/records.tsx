// SPDX-License-Identifier: GPL-3.0-or-later
//
// The bundle of what is looked up: fetched when somebody opens one of its pages or a case beside a chat.

import type { JSX } from 'react';

import type { Page } from '../route';
import { Cases } from './cases';
import { Customers } from './customers';
import { History } from './history';

export { CaseView } from '../parts/case';

export default function Records({ page }: { page: Page }): JSX.Element | null {
  switch (page) {
    case 'customers':
      return <Customers />;
    case 'cases':
      return <Cases />;
    case 'history':
      return <History />;
    default:
      return null;
  }
}
