// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lines of one conversation: days, who spoke, system lines, what became of each message. Used by the live chat, by
// History, by Playback and by the transcript of a case.

import type { JSX, ReactNode } from 'react';
import { Fragment } from 'react';

import { dayOf, isoTime, sameDay, timeOfDay } from '../format';
import type { Author, Message } from '../protocol';
import { t } from '../strings';
import { Decide } from './decide';
import { Icon } from './icons';
import { Marked } from './marked';
import { Attachments, FormMark } from './message';

function StateMark({
  message,
  decide,
  onDecided,
}: {
  message: Message;
  decide: boolean;
  onDecided: () => void;
}): JSX.Element | null {
  if (message.author !== 'agent' || message.state === null) return null;
  if (message.state === 'failed')
    return (
      <span className="fate failed">
        <Icon name="alert" size={14} /> {t.conversation.failed(message.error ?? '')}
        {decide && message.undecided && <Decide message={message.message} uncertain={false} onDone={onDecided} />}
      </span>
    );
  if (message.state === 'uncertain')
    return (
      <span className="fate uncertain">
        <Icon name="alert" size={14} /> <strong>{t.conversation.states.uncertain}.</strong>{' '}
        {message.error === null ? t.conversation.uncertain : t.conversation.uncertainWhy(message.error)}
        {decide && message.undecided && <Decide message={message.message} uncertain onDone={onDecided} />}
      </span>
    );
  const icon = message.state === 'queued' ? 'clock' : message.state === 'sent' ? 'check' : 'checks';
  return (
    <span className={`fate ${message.state}`}>
      <Icon name={icon} size={14} /> {t.conversation.states[message.state]}
    </span>
  );
}

export function Bubble({
  author,
  name,
  at,
  text,
  joined,
  find = '',
  mark,
  attachments,
  foot,
}: {
  author: Author;
  name: string | null;
  at: number;
  text: string;
  joined: boolean;
  /** Words to mark in it. */
  find?: string | undefined;
  /** What kind of message it is. */
  mark?: ReactNode;
  attachments?: ReactNode;
  foot?: ReactNode;
}): JSX.Element {
  if (author === 'system')
    return (
      <li className="system-line">
        <span dir="auto">{text}</span> <time dateTime={isoTime(at)}>{timeOfDay(at)}</time>
      </li>
    );
  return (
    <li className={`bubble ${author}${joined ? ' joined' : ''}`}>
      {!joined && (
        <span className="bubble-who">
          <bdi>{name ?? t.conversation.customer}</bdi> <time dateTime={isoTime(at)}>{timeOfDay(at)}</time>
        </span>
      )}
      {mark}
      {text !== '' && (
        <span className="bubble-text" dir="auto">
          {find === '' ? text : <Marked text={text} find={find} />}
        </span>
      )}
      {attachments}
      {foot}
    </li>
  );
}

export function DayLine({ at }: { at: number }): JSX.Element {
  return (
    <li className="day-line">
      <span>{dayOf(at)}</span>
    </li>
  );
}

function follows(a: { author: Author; at: number } | undefined, b: { author: Author; at: number }): boolean {
  return a !== undefined && a.author === b.author && b.at - a.at < 60_000 && sameDay(a.at, b.at);
}

export function Lines({
  messages,
  customerName,
  unreadFrom,
  decide = false,
  onDecided = () => undefined,
  find,
}: {
  messages: Message[];
  customerName: string;
  unreadFrom: number | null;
  /** Whether what did not get out may be sent again here. */
  decide?: boolean;
  onDecided?: () => void;
  find?: string;
}): JSX.Element {
  const lastOwn = [...messages].reverse().find((message) => message.author === 'agent');
  return (
    <>
      {messages.map((message, at) => {
        const before = messages[at - 1];
        const unread = unreadFrom !== null && message.n === unreadFrom;
        const joined = follows(before, message) && !unread;
        const name = message.author === 'customer' ? customerName : message.author_name;
        const text =
          message.author === 'system' ? message.text || t.conversation.system[message.code ?? ''] || '' : message.text;
        const next = messages[at + 1];
        const showMark = message === lastOwn || message.state === 'failed' || message.state === 'uncertain' || next?.state !== message.state || next?.author !== 'agent';
        return (
          <Fragment key={message.message}>
            {(before === undefined || !sameDay(before.at, message.at)) && <DayLine at={message.at} />}
            {unread && (
              <li className="unread-line">
                <span>{t.conversation.unread}</span>
              </li>
            )}
            <Bubble
              author={message.author}
              name={name}
              at={message.at}
              text={text}
              find={find}
              joined={joined && message.form === null}
              mark={<FormMark message={message} all={messages} />}
              attachments={<Attachments list={message.attachments} />}
              foot={showMark && <StateMark message={message} decide={decide} onDecided={onDecided} />}
            />
          </Fragment>
        );
      })}
    </>
  );
}
