// SPDX-License-Identifier: GPL-3.0-or-later
//
// Replays: how everything stood at an instant, the lanes of the time line, the scale that shortens waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskEvent, Interaction, Message } from '../../../../plugins/frontend/web/ui/protocol';
import type { Answer } from '../../../../plugins/frontend/web/ui/replay';
import { frameAt, lanesOf, neighbour, replayOf, Scale, scaleOf } from '../../../../plugins/frontend/web/ui/replay';
import { htmlFile, textFile } from '../../../../plugins/frontend/web/ui/replay-file';
import { momentWords } from '../../../../plugins/frontend/web/ui/replay-words';

const T = 1_800_000_000_000;
let seq = 0;

function event(after: number, type: string, members: Record<string, unknown> = {}): DeskEvent {
  return { seq: ++seq, at: T + after, type, interaction: 'int_1', ...members };
}

function message(n: number, after: number, author: string, text: string, members: Record<string, unknown> = {}): Message {
  return { message: `m${n}`, n, at: T + after, author, author_name: null, text, state: null, ...members } as unknown as Message;
}

/** Anna rejects, Ben accepts after 20 s, one answer, the customer is gone for an hour, Ben ends it. */
function answer(members: Partial<Interaction> = {}, more: DeskEvent[] = []): Answer {
  seq = 10;
  const end = 3_700_000;
  return {
    interaction: {
      ...{ interaction: 'int_1', conversation: 'c', queue: 'q', queue_name: 'Support', channel: 'site', network: 'webchat' },
      ...{ identity: 'v_1', name: 'Vera', state: 'closed', agent: 'ben', enqueued_at: T, accepted_at: T + 20_000 },
      ...{ ended_at: T + end, ended_by: 'agent', customer: 'cus_1', customer_name: 'Vera Vogel', codes: [] },
      save: { state: 'saved', mode: 'during', case: 'cas_1', attempts: 0, error: null },
      messages: [
        message(1, 0, 'customer', 'Where is my <parcel>?'),
        message(2, 25_000, 'agent', 'On its way', { author_name: 'Ben', by: 'ben', state: 'read' }),
        message(3, 3_600_000, 'customer', 'Thanks'),
      ],
      ...members,
    } as unknown as Interaction,
    events: [
      event(0, 'interaction.queued', { queue_name: 'Support', cause: 'new' }),
      event(0, 'interaction.offered', { agent: 'anna', deadline: T + 30_000, acceptance_ms: 30_000 }),
      event(5000, 'offer.ended', { agent: 'anna', cause: 'rejected', reason: 'lunch' }),
      event(5000, 'interaction.queued', { queue_name: 'Support', cause: 'rejected' }),
      event(10_000, 'interaction.offered', { agent: 'ben', deadline: T + 40_000, acceptance_ms: 30_000 }),
      event(20_000, 'offer.ended', { agent: 'ben', cause: 'accepted' }),
      event(20_000, 'interaction.accepted', { agent: 'ben', agent_name: 'Ben' }),
      event(20_100, 'interaction.customer', { agent: 'ben', customer: 'cus_1', customer_name: 'Vera Vogel', draft: 1 }),
      ...more,
      event(3_600_500, 'interaction.save', { agent: 'ben', state: 'requested', mode: 'during' }),
      event(3_600_600, 'interaction.save', { agent: 'ben', state: 'saved', mode: 'during', case: 'cas_1' }),
      event(end, 'interaction.ended', { agent: 'ben', ended_by: 'agent', deadline: T + end + 60_000 }),
      event(end + 9000, 'interaction.closed', { agent: 'ben', uncoded: 0 }),
    ],
    agents: [
      { seq: 1, at: T - 90_000, type: 'agent.status', agent: 'anna', status: 'available', since: T - 90_000 },
      { seq: 2, at: T - 80_000, type: 'agent.status', agent: 'ben', status: 'on_break', since: T - 80_000 },
      event(0, 'agent.status', { agent: 'anna', status: 'offered', since: T }),
      event(5000, 'agent.status', { agent: 'anna', status: 'on_break', since: T + 5000, cause: 'rejected' }),
      event(10_000, 'agent.status', { agent: 'ben', status: 'offered', since: T + 10_000 }),
      event(20_000, 'agent.status', { agent: 'ben', status: 'busy', since: T + 20_000 }),
    ],
  };
}

