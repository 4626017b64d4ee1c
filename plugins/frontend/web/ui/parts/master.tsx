// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shape of the record pages: a list to choose from and what was chosen beside it.

import type { CSSProperties, JSX, ReactNode } from 'react';
import { SearchField, Input, Label, Button as AriaButton } from 'react-aria-components';

import { useMedia } from '../hooks';
import type { Page } from '../route';
import { go } from '../route';
import { t } from '../strings';
import { Icon } from './icons';
import { Button, Empty, IconButton, Problem, Skeleton } from './kit';
import type { IconName } from './icons';
import { Separator, usePaneWidth } from './panes';

export function MasterDetail({
  page,
  title,
  icon,
  tools,
  list,
  detail,
  select,
}: {
  page: Page;
  title: string;
  icon: IconName;
  tools: ReactNode;
  list: ReactNode;
  detail: ReactNode | null;
  select: string;
}): JSX.Element {
  const narrow = useMedia('(max-width: 719.98px)');
  const [width, setWidth] = usePaneWidth(`list.${page}`, 360);
  return (
    <div className="panes master" style={{ '--list': `${width}px` } as CSSProperties}>
      {(!narrow || detail === null) && (
        <section className="master-list" aria-label={title} data-region="list" tabIndex={-1}>
          <h1>{title}</h1>
          <div className="tools">{tools}</div>
          {list}
        </section>
      )}
      {!narrow && <Separator label={title} side="start" width={width} min={260} max={560} onChange={setWidth} />}
      {detail !== null ? (
        <section className="detail" data-region="detail" tabIndex={-1} aria-label={select}>
          {narrow && <IconButton icon="back" label={t.back} onPress={() => go(page)} />}
          {detail}
        </section>
      ) : (
        !narrow && (
          <div className="detail none">
            <Empty icon={icon} title={select} />
          </div>
        )
      )}
    </div>
  );
}

export function Search({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <SearchField className="search" value={value} onChange={onChange}>
      <Label>{label}</Label>
      <div className="search-box">
        <Icon name="search" size={18} />
        <Input placeholder={hint} dir="auto" autoComplete="off" spellCheck="false" />
        {value !== '' && (
          <AriaButton className="icon-button">
            <Icon name="close" size={16} />
          </AriaButton>
        )}
      </div>
    </SearchField>
  );
}

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ResultList<T>({
  label,
  items,
  error,
  none,
  next,
  busy,
  loadMore,
  row,
}: {
  label: string;
  items: T[] | null;
  error: string | null;
  none: string;
  next: boolean;
  busy: boolean;
  loadMore: () => void;
  row: (item: T) => JSX.Element;
}): JSX.Element {
  if (error !== null && items === null) return <Problem text={error} retry={loadMore} />;
  if (items === null) return <Skeleton rows={6} />;
  if (items.length === 0)
    return (
      <p className="hint none-found" role="status">
        {none}
      </p>
    );
  return (
    <>
      {error !== null && <Problem text={error} retry={loadMore} />}
      <ul className="link-list" aria-label={label}>
        {items.map(row)}
      </ul>
      {next && (
        <Button className="wide" isDisabled={busy} onPress={loadMore}>
          {t.more}
        </Button>
      )}
    </>
  );
}
