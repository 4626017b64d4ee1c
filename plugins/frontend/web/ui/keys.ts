// SPDX-License-Identifier: GPL-3.0-or-later
//
// Keys that work everywhere. Those of one character can be switched off and never fire while somebody writes.

import { desk } from './desk';
import { pagesOf } from './pages';
import { helpOpen, paletteOpen, showTab } from './panels';
import { go } from './route';
import { worklist } from './views';

function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role="menu"]') !== null;
}

/** The next part of the page, in the order of the document. */
function nextRegion(back: boolean): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((one) => one.offsetParent !== null);
  if (regions.length === 0) return;
  const here = regions.findIndex((one) => one.contains(document.activeElement));
  const step = back ? (here <= 0 ? regions.length : here) - 1 : (here + 1) % regions.length;
  regions[step]?.focus();
}

function nextChat(step: number): void {
  const rows = worklist(desk.state.get()).filter((one) => one.state !== 'offered');
  const current = document.querySelector('[data-chat][aria-current]')?.getAttribute('data-chat');
  const at = rows.findIndex((one) => one.interaction === current);
  const next = rows[(at + step + rows.length) % Math.max(1, rows.length)];
  if (next !== undefined) go('chats', next.interaction);
}

function openCodes(): void {
  const chat = desk.openChat();
  if (chat !== null) showTab(chat, 'codes', true);
}

export function goToOffer(): void {
  const offer = document.getElementById('offer');
  offer?.focus();
  offer?.scrollIntoView({ block: 'nearest' });
}


function single(key: string): boolean {
  const page = /^[1-9]$/.test(key) ? pagesOf(desk.state.get().me)[Number(key) - 1] : undefined;
  if (page !== undefined) go(page);
  else if (key === '?') helpOpen.set(true);
  else if (key === 'j') nextChat(1);
  else if (key === 'k') nextChat(-1);
  else if (key === 'c') openCodes();
  else if (key === 'r') document.getElementById('composer')?.focus();
  else return false;
  return true;
}

function pressed(event: KeyboardEvent): boolean {
  if (event.key === 'F2') goToOffer();
  else if (event.key === 'F6') nextRegion(event.shiftKey);
  else if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey)
    paletteOpen.update((open) => !open);
  else if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || !desk.prefs.get().singleKeys)
    return false;
  else if (document.querySelector('[role="dialog"]') !== null) return false;
  else return single(event.key);
  return true;
}

export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (desk.session.get().phase === 'open' && !event.defaultPrevented && pressed(event)) event.preventDefault();
  });
}
