// SPDX-License-Identifier: GPL-3.0-or-later
//
// What supervisors' and record pages compute: marked words, spans of time, sorting, merges, durations, forms of rules.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodesForm } from '../../../../plugins/frontend/web/ui/codes-form';
import * as codes from '../../../../plugins/frontend/web/ui/codes-form';
import { msOf, typedOf } from '../../../../plugins/frontend/web/ui/durations';
import { excerpt, holds, marks } from '../../../../plugins/frontend/web/ui/marks';
import { mergeRows, staysDraft } from '../../../../plugins/frontend/web/ui/merging';
import { pagesOf } from '../../../../plugins/frontend/web/ui/pages';
import { changesIn, formOf, refusalIn, wrongIn } from '../../../../plugins/frontend/web/ui/policy-form';
import type { Customer, Instance, Interaction } from '../../../../plugins/frontend/web/ui/protocol';
import { isBackwards, localTime, midnight, rangeOf } from '../../../../plugins/frontend/web/ui/ranges';
import { fieldOf } from '../../../../plugins/frontend/web/ui/refusals';
import { normalAgent, normalPolicy } from '../../../../plugins/frontend/web/ui/shape';
import { sorted, turned } from '../../../../plugins/frontend/web/ui/sorting';
import { ailing } from '../../../../plugins/frontend/web/ui/views';

test('who has which page', () => {
  const pages = (role: 'agent' | 'supervisor' | 'administrator', ...permissions: string[]): string =>
    pagesOf(normalAgent({ role, permissions })).slice(4).join(' ');
  assert.equal(pages('agent'), '');
  assert.equal(pages('agent', 'faq.edit'), 'faqs');
  assert.equal(pages('supervisor'), 'playback team faqs');
  assert.equal(pages('administrator'), 'playback team faqs rules');
});

// ---- marked words

function marked(text: string, find: string): string[] {
  return marks(text, find).map(({ from, to }) => text.slice(from, to));
}

test('words are marked whatever the case and the accents, inside words too', () => {
  assert.deepEqual(marked('Where is my Parcel? Parcels!', 'parcel'), ['Parcel', 'Parcel']);
  assert.deepEqual(marked('Grüße aus Zürich', 'zurich gruß'), ['Grüß', 'Zürich']);
  assert.deepEqual(marked('包裹在哪里', '裹'), ['裹']);
  assert.deepEqual(marked('o\u0308ffnen', 'offnen'), ['o\u0308ffnen']);
  assert.deepEqual(marked('ﬁne', 'f'), ['ﬁ'], 'a letter is marked whole');
  assert.deepEqual(marked('aaaa', 'aa a'), ['aaaa'], 'marks don’t overlap');
  assert.deepEqual(marked('a.c abc', 'a.c'), ['a.c'], 'no pattern');
  assert.deepEqual(marked('anything', '  '), []);
});

test('all words must be there, and an excerpt shows the first one', () => {
  assert.equal(holds('Where is my parcel', 'parcel where'), true);
  assert.equal(holds('Where is my parcel', 'parcel money'), false);
  const long = `${'before '.repeat(40)}needle ${'after '.repeat(40)}`;
  const piece = excerpt(long, 'NEEDLE', 60)!;
  assert.ok(piece.includes('needle') && piece.length < 70 && piece.startsWith('…') && piece.endsWith('…'), piece);
  assert.equal(excerpt('short', 'or'), 'short');
  assert.equal(excerpt('short', 'x'), null);
});

// ---- spans of time and order

test('spans of time follow the reader’s days', () => {
  const now = new Date(2026, 9, 26, 12, 30).getTime();
  const day = (n: number): number => new Date(2026, 9, n).getTime();
  assert.deepEqual(rangeOf('today', now), { since: day(26) });
  assert.deepEqual(rangeOf('yesterday', now), { since: day(25), until: day(26) - 1 });
  assert.deepEqual(rangeOf('week', now), { since: day(20) });
  assert.deepEqual(rangeOf('any', now), {});
  assert.equal(midnight(new Date(2026, 2, 1).getTime(), -1), new Date(2026, 1, 28).getTime());
  const custom = rangeOf('custom', now, '2026-10-01T08:00', '2026-10-01T08:00');
  assert.equal(custom.until! - custom.since!, 59_999, 'the whole minute');
  assert.equal(isBackwards(rangeOf('custom', now, '2026-10-02T08:00', '2026-10-01T08:00')), true);
  assert.deepEqual(rangeOf('custom', now, '', 'nonsense'), {});
  assert.equal(localTime('tomorrow'), null);
});

test('columns sort both ways, and the newest comes first among equals', () => {
  const row = (name: string, at: number, duration: number): Interaction & { duration: number } =>
    ({ name, enqueued_at: at, duration, queue_name: 'q', channel: 'c', state: 'closed' }) as Interaction & { duration: number };
  const rows = [row('B', 1, 5), row('A', 2, 5), row('C', 3, 1)];
  const names = (by: 'who' | 'duration' | 'at', down: boolean): string =>
    sorted(rows, { by, down }, () => '').map((one) => one.name).join('');
  assert.equal(names('who', false), 'ABC');
  assert.equal(names('who', true), 'CBA');
  assert.equal(names('duration', true), 'ABC');
  assert.equal(names('duration', false), 'CAB');
  assert.deepEqual(turned({ by: 'at', down: true }, 'at'), { by: 'at', down: false });
  assert.deepEqual(turned({ by: 'at', down: true }, 'who'), { by: 'who', down: false });
  assert.deepEqual(turned({ by: 'who', down: false }, 'duration'), { by: 'duration', down: true });
});

// ---- merging

