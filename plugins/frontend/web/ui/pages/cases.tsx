// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cases: a list to filter, and the chosen one.

import type { JSX } from 'react';
import { useCallback, useState } from 'react';

import { desk } from '../desk';
import { dateTime } from '../format';
import { usePages, useSettled } from '../hooks';
import { CaseState, CaseView } from '../parts/case';
import { caseTitle } from '../parts/follow';
import { Choice, MasterDetail, ResultList, Search } from '../parts/master';
import type { Case } from '../protocol';
import { href, route } from '../route';
import { useStore } from '../store';
import { t } from '../strings';

type Filter = 'all' | 'open' | 'closed';

function Row({ one, current }: { one: Case; current: boolean }): JSX.Element {
  return (
    <li>
      <a href={href('cases', one.id)} aria-current={current ? 'page' : undefined}>
        <span className="two-lines">
          <bdi>{caseTitle(one)}</bdi>
          <span className="hint">
            {dateTime(one.started_at || one.created_at)} {one.queue !== null && <bdi>· {one.queue}</bdi>}
          </span>
        </span>
        <CaseState state={one.state} />
      </a>
    </li>
  );
}

export function Cases(): JSX.Element {
  const id = useStore(route, (where) => where.id);
  const [text, setText] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const [changed, setChanged] = useState(0);
  const settled = useSettled(text.trim(), 250);
  const revision = useStore(desk.revision);
  const fetchPage = useCallback(
    async (cursor: string | null) => {
      const answer = await desk.call('case.list', {
        ...(settled === '' ? {} : { text: settled }),
        ...(filter === 'all' ? {} : { state: filter }),
        ...(cursor === null ? {} : { cursor }),
        limit: 50,
      });
      return { items: answer.cases, next: answer.next };
    },
    [settled, filter],
  );
  const found = usePages(fetchPage, revision + changed);

  return (
    <MasterDetail
      page="cases"
      title={t.cases.page}
      icon="cases"
      select={t.cases.select}
      tools={
        <>
          <Search label={t.cases.search} hint={t.cases.searchHint} value={text} onChange={setText} />
          <Choice
            label={t.cases.filter}
            value={filter}
            options={[
              ['all', t.cases.all],
              ['open', t.cases.open],
              ['closed', t.cases.closed],
            ]}
            onChange={setFilter}
          />
        </>
      }
      list={
        <ResultList
          label={t.cases.list}
          items={found.items}
          error={found.error}
          none={settled === '' && filter === 'all' ? t.cases.noneYet : t.cases.none}
          next={found.next !== null}
          busy={found.busy}
          loadMore={found.loadMore}
          row={(one) => <Row key={one.id} one={one} current={one.id === id} />}
        />
      }
      detail={id === null ? null : <CaseView key={id} id={id} onChanged={() => setChanged((n) => n + 1)} />}
    />
  );
}
