// SPDX-License-Identifier: GPL-3.0-or-later
//
// For supervisors: messages that did not get out, and cases that the CRM has refused; each is sent again or left.

import type { JSX } from 'react';
import { useCallback, useState } from 'react';

import { desk } from '../desk';
import { dateTime } from '../format';
import { useNow, usePages } from '../hooks';
import type { Interaction, Undelivered } from '../protocol';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { Decide } from './decide';
import { Button, Chip, Problem } from './kit';

/** Nobody tells of those, so they are asked for while the page is open. */
const LOAD_MS = 10000;

function MessageRow({ one, onDone }: { one: Undelivered; onDone: () => void }): JSX.Element {
  const who = one.name ?? one.identity ?? '';
  return (
    <tr>
      <td data-label={s.undelivered.columns.at}>{dateTime(one.at)}</td>
      <td data-label={s.undelivered.columns.who}>
        <bdi>{who}</bdi>
        <span className="hint"> {one.channel}</span>
      </td>
      <td data-label={s.undelivered.columns.what}>
        <span className="two-lines">
          <span dir="auto" className="quote">
            {one.text ?? ''}
          </span>
          <span className="hint">
            {one.author_name !== null && <bdi>{one.author_name}</bdi>} {s.undelivered.tries(one.attempts)}
          </span>
        </span>
      </td>
      <td data-label={s.undelivered.columns.why}>
        <Chip tone={one.state === 'dead' ? 'bad' : 'warn'}>{s.undelivered.states[one.state]}</Chip>{' '}
        <span dir="auto">{one.error ?? ''}</span>
      </td>
      <td>
        <Decide message={one.message} uncertain={one.state === 'uncertain'} about={who} onDone={onDone} />
      </td>
    </tr>
  );
}

function CaseRow({ one, onDone }: { one: Interaction; onDone: () => void }): JSX.Element {
  const [error, setError] = useState<string | null>(null);
  const who = one.name ?? one.identity;
  const decide = (operation: 'save.retry' | 'save.discard'): void => {
    desk.call(operation, { interaction: one.interaction }).then(
      () => {
        setError(null);
        onDone();
      },
      (why: unknown) => setError(why instanceof Error ? why.message : String(why)),
    );
  };
  return (
    <tr>
      <td data-label={s.undelivered.columns.at}>{dateTime(one.enqueued_at)}</td>
      <td data-label={s.undelivered.columns.who}>
        <bdi>{who}</bdi>
        <span className="hint"> {one.channel}</span>
      </td>
      <td data-label={s.undelivered.columns.what}>{s.undelivered.aCase}</td>
      <td data-label={s.undelivered.columns.why}>
        <Chip tone="bad">{s.undelivered.states.refused}</Chip> <span dir="auto">{one.save.error ?? ''}</span>
      </td>
      <td>
        <span className="decide">
          <Button look="ghost" aria-label={`${s.undelivered.saveAgain}: ${who}`} onPress={() => decide('save.retry')}>
            {s.undelivered.saveAgain}
          </Button>
          <Button look="ghost" aria-label={`${t.conversation.leave}: ${who}`} onPress={() => decide('save.discard')}>
            {t.conversation.leave}
          </Button>
          {error !== null && (
            <span className="problem" role="alert">
              {error}
            </span>
          )}
        </span>
      </td>
    </tr>
  );
}

export function UndeliveredTable(): JSX.Element {
  const [changed, setChanged] = useState(0);
  const version = `${changed} ${Math.floor(useNow() / LOAD_MS)}`;
  const fetchMessages = useCallback(async (cursor: string | null) => {
    const answer = await desk.call('outbox.list', { limit: 50, ...(cursor === null ? {} : { cursor: Number(cursor) }) });
    return { items: answer.messages, next: answer.next === null ? null : String(answer.next) };
  }, []);
  const fetchCases = useCallback(async (cursor: string | null) => {
    const answer = await desk.call('save.list', { limit: 50, ...(cursor === null ? {} : { before: Number(cursor) }) });
    const last = answer.interactions[answer.interactions.length - 1];
    return { items: answer.interactions, next: answer.more && last !== undefined ? String(last.enqueued_at) : null };
  }, []);
  const messages = usePages(fetchMessages, version);
  const cases = usePages(fetchCases, version);
  const again = (): void => setChanged((n) => n + 1);
  const error = messages.error ?? cases.error;
  const none = messages.items?.length === 0 && cases.items?.length === 0;

  if (error !== null) return <Problem text={error} retry={again} />;
  if (none) return <p className="hint">{s.undelivered.none}</p>;
  return (
    <>
      <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-undelivered">
        <table className="stacking undelivered" aria-labelledby="team-undelivered">
          <thead>
            <tr>
              <th scope="col">{s.undelivered.columns.at}</th>
              <th scope="col">{s.undelivered.columns.who}</th>
              <th scope="col">{s.undelivered.columns.what}</th>
              <th scope="col">{s.undelivered.columns.why}</th>
              <th scope="col">{s.undelivered.columns.then}</th>
            </tr>
          </thead>
          <tbody>
            {(messages.items ?? []).map((one) => (
              <MessageRow key={one.message} one={one} onDone={again} />
            ))}
            {(cases.items ?? []).map((one) => (
              <CaseRow key={one.interaction} one={one} onDone={again} />
            ))}
          </tbody>
        </table>
      </div>
      {messages.next !== null && <Button onPress={messages.loadMore}>{s.undelivered.moreMessages}</Button>}
      {cases.next !== null && <Button onPress={cases.loadMore}>{s.undelivered.moreCases}</Button>}
    </>
  );
}