function person(change: Partial<Customer>): Customer {
  return {
    ...{ id: 'c', name: '', first_name: null, last_name: null, email: null, phone: null, company: null, notes: null },
    ...{ fields: {}, draft: false, version: 1, created_at: 0, updated_at: 0, identities: [] },
    ...change,
  };
}

test('the record that stays keeps what it has and takes what it lacks', () => {
  const field = { key: 'tier', label: 'Level', type: 'text' as const, options: [], required: false };
  const keep = person({ name: 'Vera V', first_name: 'Vera', email: 'v@example.org', identities: [{ network: 'x', id: '1', name: null }] });
  const drop = person({
    ...{ name: 'Vera Vogel', last_name: 'Vogel', email: 'w@example.org', draft: true, fields: { tier: 'gold' } },
    identities: [{ network: 'x', id: '1', name: null }, { network: 'y', id: '2', name: null }],
  });
  const rows = Object.fromEntries(mergeRows(keep, drop, [field]).map((row) => [row.key, row]));
  assert.deepEqual([rows.email?.result, rows.email?.lost], ['v@example.org', true]);
  assert.deepEqual([rows.last_name?.result, rows.last_name?.from], ['Vogel', 'drop']);
  assert.deepEqual([rows.name?.result, rows.name?.lost], ['Vera V', true]);
  assert.deepEqual([rows['fields.tier']?.result, rows['fields.tier']?.from], ['gold', 'drop']);
  assert.deepEqual([rows.identities?.result, rows.identities?.from], ['x 1\ny 2', 'both']);
  assert.deepEqual([rows.phone?.from, staysDraft(keep, drop), staysDraft(drop, drop)], ['none', false, true]);
});

// ---- rules

test('durations are typed in the unit that leaves nothing over', () => {
  assert.deepEqual(typedOf(30_000), { number: '30', unit: 's' });
  assert.deepEqual(typedOf(120_000), { number: '2', unit: 'min' });
  assert.deepEqual(typedOf(0), { number: '0', unit: 's' });
  assert.deepEqual(typedOf(1500), { number: '1.5', unit: 's' });
  for (const ms of [0, 1500, 30_000, 61_000, 3_600_000]) assert.equal(msOf(typedOf(ms)), ms);
  assert.equal(msOf({ number: '1,5', unit: 'min' }), 90_000);
  assert.equal(msOf({ number: 'soon', unit: 's' }), null);
  assert.equal(msOf({ number: ' ', unit: 's' }), null);
});

test('of the policy only what changed is sent, and what can’t be is told', () => {
  const policy = normalPolicy({ acceptance_ms: 30_000, reason_reject: 'rona', pop_on: ['offered'] });
  const form = formOf(policy);
  assert.deepEqual(changesIn(form, policy), {});
  form.durations.acceptance_ms = { number: '2', unit: 'min' };
  form.words.reason_reject = '';
  form.pop = ['offered', 'completed'];
  form.misses = '3';
  assert.deepEqual(changesIn(form, policy), {
    ...{ acceptance_ms: 120_000, reason_reject: '', max_misses: 3, pop_on: ['offered', 'completed'] },
  });
  form.durations.lease_ms.number = '-1';
  form.misses = 'many';
  assert.deepEqual(Object.keys(wrongIn(form)).sort(), ['lease_ms', 'max_misses']);
});

test('a refusal goes to the field it names, in the words of the form', () => {
  const said = 'policy.put: argument "acceptance_ms" must be a whole number from 1000 to 900000';
  assert.equal(fieldOf(said, ['grace_ms', 'acceptance_ms', 'lease_ms']), 'acceptance_ms');
  assert.equal(refusalIn('acceptance_ms', said), 'Enter from 1 seconds to 15 minutes.');
  assert.equal(refusalIn('late_save', 'the policy: late_save must be x'), 'the policy: late_save must be x');
  assert.equal(fieldOf('the code_grace_ms is wrong', ['grace_ms', 'code_grace_ms']), 'code_grace_ms');
  assert.equal(fieldOf('the database is full', ['grace_ms']), null);
});

test('a list of codes: rows move, faults are found, what is sent', () => {
  const form: CodesForm = {
    ...codes.codesFormOf(null),
    ...{ list: 'topic', name: 'Topic', rows: [{ key: 0, code: 'a', name: 'A=1', active: true }, { key: 1, code: 'b', name: '', active: false }] },
  };
  assert.deepEqual(codes.wrongIn(form), {});
  assert.deepEqual(codes.codesArgs(form, true), {
    ...{ list: 'topic', name: 'Topic', use: 'disposition', queues: [], required: false, enabled: true },
    codes: ['a=A=1', '!b=b'],
  });
  const order = (rows: codes.CodeRow[]): string => rows.map((row) => row.code).join('');
  assert.equal(order(codes.moved(form.rows, 1, -1)), 'ba');
  assert.equal(order(codes.moved(form.rows, 0, -1)), 'ab');
  assert.equal(codes.added(form.rows)[2]?.key, 2);
  const bad = { ...form, list: ' ', rows: [...form.rows, { key: 2, code: 'a', name: '', active: true }, { key: 3, code: 'x y', name: '', active: true }] };
  assert.deepEqual(Object.keys(codes.wrongIn(bad)), ['list', 'code-2', 'code-3']);
});

test('connections that somebody must look after', () => {
  const one = (state: string): Instance => ({ kind: 'channel', name: state, plugin: 'x', state, status: null, message: null });
  const names = ailing(['running', 'needs_attention', 'failed', 'stopped', 'waiting', 'skipped'].map(one)).map((each) => each.name);
  assert.deepEqual(names, ['needs_attention', 'failed', 'waiting']);
});
