// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a chat was about: codes from one or several lists, as many as fit, kept as soon as they are chosen. Required
// lists say so in a mark and in words.

import type { JSX } from 'react';
import { useEffect, useState } from 'react';
import { ListBox, ListBoxItem } from 'react-aria-components';

import { desk } from '../desk';
import { useCall } from '../hooks';
import type { CodeList, Interaction } from '../protocol';
import { href } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { dispositionLists, displayName, missingLists } from '../views';
import { Icon } from './icons';
import { Chip } from './kit';
import { Search } from './master';

const LONG = 8;

type Coded = Pick<Interaction, 'interaction' | 'queue' | 'codes'>;

function keyOf(list: string, code: string): string {
  return `${list}/${code}`;
}

/** The codes chosen, those on their way to the server included. */
function useChoice(one: Coded): { chosen: string[]; saving: boolean; choose: (next: string[]) => void } {
  const kept = one.codes.map((code) => keyOf(code.list, code.code));
  const [wanted, setWanted] = useState<string[] | null>(null);
  const same = (a: string[], b: string[]): boolean => [...a].sort().join() === [...b].sort().join();
  const settled = wanted === null || same(wanted, kept);
  useEffect(() => {
    if (wanted !== null && settled) setWanted(null);
  }, [wanted, settled]);
  return {
    chosen: wanted ?? kept,
    saving: !settled,
    choose: (next) => {
      setWanted(next);
      void desk.saveCodes(one.interaction, next).then((done) => {
        // Refused: what is there stays, unless something else was chosen meanwhile.
        if (!done) setWanted((now) => (now === next ? null : now));
      });
    },
  };
}

function useMissing(one: Coded): CodeList[] {
  const codes = useStore(desk.state, (state) => state.codes);
  return missingLists(codes, one);
}

/** Beside a heading or a tab: a code is still owed. */
export function RequiredMark({ one }: { one: Coded }): JSX.Element | null {
  if (useMissing(one).length === 0) return null;
  return (
    <>
      <span className="required-mark" aria-hidden="true">
        *
      </span>
      <span className="hidden"> ({t.codes.required})</span>
    </>
  );
}

function List({
  list,
  chosen,
  filter,
  onChange,
}: {
  list: CodeList;
  chosen: string[];
  filter: string;
  onChange: (keys: string[]) => void;
}): JSX.Element | null {
  const mine = chosen.filter((key) => key.startsWith(`${list.list}/`));
  const shown = list.codes.filter(
    (code) =>
      (code.active || mine.includes(keyOf(list.list, code.code))) &&
      `${code.name} ${code.code}`.toLocaleLowerCase().includes(filter),
  );
  if (shown.length === 0) return null;
  const id = `codes-${list.list}`;
  return (
    <div className="code-list">
      <h4 id={id}>
        <bdi>{list.name}</bdi>
        {list.required && (
          <>
            <span className="required-mark" aria-hidden="true">
              *
            </span>{' '}
            <span className="hint">{t.codes.required}</span>
          </>
        )}
      </h4>
      <ListBox
        aria-labelledby={id}
        className="code-options"
        selectionMode="multiple"
        selectedKeys={mine}
        onSelectionChange={(keys) =>
          onChange(keys === 'all' ? shown.map((code) => keyOf(list.list, code.code)) : [...keys].map(String))
        }
      >
        {shown.map((code) => (
          <ListBoxItem key={code.code} id={keyOf(list.list, code.code)} textValue={code.name} className="code-option">
            {({ isSelected }) => (
              <>
                <span className={isSelected ? 'tick on' : 'tick'}>
                  <Icon name="check" size={14} />
                </span>
                <bdi>{code.name}</bdi>
                {!code.active && <span className="hint">{t.codes.notActive}</span>}
              </>
            )}
          </ListBoxItem>
        ))}
      </ListBox>
    </div>
  );
}

export function Codes({ one }: { one: Coded }): JSX.Element {
  const codes = useStore(desk.state, (state) => state.codes);
  const [text, setText] = useState('');
  const { chosen, saving, choose } = useChoice(one);
  const lists = dispositionLists(codes, one.queue);
  const missing = useMissing(one);
  if (lists.length === 0) return <p className="hint">{t.codes.none}</p>;
  const long = lists.reduce((sum, list) => sum + list.codes.length, 0) > LONG;
  const filter = text.trim().toLocaleLowerCase();
  const any = lists.some((list) => list.codes.some((code) => `${code.name} ${code.code}`.toLocaleLowerCase().includes(filter)));

  return (
    <div className="codes">
      {long && <Search label={t.codes.search} hint={t.codes.search} value={text} onChange={setText} />}
      {lists.map((list) => (
        <List
          key={list.list}
          list={list}
          chosen={chosen}
          filter={filter}
          onChange={(keys) => choose([...chosen.filter((key) => !key.startsWith(`${list.list}/`)), ...keys])}
        />
      ))}
      {!any && (
        <p className="hint" role="status">
          {t.codes.noneFound}
        </p>
      )}
      <p className="codes-foot" role="status">
        {missing.length > 0 ? (
          <Chip tone="bad" icon="alert" long>
            {t.codes.missing(missing.map((list) => list.name).join(', '))}
          </Chip>
        ) : (
          <span className="hint">{t.codes.chosen(chosen.length)}</span>
        )}
        {saving && <span className="hint">{t.codes.saving}</span>}
      </p>
    </div>
  );
}

/** My chats that were closed without the code they needed. */
export function useUncoded(): Interaction[] {
  const revision = useStore(desk.revision);
  const user = useStore(desk.state, (state) => state.me?.user ?? null);
  const required = useStore(desk.state, (state) => Object.values(state.codes).some((list) => list.required));
  const args = user === null || !required ? null : { agent: user, uncoded: true, limit: 50 };
  return useCall('interaction.list', args, revision).data?.interactions ?? [];
}

export function Backlog({ list }: { list: Interaction[] }): JSX.Element | null {
  if (list.length === 0) return null;
  return (
    <section className="backlog" aria-labelledby="backlog">
      <h2 id="backlog">
        {t.codes.backlog} <span className="badge">{list.length}</span>
      </h2>
      <p className="hint">{t.codes.backlogNote}</p>
      <ul className="link-list">
        {list.map((one) => (
          <li key={one.interaction}>
            <a href={href('history', one.interaction)}>
              <bdi>{displayName(one)}</bdi>
              <bdi className="hint">{one.queue_name}</bdi>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
