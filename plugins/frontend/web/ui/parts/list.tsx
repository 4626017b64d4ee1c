// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's chats, most urgent first, and below them the queues they come from.

import type { JSX, ReactNode } from 'react';
import { useRef, useState } from 'react';

import { duration } from '../clock';
import { desk, draftKey, nameOf } from '../desk';
import { useNow } from '../hooks';
import type { Interaction } from '../protocol';
import { href, route } from '../route';
import { waitingSince, worklist } from '../views';
import * as storage from '../storage';
import { useStore } from '../store';
import { t } from '../strings';
import { NetworkIcon } from './icons';
import type { Tone } from './kit';
import { Avatar, Chip } from './kit';

export function unreadCount(one: Interaction, seen: Record<string, number>): number {
  const upto = seen[one.interaction] ?? 0;
  return one.messages.filter((message) => message.author === 'customer' && message.n > upto).length;
}

export function stateWord(one: Interaction): { tone: Tone; word: string } {
  if (one.state === 'offered') return { tone: 'bad', word: t.chats.state.offered };
  if (one.state === 'active' && one.ended_at > 0) return { tone: 'warn', word: t.chats.customerLeft };
  if (one.state === 'active') return { tone: 'good', word: t.chats.state.active };
  if (one.state === 'wrap_up') return { tone: 'info', word: t.chats.state.wrap_up };
  return { tone: 'quiet', word: t.chats.state[one.state] };
}

function LastLine({ one, typing }: { one: Interaction; typing: boolean }): JSX.Element {
  if (typing) return <em>{t.chats.typing}</em>;
  const draft = storage.load<string>(draftKey(desk.state.get().me?.user, one.interaction), '');
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
      <bdi>{last.text}</bdi>
    </>
  );
}

function Row({ one, now }: { one: Interaction; now: number }): JSX.Element {
  const current = useStore(route, (where) => where.page === 'chats' && where.id === one.interaction);
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
        <Avatar name={nameOf(one)} />
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
            {since !== null && <span className="waits">{t.chats.waiting(duration(now - since))}</span>}
            {one.state === 'wrap_up' && one.deadline > 0 && (
              <span className="waits">{t.wrapUp.left(duration(one.deadline - now + 999))}</span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}

/** The order does not change under the pointer: a new one waits until the pointer has left. */
function useCalmOrder(list: Interaction[], hovered: boolean): Interaction[] {
  const order = useRef<string[]>([]);
  if (!hovered) order.current = list.map((one) => one.interaction);
  const place = (one: Interaction): number => {
    const at = order.current.indexOf(one.interaction);
    return at < 0 ? Number.MAX_SAFE_INTEGER : at;
  };
  return hovered ? [...list].sort((a, b) => place(a) - place(b)) : list;
}

/** `children`: what to say when there are no chats. */
export function ChatList({ children }: { children?: ReactNode }): JSX.Element {
  const state = useStore(desk.state);
  const [hovered, setHovered] = useState(false);
  const now = useNow();
  const list = useCalmOrder(worklist(state), hovered);
  return (
    <nav
      className="chat-list"
      aria-label={t.chats.list}
      data-region="list"
      tabIndex={-1}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <h2>{t.chats.list}</h2>
      {list.length > 0 ? (
        <ul>
          {list.map((one) => (
            <Row key={one.interaction} one={one} now={now} />
          ))}
        </ul>
      ) : (
        (children ?? <p className="hint">{t.chats.none}</p>)
      )}
      <Queues now={now} />
    </nav>
  );
}

function Queues({ now }: { now: number }): JSX.Element {
  const queues = useStore(desk.state, (state) => state.queues);
  const mine = Object.values(queues)
    .filter((queue) => queue.member)
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
              {queue.enabled ? t.chats.queueWaiting(queue.waiting) : t.chats.queueOff}
              {queue.oldest !== null && queue.waiting > 0 && ` · ${t.chats.longest(duration(now - queue.oldest))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
