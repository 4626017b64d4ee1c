// SPDX-License-Identifier: GPL-3.0-or-later
//
// What comes over the line in the form the desk keeps. Only members that events keep up to date are taken over: a
// member that stays as it was when the page was loaded would be wrong after an hour, and no two desks would agree.

import type {
  Agent,
  Alarm,
  Attachment,
  Channel,
  ChosenCode,
  CodeList,
  Crm,
  CustomField,
  Instance,
  Interaction,
  Match,
  Membership,
  Message,
  MessageState,
  Policy,
  PopOn,
  Presence,
  Queue,
  Role,
  Save,
  SaveState,
} from './protocol';

export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function num(value: unknown, fallback = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

/** ["a","b"] of a snapshot, "a,b" of an event. */
export function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' && value !== '' ? value.split(',') : [];
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
}

export function byKey<T>(items: T[], key: (item: T) => string): Record<string, T> {
  return Object.fromEntries(items.map((item) => [key(item), item]));
}

// ---- people and queues

export function putMembership(queues: Membership[], one: Membership, removed: boolean): Membership[] {
  const rest = queues.filter((other) => other.queue !== one.queue);
  return (removed ? rest : [...rest, one]).sort((a, b) => (a.queue < b.queue ? -1 : 1));
}

export function presenceOf(word: unknown): Presence {
  return word === 'away' || word === 'lost' || word === 'none' ? word : 'here';
}

export function normalAgent(agent: Partial<Agent>): Agent {
  return {
    user: agent.user ?? '',
    login: agent.login ?? '',
    name: agent.name ?? '',
    role: agent.role ?? 'agent',
    permissions: words(agent.permissions),
    capacity: num(agent.capacity, 1),
    acceptance_ms: num(agent.acceptance_ms),
    status: agent.status ?? 'logged_out',
    asked: agent.asked ?? 'logged_out',
    since: num(agent.since),
    cause: text(agent.cause),
    reason: text(agent.reason),
    stop_new: Boolean(agent.stop_new),
    auto_accept: Boolean(agent.auto_accept),
    return_at: num(agent.return_at),
    presence: presenceOf(agent.presence),
    queues: (agent.queues ?? []).reduce<Membership[]>(
      (all, one) => putMembership(all, { queue: one.queue, enabled: Boolean(one.enabled) }, false),
      [],
    ),
  };
}

export function normalQueue(queue: Queue): Queue {
  return {
    queue: queue.queue,
    name: queue.name,
    enabled: Boolean(queue.enabled),
    member: Boolean(queue.member),
    waiting: num(queue.waiting),
    oldest: queue.oldest ?? null,
  };
}

/** What a role allows by itself; the other permissions are written beside each user. */
const GRANTS: Record<Role, string[]> = {
  agent: [],
  supervisor: ['supervise', 'playback', 'faq.edit', 'customer.merge'],
  administrator: ['supervise', 'playback', 'faq.edit', 'customer.merge', 'administer'],
};

/** Whether the server would allow it; it is the one who decides. */
export function may(agent: Pick<Agent, 'role' | 'permissions'> | null, permission: string): boolean {
  return agent !== null && (agent.permissions.includes(permission) || GRANTS[agent.role].includes(permission));
}

// ---- the centre

const POLICY: Policy = {
  preset: null,
  acceptance_ms: 0,
  on_login: 'work_offline',
  on_reject: 'on_break',
  on_timeout: 'on_break',
  reason_reject: null,
  reason_timeout: null,
  return_reject_ms: 0,
  return_timeout_ms: 0,
  max_misses: 1,
  lease_ms: 0,
  grace_ms: 0,
  code_grace_ms: 0,
  pop_on: ['offered'],
  late_save: 'independent',
};

export function normalPolicy(policy: Record<string, unknown>): Policy {
  return {
    preset: text(policy.preset),
    acceptance_ms: num(policy.acceptance_ms),
    on_login: (text(policy.on_login) ?? POLICY.on_login) as Policy['on_login'],
    on_reject: text(policy.on_reject) ?? POLICY.on_reject,
    on_timeout: text(policy.on_timeout) ?? POLICY.on_timeout,
    reason_reject: text(policy.reason_reject),
    reason_timeout: text(policy.reason_timeout),
    return_reject_ms: num(policy.return_reject_ms),
    return_timeout_ms: num(policy.return_timeout_ms),
    max_misses: num(policy.max_misses, 1),
    lease_ms: num(policy.lease_ms),
    grace_ms: num(policy.grace_ms),
    code_grace_ms: num(policy.code_grace_ms),
    pop_on: policy.pop_on === undefined ? POLICY.pop_on : (words(policy.pop_on) as PopOn[]),
    late_save: policy.late_save === 'linked' ? 'linked' : 'independent',
  };
}

export function normalCodes(codes: Record<string, unknown>): CodeList {
  const queues = words(codes.queues);
  return {
    list: text(codes.list) ?? '',
    name: text(codes.name) ?? text(codes.list) ?? '',
    use: (text(codes.use) ?? 'disposition') as CodeList['use'],
    status: text(codes.status) as CodeList['status'],
    queues: queues.length > 0 ? queues : null,
    required: Boolean(codes.required),
    enabled: Boolean(codes.enabled),
    codes: list(codes.codes).map((one) => ({
      code: String(one.code),
      name: text(one.name) ?? String(one.code),
      active: one.active !== false && one.active !== 0,
    })),
  };
}

