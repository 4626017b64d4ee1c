// SPDX-License-Identifier: GPL-3.0-or-later
//
// What `playback.get` answers, as something that can be looked at at any instant: all that happened in order, how the
// chat and its agents stood at a time, and a scale of time without the long waits. Pure.

import type { ChosenCode, DeskEvent, Interaction, InteractionState, Message, MessageState, Save, Status } from './protocol';
import { explains, normalChosen, normalInteraction, normalMatches, normalSave, num, RANK, text } from './shape';

/** Something that happened: a message, or an event of the journal. */
export interface Moment {
  key: string;
  at: number;
  seq: number;
  /** 'message', or the type of the event. */
  type: string;
  event: DeskEvent | null;
  message: Message | null;
}

export interface AgentThen {
  status: Status;
  since: number;
  asked: string | null;
  cause: string | null;
  reason: string | null;
  away: boolean;
}

/** How everything stood at an instant. */
export interface Frame {
  at: number;
  state: InteractionState;
  agent: string | null;
  offer: { agent: string; since: number; deadline: number; ms: number } | null;
  wrapUp: { since: number; deadline: number; overdue: boolean } | null;
  endedBy: string | null;
  customer: { id: string; name: string | null; draft: boolean } | null;
  matches: number;
  follows: string | null;
  codes: ChosenCode[];
  save: Save;
  messages: Message[];
  agents: Record<string, AgentThen>;
  /** How many moments have passed. */
  passed: number;
}

export interface Replay {
  interaction: Interaction;
  from: number;
  to: number;
  moments: Moment[];
  /** Statuses the agents had before it began. */
  before: DeskEvent[];
  /** Whether the times of receipts are known; otherwise messages get their states at the end. */
  receipts: boolean;
}

export interface Answer {
  interaction: Interaction;
  events: DeskEvent[];
  agents: DeskEvent[];
}

/** What became of a message, as moments of its own. Failing has no time of its own: it is shown where it was written. */
function rises(message: Message): Moment[] {
  const times: [MessageState, number][] = [
    ['sent', message.handed_at],
    ['delivered', message.delivered_at],
    ['read', message.read_at],
  ];
  if (message.state === 'failed' || message.state === 'uncertain') times.push([message.state, message.at]);
  return times
    .filter(([, at]) => at > 0)
    .map(([state, at]) => {
      const event = { seq: 0, at, type: 'message.state', message: message.message, state, error: message.error } as DeskEvent;
      return { key: `${state}-${message.message}`, at, seq: 0, type: event.type, event, message: null };
    });
}

const ABOUT_AGENTS = new Set(['agent.status', 'agent.presence']);

export function replayOf(answer: Answer): Replay {
  const interaction = normalInteraction(answer.interaction);
  const bySeq = new Map<number, DeskEvent>();
  for (const event of [...answer.events, ...answer.agents]) bySeq.set(event.seq, event);
  const from = interaction.enqueued_at;
  const all = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  const events = all.filter((event) => event.at >= from && event.type !== 'message.added');
  const received = interaction.messages.filter((one) => one.author === 'agent').flatMap(rises);
  const moments: Moment[] = [
    ...events.map((event) => ({ key: `e${event.seq}`, at: event.at, seq: event.seq, type: event.type, event, message: null })),
    ...interaction.messages.map((message) => ({
      ...{ key: `m${message.message}`, at: message.at, seq: 0, type: 'message', event: null, message },
    })),
    ...received,
  ];
  // Of one millisecond: the customer's message that began it, then what the engine did, then other messages.
  const place = (one: Moment): number => (one.type === 'message.state' ? 3 : one.message === null ? 1 : one.message.n === first(interaction) ? 0 : 2);
  moments.sort((a, b) => a.at - b.at || place(a) - place(b) || a.seq - b.seq || (a.message?.n ?? 0) - (b.message?.n ?? 0));
  const last = moments[moments.length - 1]?.at ?? from;
  return {
    interaction,
    from,
    to: Math.max(last, interaction.ended_at, from + 1000),
    moments,
    before: all.filter((event) => event.at < from && ABOUT_AGENTS.has(event.type)),
    receipts: received.length > 0,
  };
}

