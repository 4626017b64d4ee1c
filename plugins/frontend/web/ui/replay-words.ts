// SPDX-License-Identifier: GPL-3.0-or-later
//
// What happened, in a sentence each: for the list beside a replay and for the files that are made of it.

import { duration } from './clock';
import type { Message, MessageState, Status } from './protocol';
import type { Moment, Replay } from './replay';
import { normalChosen, normalMatches, num, text } from './shape';
import { t } from './strings';
import { s } from './strings-supervise';
import type { IconName } from './parts/icons';

/** The name of an agent by his id. */
export type NameOf = (agent: string | null) => string;

const words = s.replay.event;

export function writtenBy(message: Message, customer: string): string {
  if (message.author === 'customer') return customer;
  return message.author_name ?? (message.author === 'agent' ? s.replay.agents : t.product);
}

/** What a message says, also when it has no text. */
export function writtenText(message: Message): string {
  const files = message.attachments.map((one) => `[${t.media.kinds[one.kind] ?? one.kind}${one.name === null ? '' : `: ${one.name}`}]`);
  const form = message.form === null || message.form === 'elsewhere' ? '' : (t.media.forms[message.form] ?? t.media.otherForm(message.form));
  const own = message.text || (message.author === 'system' ? (t.conversation.system[message.code ?? ''] ?? '') : '');
  return [form, own, ...files].filter((one) => one !== '').join(' ');
}

function offerEnded(moment: Moment, nameOf: NameOf): string {
  const event = moment.event!;
  const who = nameOf(text(event.agent));
  const cause = text(event.cause) ?? '';
  const said = words.offerEnded[cause]?.(who) ?? words.offerEndedOther(who, cause);
  const reason = text(event.reason);
  return reason === null ? said : said + words.because(reason);
}

/** When the customer left first, the agent's own end still names the customer; wrap-up tells whose end it was. */
function ended(moment: Moment, nameOf: NameOf): string {
  const event = moment.event!;
  const left = num(event.deadline) - event.at;
  const by = left > 0 && text(event.agent) !== null ? 'agent' : (text(event.ended_by) ?? 'system');
  const said = (words.ended[by] ?? words.ended.system!)(nameOf(text(event.agent)));
  return left > 0 ? said + words.wrapUpUntil(duration(left)) : said;
}

function statusWords(moment: Moment, nameOf: NameOf): string {
  const event = moment.event!;
  const reason = text(event.reason);
  const why = words.statusCauses[text(event.cause) ?? ''] ?? '';
  const name = t.status.names[event.status as Status] ?? String(event.status);
  return words.status(nameOf(text(event.agent)), name, reason === null ? why : why + words.because(reason));
}

export function momentWords(moment: Moment, replay: Replay, nameOf: NameOf, customer: string): string {
  if (moment.message !== null) {
    const said = writtenText(moment.message);
    return moment.message.author === 'system' ? said : words.message(writtenBy(moment.message, customer), said);
  }
  const event = moment.event!;
  const who = nameOf(text(event.agent));
  switch (moment.type) {
    case 'interaction.queued':
      return words.queued(text(event.queue_name) ?? replay.interaction.queue_name, words.queuedCauses[text(event.cause) ?? ''] ?? '');
    case 'interaction.offered':
      return words.offered(who, duration(num(event.acceptance_ms)));
    case 'offer.ended':
      return offerEnded(moment, nameOf);
    case 'interaction.accepted':
      return words.accepted(who);
    case 'interaction.customer':
      return words.customer(text(event.agent) === null ? '' : who, text(event.customer_name) ?? customer, Boolean(event.draft));
    case 'interaction.matches':
      return words.matches(normalMatches(event.matches).length);
    case 'interaction.case': {
      const id = text(event.follows);
      return id === null ? words.followsNone : words.follows(id);
    }
    case 'interaction.codes': {
      const names = normalChosen(event.codes).map((one) => one.name).join(', ');
      return names === '' ? words.codesNone : words.codes(names);
    }
    case 'interaction.save': {
      const said = words.save[text(event.state) ?? ''] ?? String(event.state);
      const error = text(event.error);
      return error === null ? said : `${said}: ${error}`;
    }
    case 'interaction.ended':
      return ended(moment, nameOf);
    case 'interaction.overdue':
      return words.overdue;
    case 'interaction.closed':
      return words.closed(Boolean(event.uncoded));
    case 'agent.status':
      return statusWords(moment, nameOf);
    case 'agent.presence':
      return words.presence(who, event.state === 'away');
    case 'message.state': {
      const message = replay.interaction.messages.find((one) => one.message === event.message);
      const state = t.conversation.states[event.state as MessageState] ?? String(event.state);
      return words.receipt(state, message === undefined ? '' : writtenText(message));
    }
    case 'faq.used':
      return words.faq(who);
    default:
      return words.other(moment.type);
  }
}

const ICONS: Record<string, IconName> = {
  message: 'bubble',
  'interaction.queued': 'clock',
  'interaction.offered': 'bell',
  'offer.ended': 'bell',
  'interaction.accepted': 'check',
  'interaction.customer': 'person',
  'interaction.matches': 'customers',
  'interaction.case': 'cases',
  'interaction.codes': 'tag',
  'interaction.save': 'save',
  'interaction.ended': 'end',
  'interaction.overdue': 'alert',
  'interaction.closed': 'lock',
  'agent.status': 'person',
  'agent.presence': 'globe',
  'message.state': 'checks',
  'faq.used': 'book',
};

export function momentIcon(moment: Moment): IconName {
  return ICONS[moment.type] ?? 'info';
}
