// SPDX-License-Identifier: GPL-3.0-or-later
//
// The line to the server, in virtual time against a server made of a centre: what is sent, what is said of the line,
// and that nothing is lost or doubled over any number of breaks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Link, Socket, SocketEvents } from '../../../../plugins/frontend/web/ui/connection';
import { Connection, MAX_DELAY_MS, MAX_UNANSWERED, retryDelay } from '../../../../plugins/frontend/web/ui/connection';
import { CallError } from '../../../../plugins/frontend/web/ui/protocol';
import type { State } from '../../../../plugins/frontend/web/ui/state';
import { durableView, emptyState, reduce } from '../../../../plugins/frontend/web/ui/state';
import { Centre, dice } from './centre';

interface Timer {
  at: number;
  fire: () => void;
}

interface Sent {
  hello?: { token: string; since?: number };
  call?: string;
  id?: string;
  cmd?: string;
  args?: Record<string, unknown>;
  ping?: number;
  typing?: unknown;
  seen?: unknown;
}

/** Virtual time, a network that can be cut, and a server behind it. */
class World {
  now = 0;
  timers: Timer[] = [];
  up = true;
  /** The server takes frames but answers nothing, as over a dead line that nobody closed. */
  deaf = false;
  answers = true;
  online = true;
  session = true;
  tickets = 0;
  opened = 0;
  events: SocketEvents | null = null;
  received: Sent[] = [];
  links: Link[] = [];
  frames: string[] = [];
  state: State = emptyState;
  random: () => number;
  /** cmd -> how often it was really done */
  done = new Map<string, number>();
  heartbeats = true;
  private ids = 0;
  readonly connection: Connection;

  constructor(
    readonly centre = new Centre(),
    seed = 1,
  ) {
    this.random = dice(seed);
    centre.listener = (event) => this.say(event);
    this.connection = new Connection(
      {
        ticket: () => this.ticket(),
        open: (events) => this.open(events),
        now: () => this.now,
        setTimer: (ms, fire) => {
          const timer = { at: this.now + ms, fire };
          this.timers.push(timer);
          return timer;
        },
        clearTimer: (timer) => {
          this.timers = this.timers.filter((one) => one !== timer);
        },
        random: () => this.random(),
        online: () => this.online,
        uniqueId: () => `cmd_${++this.ids}`,
      },
      {
        link: (link) => this.links.push(link),
        since: () => (this.state.ready ? this.state.seq : null),
        welcome: (welcome) => {
          if (welcome.snapshot !== undefined)
            this.state = reduce(this.state, {
              do: 'snapshot',
              seq: welcome.seq,
              epoch: welcome.epoch,
              snapshot: welcome.snapshot,
            });
        },
        event: (event) => (this.state = reduce(this.state, { do: 'event', event })),
        frame: (frame) => this.frames.push(frame.type),
      },
    );
  }

  get link(): Link {
    return this.links[this.links.length - 1]!;
  }

  get sent(): Sent[] {
    return this.received.filter((frame) => frame.call !== undefined);
  }

  private async ticket(): Promise<string> {
    if (!this.session) throw new CallError('unauthenticated', 'no session');
    if (!this.up) throw new CallError('unavailable', 'no network');
    return `ticket_${++this.tickets}`;
  }

  private open(events: SocketEvents): Socket {
    this.opened++;
    let alive = true;
    queueMicrotask(() => {
      if (!alive) return;
      if (!this.up) events.closed();
      else {
        this.events = events;
        events.opened();
      }
    });
    return {
      send: (text) => {
        if (this.events === events) this.receive(JSON.parse(text) as Sent);
      },
      close: () => {
        alive = false;
        if (this.events === events) this.events = null;
      },
    };
  }

