// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is new between two states and worth a sound or a notification. Pure.

import type { Interaction } from './protocol';
import type { State } from './state';

export interface News {
  kind: 'offer' | 'message';
  interaction: Interaction;
  /** What to show of it. */
  text: string;
}

function lastN(one: Interaction): number {
  return one.messages[one.messages.length - 1]?.n ?? 0;
}

/** A fresh load and a chat whose lines come late bring nothing that is new to the agent. */
export function news(before: State, after: State): News[] {
  if (!before.ready || !after.ready || before.interactions === after.interactions) return [];
  const list: News[] = [];
  for (const one of Object.values(after.interactions)) {
    const known = before.interactions[one.interaction];
    if (known === one) continue;
    if (one.state === 'offered') {
      if (known?.offer !== one.offer) list.push({ kind: 'offer', interaction: one, text: '' });
      continue;
    }
    if (known === undefined || known.state === 'offered' || one.state !== 'active') continue;
    const fresh = one.messages.filter((message) => message.author === 'customer' && message.n > lastN(known));
    const last = fresh[fresh.length - 1];
    if (last !== undefined) list.push({ kind: 'message', interaction: one, text: last.text });
  }
  return list;
}
