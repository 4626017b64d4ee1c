// SPDX-License-Identifier: GPL-3.0-or-later
//
// The reducer: snapshot plus events. The last tests let a centre run at random and compare desks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskEvent } from '../../../../plugins/frontend/web/ui/protocol';
import type { Action, State } from '../../../../plugins/frontend/web/ui/state';
import { durableView, emptyState, reduce } from '../../../../plugins/frontend/web/ui/state';
import { displayName, offered, waitingSince, worklist } from '../../../../plugins/frontend/web/ui/views';
import { Centre, dice, ME } from './centre';

function load(centre: Centre): State {
  return reduce(emptyState, { do: 'snapshot', seq: centre.seq, epoch: 1, snapshot: centre.snapshot() });
}

function follow(state: State, events: DeskEvent[]): State {
  return events.reduce((now, event) => reduce(now, { do: 'event', event }), state);
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

/** A centre with a desk that follows it; `desk()` is its state now. */
function scene(): { centre: Centre; desk: () => State; act: (action: Action) => void } {
  const centre = new Centre();
  let state = load(centre);
  const act = (action: Action): void => {
    state = freeze(reduce(state, action));
  };
  centre.listener = (event) => act({ do: 'event', event });
  return { centre, desk: () => state, act };
}

test('events before the first snapshot change nothing', () => {
  const centre = new Centre();
  centre.offer();
  assert.equal(follow(emptyState, centre.log), emptyState);
});

test('an event that was seen changes nothing, whatever it says', () => {
  const { centre, desk, act } = scene();
  centre.accept(centre.offer());
  const before = desk();
  for (const event of centre.log) act({ do: 'event', event });
  assert.equal(desk(), before);
});

test('an offer to somebody else is not mine', () => {
  const { centre, desk } = scene();
  centre.emit('interaction.offered', { interaction: 'int_x', agent: 'usr_other', offer: 'off_x', deadline: 1 });
  assert.equal(offered(desk()), null);
});

test('an offer that ends by itself is removed and says why', () => {
  for (const cause of ['timed_out', 'rejected', 'customer_left', 'withdrawn', 'agent_lost']) {
    const { centre, desk } = scene();
    const one = centre.offer();
    assert.equal(offered(desk())?.interaction, one.interaction);
    centre.endOffer(one, cause);
    assert.equal(offered(desk()), null);
    assert.deepEqual(
      desk().notices.map((notice) => [notice.kind, notice.cause, notice.who]),
      [['offer_ended', cause, 'Customer 1']],
    );
  }
});

test('accepting leaves no notice', () => {
  const { centre, desk } = scene();
  centre.accept(centre.offer());
  assert.equal(desk().interactions['int_1']?.state, 'active');
  assert.equal(desk().interactions['int_1']?.deadline, 0);
  assert.deepEqual(desk().notices, []);
});

test('the same chat offered again later is offered', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.endOffer(one, 'withdrawn');
  centre.interactions.set(one.interaction, one);
  const { messages: _m, save: _s, state: _st, ...members } = one;
  centre.emit('interaction.offered', { ...members, offer: 'off_again' });
  assert.equal(offered(desk())?.offer, 'off_again');
});

test('being Available again ends the telling why the break was', () => {
  const { centre, desk } = scene();
  centre.endOffer(centre.offer(), 'timed_out');
  centre.status('on_break', 'on_break', 'timed_out');
  assert.equal(desk().notices.length, 1);
  centre.status('available', 'available', 'by_hand');
  assert.deepEqual(desk().notices, []);
});

test('an offer lost with the line is told although the agent stays Available', () => {
  const { centre, desk } = scene();
  centre.endOffer(centre.offer(), 'agent_lost');
  centre.status('available', 'available', null);
  assert.equal(desk().notices[0]?.cause, 'agent_lost');
});

test('lines are ordered by number and kept once', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  const add = (n: number, message: string): void => {
    centre.emit('message.added', { interaction: one.interaction, message, n, author: 'customer', text: String(n) });
  };
  add(3, 'c');
  add(1, 'a');
  add(2, 'b');
  add(2, 'b');
  assert.deepEqual(
    desk().interactions['int_1']?.messages.map((message) => message.text),
    ['1', '2', '3'],
  );
});

test('the state of a message only rises', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  const message = centre.say(one, 'agent', 'hello');
  const state = (): string | null | undefined => desk().interactions['int_1']?.messages[0]?.state;
  centre.mark(one, message, 'read');
  centre.mark(one, message, 'sent');
  assert.equal(state(), 'read');
  centre.emit('message.added', { ...message, interaction: one.interaction, state: 'queued' });
  assert.equal(state(), 'read');
});