function first(interaction: Interaction): number {
  return interaction.messages[0]?.n ?? 0;
}

// ---- at an instant

const NOT_SAVED: Save = { state: null, mode: null, case: null, attempts: 0, error: null };

function agentThen(event: DeskEvent, old: AgentThen | undefined): AgentThen {
  if (event.type === 'agent.presence') {
    const known = old ?? { status: 'available', since: event.at, asked: null, cause: null, reason: null, away: false };
    return { ...known, away: event.state === 'away' };
  }
  return {
    status: event.status as Status,
    since: num(event.since, event.at),
    asked: text(event.asked),
    cause: text(event.cause),
    reason: text(event.reason),
    away: old?.away ?? false,
  };
}

function apply(frame: Frame, event: DeskEvent): void {
  const agent = text(event.agent);
  switch (event.type) {
    case 'interaction.queued':
      Object.assign(frame, { state: 'waiting', agent: null, offer: null });
      return;
    case 'interaction.offered':
      frame.state = 'offered';
      frame.offer = {
        ...{ agent: agent ?? '', since: event.at, deadline: num(event.deadline), ms: num(event.acceptance_ms) },
      };
      setCustomer(frame, event);
      return;
    case 'offer.ended':
      frame.offer = null;
      if (frame.state === 'offered') frame.state = 'waiting';
      return;
    case 'interaction.accepted':
      Object.assign(frame, { state: 'active', agent, offer: null });
      return;
    case 'interaction.customer':
      frame.matches = 0;
      setCustomer(frame, event);
      return;
    case 'interaction.matches':
      frame.matches = normalMatches(event.matches).length;
      return;
    case 'interaction.case':
      frame.follows = text(event.follows);
      return;
    case 'interaction.codes':
      frame.codes = normalChosen(event.codes);
      return;
    case 'interaction.save':
      frame.save = normalSave(event);
      return;
    case 'interaction.ended':
      frame.endedBy = text(event.ended_by) ?? frame.endedBy;
      // Without a deadline it is the customer who left; the agent still has the chat.
      if (num(event.deadline) > 0) {
        frame.state = 'wrap_up';
        frame.wrapUp = { since: event.at, deadline: num(event.deadline), overdue: false };
      }
      return;
    case 'interaction.overdue':
      frame.state = 'wrap_up';
      frame.wrapUp = { since: frame.wrapUp?.since ?? event.at, deadline: num(event.deadline), overdue: true };
      return;
    case 'interaction.closed':
      Object.assign(frame, { state: 'closed', wrapUp: null, offer: null });
      return;
    case 'message.state':
      setState(frame, event);
      return;
    case 'agent.status':
    case 'agent.presence':
      if (agent !== null) frame.agents[agent] = agentThen(event, frame.agents[agent]);
  }
}

function setCustomer(frame: Frame, event: DeskEvent): void {
  const id = text(event.customer);
  if (id !== null) frame.customer = { id, name: text(event.customer_name), draft: Boolean(event.draft) };
}

function setState(frame: Frame, event: DeskEvent): void {
  const state = event.state as MessageState;
  // It is one of the last ones, nearly always.
  let at = frame.messages.length - 1;
  while (at >= 0 && frame.messages[at]!.message !== event.message) at--;
  const one = frame.messages[at];
  if (one === undefined || (one.state !== null && (RANK[state] ?? 0) < (RANK[one.state] ?? 0))) return;
  frame.messages[at] = { ...one, state, error: explains(state) ? text(event.error) : null };
}

/** An agent's message as it was when it was written; what became of it comes later. */
function fresh(message: Message, receipts: boolean): Message {
  return message.author === 'agent' ? { ...message, state: receipts ? 'queued' : null, error: null } : message;
}

export function frameAt(replay: Replay, at: number): Frame {
  const frame: Frame = {
    ...{ at, state: 'waiting', agent: null, offer: null, wrapUp: null, endedBy: null, customer: null, matches: 0 },
    ...{ follows: null, codes: [], save: NOT_SAVED, messages: [], agents: {}, passed: 0 },
  };
  for (const event of replay.before) apply(frame, event);
  for (const moment of replay.moments) {
    if (moment.at > at) break;
    frame.passed++;
    if (moment.message !== null) frame.messages.push(fresh(moment.message, replay.receipts));
    else if (moment.event !== null) apply(frame, moment.event);
  }
  // What the record says last holds at the end, also of what came too late to be an event of this chat.
  if (at >= replay.to) {
    const final = new Map(replay.interaction.messages.map((one) => [one.message, one]));
    frame.messages = frame.messages.map((one) => final.get(one.message) ?? one);
  }
  return frame;
}