export function normalChannel(channel: Partial<Channel>): Channel {
  return {
    channel: channel.channel ?? '',
    network: channel.network ?? '',
    state: channel.state ?? '',
    max_text: num(channel.max_text),
    text_unit: channel.text_unit ?? 'code_points',
    typing_in: channel.typing_in ?? 'none',
    typing_out: channel.typing_out ?? 'none',
    receipts_delivered: channel.receipts_delivered ?? 'none',
    receipts_read: channel.receipts_read ?? 'none',
    media_in: channel.media_in ?? 'none',
    media_out: channel.media_out ?? 'none',
    reply_window_ms: num(channel.reply_window_ms),
    tagged_window_ms: num(channel.tagged_window_ms),
  };
}

export function normalInstance(one: Partial<Instance>): Instance {
  return {
    kind: one.kind ?? '',
    name: one.name ?? '',
    plugin: one.plugin ?? '',
    state: one.state ?? '',
    status: text(one.status),
    message: text(one.message),
  };
}

export function normalAlarm(one: Partial<Alarm>): Alarm {
  return { name: one.name ?? '', text: one.text ?? '', since: one.since ?? 0 };
}

function normalFields(fields: unknown): CustomField[] {
  return list(fields).map((field) => ({
    key: String(field.key),
    label: text(field.label) ?? String(field.key),
    type: (text(field.type) ?? 'text') as CustomField['type'],
    options: words(field.options),
    required: Boolean(field.required),
  }));
}

export function normalCrm(crm: Partial<Crm> | null | undefined): Crm | null {
  if (crm === null || crm === undefined) return null;
  return {
    customer_fields: normalFields(crm.customer_fields),
    case_fields: normalFields(crm.case_fields),
    severities: words(crm.severities),
    priorities: words(crm.priorities),
    categories: words(crm.categories),
    merge: Boolean(crm.merge),
  };
}

// ---- chats

/** What becomes of an agent's message. Customers' messages have words of their own, which say nothing here. */
export const RANK: Record<MessageState, number> = { queued: 0, uncertain: 1, sent: 2, delivered: 3, read: 4, failed: 5 };

/** States that come with a reason. */
export function explains(state: MessageState | null): boolean {
  return state === 'failed' || state === 'uncertain';
}

export function normalAttachments(value: unknown): Attachment[] {
  return list(value).map((one) => ({
    kind: (text(one.kind) ?? 'file') as Attachment['kind'],
    media: text(one.media),
    name: text(one.name),
    mime: text(one.mime),
    url: text(one.url),
    size: num(one.size),
  }));
}

export function normalMessage(message: Partial<Message>): Message {
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
    handed_at: num(message.handed_at),
    delivered_at: num(message.delivered_at),
    read_at: num(message.read_at),
    state,
    error: explains(state) ? text(message.error) : null,
    undecided: Boolean(message.undecided) && explains(state),
    form: text(message.form),
    reply_to: text(message.reply_to),
    attachments: normalAttachments(message.attachments),
  };
}

export function normalSave(save: Record<string, unknown> | undefined): Save {
  return {
    state: text(save?.state) as SaveState | null,
    mode: text(save?.mode) as Save['mode'],
    case: text(save?.case),
    attempts: num(save?.attempts),
    error: text(save?.error),
  };
}

export function normalMatches(value: unknown): Match[] {
  return list(value).map((one) => ({
    customer: String(one.customer),
    name: text(one.name) ?? String(one.customer),
    email: text(one.email),
    draft: Boolean(one.draft),
  }));
}

export function normalChosen(value: unknown): ChosenCode[] {
  return list(value).map((one) => ({
    list: String(one.list),
    code: String(one.code),
    name: text(one.name) ?? String(one.code),
  }));
}

export function normalInteraction(one: Interaction): Interaction {
  return {
    interaction: one.interaction,
    conversation: text(one.conversation) ?? '',
    queue: text(one.queue) ?? '',
    queue_name: text(one.queue_name) ?? '',
    channel: text(one.channel) ?? '',
    network: text(one.network) ?? '',
    identity: text(one.identity) ?? '',
    name: text(one.name),
    picture: text(one.picture),
    state: one.state,
    agent: text(one.agent),
    offer: text(one.offer),
    acceptance_ms: num(one.acceptance_ms),
    deadline: num(one.deadline),
    overdue: Boolean(one.overdue),
    enqueued_at: num(one.enqueued_at),
    accepted_at: num(one.accepted_at),
    ended_at: num(one.ended_at),
    ended_by: text(one.ended_by),
    customer: text(one.customer),
    customer_name: text(one.customer_name),
    draft: Boolean(one.draft),
    matches: normalMatches(one.matches),
    follows: text(one.follows),
    codes: normalChosen(one.codes),
    uncoded: Boolean(one.uncoded),
    window_until: num(one.window_until),
    tagged_until: num(one.tagged_until),
    save: normalSave(one.save as unknown as Record<string, unknown> | undefined),
    messages: (one.messages ?? []).map(normalMessage).sort((a, b) => a.n - b.n),
  };
}
