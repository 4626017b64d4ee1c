// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the desk knows: the server's snapshot plus the numbered events since. This is the only place that changes
// it, and it is a pure function: the same frames give the same state, a frame applied twice changes nothing, and
// a desk that resumed looks like one that was just loaded.

import type {
  Agent,
  AskedStatus,
  DeskEvent,
  Interaction,
  Message,
  MessageState,
  Queue,
  SaveState,
  Snapshot,
  Status,
} from './protocol';

export const TYPING_LAPSES_MS = 6000;

/** Something that ended without the agent's doing and must be told, once. */
export interface Notice {
  id: string;
  kind: 'offer_ended' | 'closed_unsaved' | 'customer_left';
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
  queues: Record<string, Queue>;
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
  queues: {},
  interactions: {},
  agents: {},
  typing: {},
  notices: [],
};

export type Action =
  | { do: 'snapshot'; seq: number; epoch: number | string; snapshot: Snapshot }
  | { do: 'event'; event: DeskEvent }
  | { do: 'queues'; queues: { queue: string; waiting: number; oldest: number | null }[] }
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
    case 'typing':
      return setTyping(state, action.interaction, action.on ? action.now + TYPING_LAPSES_MS : 0);
    case 'details':
      return addDetails(state, action.interaction, action.since ?? []);
    case 'dismiss':
      return withoutNotice(state, action.notice);
    case 'forget':
      return emptyState;
  }
}

/** The part of the state that a fresh load would bring too. */
export function durableView(state: State): Omit<State, 'typing' | 'notices' | 'ready'> {
  const { typing: _typing, notices: _notices, ready: _ready, ...rest } = state;
  return rest;
}

/** My interactions in the order of work: offered, waiting for me (longest first), the others, wrap-up. */
export function worklist(state: State): Interaction[] {
  const rank = (one: Interaction): number =>
    one.state === 'offered' ? 0 : one.state === 'wrap_up' ? 3 : waitingSince(one) !== null ? 1 : 2;
  return Object.values(state.interactions).sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (waitingSince(a) ?? a.enqueued_at) - (waitingSince(b) ?? b.enqueued_at) ||
      (a.interaction < b.interaction ? -1 : 1),
  );
}

/** Since when the customer waits for the agent's answer; null when the agent spoke last or the chat is over. */
export function waitingSince(one: Interaction): number | null {
  if (one.state !== 'active' || one.ended_at > 0) return null;
  let since: number | null = null;
  for (let i = one.messages.length - 1; i >= 0; i--) {
    const message = one.messages[i]!;
    if (message.author === 'agent') break;
    if (message.author === 'customer') since = message.at;
  }
  return since === null ? null : Math.max(since, one.accepted_at);
}

export function offered(state: State): Interaction | null {
  return worklist(state).find((one) => one.state === 'offered') ?? null;
}

export function displayName(one: Pick<Interaction, 'customer_name' | 'name' | 'identity'>): string {
  return one.customer_name || one.name || one.identity;
}

/** What becomes of an agent's message. Customers' messages have words of their own, which say nothing here. */
const RANK: Record<MessageState, number> = { queued: 0, sent: 1, delivered: 2, read: 3, failed: 4 };

// ---- snapshot

function fromSnapshot(state: State, seq: number, epoch: number | string, snapshot: Snapshot): State {
  const me = normalAgent(snapshot.me);
  const gone = Object.values(state.interactions).filter(
    (one) => one.state === 'offered' && !snapshot.interactions.some((other) => other.interaction === one.interaction),
  );
  return {
    ...emptyState,
    ready: true,
    seq,
    epoch,
    me,
    queues: byKey(snapshot.queues.map(normalQueue), (queue) => queue.queue),
    interactions: byKey(snapshot.interactions.map(normalInteraction), (one) => one.interaction),
    agents: byKey((snapshot.agents ?? []).map(normalAgent), (agent) => agent.user),
    notices: gone.reduce(
      (list, one) => addNotice(list, offerNotice(one, 'withdrawn', one.deadline)),
      state.notices,
    ),
  };
}

function byKey<T>(list: T[], key: (item: T) => string): Record<string, T> {
  return Object.fromEntries(list.map((item) => [key(item), item]));
}

function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' && value !== '' ? value.split(',') : [];
}

// Only the members that events keep up to date are taken over: a member that stays as it was when the page was
// loaded would be wrong after an hour, and no two desks would agree.

