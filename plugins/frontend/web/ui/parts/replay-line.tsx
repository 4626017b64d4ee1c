// SPDX-License-Identifier: GPL-3.0-or-later
//
// The time line of a replay: lanes for the chat and each agent, ticks for messages, and a slider that is moved with the
// mouse or the keyboard. Lanes are for the eye; what they say is also in the slider's text and in the list of events.

import type { JSX, PointerEvent } from 'react';
import { useMemo, useRef } from 'react';

import { duration } from '../clock';
import { clockTime } from '../format';
import type { Lane, Replay, Scale, Segment } from '../replay';
import { lanesOf } from '../replay';
import type { NameOf } from '../replay-words';
import type { Status } from '../protocol';
import { t } from '../strings';
import { s } from '../strings-supervise';

function percent(part: number): string {
  return `${Math.max(0, Math.min(100, part * 100)).toFixed(3)}%`;
}

function word(agent: string | null, what: string): string {
  return agent === null ? (s.replay.states[what] ?? what) : (t.status.names[what as Status] ?? what);
}

function Bar({ segment, agent, scale }: { segment: Segment; agent: string | null; scale: Scale }): JSX.Element {
  const from = scale.toPlay(segment.from) / scale.length;
  const to = scale.toPlay(segment.to) / scale.length;
  const name = word(agent, segment.what);
  return (
    <span
      className={`replay-bar ${segment.what}`}
      style={{ insetInlineStart: percent(from), inlineSize: percent(to - from) }}
      title={s.replay.segment(name, clockTime(segment.from), duration(segment.to - segment.from))}
    >
      {to - from > 0.08 && <span>{name}</span>}
    </span>
  );
}

function Drawn({ replay, scale, lanes }: { replay: Replay; scale: Scale; lanes: Lane[] }): JSX.Element {
  const messages = replay.interaction.messages.filter((one) => one.author !== 'system');
  return (
    <>
      {lanes.map((lane) => (
        <div key={lane.agent ?? ''} className={`replay-lane${lane.agent === null ? ' chat' : ''}`}>
          {lane.segments.map((segment) => (
            <Bar key={segment.from} segment={segment} agent={lane.agent} scale={scale} />
          ))}
        </div>
      ))}
      <div className="replay-lane ticks">
        {messages.map((one) => (
          <span
            key={one.message}
            className={`replay-tick ${one.author}`}
            style={{ insetInlineStart: percent(scale.toPlay(one.at) / scale.length) }}
            title={clockTime(one.at)}
          />
        ))}
      </div>
      {scale.gaps.map((gap) => (
        <span
          key={gap.from}
          className="replay-gap"
          style={{
            insetInlineStart: percent(scale.toPlay(gap.from) / scale.length),
            inlineSize: percent((scale.toPlay(gap.to) - scale.toPlay(gap.from)) / scale.length),
          }}
          title={s.replay.gap(duration(gap.to - gap.from))}
        />
      ))}
    </>
  );
}

export function TimeLine({
  replay,
  scale,
  at,
  nameOf,
  onMove,
}: {
  replay: Replay;
  scale: Scale;
  at: number;
  nameOf: NameOf;
  onMove: (at: number) => void;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const lanes = useMemo(() => lanesOf(replay), [replay]);
  // While it plays only the line that moves is drawn anew.
  const drawn = useMemo(() => <Drawn replay={replay} scale={scale} lanes={lanes} />, [replay, scale, lanes]);
  const play = scale.toPlay(at);

  function scrub(event: PointerEvent): void {
    const area = box.current?.getBoundingClientRect();
    if (area === undefined || (event.type === 'pointermove' && event.buttons !== 1)) return;
    const rtl = getComputedStyle(box.current!).direction === 'rtl';
    const part = rtl ? (area.right - event.clientX) / area.width : (event.clientX - area.left) / area.width;
    if (event.type === 'pointerdown') box.current!.setPointerCapture(event.pointerId);
    onMove(scale.toReal(Math.max(0, Math.min(1, part)) * scale.length));
  }

  return (
    <div className="replay-line">
      <ul className="replay-names" aria-hidden="true">
        {lanes.map((lane) => (
          <li key={lane.agent ?? ''}>
            <bdi>{lane.agent === null ? s.replay.chatLane : nameOf(lane.agent)}</bdi>
          </li>
        ))}
        <li>{s.replay.messages}</li>
      </ul>
      <div className="replay-lanes" ref={box} onPointerDown={scrub} onPointerMove={scrub} aria-hidden="true">
        {drawn}
        <span className="replay-head" style={{ insetInlineStart: percent(play / scale.length) }} />
      </div>
      <input
        className="replay-slider"
        type="range"
        aria-label={s.replay.position}
        aria-valuetext={s.replay.at(clockTime(at), duration(at - replay.from), duration(replay.to - replay.from))}
        min={0}
        max={Math.ceil(scale.length)}
        step={Math.max(1, Math.min(1000, Math.ceil(scale.length / 100)))}
        value={Math.round(play)}
        onChange={(event) => onMove(Number(event.target.value) >= Math.floor(scale.length) ? replay.to : scale.toReal(Number(event.target.value)))}
      />
    </div>
  );
}
