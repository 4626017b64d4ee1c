// SPDX-License-Identifier: GPL-3.0-or-later
//
// The panel: head, conversation, foot, and the question before a chat is ended.

import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Chat } from './chat.js';
import { Composer, Ended, StartForm } from './foot.js';
import type { Strings } from './i18n.js';
import { Log } from './log.js';

interface Props {
  chat: Chat;
  text: Strings;
  title: string;
  language: string;
  close: (() => void) | undefined;
}

export function Panel({ chat, text, title, language, close }: Props) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    chat.changed = () => redraw(undefined);
    redraw(undefined);
  }, [chat]);
  const phase = chat.phase;
  const ending = chat.outbox.items.some((item) => item.kind === 'end');
  const canEnd = phase === 'talk' && !ending && (chat.state === 'waiting' || chat.state === 'active');
  return (
    <main class="panel">
      <header>
        <div class="heading">
          <h1>{title}</h1>
          <LineStatus chat={chat} text={text} />
        </div>
        {canEnd && (
          <button type="button" class="quiet" onClick={() => setAsking(true)}>
            {text.end}
          </button>
        )}
        {close && (
          <button type="button" class="quiet icon" aria-label={text.close} onClick={close}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M6 6l12 12M18 6L6 18" />
            </svg>
          </button>
        )}
      </header>
      <Log chat={chat} text={text} language={language} />
      {phase === 'form' && <StartForm chat={chat} text={text} />}
      {phase === 'talk' && <Composer chat={chat} text={text} />}
      {phase === 'ended' && <Ended chat={chat} text={text} />}
      {asking && canEnd && (
        <EndQuestion
          text={text}
          answer={(yes) => {
            setAsking(false);
            if (yes) chat.end();
          }}
        />
      )}
    </main>
  );
}

/** What is known about the line to the server; the seconds are for the eye only. */
function LineStatus({ chat, text }: { chat: Chat; text: Strings }) {
  const [now, setNow] = useState(Date.now());
  const counting = chat.status !== 'live' && chat.retryAt > now;
  useEffect(() => {
    setNow(Date.now());
    if (chat.retryAt <= Date.now()) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [chat.retryAt, chat.status]);
  const { status } = chat;
  const words = { idle: '', connecting: text.connecting, live: text.live, reconnecting: text.reconnecting, offline: text.offline };
  return (
    <div class="status">
      <span role="status" class={`line-status ${status}`}>
        {words[status]}
      </span>
      {counting && (
        <>
          <span aria-hidden="true">{text.retryIn(Math.max(1, Math.ceil((chat.retryAt - now) / 1000)))}</span>
          <button type="button" class="link" onClick={() => chat.hurry()}>
            {text.retryNow}
          </button>
        </>
      )}
    </div>
  );
}

function EndQuestion({ text, answer }: { text: Strings; answer: (yes: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="end-title"
      aria-describedby="end-text"
      onCancel={(event) => {
        event.preventDefault();
        answer(false);
      }}
    >
      <h2 id="end-title">{text.endTitle}</h2>
      <p id="end-text">{text.endText}</p>
      <div class="buttons">
        <button type="button" class="plain" onClick={() => answer(false)}>
          {text.endNo}
        </button>
        <button type="button" class="strong" onClick={() => answer(true)}>
          {text.endYes}
        </button>
      </div>
    </dialog>
  );
}
