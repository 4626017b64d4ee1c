// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's chats in the order they were taken, those offered below them, then the queues they come from.

import type { JSX, ReactNode } from 'react';

import { duration, secondsLeft } from '../clock';
import { desk, nameOf } from '../desk';
import { loadDraft } from '../drafts';
import { useNow } from '../hooks';
import type { Interaction, Message } from '../protocol';
import { href } from '../route';
import { missingLists, replyWindow, waitingSince, worklist } from '../views';
import { Backlog, useUncoded } from './codes';
import { useStore } from '../store';
import { t } from '../strings';
import { NetworkIcon } from './icons';
import type { Tone } from './kit';
import { Chip, Portrait } from './kit';

export function unreadCount(one: Interaction, seen: Record<string, number>): number {
  const seenTo = seen[one.interaction] ?? 0;
  return one.messages.filter((message) => message.author === 'customer' && message.n > seenTo).length;
}

export function stateWord(one: Interaction): { tone: Tone; word: string } {
  if (one.state === 'offered') return { tone: 'bad', word: t.chats.state.offered };
  if (one.state === 'active' && one.ended_at > 0) return { tone: 'warn', word: t.chats.customerLeft };
  if (one.state === 'active') return { tone: 'good', word: t.chats.state.active };
  if (one.state === 'wrap_up') return { tone: 'info', word: t.chats.state.wrap_up };
  return { tone: 'quiet', word: t.chats.state[one.state] };
}

function attachmentWord(message: Message): string {
  const first = message.attachments[0];
  if (first !== undefined) return t.media.kinds[first.kind] ?? t.media.kinds.file;
  return message.form === null ? '' : (t.media.forms[message.form] ?? t.media.otherForm(message.form));
}

/** What asks for something besides an answer: a window that closes, a customer to choose, a code that is missing. */
function Flags({ one, now }: { one: Interaction; now: number }): JSX.Element | null {
  const codes = useStore(desk.state, (state) => state.codes);
  const window = one.state === 'active' && one.ended_at === 0 ? replyWindow(one, now) : null;
  const owed = one.state === 'wrap_up' ? missingLists(codes, one) : [];
  return (
    <>
      {window?.state === 'closing' && <Chip tone="warn">{t.chats.windowCloses(duration(window.until - now))}</Chip>}
      {window?.state === 'closed' && <Chip tone="bad">{t.chats.windowClosed}</Chip>}
      {one.matches.length > 0 && <Chip tone="info">{t.chats.choose}</Chip>}
      {owed.length > 0 && <Chip tone="bad">{t.chats.codeMissing}</Chip>}
    </>
  );
}

function LastLine({ one, typing }: { one: Interaction; typing: boolean }): JSX.Element {
  if (typing) return <em>{t.chats.typing}</em>;
  const draft = loadDraft(desk.state.get().me?.user, one.interaction).text;
  if (draft !== '')
    return (
      <>
        <em>{t.chats.draft}</em> <bdi>{draft}</bdi>
      </>
    );
  const last = [...one.messages].reverse().find((message) => message.author !== 'system');
  if (last === undefined) return <>{t.chats.noMessages}</>;
  return (
    <>
      {last.author === 'agent' && <span>{t.chats.you} </span>}
      <bdi>{last.text || attachmentWord(last)}</bdi>
    </>
  );
}

function Row({ one, now, current }: { one: Interaction; now: number; current: boolean }): JSX.Element {
  const typing = useStore(desk.state, (state) => (state.typing[one.interaction] ?? 0) > desk.clock.now());
  const unread = unreadCount(one, useStore(desk.seen));
  const since = waitingSince(one);
  const state = stateWord(one);
  return (
    <li>
      <a
        className={`chat-row ${one.state}`}
        href={href('chats', one.interaction)}
        aria-current={current ? 'page' : undefined}
        data-chat={one.interaction}
      >
        <Portrait one={one} />
        <span className="chat-row-main">
          <span className="chat-row-top">
            <strong>
              <bdi>{nameOf(one)}</bdi>
            </strong>
            <NetworkIcon network={one.network} />
            {unread > 0 && (
              <span className="badge">
                {unread}
                <span className="hidden"> {t.chats.unread(unread).replace(/^\d+ /, '')}</span>
              </span>
            )}
          </span>
          <span className="chat-row-line">
            <LastLine one={one} typing={typing} />
          </span>
          <span className="chat-row-foot">
            <Chip tone={state.tone}>{state.word}</Chip>
            <Flags one={one} now={now} />
            {since !== null && <span className="waits">{t.chats.waiting(duration(now - since))}</span>}
            {one.state === 'offered' && <span className="waits">{t.offer.left(secondsLeft(one.deadline, now))}</span>}
            {one.state === 'wrap_up' && one.deadline > 0 && (
              <span className="waits">{t.wrapUp.left(duration(one.deadline - now + 999))}</span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}

/** `chosen`: the chat that is shown beside the list. `children`: what to say when there are no chats. */
export function ChatList({ chosen, children }: { chosen: string | null; children?: ReactNode }): JSX.Element {
  const state = useStore(desk.state);
  const now = useNow();
  const list = worklist(state);
  const uncoded = useUncoded();
  return (
    <nav className="chat-list" aria-label={t.chats.list} data-region="list" tabIndex={-1}>
      <h2>{t.chats.list}</h2>
      {list.length > 0 ? (
        <ul>
          {list.map((one) => (
            <Row key={one.interaction} one={one} now={now} current={one.interaction === chosen} />
          ))}
        </ul>
      ) : (
        (children ?? <p className="hint">{t.chats.none}</p>)
      )}
      <Backlog list={uncoded} />
      <Queues now={now} />
    </nav>
  );
}

function Queues({ now }: { now: number }): JSX.Element {
  const queues = useStore(desk.state, (state) => state.queues);
  const memberships = useStore(desk.state, (state) => state.me?.queues);
  const mine = Object.values(queues)
    .filter((queue) => memberships?.some((one) => one.queue === queue.queue))
    .sort((a, b) => a.name.localeCompare(b.name));
  return (
    <section className="queues" aria-labelledby="my-queues">
      <h2 id="my-queues">{t.chats.queues}</h2>
      {mine.length === 0 && <p className="hint">{t.chats.noQueues}</p>}
      <ul>
        {mine.map((queue) => (
          <li key={queue.queue}>
            <bdi>{queue.name}</bdi>
            <span className={queue.waiting > 0 ? 'queue-waiting' : 'hint'}>
              {!queue.enabled ? t.chats.queueOff : queue.member ? t.chats.queueWaiting(queue.waiting) : t.chats.queueSwitchedOff}
              {queue.member && queue.oldest !== null && queue.waiting > 0 && ` · ${t.chats.longest(duration(now - queue.oldest))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
