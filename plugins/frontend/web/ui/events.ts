// SPDX-License-Identifier: GPL-3.0-or-later
//
// What each numbered event does to what the desk knows. docs/desk-protocol.md says it in one line each; the order of
// the cases is the order there.

import type { Agent, AskedStatus, DeskEvent, Interaction, Message, MessageState, Queue, Status } from './protocol';
import {
  explains,
  normalAgent,
  normalChosen,
  normalCodes,
  normalInteraction,
  normalMatches,
  normalMessage,
  normalPolicy,
  normalSave,
  num,
  presenceOf,
  putMembership,
  RANK,
  text,
  words,
} from './shape';
import type { Notice, State } from './state';
import { displayName } from './views';

export function applyEvent(state: State, event: DeskEvent): State {
  const id = text(event.interaction) ?? '';

  switch (event.type) {
    case 'agent.status':
      return changeStatus(state, event);
    case 'agent.presence':
      return patchAgent(state, event.agent, (agent) => ({ ...agent, presence: presenceOf(event.state) }));
    case 'user.changed':
      return changeUser(state, event);
    case 'queue.changed':
      return changeQueue(state, event);
    case 'membership.changed':
      return changeMembership(state, event);
    case 'policy.changed':
      return { ...state, policy: normalPolicy(event) };
    case 'codes.changed':
      return changeCodes(state, event);
    case 'interaction.queued':
      return wentBack(state, id, event);
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
      return patchConversation(state, event, (one) => ({
        ...one,
        name: text(event.name) ?? one.name,
        picture: text(event.picture) ?? one.picture,
      }));
    case 'interaction.customer':
      return patchInteraction(state, id, (one) => ({
        ...one,
        customer: text(event.customer),
        customer_name: text(event.customer_name),
        draft: Boolean(event.draft),
        matches: [],
      }));
    case 'interaction.matches':
      return patchInteraction(state, id, (one) => ({ ...one, matches: normalMatches(event.matches) }));
    case 'interaction.case':
      return patchInteraction(state, id, (one) => ({ ...one, follows: text(event.follows) }));
    case 'interaction.codes':
      return patchInteraction(withoutNotice(state, `closed:${id}`), id, (one) => ({
        ...one,
        codes: normalChosen(event.codes),
      }));
    case 'interaction.save':
      return patchInteraction(withoutNotice(state, `closed:${id}`), id, (one) => ({
        ...one,
        save: normalSave(event),
      }));
    case 'interaction.ended':
      return endInteraction(state, id, event);
    case 'interaction.overdue':
      return patchInteraction(state, id, (one) => ({
        ...one,
        state: 'wrap_up',
        overdue: true,
        deadline: num(event.deadline),
      }));
    case 'interaction.closed':
      return closeInteraction(state, id, event);
    default:
      return state;
  }
}

export function patchInteraction(state: State, id: string, change: (one: Interaction) => Interaction): State {
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
    return_at: num(event.return_at),
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
    auto_accept: Boolean(event.auto_accept),
  });
  if (Object.keys(state.agents).length > 0 && state.agents[id] === undefined && event.enabled)
    return { ...state, agents: { ...state.agents, [id]: define(normalAgent({ user: id, since: event.at })) } };
  return patchAgent(state, id, define);
}

function changeQueue(state: State, event: DeskEvent): State {
  const id = text(event.queue) ?? '';
  const known = state.queues[id] ?? { queue: id, name: id, enabled: true, member: false, waiting: 0, oldest: null };
  const queue: Queue = { ...known, name: text(event.name) ?? known.name, enabled: Boolean(event.enabled) };
  return { ...state, queues: { ...state.queues, [id]: queue } };
}

function changeMembership(state: State, event: DeskEvent): State {
  const one = { queue: text(event.queue) ?? '', enabled: Boolean(event.enabled) };
  const next = patchAgent(state, event.user, (agent) => ({
    ...agent,
    queues: putMembership(agent.queues, one, Boolean(event.removed)),
  }));
  const known = state.queues[one.queue];
  if (event.user !== state.me?.user || known === undefined) return next;
  const member = one.enabled && !event.removed;
  return { ...next, queues: { ...next.queues, [one.queue]: { ...known, member } } };
}

function changeCodes(state: State, event: DeskEvent): State {
  const list = normalCodes(event);
  const { [list.list]: _old, ...rest } = state.codes;
  return { ...state, codes: event.removed || !list.enabled ? rest : { ...rest, [list.list]: list } };
}

