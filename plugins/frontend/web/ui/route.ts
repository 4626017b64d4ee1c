// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the agent is: the part of the address after "#". One place, so that links, keys and code agree.

import { Store } from './store';

export type Page = 'chats' | 'customers' | 'cases' | 'history' | 'playback' | 'team' | 'faqs' | 'rules';
export const PAGES: readonly Page[] = ['chats', 'customers', 'cases', 'history', 'playback', 'team', 'faqs', 'rules'];

export interface Route {
  page: Page;
  id: string | null;
}

export function parse(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, '').split('/');
  const known = PAGES.find((one) => one === page);
  return { page: known ?? 'chats', id: known !== undefined && id ? decode(id) : null };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function href(page: Page, id?: string | null): string {
  return id ? `#/${page}/${encodeURIComponent(id)}` : `#/${page}`;
}

export const route = new Store<Route>({ page: 'chats', id: null });

export function go(page: Page, id?: string | null): void {
  location.hash = href(page, id);
}

export function startRouting(): void {
  const read = (): void => route.set(parse(location.hash));
  window.addEventListener('hashchange', read);
  read();
}