test('a failure keeps its reason, and only a failure has one', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  const good = centre.say(one, 'agent', 'a');
  const bad = centre.say(one, 'agent', 'b');
  centre.mark(one, good, 'sent');
  centre.mark(one, bad, 'failed');
  assert.deepEqual(
    desk().interactions['int_1']?.messages.map((message) => [message.state, message.error]),
    [
      ['sent', null],
      ['failed', 'blocked'],
    ],
  );
});

test('details that were asked for meet lines that came meanwhile', () => {
  const { centre, desk, act } = scene();
  const one = centre.offer();
  const answer = structuredClone(one);
  answer.messages = [
    { ...centre.say(one, 'customer', 'first') },
    { ...centre.say(one, 'customer', 'second') },
  ];
  const third = centre.say(one, 'customer', 'third');
  act({ do: 'details', interaction: answer });
  assert.deepEqual(
    desk().interactions['int_1']?.messages.map((message) => message.text),
    ['first', 'second', 'third'],
  );
  assert.equal(desk().interactions['int_1']?.messages[2]?.message, third.message);
});

test('details that are older than the events since they were asked for take nothing back', () => {
  const { centre, desk, act } = scene();
  const [, , one] = [centre.offer(), centre.offer(), centre.offer()];
  const answer = structuredClone(one);
  const asked = centre.log.length;
  centre.accept(one);
  act({ do: 'details', interaction: answer, since: centre.log.slice(asked) });
  const mine = desk().interactions['int_3'];
  assert.deepEqual([mine?.state, mine?.customer, mine?.draft], ['active', 'cus_new_v_3', true]);
});

test('details of an offer that is over bring nothing back', () => {
  const { centre, desk, act } = scene();
  const one = centre.offer();
  const answer = structuredClone(one);
  centre.endOffer(one, 'timed_out');
  act({ do: 'details', interaction: answer });
  assert.deepEqual(desk().interactions, {});
});

test('when the customer leaves, the chat stays until the agent ends it', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  centre.end(one, 'customer');
  assert.equal(desk().interactions['int_1']?.state, 'active');
  assert.equal(desk().notices[0]?.kind, 'customer_left');
  centre.end(one, 'agent');
  assert.equal(desk().interactions['int_1']?.state, 'wrap_up');
  assert.equal(desk().interactions['int_1']?.ended_by, 'customer');
  assert.deepEqual(desk().notices, []);
});

test('a chat that closes without being saved is told, a saved one is not', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  const two = centre.offer();
  for (const each of [one, two]) {
    centre.accept(each);
    centre.end(each, 'agent');
  }
  centre.save(two, 'saved');
  centre.close(one);
  centre.close(two);
  assert.deepEqual(
    desk().notices.map((notice) => [notice.kind, notice.interaction]),
    [['closed_unsaved', one.interaction]],
  );
  centre.save(one, 'requested');
  assert.deepEqual(desk().notices, [], 'saved afterwards');
});

test('an offer that is gone after a long break is told', () => {
  const { centre, desk, act } = scene();
  const one = centre.offer();
  centre.interactions.delete(one.interaction);
  act({ do: 'snapshot', seq: 99, epoch: 2, snapshot: centre.snapshot() });
  assert.equal(desk().notices[0]?.cause, 'withdrawn');
});

test('typing lapses, ends with the line, and belongs to my chats only', () => {
  const { centre, desk, act } = scene();
  const one = centre.offer();
  centre.accept(one);
  act({ do: 'typing', interaction: one.interaction, on: true, now: 1000 });
  assert.equal(desk().typing[one.interaction], 7000);
  centre.say(one, 'customer', 'there');
  assert.deepEqual(desk().typing, {});
  act({ do: 'typing', interaction: 'int_other', on: true, now: 1000 });
  assert.deepEqual(desk().typing, {});
});

test('a permission that is taken away is gone at once', () => {
  const { centre, desk } = scene();
  assert.deepEqual(desk().me?.permissions, ['interaction.reject']);
  centre.changeUser([]);
  assert.deepEqual(desk().me?.permissions, []);
});

test('alarms: the whole list each time, gone with the alarm', () => {
  const { desk, act } = scene();
  assert.deepEqual(desk().alarms, []);
  act({ do: 'alarms', alarms: [{ name: 'disk', text: 'The disk is full.', since: 5 }, { name: 'odd' }] });
  assert.deepEqual(desk().alarms, [
    { name: 'disk', text: 'The disk is full.', since: 5 },
    { name: 'odd', text: '', since: 0 },
  ]);
  act({ do: 'alarms', alarms: [] });
  assert.deepEqual(desk().alarms, []);
});

