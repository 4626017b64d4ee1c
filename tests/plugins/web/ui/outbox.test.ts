// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages on their way: none lost, none doubled, each with one id from the first try to the last.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../../../plugins/frontend/web/ui/outbox';
import { CallError } from '../../../../plugins/frontend/web/ui/protocol';
import { Centre } from './centre';

interface Try {
  client_id: string;
  text: string;
  cmd: string;
  refuse(error: CallError): void;
  take(): void;
}

/** A browser's storage, as much of it as is used. */
class Shelf {
  private readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

function outbox(owner = 'usr_me'): { box: Outbox; tries: Try[] } {
  const tries: Try[] = [];
  let ids = tries.length;
  const box = new Outbox(
    (one, cmd) =>
      new Promise((resolve, reject) =>
        tries.push({ client_id: one.client_id, text: one.text, cmd, refuse: reject, take: () => resolve({}) }),
      ),
    () => `id_${Date.now()}_${++ids}_${Math.random()}`,
  );
  box.open(owner);
  return { box, tries };
}

function fresh(): void {
  (globalThis as { localStorage?: unknown }).localStorage = new Shelf();
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a message waits in the outbox until the conversation shows it', async () => {
  fresh();
  const centre = new Centre();
  const one = centre.offer();
  const { box, tries } = outbox();
  box.add(one.interaction, 'hello', 1);
  tries[0]!.take();
  await settled();
  assert.equal(box.list.get().length, 1, 'the answer alone does not show it');
  centre.say(one, 'agent', 'hello', tries[0]!.client_id);
  box.settle({ [one.interaction]: one });
  assert.deepEqual(box.list.get(), []);
});

test('a refusal keeps the text and says why; trying again uses the same id and a new key', async () => {
  fresh();
  const { box, tries } = outbox();
  box.add('int_1', 'hello', 1);
  tries[0]!.refuse(new CallError('busy', 'The server is busy.'));
  await settled();
  assert.deepEqual(
    box.list.get().map((one) => [one.text, one.state, one.error]),
    [['hello', 'failed', 'The server is busy.']],
  );
  box.retry(tries[0]!.client_id);
  assert.equal(box.list.get()[0]?.state, 'sending');
  assert.equal(tries[1]!.client_id, tries[0]!.client_id);
  assert.notEqual(tries[1]!.cmd, tries[0]!.cmd);
});

test('only what failed is tried again by hand', () => {
  fresh();
  const { box, tries } = outbox();
  box.add('int_1', 'hello', 1);
  box.retry(tries[0]!.client_id);
  box.retry('no such');
  assert.equal(tries.length, 1);
});

test('a reload sends again what was under way, with the key it had; what failed waits for the agent', async () => {
  fresh();
  const before = outbox();
  before.box.add('int_1', 'under way', 1);
  before.box.add('int_1', 'refused', 2);
  before.tries[1]!.refuse(new CallError('failed', 'no'));
  await settled();

  const after = outbox();
  assert.deepEqual(
    after.tries.map((one) => [one.text, one.cmd]),
    [['under way', before.tries[0]!.cmd]],
  );
  assert.deepEqual(
    after.box.list.get().map((one) => one.state),
    ['sending', 'failed'],
  );
});

test('agents who share a computer have outboxes of their own, and coming back once sends once', async () => {
  fresh();
  const { box, tries } = outbox('usr_a');
  box.add('int_1', 'from a', 1);
  box.open('usr_b');
  assert.deepEqual(box.list.get(), []);
  box.add('int_2', 'from b', 1);
  box.open('usr_a');
  box.open('usr_a');
  assert.deepEqual(
    box.list.get().map((one) => one.text),
    ['from a'],
  );
  assert.deepEqual(
    tries.map((one) => one.text),
    ['from a', 'from b', 'from a'],
  );
});

test('what belongs to a chat that is over goes', () => {
  fresh();
  const centre = new Centre();
  const one = centre.offer();
  const { box } = outbox();
  box.add(one.interaction, 'stays', 1);
  box.add('int_over', 'goes', 1);
  box.settle({ [one.interaction]: one });
  assert.deepEqual(
    box.list.get().map((entry) => entry.text),
    ['stays'],
  );
});

test('a session that ended is no failure of the message', async () => {
  fresh();
  const { box, tries } = outbox();
  box.add('int_1', 'hello', 1);
  tries[0]!.refuse(new CallError('unauthenticated', 'gone'));
  await settled();
  assert.equal(box.list.get()[0]?.state, 'sending');
});
