// SPDX-License-Identifier: GPL-3.0-or-later
//
// The conversation while it goes on: what was said before it, its lines, what is still on its way, who types; and what
// of it the agent has really seen.

import type { JSX } from 'react';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { desk } from '../desk';
import { useLooking } from '../hooks';
import type { Pending } from '../outbox';
import type { Interaction, Message } from '../protocol';
import { normalMessage } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button, Problem } from './kit';
import { Lines } from './timeline';

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
  inner: React.RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  toEnd: () => void;
  onScroll: () => void;
} {
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(true);
  const size = useRef({ content: 0, view: 0 });
  const measure = (element: HTMLElement): void => {
    size.current = { content: element.scrollHeight, view: element.clientHeight };
  };
  const toEnd = (): void => {
    const element = box.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    measure(element);
  };
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    // An offer above the chat or a smaller window scrolls, too: that is not the reader who leaves the end.
    const same = element.scrollHeight === size.current.content && element.clientHeight === size.current.view;
    if (stick.current && !same) {
      toEnd();
      return;
    }
    measure(element);
    stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    setAtEnd(stick.current);
  };
  useLayoutEffect(() => {
    if (stick.current) toEnd();
  }, [version]);
  // Pictures arrive later than their lines, and the composer grows.
  useEffect(() => {
    if (box.current === null || inner.current === null) return;
    const watcher = new ResizeObserver(() => {
      if (stick.current) toEnd();
    });
    watcher.observe(box.current);
    watcher.observe(inner.current);
    return () => watcher.disconnect();
  }, []);
  return { box, inner, atEnd, toEnd, onScroll };
}

/** What was new when the chat was opened stays marked until it is opened again. */
function useUnread(one: Interaction, reading: boolean): number | null {
  const last = one.messages[one.messages.length - 1]?.n ?? 0;
  const live = useStore(desk.link, (link) => link.phase === 'live');
  const looks = useLooking();
  const [from] = useState(() => {
    const seenTo = desk.seen.get()[one.interaction] ?? 0;
    if (seenTo === 0) return null;
    return one.messages.find((message) => message.author === 'customer' && message.n > seenTo)?.n ?? null;
  });
  // What is in view counts as seen while the agent looks at the window, and only then.
  useEffect(() => {
    if (reading && looks) desk.markSeen(one.interaction, last);
  }, [reading, looks, last, live, one.interaction]);
  return from;
}

interface Earlier {
  lines: Message[];
  /** null: not asked yet. */
  more: boolean | null;
  loading: boolean;
  error: string | null;
  load: () => void;
}

const PAGE = 50;

/** What was said in this conversation before this chat, page by page. */
function useEarlier(one: Interaction): Earlier {
  const [state, setState] = useState<Omit<Earlier, 'load'>>({ lines: [], more: null, loading: false, error: null });
  const first = state.lines[0]?.n ?? one.messages[0]?.n ?? 0;
  const busy = useRef(false);
  const load = useCallback(() => {
    if (busy.current) return;
    busy.current = true;
    setState((old) => ({ ...old, loading: true, error: null }));
    desk
      .call('conversation.messages', { interaction: one.interaction, ...(first > 0 ? { before: first } : {}), limit: PAGE })
      .then(
        (answer) =>
          setState((old) => ({
            lines: [...answer.messages.map(normalMessage).sort((a, b) => a.n - b.n), ...old.lines],
            more: answer.more,
            loading: false,
            error: null,
          })),
        (error: unknown) =>
          setState((old) => ({ ...old, loading: false, error: error instanceof Error ? error.message : String(error) })),
      )
      .finally(() => (busy.current = false));
  }, [one.interaction, first]);
  return { ...state, load };
}

/** Lines that are put in above keep the place of the reader. */
function useKeepPlace(box: React.RefObject<HTMLDivElement | null>, lines: number): void {
  const before = useRef({ height: 0, lines });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (lines > before.current.lines) element.scrollTop += element.scrollHeight - before.current.height;
    before.current = { height: element.scrollHeight, lines };
  });
}

function EarlierLines({ earlier, who, from }: { earlier: Earlier; who: string; from: number }): JSX.Element | null {
  const asked = earlier.more !== null;
  // The lines of a conversation count from 1: nothing lies before the first.
  if (!asked && from === 1) return null;
  return (
    <div className="earlier" aria-busy={earlier.loading}>
      {earlier.error !== null && <Problem text={earlier.error} retry={earlier.load} />}
      {earlier.loading && (
        <p className="hint" role="status">
          {t.conversation.loadingEarlier}
        </p>
      )}
      {!earlier.loading && earlier.error === null && earlier.more !== false && (
        <Button look="ghost" icon="history" onPress={earlier.load}>
          {t.conversation.earlier}
        </Button>
      )}
      {asked && earlier.more === false && <p className="hint">{t.conversation.beginning}</p>}
      {earlier.lines.length > 0 && (
        <ol aria-label={t.conversation.earlier}>
          <Lines messages={earlier.lines} customerName={who} unreadFrom={null} />
          <li className="day-line">
            <span>{t.conversation.thisChat}</span>
          </li>
        </ol>
      )}
    </div>
  );
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
  const { box, inner, atEnd, toEnd, onScroll } = useStickToEnd(version);
  const unreadFrom = useUnread(one, atEnd);
  const last = one.messages[one.messages.length - 1]?.n ?? 0;
  const shownTo = useRef(last);
  if (atEnd) shownTo.current = last;
  const earlier = useEarlier(one);
  useKeepPlace(box, earlier.lines.length);

  const scrolled = (): void => {
    onScroll();
    const element = box.current;
    // By scrolling up, not by a composer that grew.
    const room = element === null ? 0 : element.scrollHeight - element.clientHeight;
    const atTop = element !== null && room > 40 && element.scrollTop < 24;
    if (atTop && earlier.more !== false && earlier.error === null) earlier.load();
  };

  return (
    <div className="timeline-wrap">
      <div className="timeline" ref={box} onScroll={scrolled} role="group" aria-label={t.conversation.scroll(who)} tabIndex={0}>
        <div ref={inner}>
          <EarlierLines earlier={earlier} who={who} from={one.messages[0]?.n ?? 0} />
          <div role="log" aria-label={t.conversation.label(who)}>
            <ol>
              <Lines
                messages={one.messages}
                customerName={who}
                unreadFrom={unreadFrom}
                decide
              />
              {pending.map((entry) => (
                <PendingLine key={entry.client_id} pending={entry} onEdit={onEdit} />
              ))}
            </ol>
            <TypingLine until={typing} who={who} />
          </div>
        </div>
      </div>
      {!atEnd && (
        <Button className="to-end" icon="down" onPress={toEnd}>
          {last > shownTo.current ? t.chats.newMessages : t.chats.toEnd}
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
      {t.conversation.typing(who)}
    </p>
  ) : null;
}