/** Taken by the network, read, and only then told to be delivered. */
const RECEIPTS = { handed_at: T + 25_500, read_at: T + 26_000, delivered_at: T + 26_500 };

test('who rang, with the time that was left', () => {
  const replay = replayOf(answer());
  const first = frameAt(replay, T + 3000);
  assert.equal(first.state, 'offered');
  assert.deepEqual(first.offer, { agent: 'anna', since: T, deadline: T + 30_000, ms: 30_000 });
  assert.equal(first.agents.anna?.status, 'offered');
  assert.equal(first.agents.ben?.status, 'on_break', 'the status from before it began');
  const between = frameAt(replay, T + 7000);
  assert.deepEqual([between.state, between.offer, between.agents.anna?.status], ['waiting', null, 'on_break']);
  assert.equal(frameAt(replay, T + 12_000).offer?.agent, 'ben');
});

test('what was written by then, and the record that had popped', () => {
  const replay = replayOf(answer());
  const texts = (after: number): string[] => frameAt(replay, T + after).messages.map((one) => one.text);
  assert.deepEqual(texts(0), ['Where is my <parcel>?']);
  assert.deepEqual(texts(24_999), ['Where is my <parcel>?']);
  assert.deepEqual(texts(25_000), ['Where is my <parcel>?', 'On its way']);
  assert.equal(frameAt(replay, T + 20_050).customer, null);
  assert.deepEqual(frameAt(replay, T + 20_100).customer, { id: 'cus_1', name: 'Vera Vogel', draft: true });
  assert.deepEqual([frameAt(replay, T + 20_000).agent, frameAt(replay, T + 20_000).state], ['ben', 'active']);
});

test('receipts at their time, and never backwards; without times only the end tells', () => {
  const written = message(2, 25_000, 'agent', 'On its way', { state: 'read', ...RECEIPTS });
  const timed = replayOf(answer({ messages: [message(1, 0, 'customer', 'Hello'), written] }));
  const state = (after: number): string | null | undefined => frameAt(timed, T + after).messages[1]?.state;
  assert.deepEqual([state(25_000), state(25_500), state(26_000), state(26_500)], ['queued', 'sent', 'read', 'read']);
  const untimed = replayOf(answer());
  assert.equal(untimed.receipts, false);
  assert.equal(frameAt(untimed, T + 30_000).messages[1]?.state, null);
  assert.equal(frameAt(untimed, untimed.to).messages[1]?.state, 'read');
});

test('wrap-up with its deadline, the save, the end', () => {
  const replay = replayOf(answer());
  assert.equal(frameAt(replay, T + 3_600_500).save.state, 'requested');
  const wrapUp = frameAt(replay, T + 3_705_000);
  assert.deepEqual([wrapUp.state, wrapUp.save.case], ['wrap_up', 'cas_1']);
  assert.deepEqual(wrapUp.wrapUp, { since: T + 3_700_000, deadline: T + 3_760_000, overdue: false });
  assert.deepEqual([frameAt(replay, replay.to).state, frameAt(replay, replay.to).wrapUp], ['closed', null]);
});

test('a customer who leaves does not end the chat for the agent', () => {
  const left = event(30_000, 'interaction.ended', { agent: 'ben', ended_by: 'customer', deadline: 0 });
  const over = event(40_000, 'interaction.ended', { agent: 'ben', ended_by: 'customer', deadline: T + 50_000 });
  const replay = replayOf(answer({}, [left, over]));
  const frame = frameAt(replay, T + 31_000);
  assert.deepEqual([frame.state, frame.endedBy, frame.wrapUp], ['active', 'customer', null]);
  assert.deepEqual([frameAt(replay, T + 41_000).state, frameAt(replay, T + 41_000).wrapUp?.deadline], ['wrap_up', T + 50_000]);
  const words = replay.moments.map((one) => momentWords(one, replay, about.nameOf, 'Vera'));
  assert.ok(words.includes('The customer left') && words.includes('Ben ended the chat; Post Processing, 0:10'), words.join());
});

