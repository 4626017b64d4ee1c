// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is half written: kept with its agent and its chat over a reload, with the FAQ whose answer it began with.

import * as storage from './storage';

export interface Draft {
  text: string;
  faq: string | null;
}

const NONE: Draft = { text: '', faq: null };

export function draftKey(user: string | undefined, interaction: string): string {
  return `draft.${user ?? ''}.${interaction}`;
}

export function loadDraft(user: string | undefined, interaction: string): Draft {
  const kept = storage.load<Draft | string>(draftKey(user, interaction), NONE);
  return typeof kept === 'string' ? { text: kept, faq: null } : { ...NONE, ...kept };
}

export function keepDraft(user: string | undefined, interaction: string, draft: Draft): void {
  storage.save(draftKey(user, interaction), draft.text === '' ? null : draft);
}