function normalAgent(agent: Agent): Agent {
  return {
    user: agent.user,
    login: agent.login,
    name: agent.name,
    role: agent.role,
    permissions: words(agent.permissions),
    capacity: num(agent.capacity, 1),
    acceptance_ms: num(agent.acceptance_ms),
    status: agent.status,
    asked: agent.asked,
    since: num(agent.since),
    cause: text(agent.cause),
    reason: text(agent.reason),
    stop_new: Boolean(agent.stop_new),
  };
}

function normalQueue(queue: Queue): Queue {
  return {
    queue: queue.queue,
    name: queue.name,
    enabled: Boolean(queue.enabled),
    member: Boolean(queue.member),
    waiting: num(queue.waiting),
    oldest: queue.oldest ?? null,
  };
}

function normalMessage(message: Partial<Message>): Message {
  const word = text(message.state);
  const state = word !== null && word in RANK ? (word as MessageState) : null;
  return {
    message: text(message.message) ?? '',
    n: num(message.n),
    at: num(message.at),
    author: message.author ?? 'system',
    author_name: text(message.author_name),
    by: text(message.by),
    code: text(message.code),
    text: typeof message.text === 'string' ? message.text : '',
    client_id: text(message.client_id),
    sent_at: num(message.sent_at),
    state,
    error: state === 'failed' ? text(message.error) : null,
  };
}

