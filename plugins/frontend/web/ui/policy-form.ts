// SPDX-License-Identifier: GPL-3.0-or-later
//
// The policy as a form: what is typed, what of it is wrong, what changed. Pure.

import type { Typed } from './durations';
import { msOf, typedOf } from './durations';
import type { Policy } from './protocol';
import { s } from './strings-supervise';

export const DURATIONS = [
  'acceptance_ms',
  'return_reject_ms',
  'return_timeout_ms',
  'lease_ms',
  'grace_ms',
  'code_grace_ms',
] as const;
export const WORDS = ['on_login', 'on_reject', 'on_timeout', 'reason_reject', 'reason_timeout', 'late_save'] as const;
export const POPS = ['offered', 'accepted', 'completed'] as const;
export const MEMBERS = [...DURATIONS, ...WORDS, 'max_misses', 'pop_on'] as const;

export type DurationName = (typeof DURATIONS)[number];
export type WordName = (typeof WORDS)[number];
export type Member = (typeof MEMBERS)[number];

export interface PolicyForm {
  durations: Record<DurationName, Typed>;
  words: Record<WordName, string>;
  misses: string;
  pop: string[];
}

export function formOf(policy: Policy): PolicyForm {
  return {
    durations: Object.fromEntries(DURATIONS.map((name) => [name, typedOf(policy[name])])) as Record<DurationName, Typed>,
    words: Object.fromEntries(WORDS.map((name) => [name, policy[name] ?? ''])) as Record<WordName, string>,
    misses: String(policy.max_misses),
    pop: POPS.filter((one) => policy.pop_on.includes(one)),
  };
}

/** What can be told without asking: the limits are the server's to know. */
export function wrongIn(form: PolicyForm): Partial<Record<Member, string>> {
  const wrong: Partial<Record<Member, string>> = {};
  for (const name of DURATIONS) {
    const ms = msOf(form.durations[name]);
    if (ms === null) wrong[name] = s.rules.badNumber;
    else if (ms < 0) wrong[name] = s.rules.negative;
  }
  if (!/^\d+$/.test(form.misses.trim())) wrong.max_misses = s.rules.badNumber;
  return wrong;
}

function inWords(ms: number): string {
  const { number, unit } = typedOf(ms);
  return `${number} ${s.rules.units[unit]}`;
}

/** The server counts in milliseconds and nobody types them. */
export function refusalIn(member: Member, message: string): string {
  const range = /from (\d+) to (\d+)/.exec(message);
  const isTime = (DURATIONS as readonly string[]).includes(member);
  return range === null || !isTime ? message : s.rules.range(inWords(Number(range[1])), inWords(Number(range[2])));
}

/** The members that differ from the policy, as `policy.put` takes them. */
export function changesIn(form: PolicyForm, policy: Policy): Partial<Policy> {
  const changed: Record<string, unknown> = {};
  for (const name of DURATIONS) {
    const ms = msOf(form.durations[name]);
    if (ms !== null && ms !== policy[name]) changed[name] = ms;
  }
  for (const name of WORDS) if (form.words[name].trim() !== (policy[name] ?? '')) changed[name] = form.words[name].trim();
  if (Number(form.misses) !== policy.max_misses) changed.max_misses = Number(form.misses);
  const pop = POPS.filter((one) => policy.pop_on.includes(one));
  if (form.pop.join() !== pop.join()) changed.pop_on = form.pop;
  return changed as Partial<Policy>;
}