test('lanes: states without gaps or overlaps', () => {
  const lanes = lanesOf(replayOf(answer()));
  assert.deepEqual(
    lanes.map((lane) => [lane.agent, lane.segments.map((one) => one.what)]),
    [
      [null, ['offered', 'waiting', 'offered', 'active', 'wrap_up']],
      ['anna', ['offered', 'on_break']],
      ['ben', ['on_break', 'offered', 'busy']],
    ],
  );
  for (const { segments } of lanes)
    for (const [at, one] of segments.entries()) if (at > 0) assert.equal(one.from, segments[at - 1]!.to);
});

test('the scale shortens waits and nothing else, there and back', () => {
  const scale = new Scale([1000, 2000, 100_000, 101_000], 0, 102_000, 5000);
  assert.equal(scale.length, 2000 + 5000 + 2000);
  assert.deepEqual(scale.gaps.map((gap) => [gap.from, gap.to]), [[2000, 100_000]]);
  assert.equal(scale.toPlay(1500), 1500);
  assert.equal(scale.toPlay(100_000), 7000);
  assert.equal(scale.toPlay(51_000), 4500);
  for (const at of [0, 1, 1999, 2000, 30_000, 99_999, 100_500, 102_000])
    assert.ok(Math.abs(scale.toReal(scale.toPlay(at)) - at) < 0.01, `${at}`);
  assert.equal(new Scale([1000], 0, 50_000, null).length, 50_000);
  const replay = replayOf(answer());
  assert.ok(scaleOf(replay, true).length < 60_000);
  assert.equal(scaleOf(replay, false).length, replay.to - replay.from);
});

test('from event to event', () => {
  const replay = replayOf(answer());
  assert.equal(neighbour(replay, T, 1), T + 5000);
  assert.equal(neighbour(replay, T + 6000, -1), T + 5000);
  assert.equal(neighbour(replay, T, -1), null);
  assert.equal(neighbour(replay, replay.to, 1), null);
});

test('one event of both lists is there once', () => {
  const both = answer();
  const replay = replayOf({ ...both, events: [...both.events, ...both.agents.filter((one) => one.at >= T)] });
  assert.equal(replay.moments.length, replayOf(both).moments.length);
});

const about = {
  ...{ customer: 'Vera "V" Vogel', zone: 'UTC', now: T, pictures: new Map<string, string>() },
  nameOf: (id: string | null) => ({ anna: 'Anna', ben: 'Ben' })[id ?? ''] ?? 'nobody',
};

test('everything in words, in order', () => {
  const replay = replayOf(answer());
  const words = replay.moments.map((one) => momentWords(one, replay, about.nameOf, 'Vera'));
  assert.equal(words[0], 'Vera: Where is my <parcel>?');
  for (const expected of [
    'Rings at Anna, 0:30 to accept',
    'Anna rejected the offer, reason: lunch',
    'Waits in Support again: the offer was rejected',
    'Ben accepted',
    'A new draft record pops at Ben: Vera Vogel',
    'Ben is Busy',
    'Saved to the CRM',
    'Ben ended the chat; Post Processing, 1:00',
  ])
    assert.ok(words.includes(expected), `${expected} in ${words.join(' | ')}`);
});

test('files hold everything and no foreign markup', () => {
  const replay = replayOf(answer());
  const html = htmlFile(replay, about);
  assert.ok(html.includes('Where is my &lt;parcel&gt;?'));
  assert.ok(!html.includes('<parcel>'));
  assert.ok(html.includes('Vera &quot;V&quot; Vogel'));
  assert.ok(!/src="http|<script|<link/.test(html), 'it needs nothing else');
  const plain = textFile(replay, about);
  assert.match(plain, /Ben: On its way \(Read\)/);
  assert.match(plain, /Where is my <parcel>\?/);
});

test('a picture is in the page when it could be had, and named when not', () => {
  const picture = { kind: 'image', media: 'med_1', name: 'box.png', mime: null, url: null, size: 10 };
  const replay = replayOf(answer({ messages: [message(1, 0, 'customer', '', { attachments: [picture] })] }));
  assert.ok(htmlFile(replay, about).includes('[Picture: box.png]'));
  const held = { ...about, pictures: new Map([['med_1', 'data:image/png;base64,AAAA']]) };
  assert.ok(htmlFile(replay, held).includes('src="data:image/png;base64,AAAA"'));
});
