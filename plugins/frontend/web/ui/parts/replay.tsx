// SPDX-License-Identifier: GPL-3.0-or-later
//
// One chat once more: played or scrubbed along its time line, and as a list of everything in order.

import type { JSX } from 'react';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Menu, MenuItem, MenuTrigger, Popover, Text } from 'react-aria-components';

import { mediaUrl } from '../api';
import { desk, nameOf as customerName } from '../desk';
import { clockTime, isoTime, zone } from '../format';
import { holds } from '../marks';
import type { Message } from '../protocol';
import type { Answer, Moment, Replay as Recorded } from '../replay';
import { frameAt, neighbour, replayOf, scaleOf } from '../replay';
import { htmlFile, textFile } from '../replay-file';
import type { NameOf } from '../replay-words';
import { momentIcon, momentWords, writtenText } from '../replay-words';
import { useStore } from '../store';
import { s } from '../strings-supervise';
import { Icon } from './icons';
import { Button, IconButton } from './kit';
import { Marked } from './marked';
import { Search } from './master';
import { TimeLine } from './replay-line';
import { Then } from './replay-then';
import { Lines } from './timeline';

const SPEEDS = [1, 2, 5, 10] as const;
const TICK_MS = 100;
/** Pictures beyond this are named in a downloaded page instead of being put into it. */
const MOST_PICTURE = 5_000_000;

/** Names of agents: those there are, and those the record itself knows. */
export function useNames(replay: Recorded): NameOf {
  const agents = useStore(desk.state, (state) => state.agents);
  return useMemo(() => {
    const known = new Map<string, string>();
    for (const { event, message } of replay.moments) {
      if (typeof event?.agent_name === 'string') known.set(String(event.agent), event.agent_name);
      if (message?.by != null && message.author_name !== null) known.set(message.by, message.author_name);
    }
    return (id) => (id === null ? s.playback.nobody : (agents[id]?.name ?? known.get(id) ?? id));
  }, [agents, replay]);
}

// ---- playing

interface Player {
  at: number;
  playing: boolean;
  speed: number;
  skip: boolean;
  scale: ReturnType<typeof scaleOf>;
  move: (at: number) => void;
  toggle: () => void;
  setSpeed: (speed: number) => void;
  setSkip: (skip: boolean) => void;
}

function usePlayer(replay: Recorded): Player {
  const [at, setAt] = useState(replay.to);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [skip, setSkip] = useState(true);
  const scale = useMemo(() => scaleOf(replay, skip), [replay, skip]);
  const now = useRef(at);
  now.current = at;

  // Of a chat that still goes on, the end stays in sight as it grows.
  const end = useRef(replay.to);
  useEffect(() => {
    if (now.current >= end.current) setAt(replay.to);
    end.current = replay.to;
  }, [replay]);

  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    const timer = window.setInterval(() => {
      const passed = performance.now() - last;
      last = performance.now();
      const next = scale.toPlay(now.current) + passed * speed;
      if (next >= scale.length) setPlaying(false);
      setAt(next >= scale.length ? replay.to : scale.toReal(next));
    }, TICK_MS);
    return () => window.clearInterval(timer);
  }, [playing, speed, scale, replay]);

  const move = useCallback(
    (to: number) => {
      setPlaying(false);
      setAt(Math.min(replay.to, Math.max(replay.from, to)));
    },
    [replay],
  );
  return {
    ...{ at, playing, speed, skip, scale, move, setSpeed, setSkip },
    toggle: () => {
      if (!playing && at >= replay.to) setAt(replay.from);
      setPlaying(!playing);
    },
  };
}

function Controls({ replay, player }: { replay: Recorded; player: Player }): JSX.Element {
  const { at, playing, move } = player;
  const step = (way: 1 | -1): void => move(neighbour(replay, at, way) ?? (way > 0 ? replay.to : replay.from));
  return (
    <div className="replay-controls">
      <Button look="primary" icon={playing ? 'pause' : 'play'} onPress={player.toggle}>
        {playing ? s.replay.pause : at >= replay.to ? s.replay.again : s.replay.play}
      </Button>
      <IconButton icon="back" label={s.replay.previous} onPress={() => step(-1)} />
      <IconButton icon="next" label={s.replay.next} onPress={() => step(1)} />
      <span className="replay-clock">
        <time dateTime={isoTime(at)}>{clockTime(at)}</time>
      </span>
      <fieldset className="replay-speeds">
        <legend className="hidden">{s.replay.speed}</legend>
        {SPEEDS.map((one) => (
          <label key={one}>
            <input type="radio" name="speed" value={one} checked={player.speed === one} onChange={() => player.setSpeed(one)} />
            <span>{one}×</span>
          </label>
        ))}
      </fieldset>
      <label className="tick-field" title={s.replay.skipNote}>
        <input type="checkbox" checked={player.skip} onChange={(event) => player.setSkip(event.target.checked)} />
        {s.replay.skip}
      </label>
    </div>
  );
}