/** My chat went back to its queue: I was away for too long. */
function wentBack(state: State, id: string, event: DeskEvent): State {
  const one = state.interactions[id];
  if (one === undefined || event.agent !== state.me?.user || one.state === 'offered') return state;
  const left = withoutNotice(withoutInteraction(state, id), `left:${id}`);
  return { ...left, notices: addNotice(left.notices, notice('went_back', id, one, text(event.cause), event.at)) };
}

function offer(state: State, event: DeskEvent): State {
  const id = text(event.interaction) ?? '';
  if (state.me === null || event.agent !== state.me.user) return state;
  const one = normalInteraction({
    ...(event as object),
    state: 'offered',
    agent: state.me.user,
    enqueued_at: num(event.enqueued_at, event.at),
    messages: state.interactions[id]?.messages ?? [],
  } as unknown as Interaction);
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

function notice(kind: Notice['kind'], id: string, one: Interaction, cause: string | null, at: number): Notice {
  const prefix = kind === 'customer_left' ? 'left' : kind === 'went_back' ? 'back' : 'closed';
  return { id: `${prefix}:${id}`, kind, cause: cause ?? 'none', interaction: id, who: displayName(one), at };
}

export function offerNotice(one: Interaction, cause: string, at: number): Notice {
  return { ...notice('offer_ended', one.interaction, one, cause, at), id: `offer:${one.offer ?? one.interaction}` };
}

function withoutNotice(state: State, id: string): State {
  return state.notices.some((notice) => notice.id === id)
    ? { ...state, notices: state.notices.filter((notice) => notice.id !== id) }
    : state;
}

/** Causes that may put the agent On Break. */
export const MISSED: ReadonlySet<string> = new Set(['timed_out', 'rejected']);

export function addNotice(list: Notice[], notice: Notice): Notice[] {
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
  return { ...next, notices: addNotice(next.notices, notice('customer_left', id, one, 'customer_left', event.at)) };
}

function closeInteraction(state: State, id: string, event: DeskEvent): State {
  const one = state.interactions[id];
  const left = withoutNotice(withoutInteraction(state, id), `left:${id}`);
  if (one === undefined || one.state === 'offered') return left;
  const kind = event.uncoded ? 'closed_uncoded' : 'closed_unsaved';
  if (kind === 'closed_unsaved' && one.save.state !== null) return left;
  return { ...left, notices: addNotice(left.notices, notice(kind, id, one, text(event.cause), event.at)) };
}

// ---- messages

/** Receipts may overtake one another; a message that was read is not merely "sent" again. */
function higher(a: MessageState | null, b: MessageState | null): MessageState | null {
  if (a === null || b === null) return a ?? b;
  return RANK[a] >= RANK[b] ? a : b;
}

export function putMessage(list: Message[], message: Message): Message[] {
  const at = list.findIndex((other) => other.message === message.message);
  if (at >= 0) {
    const known = list[at]!;
    const state = higher(known.state, message.state);
    const undecided = state === message.state ? message.undecided : known.undecided;
    const next = [...list];
    next[at] = { ...known, ...message, state, undecided, error: explains(state) ? (message.error ?? known.error) : null };
    return next;
  }
  const before = list.filter((other) => other.n < message.n).length;
  return [...list.slice(0, before), message, ...list.slice(before)];
}

function addMessage(state: State, id: string, event: DeskEvent): State {
  const message = normalMessage(event as Partial<Message>);
  const put = patchInteraction(state, id, (one) => ({ ...one, messages: putMessage(one.messages, message) }));
  // Only what the customer writes moves the window, and he has one conversation whichever chat is open.
  const next =
    message.author !== 'customer'
      ? put
      : patchConversation(put, event, (one) => ({
          ...one,
          window_until: num(event.window_until, one.window_until),
          tagged_until: num(event.tagged_until, one.tagged_until),
        }));
  return message.author === 'customer' ? setTyping(next, id, 0) : next;
}

/** By a person: it goes out again, or is left as it is. By itself a state only rises. */
function setMessageState(list: Message[], event: DeskEvent): Message[] {
  const word = normalMessage(event as Partial<Message>).state;
  const decided = text(event.by) !== null;
  return list.map((message) => {
    if (message.message !== event.message) return message;
    if (decided && word === 'queued') return { ...message, state: word, error: null, undecided: false };
    const state = higher(message.state, word);
    const error = explains(state) ? (text(event.error) ?? message.error) : null;
    return { ...message, state, error, undecided: !decided && explains(state) };
  });
}

// ---- what is not durable

export function setTyping(state: State, id: string, until: number): State {
  if (until === 0 ? state.typing[id] === undefined : state.interactions[id] === undefined) return state;
  const { [id]: _old, ...typing } = state.typing;
  return { ...state, typing: until === 0 ? typing : { ...typing, [id]: until } };
}
