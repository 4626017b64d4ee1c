// SPDX-License-Identifier: GPL-3.0-or-later
//
// Playback: every chat there was, saved or not, to filter and sort; and one of them played once more.

import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { Dialog, DialogTrigger, Popover } from 'react-aria-components';

import { duration } from '../clock';
import { desk, nameOf } from '../desk';
import { dateTime, isoTime, zone } from '../format';
import { useCall, usePages, useSettled } from '../hooks';
import { excerpt } from '../marks';
import type { Operations } from '../operations';
import { playbackOf } from '../panels';
import { NetworkIcon } from '../parts/icons';
import { Avatar, Button, Chip, Problem, Skeleton } from '../parts/kit';
import { stateWord } from '../parts/list';
import { Marked } from '../parts/marked';
import { Choice, Search } from '../parts/master';
import { CustomerSearch } from '../parts/people';
import { Replay } from '../parts/replay';
import type { RangeName } from '../ranges';
import { isBackwards, rangeOf } from '../ranges';
import { href, route } from '../route';
import type { Column, Sorting } from '../sorting';
import { COLUMNS, sorted, turned } from '../sorting';
import { Store, useStore } from '../store';
import { t } from '../strings';
import { s } from '../strings-supervise';

type Row = Operations['playback.list']['result']['interactions'][number];

interface Filters {
  text: string;
  range: RangeName;
  from: string;
  to: string;
  queue: string;
  agent: string;
  channel: string;
  state: string;
  customer: { id: string; name: string } | null;
}

const NO_FILTERS: Filters = {
  ...{ text: '', range: 'any', from: '', to: '', queue: '', agent: '', channel: '', state: '', customer: null },
};

/** They stay while somebody looks at a chat and comes back. */
const filters = new Store<Filters>(NO_FILTERS);
/** What the list showed last, for going to the next one. */
const shown = new Store<string[]>([]);

export function Playback(): JSX.Element {
  const id = useStore(route, (where) => where.id);
  const wanted = useStore(playbackOf);
  useEffect(() => {
    if (wanted === null) return;
    filters.set({ ...NO_FILTERS, customer: wanted });
    playbackOf.set(null);
  }, [wanted]);
  return id === null ? <List /> : <One key={id} id={id} />;
}

// ---- filters

function options(rows: [string, string][]): [string, string][] {
  return [['', s.playback.all], ...rows.sort((a, b) => a[1].localeCompare(b[1]))];
}

function CustomerFilter({ value }: { value: Filters['customer'] }): JSX.Element {
  const choose = (customer: Filters['customer']): void => filters.update((old) => ({ ...old, customer }));
  return (
    <div className="choice">
      <span id="filter-customer">{s.playback.customer}</span>
      <span className="row">
        <DialogTrigger>
          <Button icon="person" aria-describedby="filter-customer">
            <bdi>{value?.name ?? s.playback.anyCustomer}</bdi>
          </Button>
          <Popover className="popover" placement="bottom start">
            <Dialog className="popover-dialog" aria-label={s.playback.chooseCustomer}>
              {({ close }) => (
                <CustomerSearch
                  onChoose={(customer, name) => {
                    choose({ id: customer, name });
                    close();
                  }}
                />
              )}
            </Dialog>
          </Popover>
        </DialogTrigger>
        {value !== null && (
          <Button look="ghost" icon="close" onPress={() => choose(null)}>
            {s.playback.anyCustomer}
          </Button>
        )}
      </span>
    </div>
  );
}

function When({ value }: { value: Filters }): JSX.Element {
  const now = desk.clock.now();
  const here = zone(now);
  const backwards = isBackwards(rangeOf(value.range, now, value.from, value.to));
  const put = (change: Partial<Filters>): void => filters.update((old) => ({ ...old, ...change }));
  return (
    <>
      <Choice
        label={s.playback.when}
        value={value.range}
        options={Object.entries(s.playback.ranges) as [RangeName, string][]}
        onChange={(range) => put({ range })}
      />
      {value.range === 'custom' &&
        (['from', 'to'] as const).map((end) => (
          <label key={end} className="choice">
            <span>{s.playback[end]}</span>
            <input
              type="datetime-local"
              value={value[end]}
              aria-invalid={backwards}
              aria-describedby="filter-zone"
              onChange={(event) => put({ [end]: event.target.value })}
            />
          </label>
        ))}
      <p id="filter-zone" className={backwards ? 'field-error filter-note' : 'hint filter-note'} role={backwards ? 'alert' : undefined}>
        {backwards ? s.playback.badRange : s.playback.zone(here.name, here.offset)}
      </p>
    </>
  );
}

