// SPDX-License-Identifier: GPL-3.0-or-later
//
// How everything stood at the instant a replay shows: the chat and its timers, the record, the agents.

import type { JSX } from 'react';

import { duration, secondsLeft } from '../clock';
import type { Frame, Replay } from '../replay';
import type { NameOf } from '../replay-words';
import { href } from '../route';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { Chip, Facts, Ring } from './kit';
import type { Tone } from './kit';

const TONES: Record<string, Tone> = { waiting: 'warn', offered: 'bad', active: 'good', wrap_up: 'info', closed: 'quiet' };

function Save({ frame }: { frame: Frame }): JSX.Element {
  const { state, case: id, error } = frame.save;
  if (state === null) return <>{s.replay.caseNone}</>;
  return (
    <>
      {s.replay.event.save[state]}
      {error !== null && `: ${error}`}
      {id !== null && (
        <>
          {' '}
          <a href={href('cases', id)}>{s.replay.openCase}</a>
        </>
      )}
    </>
  );
}

function Record({ frame }: { frame: Frame }): JSX.Element {
  if (frame.customer === null)
    return <span className="hint">{frame.matches > 0 ? s.replay.choose(frame.matches) : s.replay.notPopped}</span>;
  return (
    <>
      <a href={href('customers', frame.customer.id)}>
        <bdi>{frame.customer.name ?? frame.customer.id}</bdi>
      </a>{' '}
      {frame.customer.draft && <Chip tone="warn">{t.customer.draft}</Chip>}
    </>
  );
}

function Timer({ frame, nameOf }: { frame: Frame; nameOf: NameOf }): JSX.Element | null {
  if (frame.offer !== null)
    return (
      <div className="replay-timer">
        <Ring deadline={frame.offer.deadline} total={frame.offer.ms} now={frame.at} />
        <p>
          {s.replay.facts.rings} <bdi>{nameOf(frame.offer.agent)}</bdi>
          <br />
          <span className="hint">{s.replay.left(duration(1000 * secondsLeft(frame.offer.deadline, frame.at)))}</span>
        </p>
      </div>
    );
  if (frame.wrapUp === null) return null;
  const { since, deadline, overdue } = frame.wrapUp;
  return (
    <div className="replay-timer">
      {deadline > 0 && <Ring deadline={deadline} total={deadline - since} now={frame.at} />}
      <p>
        {s.replay.facts.wrapUp}
        <br />
        <span className="hint">
          {overdue ? s.replay.overdue : deadline > 0 ? s.replay.left(duration(1000 * secondsLeft(deadline, frame.at))) : s.replay.noLimit}
        </span>
      </p>
    </div>
  );
}

export function Then({ replay, frame, nameOf }: { replay: Replay; frame: Frame; nameOf: NameOf }): JSX.Element {
  const agents = Object.entries(frame.agents);
  return (
    <section className="card replay-then" aria-labelledby="replay-then">
      <h3 id="replay-then">{s.replay.then}</h3>
      <Timer frame={frame} nameOf={nameOf} />
      <Facts
        rows={[
          [
            s.replay.facts.state,
            <>
              <Chip tone={TONES[frame.state] ?? 'quiet'}>{s.replay.states[frame.state]}</Chip>{' '}
              {frame.endedBy === 'customer' && frame.state === 'active' && <span className="hint">{s.replay.customerLeft}</span>}
            </>,
          ],
          [s.replay.facts.with, frame.agent !== null && <bdi>{nameOf(frame.agent)}</bdi>],
          [t.transaction.queue, <bdi>{replay.interaction.queue_name}</bdi>],
          [s.replay.facts.customer, <Record frame={frame} />],
          [
            s.replay.facts.follows,
            frame.follows !== null && (
              <a href={href('cases', frame.follows)}>
                <bdi>{frame.follows}</bdi>
              </a>
            ),
          ],
          [s.replay.facts.codes, frame.codes.length > 0 ? frame.codes.map((code) => code.name).join(', ') : s.replay.noCodes],
          [s.replay.facts.save, <Save frame={frame} />],
        ]}
      />
      {agents.length > 0 && (
        <>
          <h4>{s.replay.agents}</h4>
          <ul className="replay-agents">
            {agents.map(([agent, then]) => (
              <li key={agent}>
                <bdi>{nameOf(agent)}</bdi>
                <span className={`status-word ${then.status}`}>
                  <span className="dot" aria-hidden="true" />
                  {t.status.names[then.status]}
                </span>
                <span className="hint number">{duration(frame.at - then.since)}</span>
                {then.away && <Chip tone="bad">{s.replay.away}</Chip>}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
