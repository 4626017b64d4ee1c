// SPDX-License-Identifier: GPL-3.0-or-later
//
// The widget's logic without a browser: order of lines, what is on its way, when to connect again, small helpers.
// Bundled for Node by plugins/channel/webchat/build.mjs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inkOn, readOptions } from '../../../../plugins/channel/webchat/widget/bridge.js';
import { direction, launcherStrings, panelStrings } from '../../../../plugins/channel/webchat/widget/i18n.js';
import { LineLog } from '../../../../plugins/channel/webchat/widget/lines.js';
import { Outbox, type Store } from '../../../../plugins/channel/webchat/widget/outbox.js';
import type { Line } from '../../../../plugins/channel/webchat/widget/protocol.js';
import { backoff, ReconnectPolicy, SOCKET_AGAIN_MS } from '../../../../plugins/channel/webchat/widget/reconnect.js';

class Memory implements Store {
  readonly map = new Map<string, string>();
  get(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  set(key: string, value: string): void {
    this.map.set(key, value);
  }
  remove(key: string): void {
    this.map.delete(key);
  }
  keys(): string[] {
    return [...this.map.keys()];
  }
}

/** A random number generator that gives the same each time (mulberry32). */
function dice(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const line = (n: number, more: Partial<Line> = {}): Line => ({ n, author: 'agent', text: `line ${n}`, at: n, ...more });

// ---- lines

test('lines in order are added', () => {
  const log = new LineLog();
  assert.equal(log.last, 0);
  assert.equal(log.add(line(1)), 'added');
  assert.equal(log.add(line(2)), 'added');
  assert.equal(log.last, 2);
});

test('a line that is known is not added again', () => {
  const log = new LineLog();
  log.add(line(1));
  log.add(line(2));
  assert.equal(log.add(line(1)), 'known');
  assert.equal(log.add(line(2)), 'known');
  assert.equal(log.lines.length, 2);
});

test('a gap is noticed, and filled', () => {
  const log = new LineLog();
  log.add(line(1));
  assert.equal(log.add(line(4)), 'gap');
  assert.equal(log.last, 1);
  for (const n of [2, 3, 4]) assert.equal(log.add(line(n)), 'added');
});

test('a gap that the server has nothing for is accepted', () => {
  const log = new LineLog();
  assert.equal(log.add(line(500)), 'gap');
  assert.equal(log.add(line(500)), 'added');
  assert.equal(log.add(line(501)), 'added');
  assert.equal(log.add(line(510)), 'gap');
});

test('lines that come in any order, several times, end up once and in order', () => {
  const random = dice(7);
  for (let round = 0; round < 50; round++) {
    const log = new LineLog();
    for (let step = 0; step < 200 && log.last < 30; step++) {
      const n = 1 + Math.floor(random() * 30);
      // What the client does: after a gap it asks for what comes after its last line.
      if (log.add(line(n)) === 'gap') for (let i = log.last + 1; i <= n; i++) log.add(line(i));
    }
    assert.deepEqual(
      log.lines.map((one) => one.n),
      log.lines.map((_, i) => i + 1),
    );
  }
});

test('unread counts the lines of agents only', () => {
  const log = new LineLog();
  log.add(line(1));
  log.add(line(2, { author: 'customer' }));
  log.add(line(3));
  log.add(line(4, { author: 'system' }));
  assert.equal(log.unread(0), 2);
  assert.equal(log.unread(1), 1);
  assert.equal(log.unread(3), 0);
});

test('delivered is claimed only when an agent showed up afterwards', () => {
  const log = new LineLog();
  log.add(line(1, { author: 'customer' }));
  log.add(line(2, { author: 'system', code: 'queued' }));
  assert.ok(!(1 < log.delivered));
  log.add(line(3, { author: 'system', code: 'agent_joined' }));
  assert.ok(1 < log.delivered);
  log.add(line(4, { author: 'customer' }));
  assert.equal(log.lastOwn, 4);
  assert.ok(!(4 < log.delivered));
});

// ---- outbox

const outbox = (store: Store = new Memory()): Outbox => new Outbox(store, 'out:');

test('one message is on its way at a time, in order', () => {
  const box = outbox();
  box.add('message', 'a', 'one', 1);
  box.add('message', 'b', 'two', 2);
  assert.equal(box.next(10)?.id, 'a');
  assert.equal(box.next(10), undefined);
  assert.ok(box.confirm('a'));
  assert.equal(box.next(10)?.id, 'b');
  assert.ok(!box.confirm('a'));
});

test('after a lost connection the same id is sent again', () => {
  const box = outbox();
  box.add('message', 'a', 'one', 1);
  box.next(10);
  box.disconnected();
  assert.equal(box.next(10)?.id, 'a');
});

test('a reload finds what was not confirmed, in order and with the same ids', () => {
  const store = new Memory();
  const box = outbox(store);
  box.add('message', 'z', 'one', 5);
  box.add('message', 'y', 'two', 5);
  box.add('message', 'x', 'three', 4);
  box.add('end', 'e', '', 4);
  box.next(10);
  box.confirm('z');
  const again = outbox(store);
  assert.deepEqual(
    again.items.map((item) => [item.id, item.text, item.kind, item.state]),
    [
      ['y', 'two', 'message', 'queued'],
      ['x', 'three', 'message', 'queued'],
      ['e', '', 'end', 'queued'],
    ],
  );
});

test('damaged storage is cleaned, other keys stay', () => {
  const store = new Memory();
  store.set('out:a', '{');
  store.set('out:b', '{"kind":"message"}');
  store.set('out:c', '7');
  store.set('other', 'x');
  assert.equal(outbox(store).items.length, 0);
  assert.deepEqual(store.keys(), ['other']);
});

test('a refusal that passes is waited for; nothing overtakes it', () => {
  const box = outbox();
  box.add('message', 'a', 'one', 1);
  box.add('message', 'b', 'two', 2);
  box.next(1000);
  box.refuse('a', 'too_fast', 'slow down', 500, 1000);
  assert.equal(box.next(1499), undefined);
  assert.equal(box.next(1500)?.id, 'a');
});

test('a refusal for good is shown, and retried only by hand with the same id', () => {
  const store = new Memory();
  const box = outbox(store);
  box.add('message', 'a', 'one', 1);
  box.add('message', 'b', 'two', 2);
  box.next(1);
  box.refuse('a', 'too_long', 'The message is too long.', undefined, 1);
  assert.equal(box.items[0]?.state, 'failed');
  assert.equal(box.next(1)?.id, 'b');
  box.confirm('b');
  const again = outbox(store);
  assert.equal(again.items[0]?.error, 'The message is too long.');
  assert.equal(again.next(1), undefined);
  again.retry('a');
  assert.equal(again.next(1)?.id, 'a');
});

test('an end that is refused is dropped: there was nothing to end', () => {
  const box = outbox();
  box.add('end', 'e', '', 1);
  box.next(1);
  box.refuse('e', 'refused', 'nothing to end', undefined, 1);
  assert.equal(box.items.length, 0);
});

test('another tab confirms', () => {
  const store = new Memory();
  const box = outbox(store);
  box.add('message', 'a', 'one', 1);
  box.forget('elsewhere:a');
  assert.equal(box.items.length, 1);
  box.forget('out:a');
  assert.equal(box.items.length, 0);
});

test('whatever the connection does, each message arrives once and in order', () => {
  const random = dice(99);
  for (let round = 0; round < 100; round++) {
    const store = new Memory();
    let box = outbox(store);
    const server: string[] = [];
    let said = 0;
    let now = 0;
    while (said < 20 || box.items.length > 0) {
      now += 100;
      if (said < 20 && random() < 0.5) box.add('message', `m${said}`, `${said++}`, now);
      if (random() < 0.05) box = outbox(store); // reload
      const item = box.next(now);
      const luck = random();
      if (!item || luck < 0.2) {
        if (item) box.disconnected(); // lost on the way there
      } else if (luck < 0.3) {
        box.refuse(item.id, 'busy', '', 300, now);
      } else {
        if (!server.includes(item.id)) server.push(item.id); // the server knows the id
        if (luck < 0.5) box.disconnected(); // lost on the way back
        else box.confirm(item.id);
      }
    }
    assert.deepEqual(
      server,
      Array.from({ length: 20 }, (_, i) => `m${i}`),
    );
    assert.equal(store.keys().length, 0);
  }
});

// ---- reconnecting

test('waiting doubles up to half a minute and is never the same for everybody', () => {
  const most = (attempt: number): number => backoff(attempt, () => 1);
  assert.deepEqual([0, 1, 2, 3].map(most), [500, 1000, 2000, 4000]);
  assert.equal(most(6), 30_000);
  assert.equal(most(1000), 30_000);
  assert.equal(backoff(3, () => 0), 1000);
});

test('two sockets that fail lead to polling at once', () => {
  const policy = new ReconnectPolicy(() => 1);
  assert.equal(policy.way, 'socket');
  assert.equal(policy.failed(0, false), 500);
  assert.equal(policy.way, 'socket');
  assert.equal(policy.failed(0, false), 0);
  assert.equal(policy.way, 'poll');
});

test('a socket that worked before is no reason to poll', () => {
  const policy = new ReconnectPolicy(() => 1);
  for (let i = 0; i < 5; i++) {
    policy.failed(0, true);
    assert.equal(policy.way, 'socket');
    policy.succeeded();
  }
});

test('from polling it goes back to sockets later, and returns at once when they still fail', () => {
  const policy = new ReconnectPolicy(() => 1);
  policy.failed(0, false);
  policy.failed(0, false);
  policy.succeeded();
  assert.ok(!policy.wantsSocket(SOCKET_AGAIN_MS - 1));
  assert.ok(policy.wantsSocket(SOCKET_AGAIN_MS));
  policy.tryingSocket(SOCKET_AGAIN_MS);
  assert.equal(policy.way, 'socket');
  assert.equal(policy.failed(SOCKET_AGAIN_MS, false), 0);
  assert.equal(policy.way, 'poll');
  assert.ok(!policy.wantsSocket(SOCKET_AGAIN_MS + 1));
});

test('while everything fails both ways are tried, more and more slowly, without end', () => {
  const policy = new ReconnectPolicy(() => 1);
  const ways = new Set<string>();
  let waited = 0;
  for (let i = 0; i < 60; i++) {
    ways.add(policy.way);
    const wait = policy.failed(waited, false);
    assert.ok(wait >= 0 && wait <= 30_000);
    waited += wait;
  }
  assert.deepEqual([...ways].sort(), ['poll', 'socket']);
  assert.ok(waited > 10 * 30_000);
});

test('the server may ask for patience', () => {
  const policy = new ReconnectPolicy(() => 1);
  assert.equal(policy.failed(0, true, 7000), 7000);
});

test('when the network is back it starts quickly again', () => {
  const policy = new ReconnectPolicy(() => 1);
  for (let i = 0; i < 20; i++) policy.failed(0, false);
  policy.hurry();
  policy.failed(0, true);
  assert.equal(policy.attempt, 1);
});

// ---- helpers

test('options of the frame are checked', () => {
  const good = readOptions('#origin=https%3A%2F%2Fshop.example&lang=ar&color=%23ff8800&title=Hi');
  assert.deepEqual(good, { origin: 'https://shop.example', language: 'ar', color: '#ff8800', title: 'Hi' });
  assert.equal(readOptions('#lang=en&color=red;background:url(x)').color, undefined);
  assert.equal(readOptions('#lang=en&title=' + 'x'.repeat(500)).title?.length, 100);
});

test('text on the chosen colour can be read', () => {
  assert.equal(inkOn('#ffffff'), '#000');
  assert.equal(inkOn('#000000'), '#fff');
  assert.equal(inkOn('#1f5fbf'), '#fff');
  assert.equal(inkOn('#ffcc00'), '#000');
});

test('languages', () => {
  assert.equal(panelStrings('en-GB').send, 'Send');
  assert.equal(panelStrings('xx').send, 'Send');
  assert.equal(launcherStrings('').open, 'Open chat');
  assert.equal(launcherStrings('en').openUnread(1), 'Open chat, 1 unread message');
  assert.equal(direction('ar-EG'), 'rtl');
  assert.equal(direction('en'), 'ltr');
});
