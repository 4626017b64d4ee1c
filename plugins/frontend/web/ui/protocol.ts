// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desk protocol as types; the operations are in operations.ts. docs/desk-protocol.md is the authority; what it
// does not name is not used here.

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
  auto_accept: boolean;
  /** When he becomes available by himself; 0 = he has to say so. */
  return_at: number;
  /** Whether a desk of his is connected: lost = away for too long. */
  presence: Presence;
  queues: Membership[];
}

export type Presence = 'here' | 'away' | 'lost' | 'none';

/** A queue somebody is assigned to; `enabled`: switched on. */
export interface Membership {
  queue: string;
  enabled: boolean;
}

/** The centre's rules, as far as a desk shows them. */
export interface Policy {
  preset: string | null;
  acceptance_ms: number;
  on_login: AskedStatus;
  on_reject: string;
  on_timeout: string;
  reason_reject: string | null;
  reason_timeout: string | null;
  return_reject_ms: number;
  return_timeout_ms: number;
  max_misses: number;
  lease_ms: number;
  grace_ms: number;
  code_grace_ms: number;
  pop_on: PopOn[];
  late_save: 'independent' | 'linked';
}

export type PopOn = 'offered' | 'accepted' | 'completed';

export interface Code {
  code: string;
  name: string;
  active: boolean;
}

/** A list of codes: what a chat was about, or why a status was taken or an offer rejected. */
export interface CodeList {
  list: string;
  name: string;
  use: 'disposition' | 'status' | 'reject';
  /** use=status: of which status. */
  status: AskedStatus | null;
  /** null = of all queues. */
  queues: string[] | null;
  required: boolean;
  enabled: boolean;
  codes: Code[];
}

export interface ChosenCode {
  list: string;
  code: string;
  name: string;
}

export type TextUnit = 'code_points' | 'bytes' | 'utf16';
export type Capability = 'none' | 'emulate' | 'native';

export interface Channel {
  channel: string;
  network: string;
  state: string;
  max_text: number;
  text_unit: TextUnit;
  typing_in: Capability;
  typing_out: Capability;
  receipts_delivered: Capability;
  receipts_read: Capability;
  media_in: Capability;
  media_out: Capability;
  reply_window_ms: number;
  tagged_window_ms: number;
}

export interface Instance {
  kind: string;
  name: string;
  plugin: string;
  state: string;
  status: string | null;
  message: string | null;
}

/** Something is wrong with the daemon and needs a person. */
export interface Alarm {
  name: string;
  text: string;
  since: number;
}

/** One agent, and the first thing that stands against his getting a chat. */
export interface WhyAgent {
  agent: string;
  name: string;
  verdict: string;
  text: string;
  /** When that began and when it ends by itself; 0 = not known. */
  since: number;
  until: number;
}

/** Why nobody takes a chat. */
export interface Why {
  interaction: string;
  state: InteractionState;
  text: string;
  since: number;
  until: number;
  agents: WhyAgent[];
  /** Users who do not work its queue. */
  others?: number;
}

/** A field that the site added to records. */
export interface CustomField {
  key: string;
  label: string;
  type: 'text' | 'number' | 'date' | 'boolean' | 'choice';
  options: string[];
  required: boolean;
}

export interface Crm {
  customer_fields: CustomField[];
  case_fields: CustomField[];
  severities: string[];
  priorities: string[];
  categories: string[];
  merge: boolean;
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
export type MessageState = 'queued' | 'sent' | 'uncertain' | 'delivered' | 'read' | 'failed';

export type AttachmentKind = 'image' | 'audio' | 'video' | 'file' | 'sticker' | 'location' | 'link';

export interface Attachment {
  kind: AttachmentKind;
  /** The bytes are at mediaUrl(media); null = only what the network says is known. */
  media: string | null;
  name: string | null;
  mime: string | null;
  url: string | null;
  size: number;
}

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
  /** When its state rose; 0 = not, or not told. Only in what is read back. */
  handed_at: number;
  delivered_at: number;
  read_at: number;
  state: MessageState | null;
  error: string | null;
  /** Failed or uncertain, and nobody has said whether it is sent again. */
  undecided: boolean;
  /** null = a plain message; what else it is: postback, quick_reply, reaction, edit, retract, ... */
  form: string | null;
  reply_to: string | null;
  attachments: Attachment[];
}