function FilterBar({ value }: { value: Filters }): JSX.Element {
  const queues = useStore(desk.state, (state) => state.queues);
  const agents = useStore(desk.state, (state) => state.agents);
  const channels = useStore(desk.state, (state) => state.channels);
  const put = (change: Partial<Filters>): void => filters.update((old) => ({ ...old, ...change }));
  return (
    <search className="card filters" aria-label={s.playback.filters}>
      <Search label={s.playback.search} hint={s.playback.searchHint} value={value.text} onChange={(text) => put({ text })} />
      <Choice
        label={s.playback.queue}
        value={value.queue}
        options={options(Object.values(queues).map((one) => [one.queue, one.name]))}
        onChange={(queue) => put({ queue })}
      />
      <Choice
        label={s.playback.agent}
        value={value.agent}
        options={options(Object.values(agents).map((one) => [one.user, one.name]))}
        onChange={(agent) => put({ agent })}
      />
      <Choice
        label={s.playback.channel}
        value={value.channel}
        options={options(Object.values(channels).map((one) => [one.channel, one.channel]))}
        onChange={(channel) => put({ channel })}
      />
      <Choice
        label={s.playback.state}
        value={value.state}
        options={[['', s.playback.all], ...(Object.entries(t.chats.state) as [string, string][])]}
        onChange={(state) => put({ state })}
      />
      <CustomerFilter value={value.customer} />
      <When value={value} />
      {value !== NO_FILTERS && (
        <Button look="ghost" icon="close" onPress={() => filters.set(NO_FILTERS)}>
          {s.playback.clear}
        </Button>
      )}
    </search>
  );
}

// ---- the list

function usePlaybackList(value: Filters): ReturnType<typeof usePages<Row>> {
  const revision = useStore(desk.revision);
  const text = useSettled(value.text.trim(), 250);
  const { queue, agent, channel, state, range, from, to } = value;
  const customer = value.customer?.id ?? '';
  const fetchPage = useCallback(
    async (cursor: string | null) => {
      const span = rangeOf(range, desk.clock.now(), from, to);
      if (isBackwards(span)) return { items: [], next: null };
      const chosen = Object.entries({ text, queue, agent, channel, state, customer }).filter(([, word]) => word !== '');
      const answer = await desk.call('playback.list', {
        ...Object.fromEntries(chosen),
        ...span,
        ...(cursor === null ? {} : { before: Number(cursor) }),
        limit: 50,
      });
      const last = answer.interactions[answer.interactions.length - 1];
      return { items: answer.interactions, next: answer.more && last !== undefined ? String(last.enqueued_at) : null };
    },
    [text, queue, agent, channel, state, customer, range, from, to],
  );
  return usePages(fetchPage, revision);
}

/** The place in the transcript that was looked for, one chat after another so that the line stays free. */
function useExcerpts(rows: Row[] | null, find: string): Record<string, string> {
  const settled = useSettled(find.trim(), 250);
  const [known, setKnown] = useState<Record<string, string>>({});
  useEffect(() => setKnown({}), [settled]);
  useEffect(() => {
    if (settled === '' || rows === null) return;
    let off = false;
    const read = async (): Promise<void> => {
      for (const { interaction } of rows) {
        const answer = await desk.call('playback.get', { interaction }).catch(() => null);
        if (off) return;
        const lines = (answer?.interaction.messages ?? []).filter((one) => one.author !== 'system');
        const found = lines.map((one) => excerpt(one.text, settled)).find((one) => one !== null);
        if (found != null) setKnown((old) => ({ ...old, [interaction]: found }));
      }
    };
    void read();
    return () => {
      off = true;
    };
  }, [rows, settled]);
  return known;
}

function List(): JSX.Element {
  const value = useStore(filters);
  const [sorting, setSorting] = useState<Sorting>({ by: 'at', down: true });
  const found = usePlaybackList(value);
  const excerpts = useExcerpts(found.items, value.text);
  const agents = useStore(desk.state, (state) => state.agents);
  const rows = useMemo(
    () => sorted(found.items ?? [], sorting, (one) => one.agent_name ?? agents[one.agent ?? '']?.name ?? ''),
    [found.items, sorting, agents],
  );
  useEffect(() => shown.set(rows.map((one) => one.interaction)), [rows]);

  return (
    <div className="page playback" data-region="list" tabIndex={-1}>
      <header>
        <h1>{s.playback.page}</h1>
        <p className="hint">{s.playback.note}</p>
      </header>
      <FilterBar value={value} />
      {found.error !== null && <Problem text={found.error} retry={found.loadMore} />}
      {found.items === null && found.error === null && <Skeleton rows={8} />}
      {found.items !== null && (
        <section className="card" aria-label={s.playback.list}>
          <p className="hint" role="status">
            {rows.length === 0
              ? value === NO_FILTERS
                ? s.playback.noneYet
                : s.playback.none
              : s.playback.shown(rows.length, found.next !== null)}{' '}
            {sorting.by !== 'at' && found.next !== null && s.playback.sorted(rows.length)}
          </p>
          {rows.length > 0 && (
            <Table rows={rows} sorting={sorting} onSort={(by) => setSorting((old) => turned(old, by))} excerpts={excerpts} find={value.text} />
          )}
          {found.next !== null && (
            <Button className="wide" isDisabled={found.busy} onPress={found.loadMore}>
              {t.more}
            </Button>
          )}
        </section>
      )}
    </div>
  );
}