function normalInteraction(one: Interaction): Interaction {
  return {
    interaction: one.interaction,
    conversation: one.conversation,
    queue: one.queue,
    queue_name: one.queue_name,
    channel: one.channel,
    network: one.network,
    identity: one.identity,
    name: text(one.name),
    state: one.state,
    agent: text(one.agent),
    offer: text(one.offer),
    acceptance_ms: num(one.acceptance_ms),
    deadline: num(one.deadline),
    enqueued_at: num(one.enqueued_at),
    accepted_at: num(one.accepted_at),
    ended_at: num(one.ended_at),
    ended_by: text(one.ended_by),
    customer: text(one.customer),
    customer_name: text(one.customer_name),
    draft: Boolean(one.draft),
    save: {
      state: text(one.save?.state) as SaveState | null,
      mode: text(one.save?.mode) as 'during' | 'after' | null,
      case: text(one.save?.case),
      attempts: num(one.save?.attempts),
      error: text(one.save?.error),
    },
    messages: (one.messages ?? []).map(normalMessage).sort((a, b) => a.n - b.n),
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

// ---- events

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function num(value: unknown, fallback = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

function applyEvent(state: State, event: DeskEvent): State {
  const id = text(event.interaction) ?? '';

  switch (event.type) {
    case 'agent.status':
      return changeStatus(state, event);
    case 'user.changed':
      return changeUser(state, event);
    case 'queue.changed':
      return changeQueue(state, event);
    case 'membership.changed':
      return changeMembership(state, event);
    case 'interaction.offered':
      return offer(state, event);
    case 'offer.ended':
      return endOffer(state, event);
    case 'interaction.accepted':
      return patchInteraction(state, id, (one) => ({
        ...one,
        state: 'active',
        offer: null,
        deadline: 0,
        agent: text(event.agent),
        accepted_at: num(event.accepted_at, event.at),
      }));
    case 'message.added':
      return addMessage(state, id, event);
    case 'message.state':
      return patchConversation(state, event, (one) => ({ ...one, messages: setMessageState(one.messages, event) }));
    case 'conversation.changed':
      return patchConversation(state, event, (one) => ({ ...one, name: text(event.name) }));
    case 'interaction.customer':
      return patchInteraction(state, id, (one) => ({
        ...one,
        customer: text(event.customer),
        customer_name: text(event.customer_name),
        draft: Boolean(event.draft),
      }));
    case 'interaction.save':
      return patchInteraction(withoutNotice(state, `closed:${id}`), id, (one) => ({
        ...one,
        save: {
          state: text(event.state) as SaveState | null,
          mode: text(event.mode) as 'during' | 'after' | null,
          case: text(event.case),
          attempts: num(event.attempts),
          error: text(event.error),
        },
      }));
    case 'interaction.ended':
      return endInteraction(state, id, event);
    case 'interaction.closed':
      return closeInteraction(state, id, event);
    default:
      return state;
  }
}

function patchInteraction(state: State, id: string, change: (one: Interaction) => Interaction): State {
  const one = state.interactions[id];
  return one === undefined ? state : { ...state, interactions: { ...state.interactions, [id]: change(one) } };
}

/** For what belongs to the conversation, whichever of its chats is open: receipts, the name. */
function patchConversation(state: State, event: DeskEvent, change: (one: Interaction) => Interaction): State {
  return Object.values(state.interactions)
    .filter((one) => one.conversation === event.conversation)
    .reduce((next, one) => patchInteraction(next, one.interaction, change), state);
}

function withoutInteraction(state: State, id: string): State {
  const { [id]: _gone, ...interactions } = state.interactions;
  const { [id]: _typing, ...typing } = state.typing;
  return { ...state, interactions, typing };
}

function patchAgent(state: State, user: unknown, change: (agent: Agent) => Agent): State {
  const id = text(user) ?? '';
  const known = state.agents[id];
  const agents = known === undefined ? state.agents : { ...state.agents, [id]: change(known) };
  const me = state.me?.user === id ? change(state.me) : state.me;
  return { ...state, agents, me };
}

function changeStatus(state: State, event: DeskEvent): State {
  const next = patchAgent(state, event.agent, (agent) => ({
    ...agent,
    status: event.status as Status,
    asked: event.asked as AskedStatus,
    since: num(event.since, event.at),
    cause: text(event.cause),
    reason: text(event.reason),
    stop_new: Boolean(event.stop_new),
  }));
  // Who is Available again needs no more telling why the break was.
  const over = event.agent === state.me?.user && event.status === 'available';
  return over
    ? { ...next, notices: next.notices.filter((notice) => !MISSED.has(notice.cause)) }
    : next;
}

function changeUser(state: State, event: DeskEvent): State {
  const id = text(event.user) ?? '';
  const define = (agent: Agent): Agent => ({
    ...agent,
    login: text(event.login) ?? agent.login,
    name: text(event.name) ?? agent.name,
    role: (text(event.role) ?? agent.role) as Agent['role'],
    permissions: words(event.permissions),
    capacity: num(event.capacity, agent.capacity),
    acceptance_ms: num(event.acceptance_ms, agent.acceptance_ms),
  });
  if (Object.keys(state.agents).length > 0 && state.agents[id] === undefined && event.enabled)
    return { ...state, agents: { ...state.agents, [id]: define(newAgent(id, event.at)) } };
  return patchAgent(state, id, define);
}

function newAgent(user: string, at: number): Agent {
  return {
    user,
    login: '',
    name: '',
    role: 'agent',
    permissions: [],
    capacity: 1,
    acceptance_ms: 0,
    status: 'logged_out',
    asked: 'logged_out',
    since: at,
    cause: null,
    reason: null,
    stop_new: false,
  };
}

function changeQueue(state: State, event: DeskEvent): State {
  const id = text(event.queue) ?? '';
  const known = state.queues[id] ?? { queue: id, name: id, enabled: true, member: false, waiting: 0, oldest: null };
  const queue: Queue = { ...known, name: text(event.name) ?? known.name, enabled: Boolean(event.enabled) };
  return { ...state, queues: { ...state.queues, [id]: queue } };
}

function changeMembership(state: State, event: DeskEvent): State {
  const id = text(event.queue) ?? '';
  const known = state.queues[id];
  if (event.user !== state.me?.user || known === undefined) return state;
  const member = Boolean(event.enabled) && !event.removed;
  return { ...state, queues: { ...state.queues, [id]: { ...known, member } } };
}

function offer(state: State, event: DeskEvent): State {
  const id = text(event.interaction) ?? '';
  if (state.me === null || event.agent !== state.me.user) return state;
  const one: Interaction = {
    interaction: id,
    conversation: text(event.conversation) ?? '',
    queue: text(event.queue) ?? '',
    queue_name: text(event.queue_name) ?? '',
    channel: text(event.channel) ?? '',
    network: text(event.network) ?? '',
    identity: text(event.identity) ?? '',
    name: text(event.name),
    state: 'offered',
    agent: state.me.user,
    offer: text(event.offer),
    acceptance_ms: num(event.acceptance_ms),
    deadline: num(event.deadline),
    enqueued_at: num(event.enqueued_at, event.at),
    accepted_at: 0,
    ended_at: 0,
    ended_by: null,
    customer: text(event.customer),
    customer_name: text(event.customer_name),
    draft: Boolean(event.draft),
    save: { state: null, mode: null, case: null, attempts: 0, error: null },
    messages: state.interactions[id]?.messages ?? [],
  };
  return { ...state, interactions: { ...state.interactions, [id]: one } };
}

function endOffer(state: State, event: DeskEvent): State {
  const id = text(event.interaction) ?? '';
  const one = state.interactions[id];
  const cause = text(event.cause) ?? 'withdrawn';
  if (one === undefined || event.agent !== state.me?.user || cause === 'accepted') return state;
  if (one.state !== 'offered') return state;
  const left = withoutInteraction(state, id);
  return { ...left, notices: addNotice(left.notices, offerNotice(one, cause, event.at)) };
}

function offerNotice(one: Interaction, cause: string, at: number): Notice {
  return {
    id: `offer:${one.offer ?? one.interaction}`,
    kind: 'offer_ended',
    cause,
    interaction: one.interaction,
    who: displayName(one),
    at,
  };
}

function withoutNotice(state: State, id: string): State {
  return state.notices.some((notice) => notice.id === id)
    ? { ...state, notices: state.notices.filter((notice) => notice.id !== id) }
    : state;
}

/** Causes that put the agent On Break. */
export const MISSED: ReadonlySet<string> = new Set(['timed_out', 'rejected', 'agent_lost']);

function addNotice(list: Notice[], notice: Notice): Notice[] {
  return [...list.filter((other) => other.id !== notice.id), notice].slice(-4);
}

/** The customer's leaving changes nothing until the agent ends the chat too; that is what brings a deadline. */
function endInteraction(state: State, id: string, event: DeskEvent): State {
  const deadline = num(event.deadline);
  const wrapUp = deadline > 0;
  const next = patchInteraction(setTyping(state, id, 0), id, (one) => ({
    ...one,
    state: wrapUp ? 'wrap_up' : one.state,
    deadline,
    ended_at: num(event.ended_at, event.at),
    ended_by: text(event.ended_by),
  }));
  if (wrapUp) return withoutNotice(next, `left:${id}`);
  const one = next.interactions[id];
  if (one === undefined || one.ended_by !== 'customer') return next;
  const notice: Notice = {
    id: `left:${id}`,
    kind: 'customer_left',
    cause: 'customer_left',
    interaction: id,
    who: displayName(one),
    at: event.at,
  };
  return { ...next, notices: addNotice(next.notices, notice) };
}

function closeInteraction(state: State, id: string, event: DeskEvent): State {
  const one = state.interactions[id];
  const left = withoutNotice(withoutInteraction(state, id), `left:${id}`);
  if (one === undefined || one.state === 'offered' || one.save.state !== null) return left;
  const notice: Notice = {
    id: `closed:${id}`,
    kind: 'closed_unsaved',
    cause: text(event.cause) ?? 'none',
    interaction: id,
    who: displayName(one),
    at: event.at,
  };
  return { ...left, notices: addNotice(left.notices, notice) };
}

// ---- messages

/** Receipts may overtake one another; a message that was read is not merely "sent" again. */
function higher(a: MessageState | null, b: MessageState | null): MessageState | null {
  if (a === null || b === null) return a ?? b;
  return RANK[a] >= RANK[b] ? a : b;
}

function putMessage(list: Message[], message: Message): Message[] {
  const at = list.findIndex((other) => other.message === message.message);
  if (at >= 0) {
    const known = list[at]!;
    const state = higher(known.state, message.state);
    const next = [...list];
    next[at] = { ...known, ...message, state, error: state === 'failed' ? (message.error ?? known.error) : null };
    return next;
  }
  const before = list.filter((other) => other.n < message.n).length;
  return [...list.slice(0, before), message, ...list.slice(before)];
}

function addMessage(state: State, id: string, event: DeskEvent): State {
  const message = normalMessage(event as Partial<Message>);
  const next = patchInteraction(state, id, (one) => ({ ...one, messages: putMessage(one.messages, message) }));
  return message.author === 'customer' ? setTyping(next, id, 0) : next;
}

function setMessageState(list: Message[], event: DeskEvent): Message[] {
  return list.map((message) => {
    if (message.message !== event.message) return message;
    const state = higher(message.state, normalMessage(event as Partial<Message>).state);
    return { ...message, state, error: state === 'failed' ? (text(event.error) ?? message.error) : null };
  });
}

// ---- what is not durable

function setWaiting(state: State, list: { queue: string; waiting: number; oldest: number | null }[]): State {
  const queues = { ...state.queues };
  for (const { queue, waiting, oldest } of list) {
    const known = queues[queue];
    if (known !== undefined) queues[queue] = { ...known, waiting, oldest };
  }
  return { ...state, queues };
}

function setTyping(state: State, id: string, until: number): State {
  if (until === 0 ? state.typing[id] === undefined : state.interactions[id] === undefined) return state;
  const { [id]: _old, ...typing } = state.typing;
  return { ...state, typing: until === 0 ? typing : { ...typing, [id]: until } };
}