test('queues: waiting counts, new ones, membership of mine only', () => {
  const { centre, desk, act } = scene();
  act({ do: 'queues', queues: [{ queue: 'q_1', waiting: 4, oldest: 5 }, { queue: 'q_unknown', waiting: 1, oldest: 1 }] });
  assert.deepEqual([desk().queues['q_1']?.waiting, desk().queues['q_1']?.oldest, desk().queues['q_unknown']], [4, 5, undefined]);
  centre.emit('queue.changed', { queue: 'q_3', name: 'New', enabled: 1 });
  centre.emit('membership.changed', { user: ME, queue: 'q_3', enabled: 1, removed: 0 });
  centre.emit('membership.changed', { user: 'usr_other', queue: 'q_2', enabled: 1, removed: 0 });
  centre.emit('membership.changed', { user: ME, queue: 'q_1', enabled: 1, removed: 1 });
  assert.deepEqual(
    Object.values(desk().queues).map((queue) => [queue.name, queue.member]),
    [
      ['Sales', false],
      ['Support', false],
      ['New', true],
    ],
  );
});

test('supervisors follow the others', () => {
  const centre = new Centre();
  const snapshot = { ...centre.snapshot(), agents: [centre.me, { ...centre.me, user: 'usr_b', name: 'Ben' }] };
  let state = reduce(emptyState, { do: 'snapshot', seq: 0, epoch: 1, snapshot });
  state = follow(state, [
    centre.emit('agent.status', { agent: 'usr_b', status: 'busy', asked: 'on_break', since: 5, stop_new: 0 }),
    centre.emit('user.changed', { user: 'usr_c', login: 'c', name: 'Cleo', role: 'agent', permissions: '', enabled: 1 }),
  ]);
  assert.equal(state.agents['usr_b']?.status, 'busy');
  assert.equal(state.agents['usr_b']?.asked, 'on_break');
  assert.equal(state.me?.status, 'available');
  assert.equal(state.agents['usr_c']?.name, 'Cleo');
});

test('the order of work: mine as I took them, then what is offered; nothing but accepting moves a row', () => {
  const { centre, desk } = scene();
  const order = (): string[] => worklist(desk()).map((one) => one.interaction);
  const [first, second, third] = [1, 2, 3].map(() => centre.offer());
  centre.now += 1000;
  centre.accept(second!);
  centre.now += 1000;
  centre.accept(first!);
  assert.deepEqual(order(), ['int_2', 'int_1', 'int_3']);
  centre.say(first!, 'customer', 'x');
  centre.now += 1000;
  centre.say(second!, 'customer', 'x');
  centre.end(second!, 'customer');
  centre.end(first!, 'agent');
  centre.offer();
  assert.deepEqual(order(), ['int_2', 'int_1', 'int_3', 'int_4'], 'who leaves stays, what is new comes last');
  centre.accept(third!);
  assert.deepEqual(order(), ['int_2', 'int_1', 'int_3', 'int_4']);
});

test('who waits, waits for the first unanswered line, but not before the chat was accepted', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.say(one, 'customer', 'in the queue');
  centre.now += 9000;
  centre.accept(one);
  const accepted = centre.now;
  assert.equal(waitingSince(desk().interactions['int_1']!), accepted);
  centre.say(one, 'agent', 'hello');
  centre.now += 1000;
  centre.say(one, 'customer', 'a');
  const since = centre.now;
  centre.now += 1000;
  centre.say(one, 'customer', 'b');
  assert.equal(waitingSince(desk().interactions['int_1']!), since);
});

test('a name is never blank', () => {
  assert.equal(displayName({ customer_name: 'C', name: 'N', identity: 'i' }), 'C');
  assert.equal(displayName({ customer_name: null, name: 'N', identity: 'i' }), 'N');
  assert.equal(displayName({ customer_name: '', name: null, identity: 'i' }), 'i');
});

test('a chat that went back to its queue while I was away is told, somebody else’s is not', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  centre.emit('interaction.queued', { interaction: one.interaction, agent: 'usr_other', cause: 'agent_lost' });
  assert.equal(desk().interactions['int_1']?.state, 'active');
  centre.goBack(one);
  assert.deepEqual(desk().interactions, {});
  assert.deepEqual(
    desk().notices.map((notice) => [notice.kind, notice.cause]),
    [['went_back', 'agent_lost']],
  );
});

test('a chat that is closed without its code says so until the code is chosen', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  centre.end(one, 'agent');
  centre.overdue(one);
  assert.deepEqual([desk().interactions['int_1']?.overdue, desk().interactions['int_1']?.deadline], [true, 0]);
  centre.emit('interaction.closed', { interaction: one.interaction, agent: ME, cause: 'timed_out', uncoded: 1 });
  assert.equal(desk().notices[0]?.kind, 'closed_uncoded');
  centre.emit('interaction.codes', { interaction: one.interaction, agent: ME, codes: [{ list: 'topic', code: 'sale', name: 'Sale' }] });
  assert.deepEqual(desk().notices, []);
});