// ---- what happened

const Happening = memo(function Happening({
  moment,
  words,
  find,
  when,
  onMove,
}: {
  moment: Moment;
  words: string;
  find: string;
  when: 'past' | 'now' | 'future';
  onMove: (at: number) => void;
}): JSX.Element {
  return (
    <li className={when === 'future' ? 'future' : undefined}>
      <button type="button" aria-current={when === 'now' ? 'step' : undefined} onClick={() => onMove(moment.at)}>
        <time dateTime={isoTime(moment.at)}>{clockTime(moment.at)}</time>
        <Icon name={momentIcon(moment)} size={16} />
        <span dir="auto">
          <Marked text={words} find={find} />
        </span>
      </button>
    </li>
  );
});

function Happened({
  replay,
  passed,
  find,
  nameOf,
  customer,
  onMove,
}: {
  replay: Recorded;
  passed: number;
  find: string;
  nameOf: NameOf;
  customer: string;
  onMove: (at: number) => void;
}): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const words = useMemo(
    () => replay.moments.map((moment) => momentWords(moment, replay, nameOf, customer)),
    [replay, nameOf, customer],
  );
  const current = passed - 1;
  useEffect(() => {
    const row = list.current?.children[current];
    const box = list.current?.parentElement;
    if (!(row instanceof HTMLElement) || box == null) return;
    const above = row.offsetTop < box.scrollTop;
    const below = row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight;
    if (above || below) box.scrollTop = row.offsetTop - box.clientHeight / 2;
  }, [current]);
  return (
    <section className="card replay-events" aria-labelledby="replay-events">
      <h3 id="replay-events">{s.replay.events}</h3>
      <p className="hint">{s.replay.eventsNote}</p>
      <div className="replay-scroll">
        <ol ref={list} aria-labelledby="replay-events">
          {replay.moments.map((moment, n) => (
            <Happening
              key={moment.key}
              moment={moment}
              words={words[n]!}
              find={find}
              when={n === current ? 'now' : n > current ? 'future' : 'past'}
              onMove={onMove}
            />
          ))}
        </ol>
      </div>
    </section>
  );
}

const Conversation = memo(function Conversation({
  messages,
  receipts,
  find,
  customer,
}: {
  messages: Message[];
  receipts: boolean;
  find: string;
  customer: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const shown = messages.length;
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);
  return (
    <section className="card replay-talk" aria-labelledby="replay-talk">
      <h3 id="replay-talk">{s.replay.conversation}</h3>
      {!receipts && messages.some((one) => one.author === 'agent') && <p className="hint">{s.replay.noReceipts}</p>}
      <div className="replay-scroll" ref={box} tabIndex={0} role="region" aria-labelledby="replay-talk">
        {shown === 0 ? (
          <p className="hint">{s.replay.nothingYet}</p>
        ) : (
          <ol className="transcript">
            <Lines messages={messages} customerName={customer} unreadFrom={null} find={find} />
          </ol>
        )}
      </div>
    </section>
  );
});

// ---- searching and taking away

function hitsOf(replay: Recorded, find: string): Moment[] {
  return replay.moments.filter((one) => one.message !== null && holds(writtenText(one.message), find));
}

