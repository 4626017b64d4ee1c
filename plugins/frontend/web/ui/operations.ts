// SPDX-License-Identifier: GPL-3.0-or-later
//
// Arguments and results of the operations the desktop calls, as docs/desk-protocol.md lists them.

import type {
  Agent,
  AskedStatus,
  Case,
  CodeList,
  Customer,
  DeskEvent,
  Faq,
  FieldValues,
  Interaction,
  Message,
  Policy,
  TimelineItem,
  Undelivered,
  Why,
} from './protocol';

/** `args` in, `result` out. */
interface Op<Args, Result = object> {
  args: Args;
  result: Result;
}

type CustomerChange = Partial<Omit<Customer, 'id' | 'version' | 'account' | 'merges' | 'identities'>>;

interface ListArgs {
  agent?: string;
  queue?: string;
  identity?: string;
  customer?: string;
  state?: string;
  uncoded?: boolean;
  before?: number;
  limit?: number;
}

interface PlaybackArgs {
  queue?: string;
  agent?: string;
  channel?: string;
  customer?: string;
  since?: number;
  until?: number;
  text?: string;
  state?: string;
  before?: number;
  limit?: number;
}

interface CaseChangeArgs {
  case: string;
  version?: number;
  subject?: string;
  state?: string;
  customer?: string;
  severity?: string;
  priority?: string;
  category?: string;
  notes?: string;
  fields?: FieldValues;
}

interface FaqArgs {
  faq?: string;
  category?: string;
  question?: string;
  answer?: string;
  language?: string;
  enabled?: boolean;
  removed?: boolean;
}

interface CodesArgs {
  list: string;
  name?: string;
  use?: CodeList['use'];
  status?: AskedStatus;
  queues?: string[];
  required?: boolean;
  enabled?: boolean;
  removed?: boolean;
  /** "CODE=Name"; "!CODE=Name" is not active. */
  codes?: string[];
}

export interface Operations {
  'session.logout': Op<{ force?: boolean }>;
  'agent.set_status': Op<{ status: AskedStatus; reason?: string; user?: string }>;
  'agent.stop_new': Op<{ on: boolean }>;
  'agent.list': Op<object, { agents: (Agent & { load: number })[] }>;
  'queue.switch': Op<{ queue: string; on: boolean }>;
  'interaction.get': Op<{ interaction: string }, { interaction: Interaction }>;
  'interaction.accept': Op<{ interaction: string; offer?: string }>;
  'interaction.reject': Op<{ interaction: string; reason?: string }>;
  'message.send': Op<
    { interaction: string; text: string; client_id: string; faq?: string },
    { message: string; n: number; parts?: number }
  >;
  'outbox.list': Op<{ state?: string; cursor?: number; limit?: number }, { messages: Undelivered[]; next: number | null }>;
  'outbox.replay': Op<{ message: string }>;
  'outbox.discard': Op<{ message: string }>;
  'save.list': Op<{ state?: string; before?: number; limit?: number }, { interactions: Interaction[]; more: boolean }>;
  'save.retry': Op<{ interaction?: string; all?: boolean }, { count: number }>;
  'save.discard': Op<{ interaction?: string; all?: boolean }, { count: number }>;
  'interaction.end': Op<{ interaction: string }>;
  'interaction.wrap_up_done': Op<{ interaction: string }>;
  'interaction.save': Op<{ interaction: string }>;
  'interaction.codes': Op<{ interaction: string; codes: string[] }>;
  'interaction.choose_customer': Op<{ interaction: string; customer: string }>;
  'interaction.follow_up': Op<{ interaction: string; case?: string }>;
  'interaction.list': Op<ListArgs, { interactions: Interaction[]; more: boolean }>;
  'interaction.waiting': Op<{ queue?: string; limit?: number }, { interactions: Interaction[]; waiting: number }>;
  'interaction.why': Op<{ interaction: string; all?: boolean }, Why>;
  'interaction.messages': Op<{ interaction: string }, { messages: Message[] }>;
  'conversation.messages': Op<
    { interaction: string; before?: number; limit?: number },
    { messages: Message[]; more: boolean }
  >;
  'faq.search': Op<{ text?: string; category?: string; interaction?: string; limit?: number }, { faqs: Faq[] }>;
  'faq.list': Op<{ category?: string; all?: boolean }, { categories: string[]; faqs: Faq[] }>;
  'faq.put': Op<FaqArgs, { faq: string }>;
  'codes.list': Op<object, { codes: CodeList[] }>;
  'codes.put': Op<CodesArgs>;
  'policy.get': Op<object, { policy: Policy; presets: string[] }>;
  'policy.put': Op<Partial<Policy>>;
  'playback.list': Op<PlaybackArgs, { interactions: (Interaction & { duration: number })[]; more: boolean }>;
  'playback.get': Op<
    { interaction: string },
    { interaction: Interaction; events: DeskEvent[]; agents: DeskEvent[] }
  >;
  'customer.search': Op<
    { text?: string; draft?: boolean; cursor?: string; limit?: number },
    { customers: Customer[]; next: string | null }
  >;
  'customer.get': Op<{ customer: string }, { customer: Customer }>;
  'customer.save': Op<{ customer?: string; version?: number } & CustomerChange, { customer: Customer }>;
  'customer.merge': Op<{ keep: string; drop: string }, { customer: Customer; merge: string }>;
  'customer.unmerge': Op<{ merge: string; customer: string }, { customers: Customer[] }>;
  'customer.timeline': Op<
    { customer: string; before?: number; limit?: number },
    { items: TimelineItem[]; more: boolean }
  >;
  'case.list': Op<
    { customer?: string; state?: string; text?: string; cursor?: string; limit?: number },
    { cases: Case[]; next: string | null }
  >;
  'case.get': Op<{ case: string }, { case: Case }>;
  'case.save': Op<CaseChangeArgs, { case: Case }>;
  'case.comment': Op<{ case: string; text: string }, { case: Case }>;
}

export type Operation = keyof Operations;
