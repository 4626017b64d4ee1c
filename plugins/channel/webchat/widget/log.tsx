// SPDX-License-Identifier: GPL-3.0-or-later
//
// The conversation. What people wrote reaches the page as text nodes only.

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Chat } from './chat.js';
import type { Strings } from './i18n.js';
import type { Item } from './outbox.js';
import type { Line } from './protocol.js';

interface Props {
  chat: Chat;
  text: Strings;
  language: string;
}

/** A reader this close to the end wants to stay there. */
const NEAR_END_PX = 60;

export function Log({ chat, text, language }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  });
  useEffect(() => {
    // The composer grows, or a keyboard comes up: the end stays in view.
    const observer = new ResizeObserver(() => {
      if (!box.current) return;
      height.current = box.current.clientHeight;
      if (atEnd.current) box.current.scrollTop = box.current.scrollHeight;
    });
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const formats = useFormats(language);
  const lastOwn = chat.log.lastOwn;
  const pending = chat.outbox.items.filter((item) => item.kind === 'message');
  let day = '';
  const dayRow = (at: number): ComponentChildren => {
    const name = dayName(at, formats.day, text);
    if (name === day) return null;
    day = name;
    return <li class="day">{name}</li>;
  };
  return (
    <div
      class="log"
      role="log"
      aria-label={text.log}
      tabIndex={0}
      ref={box}
      onScroll={({ currentTarget: at }) => {
        // While the box changes its size, where it stands says nothing about what the reader wants.
        if (at.clientHeight === height.current)
          atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_END_PX;
      }}
    >
      <p class="welcome" dir="auto">
        {chat.config.welcome}
      </p>
      <ol>
        {chat.log.lines.map((line) => [
          dayRow(line.at),
          line.author === 'system' ? (
            <System key={line.n} line={line} text={text} />
          ) : (
            <Bubble
              key={line.n}
              own={line.author === 'customer'}
              author={line.author === 'customer' ? text.you : line.name || text.agent}
              words={line.text}
              time={formats.time.format(line.at)}
              at={line.at}
              state={line.n === lastOwn ? (line.n < chat.log.delivered ? text.delivered : text.sent) : ''}
            />
          ),
        ])}
        {chat.acked.map(({ item }) => (
          <Bubble key={item.id} own author={text.you} words={item.text} time={formats.time.format(item.at)} at={item.at} state={text.sent} />
        ))}
        {pending.map((item) => (
          <Pending key={item.id} item={item} chat={chat} text={text} time={formats.time.format(item.at)} />
        ))}
      </ol>
      <p class="now">
        {chat.typingName !== undefined
          ? text.typing(chat.typingName || text.agent)
          : chat.state === 'waiting'
            ? text.waiting
            : ''}
      </p>
    </div>
  );
}

interface BubbleProps {
  own: boolean;
  author: string;
  words: string;
  time: string;
  at: number;
  state: string;
  failed?: boolean;
  children?: ComponentChildren;
}

function Bubble({ own, author, words, time, at, state, failed, children }: BubbleProps) {
  return (
    <li class={`bubble ${own ? 'own' : 'theirs'} ${failed ? 'failed' : ''}`}>
      <bdi class={own ? 'hidden' : 'author'}>{author}</bdi>
      <p dir="auto">{words}</p>
      <div class="meta">
        <time dateTime={new Date(at).toISOString()}>{time}</time>
        {state && <span> · {state}</span>}
        {children}
      </div>
    </li>
  );
}

function Pending({ item, chat, text, time }: { item: Item; chat: Chat; text: Strings; time: string }) {
  const failed = item.state === 'failed';
  return (
    <Bubble own author={text.you} words={item.text} time={time} at={item.at} state={failed ? '' : chat.status === 'live' ? text.sending : text.unsent} failed={failed}>
      {failed && (
        <>
          <span class="why">
            {' '}
            · {text.failed}
            {item.error ? `: ${item.error}` : ''}
          </span>
          <button type="button" class="link" onClick={() => chat.retry(item.id)}>
            {text.retry}
          </button>
          <button type="button" class="link" onClick={() => chat.discard(item.id)}>
            {text.discard}
          </button>
        </>
      )}
    </Bubble>
  );
}

function System({ line, text }: { line: Line; text: Strings }) {
  return (
    <li class="system" dir="auto">
      {systemText(line, text)}
    </li>
  );
}

function systemText(line: Line, text: Strings): string {
  switch (line.code) {
    case 'queued':
      return text.queued;
    case 'agent_joined':
      return line.name ? text.joined(line.name) : line.text;
    case 'agent_left':
      return line.name ? text.leftChat(line.name) : line.text;
    case 'ended':
      return text.ended;
    default:
      return line.text;
  }
}

interface Formats {
  day: Intl.DateTimeFormat;
  time: Intl.DateTimeFormat;
}

function useFormats(language: string): Formats {
  const formats = useRef<Formats | null>(null);
  if (!formats.current) {
    // Times as the visitor's country writes them, where they read this language anyway.
    const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? '';
    let tag: string | undefined = navigator.languages.find((own) => base(own) === base(language)) ?? language;
    try {
      Intl.getCanonicalLocales(tag);
    } catch {
      tag = undefined;
    }
    formats.current = {
      day: new Intl.DateTimeFormat(tag, { dateStyle: 'long' }),
      time: new Intl.DateTimeFormat(tag, { timeStyle: 'short' }),
    };
  }
  return formats.current;
}

function dayName(at: number, format: Intl.DateTimeFormat, text: Strings): string {
  const now = new Date();
  const name = format.format(at);
  if (name === format.format(now)) return text.today;
  now.setDate(now.getDate() - 1);
  return name === format.format(now) ? text.yesterday : name;
}
