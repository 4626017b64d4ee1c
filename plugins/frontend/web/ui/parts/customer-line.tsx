// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everything there was with one customer, whatever the channel: chats and cases in one line of time, newest first.

import type { JSX } from 'react';
import { Fragment, useCallback, useMemo, useRef } from 'react';

import { duration } from '../clock';
import { desk } from '../desk';
import { isoTime, sameDay, timeOfDay } from '../format';
import { usePages } from '../hooks';
import type { Case, Interaction, TimelineItem } from '../protocol';
import { href } from '../route';
import { may } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import { r } from '../strings-records';
import { CaseState } from './case';
import { caseTitle } from './follow';
import { Icon, NetworkIcon } from './icons';
import { Button, Chip, Problem, Skeleton } from './kit';
import { stateWord } from './list';
import { DayLine } from './timeline';

function keyOf(item: TimelineItem): string {
  return item.interaction?.interaction ?? item.case?.id ?? String(item.at);
}

/** A page ends at a time, and several things may be of that time: they are asked for again and told apart by id. */
function useTimeline(customer: string): ReturnType<typeof usePages<TimelineItem>> {
  const revision = useStore(desk.revision);
  const seen = useRef(new Set<string>());
  const fetchPage = useCallback(
    async (cursor: string | null) => {
      const answer = await desk.call('customer.timeline', {
        customer,
        ...(cursor === null ? {} : { before: Number(cursor) }),
        limit: 30,
      });
      if (cursor === null) seen.current = new Set();
      const fresh = answer.items.filter((item) => !seen.current.has(keyOf(item)));
      for (const item of fresh) seen.current.add(keyOf(item));
      const last = answer.items[answer.items.length - 1];
      const next = fresh.length > 0 ? (last?.at ?? 0) + 1 : (last?.at ?? 0);
      return { items: fresh, next: answer.more && last !== undefined ? String(next) : null };
    },
    [customer],
  );
  return usePages(fetchPage, revision);
}

function ChatItem({ one }: { one: Interaction }): JSX.Element {
  const replays = useStore(desk.state, (state) => may(state.me, 'playback'));
  const state = stateWord(one);
  const agent = useStore(desk.state, (all) => one.agent_name ?? all.agents[one.agent ?? '']?.name ?? null);
  return (
    <a href={href(replays ? 'playback' : 'history', one.interaction)}>
      <NetworkIcon network={one.network} size={20} />
      <span className="two-lines">
        <span>
          {r.timeline.chat} · <bdi>{one.queue_name}</bdi>
        </span>
        <span className="hint">
          <time dateTime={isoTime(one.enqueued_at)}>{timeOfDay(one.enqueued_at)}</time> · <bdi>{one.channel}</bdi>
          {agent !== null && (
            <>
              {' '}
              · <bdi>{agent}</bdi>
            </>
          )}
          {one.ended_at > 0 && ` · ${duration(one.ended_at - one.enqueued_at)}`}
          {one.state === 'closed' && one.save?.state !== 'saved' && ` · ${r.timeline.notSaved}`}
        </span>
      </span>
      <Chip tone={state.tone}>{state.word}</Chip>
    </a>
  );
}

function CaseItem({ one, at }: { one: Case; at: number }): JSX.Element {
  return (
    <a href={href('cases', one.id)}>
      <Icon name="cases" />
      <span className="two-lines">
        <span>
          {r.timeline.case} · <bdi>{caseTitle(one)}</bdi>
        </span>
        <span className="hint">
          <time dateTime={isoTime(at)}>{timeOfDay(at)}</time>
          {[one.queue, one.severity, one.priority, one.category].filter(Boolean).map((word) => (
            <Fragment key={word}>
              {' '}
              · <bdi>{word}</bdi>
            </Fragment>
          ))}
        </span>
      </span>
      <CaseState state={one.state} />
    </a>
  );
}

export function CustomerLine({ customer }: { customer: string }): JSX.Element {
  const found = useTimeline(customer);
  const items = useMemo(() => found.items ?? [], [found.items]);
  return (
    <section className="card" aria-labelledby="customer-line">
      <h3 id="customer-line">{r.timeline.title}</h3>
      <p className="hint">{r.timeline.note}</p>
      {found.error !== null && <Problem text={found.error} retry={found.loadMore} />}
      {found.items === null && found.error === null && <Skeleton rows={5} />}
      {found.items !== null && items.length === 0 && <p className="hint">{r.timeline.none}</p>}
      <ol className="link-list" aria-labelledby="customer-line">
        {items.map((item, n) => (
          <Fragment key={keyOf(item)}>
            {(n === 0 || !sameDay(items[n - 1]!.at, item.at)) && <DayLine at={item.at} />}
            <li>
              {item.interaction !== undefined && <ChatItem one={item.interaction} />}
              {item.case !== undefined && <CaseItem one={item.case} at={item.at} />}
            </li>
          </Fragment>
        ))}
      </ol>
      {found.next !== null && (
        <Button className="wide" isDisabled={found.busy} onPress={found.loadMore}>
          {t.more}
        </Button>
      )}
    </section>
  );
}
