// SPDX-License-Identifier: GPL-3.0-or-later
//
// For supervisors: who waits, in the order of their places, and why nobody takes a chat.

import type { JSX } from 'react';
import { useRef, useState } from 'react';

import { duration } from '../clock';
import { useCall } from '../hooks';
import { Button, Problem } from '../parts/kit';
import type { Interaction } from '../protocol';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { displayName } from '../views';
import { WhyDialog } from '../parts/why';

/** How old the list may be. */
const RENEW_MS = 5000;
const SHOWN = 50;

function Row({ one, place, now, onWhy }: { one: Interaction; place: number; now: number; onWhy: () => void }): JSX.Element {
  const name = displayName(one);
  return (
    <tr>
      <td data-label={s.waiting.place} className="number">
        <span>{place}</span>
      </td>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td data-label={t.team.queue}>
        <bdi>{one.queue_name}</bdi>
      </td>
      <td data-label={s.waiting.time} className="number">
        <span>{duration(Math.max(0, now - one.enqueued_at))}</span>
      </td>
      <td>
        <Button icon="help" aria-label={s.waiting.whyOf(name)} onPress={onWhy}>
          {s.waiting.why}
        </Button>
      </td>
    </tr>
  );
}

export function Waiting({ now }: { now: number }): JSX.Element {
  const answer = useCall('interaction.waiting', { limit: SHOWN }, Math.floor(now / RENEW_MS));
  const [asked, setAsked] = useState<Interaction | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const list = answer.data?.interactions ?? [];
  const more = (answer.data?.waiting ?? 0) - list.length;

  function close(): void {
    setAsked(null);
    // The button is gone when somebody has taken the chat meanwhile: the focus must not be lost with it.
    window.setTimeout(() => {
      if (document.activeElement === null || document.activeElement === document.body) box.current?.focus();
    }, 100);
  }

  return (
    <section className="card broad" aria-labelledby="team-waiting">
      <h2 id="team-waiting">{s.waiting.title}</h2>
      {answer.error !== null && <Problem text={answer.error} retry={answer.reload} />}
      <div className="table-box" tabIndex={0} role="region" aria-labelledby="team-waiting" ref={box}>
        {answer.data !== null && list.length === 0 && <p className="hint">{s.waiting.none}</p>}
        {list.length > 0 && (
          <table className="stacking" aria-labelledby="team-waiting">
            <thead>
              <tr>
                <th scope="col">{s.waiting.place}</th>
                <th scope="col">{s.waiting.who}</th>
                <th scope="col">{t.team.queue}</th>
                <th scope="col">{s.waiting.time}</th>
                <th scope="col">
                  <span className="hidden">{s.waiting.why}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((one, at) => (
                <Row key={one.interaction} one={one} place={at + 1} now={now} onWhy={() => setAsked(one)} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {more > 0 && <p className="hint">{s.waiting.more(more)}</p>}
      {asked !== null && <WhyDialog one={asked} now={now} onClose={close} />}
    </section>
  );
}
