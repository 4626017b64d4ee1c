// SPDX-License-Identifier: GPL-3.0-or-later
//
// The foot of the panel: the form before the first message, the composer, and what is left after the end.

import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from './chat.js';
import type { Strings } from './i18n.js';

interface Props {
  chat: Chat;
  text: Strings;
}

/** From this share of the limit on, the counter is shown. */
const COUNTER_FROM = 0.8;

export const codePoints = (words: string): number => [...words].length;

/** A field that takes the place of what had the focus takes the focus too, but never from the page outside. */
function useFocus(field: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (document.hasFocus()) field.current?.focus();
  }, []);
}

export function StartForm({ chat, text }: Props) {
  const { max_name, max_text, name_required } = chat.limits;
  const [name, setName] = useState(chat.name);
  const [words, setWords] = useState('');
  const [problem, setProblem] = useState<{ field: 'name' | 'words'; why: string }>();
  const nameField = useRef<HTMLInputElement>(null);
  const wordsField = useRef<HTMLTextAreaElement>(null);
  useFocus(chat.name ? wordsField : nameField);
  const check = (): typeof problem => {
    if (name_required && !name.trim()) return { field: 'name', why: text.nameMissing };
    if (!words.trim()) return { field: 'words', why: text.textMissing };
    const over = codePoints(words) - max_text;
    return over > 0 ? { field: 'words', why: text.over(over) } : undefined;
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = check();
    setProblem(found);
    if (found) (found.field === 'name' ? nameField : wordsField).current?.focus();
    if (found) return;
    chat.setName(name.trim());
    chat.say(words.trim());
  };
  const bad = (field: string) =>
    problem?.field === field ? { 'aria-invalid': true, 'aria-describedby': 'problem' } : {};
  return (
    <form class="start" onSubmit={submit} noValidate>
      <label>
        <span>{name_required ? text.name : text.nameOptional}</span>
        <input
          ref={nameField}
          data-first={chat.name ? undefined : ''}
          type="text"
          autocomplete="name"
          maxLength={max_name}
          required={name_required}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
          {...bad('name')}
        />
      </label>
      <label>
        <span>{text.firstMessage}</span>
        <textarea
          ref={wordsField}
          data-first={chat.name ? '' : undefined}
          rows={3}
          dir="auto"
          required
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
          {...bad('words')}
        />
      </label>
      <p id="problem" class="why" role="alert">
        {problem?.why ?? ''}
      </p>
      <button type="submit" class="strong">
        {text.start}
      </button>
    </form>
  );
}

export function Composer({ chat, text }: Props) {
  const [words, setWords] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const max = chat.limits.max_text;
  const length = codePoints(words);
  const over = length > max;
  useFocus(field);
  useEffect(() => {
    const fit = (): void => {
      const area = field.current;
      if (!area) return;
      area.style.blockSize = 'auto';
      // A page that comes back to an open chat has its panel closed: nothing can be measured until it is shown.
      if (area.scrollHeight > 0) area.style.blockSize = `${Math.min(area.scrollHeight + 2, 130)}px`;
    };
    fit();
    const shown = new ResizeObserver(fit);
    shown.observe(document.documentElement);
    return () => shown.disconnect();
  }, [words]);
  const send = (): void => {
    if (!words.trim() || over) return;
    chat.say(words.trim());
    setWords('');
    field.current?.focus();
  };
  const counter = over ? text.over(length - max) : length >= max * COUNTER_FROM ? text.left(max - length) : '';
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <p class={over ? 'counter why' : 'counter'} id="counter" role="status">
        {counter}
      </p>
      <div class="row">
        <textarea
          ref={field}
          data-first=""
          rows={1}
          dir="auto"
          aria-label={text.message}
          aria-describedby="hint counter"
          aria-invalid={over}
          placeholder={text.placeholder}
          value={words}
          onInput={(event) => {
            setWords(event.currentTarget.value);
            if (event.currentTarget.value) chat.typed();
            else chat.stopTyping();
          }}
          onBlur={() => chat.stopTyping()}
          onKeyDown={(event) => {
            // Enter also ends the composition of a word in Japanese and others; that one is not ours.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button type="submit" class="strong icon" aria-label={text.send} aria-disabled={over || !words.trim()}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M4 12h14M12 5l7 7-7 7" />
          </svg>
        </button>
      </div>
      <span id="hint" class="hidden">
        {text.hint}
      </span>
    </form>
  );
}

export function Ended({ chat, text }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  useFocus(button);
  return (
    <div class="over">
      <p>{text.ended}</p>
      <button ref={button} type="button" class="strong" data-first="" onClick={() => chat.startAgain()}>
        {text.again}
      </button>
    </div>
  );
}
