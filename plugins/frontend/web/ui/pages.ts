// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pages of the desktop, one row each: who sees it in the control panel, and which file the browser fetches for it.
//
// To add a page:
//   1. a row here, its word in strings.ts under `nav`, its picture in parts/icons.tsx under the same name;
//   2. the component in pages/NAME.tsx, and a case for it in the bundle's file: pages/records.tsx (customers, cases,
//      what agents look up) or pages/supervise.tsx (what only supervisors and administrators open). Both are fetched when
//      one of their pages is opened first and count nothing for the first load (220 kB gzipped at most);
//   3. the file in ../local.mk, which lists every source.
// Words of a page that is fetched later stand beside strings.ts in a file of their own (strings-records.ts), so that
// they are fetched with it. Parts that both bundles use go into parts/ and are shared by the build.
// A page reads desk.state through useStore, lists through useCall and usePages (hooks.ts), and calls desk.call; it asks
// again when desk.revision rises. New events go into events.ts, members of the snapshot into shape.ts, operations into
// operations.ts. Where the agent is stands in the address: #/NAME or #/NAME/ID (route.ts).

import type { Agent } from './protocol';
import { may } from './shape';
import type { Page } from './route';

export interface PageRow {
  page: Page;
  bundle: 'chats' | 'records' | 'supervise';
  /** Who has it in the control panel; null = everybody. */
  permission: string | null;
}

export const PAGE_ROWS: readonly PageRow[] = [
  { page: 'chats', bundle: 'chats', permission: null },
  { page: 'customers', bundle: 'records', permission: null },
  { page: 'cases', bundle: 'records', permission: null },
  { page: 'history', bundle: 'records', permission: null },
  { page: 'playback', bundle: 'supervise', permission: 'playback' },
  { page: 'team', bundle: 'supervise', permission: 'supervise' },
  { page: 'faqs', bundle: 'supervise', permission: 'faq.edit' },
  { page: 'rules', bundle: 'supervise', permission: 'administer' },
];

export function pagesOf(me: Agent | null): Page[] {
  return PAGE_ROWS.filter((row) => row.permission === null || may(me, row.permission)).map((row) => row.page);
}

export function bundleOf(page: Page): PageRow['bundle'] {
  return PAGE_ROWS.find((row) => row.page === page)?.bundle ?? 'chats';
}
