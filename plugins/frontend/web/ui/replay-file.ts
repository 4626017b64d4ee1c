// SPDX-License-Identifier: GPL-3.0-or-later
//
// A chat as one file that needs nothing else: a web page to read and print, or text.

import { duration } from './clock';
import { dateTime, exactTime, isoTime } from './format';
import type { MessageState } from './protocol';
import type { Moment, Replay } from './replay';
import type { NameOf } from './replay-words';
import { momentWords, writtenBy } from './replay-words';
import { t } from './strings';
import { s } from './strings-supervise';

export interface About {
  customer: string;
  nameOf: NameOf;
  zone: string;
  now: number;
  /** Pictures by media id, as data: addresses; those that are missing are named. */
  pictures: ReadonlyMap<string, string>;
}

function facts(replay: Replay, about: About): [string, string][] {
  const one = replay.interaction;
  const rows: [string, string][] = [
    [t.transaction.name, about.customer],
    [t.transaction.id, `${one.network} ${one.identity}`],
    [t.transaction.queue, one.queue_name],
    [t.transaction.channel, one.channel],
    [t.history.agent, about.nameOf(one.agent)],
    [t.transaction.queued, dateTime(one.enqueued_at)],
    [t.transaction.accepted, dateTime(one.accepted_at)],
    [t.transaction.ended, one.ended_at > 0 ? `${dateTime(one.ended_at)} ${t.transaction.endedBy[one.ended_by ?? ''] ?? ''}` : ''],
    [t.transaction.duration, duration(replay.to - replay.from)],
    [t.codes.title, one.codes.map((code) => code.name).join(', ')],
    [s.replay.facts.save, one.save.case ?? s.replay.caseNone],
    [t.transaction.interaction, one.interaction],
  ];
  return rows.filter(([, value]) => value.trim() !== '');
}

function fateOf(moment: Moment): string {
  const message = moment.message;
  if (message === null || message.author !== 'agent' || message.state === null) return '';
  return t.conversation.states[message.state as MessageState] + (message.error === null ? '' : `: ${message.error}`);
}

export function textFile(replay: Replay, about: About): string {
  const lines = replay.moments.map((moment) => {
    const fate = fateOf(moment);
    const said = momentWords(moment, replay, about.nameOf, about.customer).replaceAll('\n', '\n    ');
    return `${exactTime(moment.at)}  ${moment.message === null ? '* ' : ''}${said}${fate === '' ? '' : ` (${fate})`}`;
  });
  return [
    s.replay.file.title(about.customer),
    '',
    ...facts(replay, about).map(([label, value]) => `${label}: ${value}`),
    '',
    ...lines,
    '',
    s.replay.file.made(dateTime(about.now), about.zone),
    '',
  ].join('\n');
}

export function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (letter) => names[letter]!);
}

const STYLE = `:root{color-scheme:light dark}body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{opacity:.75}dd{margin:0;overflow-wrap:anywhere}
ol{padding:0;list-style:none}li{margin:.5rem 0;overflow-wrap:anywhere}time{opacity:.75;font-size:.85em;font-variant-numeric:tabular-nums}
.event{font-size:.9em}.said{white-space:pre-wrap;border-inline-start:4px solid #7a8aa8;padding-inline-start:.8rem}
.agent{border-color:#2f5fb3}.who{font-weight:600}img{display:block;max-width:100%;max-height:20rem}footer{opacity:.75;font-size:.85em}`;

function pictures(moment: Moment, about: About): string {
  return (moment.message?.attachments ?? [])
    .map((one) => ({ one, data: one.media === null ? undefined : about.pictures.get(one.media) }))
    .filter(({ data }) => data !== undefined)
    .map(({ one, data }) => `<img alt="${escapeHtml(one.name ?? t.media.kinds[one.kind])}" src="${escapeHtml(data!)}">`)
    .join('');
}

function row(moment: Moment, replay: Replay, about: About): string {
  const time = `<time datetime="${isoTime(moment.at)}">${escapeHtml(exactTime(moment.at))}</time>`;
  const said = momentWords(moment, replay, about.nameOf, about.customer);
  const message = moment.message;
  if (message === null || message.author === 'system') return `<li class="event">${time} ${escapeHtml(said)}</li>`;
  const who = writtenBy(message, about.customer);
  const fate = fateOf(moment);
  return (
    `<li class="said ${message.author}"><span class="who" dir="auto">${escapeHtml(who)}</span> ${time}` +
    `${fate === '' ? '' : ` <small>${escapeHtml(fate)}</small>`}<br><span dir="auto">${escapeHtml(said.slice(who.length + 2))}</span>${pictures(moment, about)}</li>`
  );
}

export function htmlFile(replay: Replay, about: About): string {
  const title = escapeHtml(s.replay.file.title(about.customer));
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${STYLE}</style></head><body><h1 dir="auto">${title}</h1><dl>`,
    ...facts(replay, about).map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd dir="auto">${escapeHtml(value)}</dd>`),
    `</dl><h2>${escapeHtml(s.replay.events)}</h2><ol>`,
    ...replay.moments.map((moment) => row(moment, replay, about)),
    `</ol><footer>${escapeHtml(s.replay.file.made(dateTime(about.now), about.zone))}</footer></body></html>`,
    '',
  ].join('\n');
}