// ---- the time line

export interface Segment {
  from: number;
  to: number;
  /** A state of the chat or a status of an agent. */
  what: string;
}

export interface Lane {
  /** null = the chat itself. */
  agent: string | null;
  segments: Segment[];
}

/** The chat's states in the first lane, then each agent's statuses. */
export function lanesOf(replay: Replay): Lane[] {
  const lanes = new Map<string | null, Segment[]>([[null, []]]);
  const put = (agent: string | null, from: number, what: string): void => {
    const segments = lanes.get(agent) ?? [];
    lanes.set(agent, segments);
    const last = segments[segments.length - 1];
    if (last?.what === what) return;
    if (last !== undefined) last.to = from;
    segments.push({ from, to: replay.to, what });
  };
  const stops = [replay.from, ...replay.moments.map((one) => one.at)];
  const frame = frameAt(replay, replay.from - 1);
  put(null, replay.from, 'waiting');
  for (const [agent, then] of Object.entries(frame.agents)) put(agent, replay.from, then.status);
  const all = [...new Set(stops)];
  let next = 0;
  for (const at of all) {
    while (next < replay.moments.length && replay.moments[next]!.at <= at) {
      const event = replay.moments[next++]!.event;
      if (event !== null) apply(frame, event);
    }
    put(null, at, frame.state);
    for (const [agent, then] of Object.entries(frame.agents)) put(agent, at, then.status);
  }
  return [...lanes].map(([agent, segments]) => ({
    agent,
    segments: segments.filter((one) => one.to > one.from && one.what !== 'closed'),
  }));
}

/** Nothing happened for longer than this: playing does not make anybody wait for it. */
export const IDLE_MS = 5000;

/** Real time and the time it takes to look at it: a wait longer than `idle` takes only so long; null = all of it. */
export class Scale {
  private readonly knots: [real: number, play: number][] = [];
  /** Waits that were shortened, in real time. */
  readonly gaps: Segment[] = [];
  readonly length: number;

  constructor(times: number[], from: number, to: number, idle: number | null = IDLE_MS) {
    const stops = [from, ...times.filter((at) => at > from && at < to).sort((a, b) => a - b), to];
    let play = 0;
    let before = from;
    for (const at of stops) {
      const real = at - before;
      const short = idle !== null && real > idle;
      if (short) this.gaps.push({ from: before, to: at, what: 'idle' });
      play += short ? idle : real;
      this.knots.push([at, play]);
      before = at;
    }
    this.length = play;
  }

  toPlay(at: number): number {
    return this.map(at, 0, 1);
  }

  toReal(play: number): number {
    return this.map(play, 1, 0);
  }

  private map(value: number, a: 0 | 1, b: 0 | 1): number {
    let after = 0;
    for (let end = this.knots.length - 1; after < end; ) {
      const middle = (after + end) >> 1;
      if (this.knots[middle]![a] >= value) end = middle;
      else after = middle + 1;
    }
    const high = this.knots[after]!;
    if (high[a] < value) return high[b];
    const low = this.knots[after - 1];
    if (low === undefined || high[a] === low[a]) return high[b];
    return low[b] + ((value - low[a]) / (high[a] - low[a])) * (high[b] - low[b]);
  }
}

export function scaleOf(replay: Replay, skipIdle: boolean): Scale {
  return new Scale(replay.moments.map((one) => one.at), replay.from, replay.to, skipIdle ? IDLE_MS : null);
}

/** The next instant at which something happened, or the one before; null = there is none. */
export function neighbour(replay: Replay, at: number, step: 1 | -1): number | null {
  const times = replay.moments.map((one) => one.at);
  if (step > 0) return times.find((one) => one > at) ?? null;
  return [...times].reverse().find((one) => one < at) ?? null;
}
