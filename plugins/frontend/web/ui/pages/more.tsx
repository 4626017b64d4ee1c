// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pages that are fetched only when somebody opens one: everything but the chats.

import type { JSX } from 'react';

import type { Page } from '../route';
import { Cases } from './cases';
import { Customers } from './customers';
import { History } from './history';
import { Team } from './team';

export default function More({ page }: { page: Exclude<Page, 'chats'> }): JSX.Element {
  switch (page) {
    case 'customers':
      return <Customers />;
    case 'cases':
      return <Cases />;
    case 'history':
      return <History />;
    case 'team':
      return <Team />;
  }
}
