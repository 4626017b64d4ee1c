// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desk protocol as types. docs/desk-protocol.md is the authority; what it does not name is not used here.

export type Status =
  | 'logged_out'
  | 'work_offline'
  | 'available'
  | 'offered'
  | 'busy'
  | 'post_processing'
  | 'on_break';

/** What an agent may ask for; the other states follow from the work. */
export type AskedStatus = 'available' | 'on_break' | 'work_offline' | 'logged_out';

export type Role = 'agent' | 'supervisor' | 'administrator';

export interface Agent {
  user: string;
  login: string;
  name: string;
  role: Role;
  permissions: string[];
  capacity: number;
  acceptance_ms: number;
  status: Status;
  asked: AskedStatus;
  since: number;
  cause: string | null;
  reason: string | null;
  stop_new: boolean;
}

export interface Queue {
  queue: string;
  name: string;
  enabled: boolean;
  member: boolean;
  waiting: number;
  oldest: number | null;
}

export type Author = 'customer' | 'agent' | 'system';
export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed';

export interface Message {
  message: string;
  n: number;
  at: number;
  author: Author;
  author_name: string | null;
  by: string | null;
  code: string | null;
  text: string;
  client_id: string | null;
  sent_at: number;
  state: MessageState | null;
  error: string | null;
}

export type SaveState = 'requested' | 'queued' | 'saved' | 'failed';

export interface Save {
  state: SaveState | null;
  mode: 'during' | 'after' | null;
  case: string | null;
  attempts: number;
  error: string | null;
}

export type InteractionState = 'waiting' | 'offered' | 'active' | 'wrap_up' | 'closed';

export interface Interaction {
  interaction: string;
  conversation: string;
  queue: string;
  queue_name: string;
  channel: string;
  network: string;
  identity: string;
  name: string | null;
  state: InteractionState;
  agent: string | null;
  offer: string | null;
  acceptance_ms: number;
  deadline: number;
  enqueued_at: number;
  accepted_at: number;
  ended_at: number;
  ended_by: string | null;
  customer: string | null;
  customer_name: string | null;
  draft: boolean;
  save: Save;
  messages: Message[];
}

export interface Snapshot {
  me: Agent;
  queues: Queue[];
  interactions: Interaction[];
  agents?: Agent[];
}

export interface Welcome {
  type: 'welcome';
  resumed: boolean;
  seq: number;
  server_now: number;
  epoch: number | string;
  heartbeat_ms: number;
  snapshot?: Snapshot;
}

export interface Bye {
  type: 'bye';
  code: string;
  message: string;
}

export interface Result {
  type: 'result';
  id: string;
  ok: boolean;
  result?: unknown;
  error?: { code: ErrorCode; message: string; details?: unknown };
}

export type ErrorCode =
  | 'invalid'
  | 'not_found'
  | 'denied'
  | 'unauthenticated'
  | 'gone'
  | 'conflict'
  | 'busy'
  | 'unavailable'
  | 'unsupported'
  | 'failed';

/** A numbered, durable event. Its other members depend on the type. */
export interface DeskEvent {
  seq: number;
  at: number;
  type: string;
  [member: string]: unknown;
}

export interface Frame {
  type: string;
  [member: string]: unknown;
}

export interface Identity {
  network: string;
  id: string;
  name: string | null;
}

export interface Customer {
  id: string;
  name: string;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  company: string | null;
  notes: string | null;
  draft: boolean;
  version: number;
  created_at: number;
  updated_at: number;
  identities: Identity[];
}

export interface TranscriptLine {
  at: number;
  author: Author;
  name: string | null;
  text: string;
}

export interface Case {
  id: string;
  customer: string | null;
  customer_name?: string | null;
  interaction: string | null;
  subject: string | null;
  state: 'open' | 'closed';
  transcript?: TranscriptLine[];
  queue: string | null;
  channel: string | null;
  agent: string | null;
  notes: string | null;
  version: number;
  started_at: number;
  ended_at: number;
  created_at: number;
  updated_at: number;
}

/** Arguments and results of the operations the desktop calls. */
export interface Operations {
  'session.logout': { args: { force?: boolean }; result: object };
  'agent.set_status': { args: { status: AskedStatus; reason?: string }; result: object };
  'interaction.get': { args: { interaction: string }; result: { interaction: Interaction } };
  'interaction.accept': { args: { interaction: string; offer?: string }; result: object };
  'interaction.reject': { args: { interaction: string; reason?: string }; result: object };
  'message.send': {
    args: { interaction: string; text: string; client_id: string };
    result: { message: string; n: number };
  };
  'interaction.end': { args: { interaction: string }; result: object };
  'interaction.wrap_up_done': { args: { interaction: string }; result: object };
  'interaction.save': { args: { interaction: string }; result: object };
  'interaction.list': {
    args: {
      agent?: string;
      queue?: string;
      identity?: string;
      customer?: string;
      state?: string;
      before?: number;
      limit?: number;
    };
    result: { interactions: Interaction[]; more: boolean };
  };
  'interaction.messages': { args: { interaction: string }; result: { messages: Message[] } };
  'customer.search': {
    args: { text?: string; cursor?: string; limit?: number };
    result: { customers: Customer[]; next: string | null };
  };
  'customer.get': { args: { customer: string }; result: { customer: Customer } };
  'customer.save': {
    args: { customer?: string; version?: number } & Partial<Omit<Customer, 'id' | 'version'>>;
    result: { customer: Customer };
  };
  'case.list': {
    args: { customer?: string; state?: string; text?: string; cursor?: string; limit?: number };
    result: { cases: Case[]; next: string | null };
  };
  'case.get': { args: { case: string }; result: { case: Case } };
  'case.save': {
    args: { case: string; version?: number; subject?: string; state?: string; customer?: string; notes?: string };
    result: { case: Case };
  };
}

export type Operation = keyof Operations;

/** An operation that failed: by the server's word, or because the session ended. */
export class CallError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, details?: unknown) {
    super(message);
    this.name = 'CallError';
    this.code = code;
    this.details = details;
  }
}
