// SPDX-License-Identifier: GPL-3.0-or-later
//
// What becomes of two records when they are merged: the one that stays keeps what it has, and what it lacks comes from
// the other. Pure; the CRM does it, this shows it before.

import type { Customer, CustomField } from './protocol';

export interface MergeRow {
  /** A member of the record, or "fields.KEY". */
  key: string;
  keep: string;
  drop: string;
  result: string;
  /** Where the result comes from. */
  from: 'keep' | 'drop' | 'both' | 'none';
  /** The other record says something else, and it is not taken over. */
  lost: boolean;
}

export const MERGED_MEMBERS = ['name', 'first_name', 'last_name', 'email', 'phone', 'company', 'notes'] as const;

function row(key: string, keep: string, drop: string, fills = true): MergeRow {
  const from = keep !== '' ? 'keep' : drop !== '' && fills ? 'drop' : 'none';
  const result = from === 'drop' ? drop : keep;
  return { key, keep, drop, result, from, lost: drop !== '' && drop !== result };
}

function valueOf(customer: Customer, field: CustomField): string {
  const value = customer.fields?.[field.key];
  return value === null || value === undefined ? '' : String(value);
}

function identitiesOf(customer: Customer): string[] {
  return customer.identities.map((one) => `${one.network} ${one.id}`);
}

export function mergeRows(keep: Customer, drop: Customer, fields: CustomField[]): MergeRow[] {
  const own = [...new Set([...identitiesOf(keep), ...identitiesOf(drop)])];
  // A display name in the place of a real one would rename the person.
  const named = Boolean(keep.first_name) || Boolean(keep.last_name);
  return [
    ...MERGED_MEMBERS.map((name) => row(name, keep[name] ?? '', drop[name] ?? '', name !== 'name' || !named)),
    ...fields.map((field) => row(`fields.${field.key}`, valueOf(keep, field), valueOf(drop, field))),
    {
      key: 'identities',
      keep: identitiesOf(keep).join('\n'),
      drop: identitiesOf(drop).join('\n'),
      result: own.join('\n'),
      from: own.length > identitiesOf(keep).length ? 'both' : own.length > 0 ? 'keep' : 'none',
      lost: false,
    },
  ];
}

/** Whether the result is still incomplete: only when both are. */
export function staysDraft(keep: Customer, drop: Customer): boolean {
  return keep.draft && drop.draft;
}