  /** From the server to the page. */
  say(frame: object | string): void {
    if (this.up && !this.deaf) this.events?.message(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  private receive(frame: Sent): void {
    if (!this.up || this.deaf) return;
    this.received.push(frame);
    if (frame.hello !== undefined) this.welcome(frame.hello.since);
    else if (frame.ping !== undefined) this.say({ type: 'pong', ping: frame.ping, server_now: this.now });
    else if (frame.call !== undefined) {
      const key = frame.cmd ?? frame.id!;
      if (frame.cmd === undefined || !this.done.has(key)) this.done.set(key, (this.done.get(key) ?? 0) + 1);
      if (this.answers) this.answer(frame.id!, { echo: frame.args });
    }
  }

  private welcome(since: number | undefined): void {
    const head = { type: 'welcome', seq: this.centre.seq, server_now: this.now, epoch: 1, heartbeat_ms: 10_000 };
    if (since === undefined) this.say({ ...head, resumed: false, snapshot: this.centre.snapshot() });
    else {
      this.say({ ...head, resumed: true });
      for (const event of this.centre.log) if (event.seq > since) this.say(event);
    }
  }

  answer(id: string, result: object): void {
    this.say({ type: 'result', id, ok: true, result });
  }

  /** The network breaks and the browser notices. */
  cut(): void {
    this.up = false;
    const events = this.events;
    this.events = null;
    events?.closed();
  }

  /** The network works again; what was lost on a dead line stays lost, so that line never comes back. */
  mend(): void {
    if (this.deaf) this.cut();
    this.deaf = false;
    this.up = true;
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    let beat = this.now;
    for (;;) {
      await this.settle();
      const next = Math.min(end, beat + 1000, ...this.timers.map((timer) => timer.at));
      this.now = Math.max(this.now, next);
      if (this.now >= beat + 1000) {
        beat = this.now;
        if (this.heartbeats && Math.floor(beat / 1000) % 10 === 0) this.say({ type: 'heartbeat', server_now: this.now });
      }
      const due = this.timers.filter((timer) => timer.at <= this.now);
      this.timers = this.timers.filter((timer) => timer.at > this.now);
      for (const timer of due) timer.fire();
      await this.settle();
      if (this.now >= end) return;
    }
  }

  async start(): Promise<this> {
    this.connection.start();
    await this.settle();
    return this;
  }
}

async function live(): Promise<World> {
  const world = await new World().start();
  assert.equal(world.link.phase, 'live');
  return world;
}

test('delays: at once, then doubling up to 30 s, never all at the same moment', () => {
  assert.ok(retryDelay(1, 0.99) < 300);
  for (let attempt = 2; attempt < 20; attempt++) {
    assert.ok(retryDelay(attempt, 0) < retryDelay(attempt, 0.999));
    assert.ok(retryDelay(attempt, 0.999) <= MAX_DELAY_MS);
    assert.ok(retryDelay(attempt, 0) >= 500);
  }
  assert.ok(retryDelay(50, 0) >= MAX_DELAY_MS / 2);
});

test('the first hello has no since; the state is there when the line is live', async () => {
  const world = await live();
  assert.deepEqual(world.received[0]?.hello, { token: 'ticket_1', client: 'web/1', beats: true });
  assert.equal(world.state.ready, true);
});

test('each heartbeat is answered at once, without a timer', async () => {
  const world = await live();
  const pings = (): number => world.received.filter((frame) => frame.ping !== undefined).length;
  const timers = world.timers;
  world.timers = [];
  for (let i = 1; i <= 5; i++) {
    world.say({ type: 'heartbeat', server_now: world.now });
    assert.equal(pings(), i);
  }
  world.timers = timers;
});

test('a desk the server gave up as silent comes back by itself', async () => {
  const world = await live();
  world.say({ type: 'bye', code: 'silent', message: 'not heard for 25 s' });
  world.events?.closed();
  await world.pass(1000);
  assert.equal(world.link.phase, 'live');
  assert.equal(world.received[world.received.length - 1]?.hello?.since, 0);
});

test('what was seen is told only over a line that lives', async () => {
  const world = await live();
  assert.equal(world.connection.seen('int_1', 3), true);
  assert.deepEqual(world.received[world.received.length - 1]?.seen, { interaction: 'int_1', n: 3 });
  world.cut();
  assert.equal(world.connection.seen('int_1', 4), false);
});

test('without a session it ends and says so', async () => {
  const world = new World();
  world.session = false;
  await world.start();
  assert.deepEqual([world.link.phase, world.link.phase === 'ended' && world.link.code], ['ended', 'unauthenticated']);
  await world.pass(120_000);
  assert.equal(world.opened, 0);
});

test('after a break it comes back by itself and resumes', async () => {
  const world = await live();
  await world.pass(20_000);
  world.cut();
  assert.equal(world.link.phase, 'waiting');
  world.centre.accept(world.centre.offer());
  world.up = true;
  await world.pass(1000);
  assert.equal(world.link.phase, 'live');
  assert.equal(world.received[world.received.length - 1]?.hello?.since, 0);
  assert.equal(world.tickets, 2, 'a ticket works once');
  assert.equal(world.state.interactions['int_1']?.state, 'active');
});

test('it never gives up, and never waits longer than 30 s', async () => {
  const world = await live();
  world.cut();
  await world.pass(3_600_000);
  const waits = world.links.filter((link) => link.phase === 'waiting');
  assert.ok(waits.length > 110, `${waits.length} tries in an hour`);
  const last = waits[waits.length - 1]!;
  assert.ok(last.attempt > 100);
  world.up = true;
  await world.pass(MAX_DELAY_MS);
  assert.equal(world.link.phase, 'live');
});

test('a line on which nothing arrives is dead after two heartbeats', async () => {
  const world = await live();
  await world.pass(60_000);
  assert.equal(world.opened, 1, 'heartbeats keep it');
  world.deaf = true;
  await world.pass(15_000);
  assert.equal(world.link.phase, 'live');
  await world.pass(17_000);
  assert.notEqual(world.link.phase, 'live');
  world.deaf = false;
  await world.pass(60_000);
  assert.equal(world.link.phase, 'live');
});

test('other frames count as life, too', async () => {
  const world = await live();
  world.heartbeats = false;
  for (let i = 0; i < 10; i++) {
    await world.pass(8000);
    world.say({ type: 'queues', queues: [] });
  }
  assert.equal(world.opened, 1);
});

test('a hint that the line may be dead is followed up in seconds', async () => {
  const world = await live();
  world.connection.poke();
  await world.pass(6000);
  assert.equal(world.link.phase, 'live', 'a good line answers');
  world.deaf = true;
  world.connection.poke();
  await world.pass(5500);
  assert.notEqual(world.link.phase, 'live');
});

test('a hint that the network is back is followed at once', async () => {
  const world = await live();
  world.cut();
  await world.pass(300_000);
  world.up = true;
  world.connection.poke();
  await world.settle();
  assert.equal(world.link.phase, 'live');
});

test('it says offline only when the line is down and the browser knows no network', async () => {
  const world = await live();
  world.online = false;
  await world.pass(30_000);
  assert.equal(world.links[world.links.length - 1]?.phase, 'live');
  world.cut();
  const link = world.links[world.links.length - 1]!;
  assert.deepEqual([link.phase, link.phase === 'waiting' && link.online], ['waiting', false]);
});

test('a server that takes the hello but says nothing is left', async () => {
  const world = new World();
  world.deaf = true;
  await world.start();
  await world.pass(11_000);
  assert.ok(world.links.some((link) => link.phase === 'waiting'));
  world.deaf = false;
  await world.pass(30_000);
  assert.equal(world.link.phase, 'live');
});

test('a line that dies right after each welcome is not tried without pause', async () => {
  const world = await live();
  for (let i = 0; i < 60; i++) {
    world.events?.closed();
    await world.pass(1000);
  }
  assert.ok(world.opened < 14, `${world.opened} connections in a minute`);
});

test('bye: some mean come back, some mean stay away', async () => {
  for (const code of ['restarting', 'overrun', 'protocol']) {
    const world = await live();
    world.say({ type: 'bye', code, message: '' });
    world.cut();
    world.up = true;
    await world.pass(2000);
    assert.equal(world.link.phase, 'live', code);
    const hello = world.received[world.received.length - 1]?.hello;
    assert.equal(hello?.since === undefined, code === 'protocol', code);
  }
  for (const code of ['logged_out', 'replaced', 'unauthenticated']) {
    const world = await live();
    world.say({ type: 'bye', code, message: 'm' });
    world.cut();
    world.up = true;
    await world.pass(120_000);
    assert.deepEqual(world.link, { phase: 'ended', code, message: 'm' });
    assert.equal(world.opened, 1);
  }
});

test('a server that restarts says when to come back', async () => {
  const world = await live();
  world.say({ type: 'bye', code: 'restarting', message: '', retry_after_ms: 5000 });
  world.cut();
  world.up = true;
  await world.pass(4900);
  assert.equal(world.link.phase, 'waiting');
  await world.pass(200);
  assert.equal(world.link.phase, 'live');
});

test('what is not JSON ends the line, and the next one starts from a snapshot', async () => {
  const world = await live();
  world.say('{"type":');
  await world.pass(2000);
  assert.equal(world.link.phase, 'live');
  assert.equal(world.received[world.received.length - 1]?.hello?.since, undefined);
});

test('a call gets its answer; a refusal has code, words and details', async () => {
  const world = await live();
  const good = world.connection.call('customer.get', { customer: 'c' });
  assert.deepEqual(await good, { echo: { customer: 'c' } });
  world.answers = false;
  const bad = world.connection.call('interaction.accept', { interaction: 'i' });
  const id = world.sent[1]?.id;
  world.say({ type: 'result', id, ok: false, error: { code: 'gone', message: 'too late', details: { x: 1 } } });
  await assert.rejects(bad, (error: CallError) => {
    assert.deepEqual([error.code, error.message, error.details], ['gone', 'too late', { x: 1 }]);
    return true;
  });
});

test('changes carry a key, reads do not', async () => {
  const world = await live();
  await world.connection.call('case.list', {});
  await world.connection.call('interaction.messages', { interaction: 'i' });
  await world.connection.call('interaction.end', { interaction: 'i' });
  await world.connection.call('message.send', { interaction: 'i', text: 't', client_id: 'mine' }, 'mine');
  assert.deepEqual(
    world.sent.map((frame) => frame.cmd),
    [undefined, undefined, 'cmd_1', 'mine'],
  );
});

test('what was not answered is sent again under the same key and done once', async () => {
  const world = await live();
  world.answers = false;
  const answer = world.connection.call('interaction.save', { interaction: 'i' });
  world.cut();
  world.up = true;
  world.answers = true;
  await world.pass(1000);
  assert.deepEqual(await answer, { echo: { interaction: 'i' } });
  assert.equal(world.sent.length, 2);
  assert.deepEqual(world.sent[0], world.sent[1]);
  assert.equal(world.done.get('cmd_1'), 1);
});

test('what is asked for while the line is down goes out when it is back, in order', async () => {
  const world = await live();
  world.cut();
  const answers = ['a', 'b', 'c'].map((text) =>
    world.connection.call('message.send', { interaction: 'i', text, client_id: text }, text),
  );
  await world.pass(5000);
  assert.equal(world.sent.length, 0);
  world.up = true;
  world.connection.poke();
  await Promise.all(answers);
  assert.deepEqual(
    world.sent.map((frame) => frame.args?.['text']),
    ['a', 'b', 'c'],
  );
});

test('no more unanswered calls than the server takes', async () => {
  const world = await live();
  world.answers = false;
  const answers = Array.from({ length: MAX_UNANSWERED + 6 }, () => world.connection.call('case.list', {}));
  assert.equal(world.sent.length, MAX_UNANSWERED);
  for (const frame of [...world.sent].slice(0, 10)) world.answer(frame.id!, {});
  assert.equal(world.sent.length, MAX_UNANSWERED + 6);
  for (const frame of [...world.sent].slice(10)) world.answer(frame.id!, {});
  await Promise.all(answers);
});

test('an answer nobody waits for is ignored', async () => {
  const world = await live();
  world.answer('999', {});
  assert.equal(world.link.phase, 'live');
});

test('when the session ends, open calls fail and new ones too', async () => {
  const world = await live();
  world.answers = false;
  const open = world.connection.call('case.list', {});
  world.say({ type: 'bye', code: 'logged_out', message: 'bye' });
  await assert.rejects(open, { code: 'unauthenticated' });
  await assert.rejects(world.connection.call('case.list', {}), { code: 'unauthenticated' });
});

test('typing is not kept for later', async () => {
  const world = await live();
  world.cut();
  world.connection.typing('i', true);
  world.up = true;
  await world.pass(1000);
  assert.equal(world.received.some((frame) => frame.typing !== undefined), false);
  world.connection.typing('i', true);
  assert.equal(world.received.some((frame) => frame.typing !== undefined), true);
});

test('frames of a line that was given up change nothing', async () => {
  const world = await live();
  const old = world.events!;
  world.cut();
  old.message(JSON.stringify({ type: 'bye', code: 'logged_out', message: '' }));
  old.closed();
  assert.equal(world.link.phase, 'waiting');
});

test('cut at random for 1 s, 30 s or longer during traffic: the view is that of a fresh load, each command done once', async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = dice(seed * 7919);
    const world = await new World(new Centre(), seed).start();
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 120; i++) {
      for (let j = 0; j < 3; j++) world.centre.step(random);
      if (random() < 0.5) answers.push(world.connection.call('interaction.save', { interaction: `i${i}` }, `key_${i}`));
      if (random() < 0.1) {
        if (random() < 0.3) world.deaf = true;
        else world.cut();
      }
      const lengths = [200, 1000, 5000, 30_000, 90_000];
      await world.pass(lengths[Math.floor(random() * lengths.length)]!);
      if (random() < 0.5) world.mend();
    }
    world.mend();
    await world.pass(120_000);
    await Promise.all(answers);
    assert.equal(world.link.phase, 'live');
    const fresh = reduce(emptyState, {
      do: 'snapshot',
      seq: world.centre.seq,
      epoch: 1,
      snapshot: world.centre.snapshot(),
    });
    assert.deepEqual(durableView(world.state), durableView(fresh), `seed ${seed}`);
    for (const [key, times] of world.done) if (key.startsWith('key_')) assert.equal(times, 1, `${key}, seed ${seed}`);
  }
});

