// SPDX-License-Identifier: GPL-3.0-or-later
//
// What follows from the state: missing codes, reasons, the reply window, who may do what, which pages there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagesOf } from '../../../../plugins/frontend/web/ui/pages';
import type { CodeList } from '../../../../plugins/frontend/web/ui/protocol';
import { may, normalAgent } from '../../../../plugins/frontend/web/ui/shape';
import {
  dispositionLists,
  missingLists,
  offered,
  offers,
  reasonLists,
  reasonName,
  replyWindow,
} from '../../../../plugins/frontend/web/ui/views';
import { emptyState, reduce } from '../../../../plugins/frontend/web/ui/state';
import { Centre } from './centre';

function list(name: string, change: Partial<CodeList> = {}): CodeList {
  return {
    ...{ list: name, name, use: 'disposition', status: null, queues: null, required: false, enabled: true },
    codes: [{ code: 'a', name: 'A', active: true }],
    ...change,
  };
}

function byName(...lists: CodeList[]): Record<string, CodeList> {
  return Object.fromEntries(lists.map((one) => [one.list, one]));
}

test('lists to choose from: those of the queue, required ones first', () => {
  const codes = byName(
    list('b'),
    list('a'),
    list('must', { required: true }),
    list('other', { queues: ['q_2'] }),
    list('mine', { queues: ['q_2', 'q_1'] }),
    list('off', { enabled: false }),
    list('break', { use: 'status' }),
  );
  assert.deepEqual(
    dispositionLists(codes, 'q_1').map((one) => one.list),
    ['must', 'a', 'b', 'mine'],
  );
});

test('a required list is missing until one of its codes is chosen', () => {
  const codes = byName(list('topic', { required: true }), list('result', { required: true }), list('mood'));
  const missing = (...chosen: string[]): string[] =>
    missingLists(codes, { queue: 'q_1', codes: chosen.map((one) => ({ list: one, code: 'a', name: 'A' })) }).map((one) => one.list);
  assert.deepEqual(missing(), ['result', 'topic']);
  assert.deepEqual(missing('mood', 'topic'), ['result']);
  assert.deepEqual(missing('topic', 'result'), []);
});

test('reasons: of the status, required lists first', () => {
  const codes = byName(
    list('all', { use: 'status', status: 'on_break' }),
    list('break', { use: 'status', status: 'on_break', required: true }),
    list('off', { use: 'status', status: 'work_offline' }),
    list('no', { use: 'reject' }),
  );
  assert.deepEqual(
    reasonLists(codes, 'status', 'on_break').map((one) => one.list),
    ['break', 'all'],
  );
  assert.deepEqual(
    reasonLists(codes, 'reject').map((one) => one.list),
    ['no'],
  );
  assert.equal(reasonName(codes, 'a'), 'A');
  assert.equal(reasonName(codes, 'break/a'), 'A');
  assert.equal(reasonName(codes, 'unknown'), 'unknown');
  assert.equal(reasonName(codes, null), null);
});

test('the reply window: open, closing within the hour, with the tag, closed', () => {
  const now = 10_000_000;
  const at = (window_until: number, tagged_until: number): string => replyWindow({ window_until, tagged_until }, now).state;
  assert.equal(at(0, 0), 'open');
  assert.equal(at(now + 3_600_001, 0), 'open');
  assert.equal(at(now + 3_600_000, 0), 'closing');
  assert.equal(at(now, now + 1), 'tagged');
  assert.equal(at(now, 0), 'closed');
  assert.equal(at(now - 5, now), 'closed');
});

test('of several offers the one that lapses first is shown first', () => {
  const centre = new Centre();
  const late = centre.offer();
  const soon = centre.offer();
  late.deadline = centre.now + 60_000;
  soon.deadline = centre.now + 10_000;
  const state = reduce(emptyState, { do: 'snapshot', seq: 1, epoch: 1, snapshot: centre.snapshot() });
  assert.deepEqual(
    offers(state).map((one) => one.interaction),
    [soon.interaction, late.interaction],
  );
  assert.equal(offered(state)?.interaction, soon.interaction);
});

test('what a role allows, and what is written beside the user', () => {
  const agent = normalAgent({ user: 'a', role: 'agent', permissions: ['interaction.reject'] });
  const supervisor = normalAgent({ user: 's', role: 'supervisor' });
  assert.equal(may(agent, 'interaction.reject'), true);
  assert.equal(may(agent, 'playback'), false);
  assert.equal(may(supervisor, 'playback'), true);
  assert.equal(may(supervisor, 'interaction.reject'), false);
  assert.equal(may(supervisor, 'administer'), false);
  assert.equal(may(null, 'playback'), false);
});

test('agents have no pages of supervisors', () => {
  assert.deepEqual(pagesOf(normalAgent({ role: 'agent' })), ['chats', 'customers', 'cases', 'history']);
  assert.ok(pagesOf(normalAgent({ role: 'supervisor' })).includes('team'));
});
