// SPDX-License-Identifier: GPL-3.0-or-later
//
// What follows from the state: order of work, who waits, which codes are missing, how long the line to the customer
// is open. Pure, for pages and tests alike.

import type { CodeList, Instance, Interaction } from './protocol';
import type { State } from './state';

/**
 * My chats: those I have, in the order I took them, and below them those that are offered. Nothing a customer writes
 * and nobody's leaving moves a row; a new one always comes last.
 */
export function worklist(state: State): Interaction[] {
  const place = (one: Interaction): number => (one.state === 'offered' ? 1 : 0);
  const since = (one: Interaction): number => (one.state === 'offered' ? one.deadline - one.acceptance_ms : one.accepted_at);
  return Object.values(state.interactions).sort(
    (a, b) => place(a) - place(b) || since(a) - since(b) || (a.interaction < b.interaction ? -1 : 1),
  );
}

/** Since when the customer waits for the agent's answer; null when the agent spoke last or the chat is over. */
export function waitingSince(one: Interaction): number | null {
  if (one.state !== 'active' || one.ended_at > 0) return null;
  let since: number | null = null;
  for (let i = one.messages.length - 1; i >= 0; i--) {
    const message = one.messages[i]!;
    if (message.author === 'agent') break;
    if (message.author === 'customer') since = message.at;
  }
  return since === null ? null : Math.max(since, one.accepted_at);
}

/** All chats that are offered to me, the one that lapses first before the others. */
export function offers(state: State): Interaction[] {
  return worklist(state)
    .filter((one) => one.state === 'offered')
    .sort((a, b) => a.deadline - b.deadline);
}

export function offered(state: State): Interaction | null {
  return offers(state)[0] ?? null;
}

export function displayName(one: Pick<Interaction, 'customer_name' | 'name' | 'identity'>): string {
  return one.customer_name || one.name || one.identity;
}

/** How many people wait in the queues I work. */
export function waitingForMe(state: State): number {
  return Object.values(state.queues).reduce((sum, queue) => sum + (queue.member ? queue.waiting : 0), 0);
}

/** Connections that somebody must look after. */
export function ailing(instances: Instance[]): Instance[] {
  const bad = new Set(['needs_attention', 'waiting', 'failed']);
  return instances.filter((one) => bad.has(one.state));
}

// ---- codes

/** Lists to choose from for a chat of this queue, required ones first. */
export function dispositionLists(codes: Record<string, CodeList>, queue: string): CodeList[] {
  return Object.values(codes)
    .filter((one) => one.use === 'disposition' && one.enabled && (one.queues === null || one.queues.includes(queue)))
    .sort((a, b) => Number(b.required) - Number(a.required) || a.name.localeCompare(b.name) || (a.list < b.list ? -1 : 1));
}

/** Lists that must be chosen from before this chat is done. */
export function missingLists(codes: Record<string, CodeList>, one: Pick<Interaction, 'queue' | 'codes'>): CodeList[] {
  return dispositionLists(codes, one.queue).filter(
    (list) => list.required && !one.codes.some((code) => code.list === list.list),
  );
}

/** Reasons to give for a status or a reject. */
export function reasonLists(
  codes: Record<string, CodeList>,
  use: 'status' | 'reject',
  status: string | null = null,
): CodeList[] {
  return Object.values(codes)
    .filter((one) => one.use === use && one.enabled && one.status === status)
    .sort((a, b) => Number(b.required) - Number(a.required) || a.name.localeCompare(b.name));
}

/** The name of a reason as the server keeps it: the code alone, or LIST/CODE. */
export function reasonName(codes: Record<string, CodeList>, reason: string | null): string | null {
  if (reason === null) return null;
  const [list, code] = reason.includes('/') ? reason.split('/', 2) : [null, reason];
  for (const one of Object.values(codes)) {
    if (one.use === 'disposition' || (list !== null && one.list !== list)) continue;
    const found = one.codes.find((entry) => entry.code === code);
    if (found !== undefined) return found.name;
  }
  return reason;
}

// ---- the reply window

export type Window =
  /** Writing is possible, and no end of it is near. */
  | { state: 'open' }
  /** It ends within the hour. */
  | { state: 'closing'; until: number }
  /** The usual window is over; a person may still answer with the network's tag. */
  | { state: 'tagged'; until: number }
  /** The network takes nothing until the customer writes again. */
  | { state: 'closed'; since: number };

export const CLOSING_MS = 3_600_000;

export function replyWindow(one: Pick<Interaction, 'window_until' | 'tagged_until'>, now: number): Window {
  if (one.window_until === 0) return { state: 'open' };
  if (now < one.window_until)
    return one.window_until - now > CLOSING_MS ? { state: 'open' } : { state: 'closing', until: one.window_until };
  if (now < one.tagged_until) return { state: 'tagged', until: one.tagged_until };
  return { state: 'closed', since: Math.max(one.window_until, one.tagged_until) };
}
