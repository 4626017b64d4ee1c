// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of the things that open and close are open: shared by keys, command menu and the parts that show them.

import { Store } from './store';

export const helpOpen = new Store(false);
export const paletteOpen = new Store(false);
/** The chat over whose composer the answers are open. */
export const faqOpen = new Store<string | null>(null);
/** What an agent looks at beside a chat, in windows too narrow to show it always. */
export const drawerOpen = new Store(false);

export type ContextTab = 'record' | 'codes' | 'cases' | 'history' | 'case';

/** interaction -> the tab chosen beside it */
export const contextTabs = new Store<Record<string, ContextTab>>({});

/** Brings a tab beside a chat to the front, and the focus to it when `focus`. */
export function showTab(interaction: string, tab: ContextTab, focus: boolean): void {
  contextTabs.update((all) => ({ ...all, [interaction]: tab }));
  if (!focus) return;
  if (window.matchMedia('(max-width: 1099.98px)').matches) drawerOpen.set(true);
  requestAnimationFrame(() => {
    const panel = document.querySelector('.context [role="tabpanel"]');
    for (const target of ['[role="option"]', 'input', 'button, a[href]']) {
      const found = panel?.querySelector<HTMLElement>(target);
      if (found == null) continue;
      found.focus();
      return;
    }
  });
}

/** The customer whose chats Playback is to show, when somebody comes from the record. */
export const playbackOf = new Store<{ id: string; name: string } | null>(null);