function Find({ replay, at, find, onFind, onMove }: { replay: Recorded; at: number; find: string; onFind: (find: string) => void; onMove: (at: number) => void }): JSX.Element {
  const hits = useMemo(() => hitsOf(replay, find), [replay, find]);
  const here = hits.findIndex((one) => one.at === at) + 1;
  const go = (way: 1 | -1): void => {
    const target = way > 0 ? (hits.find((one) => one.at > at) ?? hits[0]) : ([...hits].reverse().find((one) => one.at < at) ?? hits[hits.length - 1]);
    if (target !== undefined) onMove(target.at);
  };
  return (
    <form
      className="replay-find"
      role="search"
      aria-label={s.replay.search}
      onSubmit={(event) => {
        event.preventDefault();
        go(1);
      }}
    >
      <Search label={s.replay.search} hint={s.replay.searchHint} value={find} onChange={onFind} />
      {find.trim() !== '' && (
        <span className="row">
          <span className="hint" role="status">
            {s.replay.hits(here, hits.length)}
          </span>
          <IconButton icon="back" label={s.replay.previousHit} onPress={() => go(-1)} isDisabled={hits.length === 0} />
          <IconButton icon="next" label={s.replay.nextHit} onPress={() => go(1)} isDisabled={hits.length === 0} />
        </span>
      )}
    </form>
  );
}

function saveFile(name: string, kind: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: `${kind};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(blob);
  });
}

/** One that can't be had any more is only named in the file. */
async function picturesOf(replay: Recorded): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const one of replay.interaction.messages.flatMap((message) => message.attachments)) {
    if (one.media === null || (one.kind !== 'image' && one.kind !== 'sticker') || one.size > MOST_PICTURE) continue;
    const answer = await fetch(mediaUrl(one.media)).catch(() => null);
    const blob = answer?.ok === true ? await answer.blob() : null;
    if (blob !== null && blob.size <= MOST_PICTURE && blob.type.startsWith('image/')) found.set(one.media, await dataUrl(blob));
  }
  return found;
}

function Download({ replay, nameOf, customer }: { replay: Recorded; nameOf: NameOf; customer: string }): JSX.Element {
  const save = async (kind: string): Promise<void> => {
    const now = desk.clock.now();
    const { name, offset } = zone(replay.from);
    const pictures = kind === 'html' ? await picturesOf(replay) : new Map<string, string>();
    const about = { customer, nameOf, zone: `${name} (${offset})`, now, pictures };
    const file = `${isoTime(replay.from).slice(0, 10)}-${replay.interaction.interaction}`;
    if (kind === 'html') saveFile(`${file}.html`, 'text/html', htmlFile(replay, about));
    else saveFile(`${file}.txt`, 'text/plain', textFile(replay, about));
  };
  return (
    <MenuTrigger>
      <Button icon="save">{s.replay.download}</Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={s.replay.download} onAction={(key) => void save(String(key))}>
          {(['html', 'text'] as const).map((kind) => (
            <MenuItem key={kind} id={kind} className="menu-item" textValue={s.replay[kind]}>
              <Icon name="file" size={18} />
              <Text slot="label">{s.replay[kind]}</Text>
              <Text slot="description">{s.replay[`${kind}Note`]}</Text>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

export function Replay({ answer, find: wanted }: { answer: Answer; find: string }): JSX.Element {
  const replay = useMemo(() => replayOf(answer), [answer]);
  const player = usePlayer(replay);
  const [find, setFind] = useState(wanted);
  const nameOf = useNames(replay);
  const customer = customerName(replay.interaction);
  const frame = useMemo(() => frameAt(replay, player.at), [replay, player.at]);
  // Ten times a second the clock moves, but messages change only when something happened.
  const over = player.at >= replay.to;
  const messages = useMemo(() => frame.messages, [replay, frame.passed, over]);
  return (
    <article className="replay" aria-label={s.replay.label(customer)}>
      <section className="card" aria-label={s.replay.line}>
        <Controls replay={replay} player={player} />
        <TimeLine replay={replay} scale={player.scale} at={player.at} nameOf={nameOf} onMove={player.move} />
      </section>
      <div className="replay-tools">
        <Find replay={replay} at={player.at} find={find} onFind={setFind} onMove={player.move} />
        <Download replay={replay} nameOf={nameOf} customer={customer} />
      </div>
      <div className="replay-parts">
        <Conversation messages={messages} receipts={replay.receipts} find={find} customer={customer} />
        <Happened replay={replay} passed={frame.passed} find={find} nameOf={nameOf} customer={customer} onMove={player.move} />
        <Then replay={replay} frame={frame} nameOf={nameOf} />
      </div>
    </article>
  );
}