/** Up and down go from chat to chat; Tab goes through all as ever. */
function rowKeys(event: KeyboardEvent<HTMLElement>): void {
  const way = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (way === 0) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-row]')];
  const here = links.indexOf(document.activeElement as HTMLElement);
  if (here < 0) return;
  event.preventDefault();
  links[here + way]?.focus();
}

function Table({
  rows,
  sorting,
  onSort,
  excerpts,
  find,
}: {
  rows: Row[];
  sorting: Sorting;
  onSort: (by: Column) => void;
  excerpts: Record<string, string>;
  find: string;
}): JSX.Element {
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={s.playback.list}>
      <table className="stacking" aria-label={s.playback.list} onKeyDown={rowKeys}>
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={sorting.by !== column ? undefined : sorting.down ? 'descending' : 'ascending'}
              >
                <button type="button" className="sort" onClick={() => onSort(column)}>
                  {s.playback.columns[column]}
                  <span aria-hidden="true">{sorting.by === column ? (sorting.down ? ' ↓' : ' ↑') : ''}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <PlaybackRow key={one.interaction} one={one} excerpt={excerpts[one.interaction]} find={find} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ column, children, number = false }: { column: Column; children: ReactNode; number?: boolean }): JSX.Element {
  return (
    <td data-label={s.playback.columns[column]} className={number ? 'number' : undefined}>
      <span>{children}</span>
    </td>
  );
}

function PlaybackRow({ one, excerpt: piece, find }: { one: Row; excerpt: string | undefined; find: string }): JSX.Element {
  const agents = useStore(desk.state, (state) => state.agents);
  const state = stateWord(one);
  return (
    <tr>
      <th scope="row">
        <a className="person" data-row href={href('playback', one.interaction)}>
          <Avatar name={nameOf(one)} size="s" />
          <span>
            <bdi>{nameOf(one)}</bdi>
            {piece !== undefined && (
              <span className="hint excerpt" dir="auto">
                <Marked text={piece} find={find} />
              </span>
            )}
          </span>
        </a>
      </th>
      <Cell column="at">
        <time dateTime={isoTime(one.enqueued_at)}>{dateTime(one.enqueued_at)}</time>
      </Cell>
      <Cell column="agent">
        <bdi>{one.agent_name ?? agents[one.agent ?? '']?.name ?? s.playback.nobody}</bdi>
      </Cell>
      <Cell column="queue">
        <bdi>{one.queue_name}</bdi>
      </Cell>
      <Cell column="channel">
        <NetworkIcon network={one.network} /> <bdi>{one.channel}</bdi>
      </Cell>
      <Cell column="duration" number>
        {duration(one.duration)}
      </Cell>
      <Cell column="state">
        <span className="row">
          <Chip tone={state.tone}>{state.word}</Chip>
          {one.state === 'closed' && <span className="hint">{one.save?.state === 'saved' ? s.playback.saved : s.playback.notSaved}</span>}
        </span>
      </Cell>
    </tr>
  );
}

// ---- one of them

function One({ id }: { id: string }): JSX.Element {
  const revision = useStore(desk.revision);
  const answer = useCall('playback.get', { interaction: id });
  const find = useStore(filters, (value) => value.text);
  const ids = useStore(shown);
  const here = ids.indexOf(id);
  const newer = here > 0 ? ids[here - 1] : undefined;
  const older = here >= 0 ? ids[here + 1] : undefined;
  const one = answer.data?.interaction;
  // A chat that still goes on is read again; one that is over stays as it is.
  const { reload } = answer;
  useEffect(() => {
    if (one !== undefined && one.state !== 'closed') reload();
    // Only when something happened in the centre.
  }, [revision]);
  return (
    <div className="page playback" data-region="detail" tabIndex={-1}>
      <header className="case-head">
        <a className="button plain" href={href('playback')}>
          {s.playback.back}
        </a>
        <h1>{one === undefined ? s.playback.page : <bdi>{nameOf(one)}</bdi>}</h1>
        {one !== undefined && (
          <>
            <span className="hint">{dateTime(one.enqueued_at)}</span>
            <Chip tone={stateWord(one).tone}>{stateWord(one).word}</Chip>
          </>
        )}
        <span className="row end">
          {newer !== undefined && (
            <a className="button plain" href={href('playback', newer)}>
              {s.playback.newer}
            </a>
          )}
          {older !== undefined && (
            <a className="button plain" href={href('playback', older)}>
              {s.playback.older}
            </a>
          )}
        </span>
      </header>
      {answer.error !== null && <Problem text={answer.error} retry={answer.reload} />}
      {answer.loading && <Skeleton rows={8} />}
      {answer.data !== null && <Replay answer={answer.data} find={find} />}
    </div>
  );
}