test('without a wrap-up a chat is overdue all the same while its code is missing', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  centre.emit('interaction.ended', { interaction: one.interaction, agent: ME, ended_by: 'agent', ended_at: 5, deadline: 0 });
  centre.emit('interaction.overdue', { interaction: one.interaction, agent: ME, deadline: 9000 });
  const mine = desk().interactions['int_1'];
  assert.deepEqual([mine?.state, mine?.overdue, mine?.deadline], ['wrap_up', true, 9000]);
});

test('choosing the customer settles the matches', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.mayBe(one);
  assert.equal(desk().interactions['int_1']?.matches.length, 2);
  centre.chooseCustomer(one, 'cus_b');
  assert.deepEqual([desk().interactions['int_1']?.matches, desk().interactions['int_1']?.customer], [[], 'cus_b']);
});

test('an uncertain message is settled by its echo, and does not become less certain', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  const message = centre.say(one, 'agent', 'hello');
  const state = (): unknown[] => {
    const mine = desk().interactions['int_1']?.messages[0];
    return [mine?.state, mine?.error];
  };
  centre.emit('message.state', { conversation: one.conversation, message: message.message, state: 'uncertain', error: 'no answer in time' });
  assert.deepEqual(state(), ['uncertain', 'no answer in time']);
  centre.mark(one, message, 'sent');
  assert.deepEqual(state(), ['sent', null]);
  centre.emit('message.state', { conversation: one.conversation, message: message.message, state: 'uncertain', error: 'late' });
  assert.deepEqual(state(), ['sent', null]);
});

test('a customer’s line opens the reply window of his conversation, an agent’s does not', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  centre.say(one, 'customer', 'x');
  const until = desk().interactions['int_1']!.window_until;
  assert.equal(until, centre.now + 86_400_000);
  centre.now += 1000;
  centre.say(one, 'agent', 'y');
  assert.equal(desk().interactions['int_1']!.window_until, until);
});

test('attachments and forms are kept, unknown ones as they are called', () => {
  const { centre, desk } = scene();
  const one = centre.offer();
  centre.accept(one);
  centre.emit('message.added', {
    interaction: one.interaction,
    conversation: one.conversation,
    message: 'm',
    n: 1,
    author: 'customer',
    form: 'quick_reply',
    attachments: [{ kind: 'image', media: 'med_1', size: 9 }, { url: 'https://example.org' }],
  });
  const message = desk().interactions['int_1']?.messages[0];
  assert.equal(message?.form, 'quick_reply');
  assert.deepEqual(
    message?.attachments.map((each) => [each.kind, each.media, each.name, each.size]),
    [
      ['image', 'med_1', null, 9],
      ['file', null, null, 0],
    ],
  );
});

test('a list of codes that is switched off is gone, one that comes back is there', () => {
  const { centre, desk } = scene();
  centre.changeCodes('topic', false);
  assert.deepEqual(Object.keys(desk().codes), ['break']);
  centre.changeCodes('more', true);
  assert.deepEqual(desk().codes['more']?.queues, ['q_1']);
});

test('channels, plugins and the CRM’s fields are taken over; a changed plugin replaces the list', () => {
  const { centre, desk, act } = scene();
  assert.equal(desk().channels['site']?.max_text, 2000);
  assert.equal(desk().channels['site']?.text_unit, 'code_points');
  act({ do: 'instances', instances: [{ kind: 'channel', name: 'site', state: 'needs_attention', message: 'token expired' }] });
  assert.deepEqual([desk().instances[0]?.state, desk().instances[0]?.plugin], ['needs_attention', '']);
  assert.deepEqual(desk().crm?.customer_fields, []);
  assert.equal(centre.seq, desk().seq);
});

test('a desk that followed every event looks like one that was just loaded', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = dice(seed);
    const { centre, desk } = scene();
    for (let i = 0; i < 150; i++) {
      centre.step(random);
      assert.deepEqual(durableView(desk()), durableView(load(centre)), `seed ${seed}, step ${i}`);
    }
  }
});

test('a desk that resumed anywhere, with overlap and details in between, looks the same', () => {
  for (let seed = 100; seed <= 140; seed++) {
    const random = dice(seed);
    const centre = new Centre();
    let state = load(centre);
    for (let i = 0; i < 40; i++) {
      const missed = Math.floor(random() * 12);
      for (let j = 0; j < missed; j++) centre.step(random);
      const overlap = Math.max(0, state.seq - Math.floor(random() * 10));
      state = follow(state, centre.log.filter((event) => event.seq > overlap));
      const some = [...centre.interactions.values()][0];
      if (some !== undefined) state = reduce(state, { do: 'details', interaction: structuredClone(some) });
      assert.deepEqual(durableView(state), durableView(load(centre)), `seed ${seed}, round ${i}`);
    }
  }
});