/** A message that did not get out, as outbox.list has it. */
export interface Undelivered {
  message: string;
  state: 'waiting' | 'uncertain' | 'dead';
  interaction: string | null;
  at: number;
  since: number;
  text: string | null;
  channel: string;
  name: string | null;
  identity: string | null;
  queue_name: string | null;
  author_name: string | null;
  attempts: number;
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
  /** Media id of the network's picture of the customer. */
  picture: string | null;
  state: InteractionState;
  agent: string | null;
  offer: string | null;
  acceptance_ms: number;
  deadline: number;
  /** Wrap-up ran out while a required code was missing. */
  overdue: boolean;
  enqueued_at: number;
  accepted_at: number;
  ended_at: number;
  ended_by: string | null;
  customer: string | null;
  customer_name: string | null;
  draft: boolean;
  /** Records that may be this customer: one is to be chosen. */
  matches: Match[];
  /** The earlier case it continues. */
  follows: string | null;
  codes: ChosenCode[];
  /** Closed although a required code was missing. */
  uncoded: boolean;
  /** Until when the network lets us answer, and until when with a tag; 0 = no such limit. */
  window_until: number;
  tagged_until: number;
  save: Save;
  messages: Message[];
  agent_name?: string | null;
  /** Names of required lists; what the server said when it was asked. */
  missing_codes?: string[];
}

export interface Match {
  customer: string;
  name: string;
  email: string | null;
  draft: boolean;
}

export interface Snapshot {
  me: Agent;
  policy?: Policy;
  queues: Queue[];
  codes?: CodeList[];
  channels?: Channel[];
  instances?: Instance[];
  alarms?: Alarm[];
  crm?: Crm | null;
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
  /** With `restarting`: when to come back. */
  retry_after_ms?: number;
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

/** Another record that was put into this one. */
export interface Merge {
  id: string;
  customer: string;
  name: string;
  at: number;
  by: string | null;
}

export type FieldValues = Record<string, string | number | boolean | null>;

export interface Customer {
  id: string;
  account?: string | null;
  name: string;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  company: string | null;
  notes: string | null;
  fields?: FieldValues;
  draft: boolean;
  version: number;
  created_at: number;
  updated_at: number;
  identities: Identity[];
  merges?: Merge[];
}

export interface TranscriptLine {
  at: number;
  author: Author;
  name: string | null;
  text: string;
}

export interface CaseComment {
  at: number;
  author: string | null;
  text: string;
}

export interface CaseChange {
  at: number;
  author: string | null;
  field: string;
  from: string | null;
  to: string | null;
}

export interface FollowUp {
  interaction: string;
  at: number;
  agent: string | null;
  channel: string | null;
  queue: string | null;
  transcript: TranscriptLine[];
}

export interface Case {
  id: string;
  number?: string | number | null;
  customer: string | null;
  customer_name?: string | null;
  interaction: string | null;
  subject: string | null;
  state: 'open' | 'closed';
  severity?: string | null;
  priority?: string | null;
  category?: string | null;
  transcript?: TranscriptLine[];
  queue: string | null;
  channel: string | null;
  agent: string | null;
  notes: string | null;
  fields?: FieldValues;
  codes?: ChosenCode[] | null;
  follow_up_of?: string | null;
  version: number;
  started_at: number;
  ended_at: number;
  created_at: number;
  updated_at: number;
  comments?: CaseComment[];
  history?: CaseChange[];
  follow_ups?: FollowUp[];
}

export interface Faq {
  faq: string;
  category: string;
  question: string;
  answer: string;
  language: string | null;
  enabled: boolean;
  uses: number;
}

export interface TimelineItem {
  at: number;
  kind: 'interaction' | 'case';
  interaction?: Interaction;
  case?: Case;
}

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
