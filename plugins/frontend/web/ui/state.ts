// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the desk knows: the server's snapshot plus the numbered events since. This is the only place that changes
// it, and it is a pure function: the same frames give the same state, a frame applied twice changes nothing, and
// a desk that resumed looks like one that was just loaded. shape.ts brings frames into form, events.ts applies them.

import { applyEvent, addNotice, offerNotice, patchInteraction, putMessage, setTyping } from './events';
import type {
  Agent,
  Alarm,
  Channel,
  CodeList,
  Crm,
  DeskEvent,
  Instance,
  Interaction,
  Policy,
  Queue,
  Snapshot,
} from './protocol';
import {
  byKey,
  normalAgent,
  normalAlarm,
  normalChannel,
  normalCodes,
  normalCrm,
  normalInstance,
  normalInteraction,
  normalPolicy,
  normalQueue,
} from './shape';

export { MISSED } from './events';

export const TYPING_LAPSES_MS = 6000;

/** Something that ended without the agent's doing and must be told, once. */
export interface Notice {
  id: string;
  kind: 'offer_ended' | 'closed_unsaved' | 'closed_uncoded' | 'customer_left' | 'went_back';
  cause: string;
  interaction: string;
  who: string;
  at: number;
}

export interface State {
  ready: boolean;
  seq: number;
  epoch: number | string | null;
  me: Agent | null;
  policy: Policy;
  queues: Record<string, Queue>;
  /** Lists of codes in use, by `list`. */
  codes: Record<string, CodeList>;
  /** Channel instances by name. */
  channels: Record<string, Channel>;
  /** Everything that is plugged in; for supervisors and administrators, otherwise empty. */
  instances: Instance[];
  /** What is wrong with the daemon; for the same people. */
  alarms: Alarm[];
  crm: Crm | null;
  interactions: Record<string, Interaction>;
  agents: Record<string, Agent>;
  /** interaction -> server time at which "typing" lapses */
  typing: Record<string, number>;
  notices: Notice[];
}

export const emptyState: State = {
  ready: false,
  seq: 0,
  epoch: null,
  me: null,
  policy: normalPolicy({}),
  queues: {},
  codes: {},
  channels: {},
  instances: [],
  alarms: [],
  crm: null,
  interactions: {},
  agents: {},
  typing: {},
  notices: [],
};

type Waiting = { queue: string; waiting: number; oldest: number | null }[];

export type Action =
  | { do: 'snapshot'; seq: number; epoch: number | string; snapshot: Snapshot }
  | { do: 'event'; event: DeskEvent }
  | { do: 'queues'; queues: Waiting }
  | { do: 'instances'; instances: Partial<Instance>[] }
  | { do: 'alarms'; alarms: Partial<Alarm>[] }
  | { do: 'typing'; interaction: string; on: boolean; now: number }
  | { do: 'details'; interaction: Interaction; since?: DeskEvent[] }
  | { do: 'dismiss'; notice: string }
  | { do: 'forget' };

export function reduce(state: State, action: Action): State {
  switch (action.do) {
    case 'snapshot':
      return fromSnapshot(state, action.seq, action.epoch, action.snapshot);
    case 'event':
      return state.ready && action.event.seq > state.seq
        ? { ...applyEvent(state, action.event), seq: action.event.seq }
        : state;
    case 'queues':
      return setWaiting(state, action.queues);
    case 'instances':
      return { ...state, instances: action.instances.map(normalInstance) };
    case 'alarms':
      return { ...state, alarms: action.alarms.map(normalAlarm) };
    case 'typing':
      return setTyping(state, action.interaction, action.on ? action.now + TYPING_LAPSES_MS : 0);
    case 'details':
      return addDetails(state, action.interaction, action.since ?? []);
    case 'dismiss':
      return { ...state, notices: state.notices.filter((notice) => notice.id !== action.notice) };
    case 'forget':
      return emptyState;
  }
}

/** The part of the state that a fresh load would bring too. */
export function durableView(state: State): Omit<State, 'typing' | 'notices' | 'ready'> {
  const { typing: _typing, notices: _notices, ready: _ready, ...rest } = state;
  return rest;
}

// ---- snapshot and answers

function fromSnapshot(state: State, seq: number, epoch: number | string, snapshot: Snapshot): State {
  const gone = Object.values(state.interactions).filter(
    (one) => one.state === 'offered' && !snapshot.interactions.some((other) => other.interaction === one.interaction),
  );
  return {
    ...emptyState,
    ready: true,
    seq,
    epoch,
    me: normalAgent(snapshot.me),
    policy: normalPolicy((snapshot.policy ?? {}) as unknown as Record<string, unknown>),
    queues: byKey(snapshot.queues.map(normalQueue), (queue) => queue.queue),
    codes: byKey(
      (snapshot.codes ?? []).map((one) => normalCodes(one as unknown as Record<string, unknown>)),
      (one) => one.list,
    ),
    channels: byKey((snapshot.channels ?? []).map(normalChannel), (channel) => channel.channel),
    instances: (snapshot.instances ?? []).map(normalInstance),
    alarms: (snapshot.alarms ?? []).map(normalAlarm),
    crm: normalCrm(snapshot.crm),
    interactions: byKey(snapshot.interactions.map(normalInteraction), (one) => one.interaction),
    agents: byKey((snapshot.agents ?? []).map(normalAgent), (agent) => agent.user),
    notices: gone.reduce((list, one) => addNotice(list, offerNotice(one, 'withdrawn', one.deadline)), state.notices),
  };
}

/**
 * What `interaction.get` answered, laid under what events told since it was asked for: the answer may be older than
 * they are. Applying an event twice does no harm.
 */
function addDetails(state: State, details: Interaction, since: DeskEvent[]): State {
  const merged = patchInteraction(state, details.interaction, (mine) => {
    const answer = normalInteraction(details);
    return { ...answer, messages: mine.messages.reduce(putMessage, answer.messages) };
  });
  const mine = since.filter(
    (event) => event.interaction === details.interaction || event.conversation === details.conversation,
  );
  return { ...state, interactions: mine.reduce(applyEvent, merged).interactions };
}

// ---- what is not durable

function setWaiting(state: State, list: Waiting): State {
  const queues = { ...state.queues };
  for (const { queue, waiting, oldest } of list) {
    const known = queues[queue];
    if (known !== undefined) queues[queue] = { ...known, waiting, oldest };
  }
  return { ...state, queues };
}
