// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lines of one conversation: days, who spoke, system lines, what became of each message, and what is still
// on its way. Used by the live chat, by History and by the transcript of a case.

import type { JSX, ReactNode } from 'react';
import { Fragment, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { desk } from '../desk';
import { dayOf, isoTime, sameDay, timeOfDay } from '../format';
import type { Author, Interaction, Message } from '../protocol';
import type { Pending } from '../outbox';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button } from './kit';

function StateMark({ message, onAgain }: { message: Message; onAgain: (() => void) | null }): JSX.Element | null {
  if (message.author !== 'agent' || message.state === null) return null;
  if (message.state === 'failed')
    return (
      <span className="fate failed">
        <Icon name="alert" size={14} /> {t.conversation.failed(message.error ?? '')}
        {onAgain !== null && (
          <Button look="ghost" onPress={onAgain}>
            {t.conversation.again}
          </Button>
        )}
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
  foot,
}: {
  author: Author;
  name: string | null;
  at: number;
  text: string;
  joined: boolean;
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
      <span className="bubble-text" dir="auto">
        {text}
      </span>
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
  onAgain,
}: {
  messages: Message[];
  customerName: string;
  unreadFrom: number | null;
  onAgain: ((message: Message) => void) | null;
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
        const showMark = message === lastOwn || message.state === 'failed' || next?.state !== message.state || next?.author !== 'agent';
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
              joined={joined}
              foot={showMark && <StateMark message={message} onAgain={onAgain === null ? null : () => onAgain(message)} />}
            />
          </Fragment>
        );
      })}
    </>
  );
}

function PendingLine({ pending, onEdit }: { pending: Pending; onEdit: (text: string) => void }): JSX.Element {
  const live = useStore(desk.link, (link) => link.phase === 'live');
  return (
    <li className={`bubble agent pending ${pending.state}`}>
      <span className="bubble-text" dir="auto">
        {pending.text}
      </span>
      {pending.state === 'sending' ? (
        <span className="fate">
          <Icon name="clock" size={14} /> {live ? t.conversation.sending : t.conversation.waitingForLine}
        </span>
      ) : (
        <span className="fate failed" role="alert">
          <Icon name="alert" size={14} /> {t.conversation.notSent(pending.error ?? '')}
          <Button look="ghost" onPress={() => desk.outbox.retry(pending.client_id)}>
            {t.conversation.retry}
          </Button>
          <Button
            look="ghost"
            onPress={() => {
              desk.outbox.remove(pending.client_id);
              onEdit(pending.text);
            }}
          >
            {t.conversation.edit}
          </Button>
        </span>
      )}
    </li>
  );
}

/** Keeps the end in view while the reader is there; leaves the reader alone otherwise. */
function useStickToEnd(version: unknown): {
  box: React.RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  toEnd: () => void;
  onScroll: () => void;
} {
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(true);
  const toEnd = (): void => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    setAtEnd(stick.current);
  };
  useLayoutEffect(() => {
    if (stick.current) toEnd();
  }, [version]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watcher = new ResizeObserver(() => {
      if (stick.current) toEnd();
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return { box, atEnd, toEnd, onScroll };
}

/** What was new when the chat was opened stays marked until it is opened again. */
function useUnread(one: Interaction, reading: boolean): number | null {
  const last = one.messages[one.messages.length - 1]?.n ?? 0;
  const [from] = useState(() => {
    const upto = desk.seen.get()[one.interaction] ?? 0;
    if (upto === 0) return null;
    return one.messages.find((message) => message.author === 'customer' && message.n > upto)?.n ?? null;
  });
  useEffect(() => {
    const mark = (): void => {
      if (reading && document.visibilityState === 'visible') desk.markSeen(one.interaction, last);
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => document.removeEventListener('visibilitychange', mark);
  }, [reading, last, one.interaction]);
  return from;
}

const NO_PENDING: Pending[] = [];

export function LiveTimeline({
  one,
  who,
  onEdit,
}: {
  one: Interaction;
  who: string;
  onEdit: (text: string) => void;
}): JSX.Element {
  const outbox = useStore(desk.outbox.list);
  const pending = outbox.length === 0 ? NO_PENDING : outbox.filter((entry) => entry.interaction === one.interaction);
  const typing = useStore(desk.state, (state) => state.typing[one.interaction] ?? 0);
  const version = `${one.messages.length} ${pending.length} ${one.messages[one.messages.length - 1]?.state} ${typing}`;
  const { box, atEnd, toEnd, onScroll } = useStickToEnd(version);
  const unreadFrom = useUnread(one, atEnd);

  return (
    <div className="timeline-wrap">
      <div className="timeline" ref={box} onScroll={onScroll} role="log" aria-label={t.conversation.label(who)} tabIndex={0}>
        <ol>
          <Lines
            messages={one.messages}
            customerName={who}
            unreadFrom={unreadFrom}
            onAgain={one.state === 'active' && one.ended_at === 0 ? (message) => desk.say(one.interaction, message.text) : null}
          />
          {pending.map((entry) => (
            <PendingLine key={entry.client_id} pending={entry} onEdit={onEdit} />
          ))}
        </ol>
        <TypingLine until={typing} who={who} />
      </div>
      {!atEnd && (
        <Button className="to-end" icon="down" onPress={toEnd}>
          {t.chats.newMessages}
        </Button>
      )}
    </div>
  );
}

function TypingLine({ until, who }: { until: number; who: string }): JSX.Element | null {
  const [, again] = useState(0);
  const left = until - desk.clock.now();
  useEffect(() => {
    if (left <= 0) return;
    const timer = window.setTimeout(() => again((n) => n + 1), left);
    return () => window.clearTimeout(timer);
  }, [left]);
  return left > 0 ? (
    <p className="typing-line">
      <span className="typing-dots" aria-hidden="true" />
      <bdi>{t.conversation.typing(who)}</bdi>
    </p>
  ) : null;
}
