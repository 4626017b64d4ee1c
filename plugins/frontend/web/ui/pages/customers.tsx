// SPDX-License-Identifier: GPL-3.0-or-later
//
// Customers: search on one side, record, cases and chats of the chosen one on the other.

import type { JSX } from 'react';
import { useCallback, useState } from 'react';

import { desk } from '../desk';
import { usePages, useSettled } from '../hooks';
import { CustomerTabs } from '../parts/context';
import { Avatar, Chip } from '../parts/kit';
import { MasterDetail, ResultList, Search } from '../parts/master';
import type { Customer } from '../protocol';
import { href, route } from '../route';
import { useStore } from '../store';
import { t } from '../strings';

function Row({ customer, current }: { customer: Customer; current: boolean }): JSX.Element {
  const known = useStore(desk.customers, (all) => all[customer.id]) ?? customer;
  return (
    <li>
      <a href={href('customers', known.id)} aria-current={current ? 'page' : undefined}>
        <Avatar name={known.name} size="s" />
        <span className="two-lines">
          <bdi>{known.name}</bdi>
          <bdi className="hint">{known.email ?? known.phone ?? known.identities[0]?.id ?? ''}</bdi>
        </span>
        {known.draft && <Chip tone="warn">{t.customer.draft}</Chip>}
      </a>
    </li>
  );
}

export function Customers(): JSX.Element {
  const id = useStore(route, (where) => where.id);
  const [text, setText] = useState('');
  const settled = useSettled(text.trim(), 250);
  const revision = useStore(desk.revision);
  const fetchPage = useCallback(
    async (cursor: string | null) => {
      const answer = await desk.call('customer.search', {
        ...(settled === '' ? {} : { text: settled }),
        ...(cursor === null ? {} : { cursor }),
        limit: 50,
      });
      return { items: answer.customers, next: answer.next };
    },
    [settled],
  );
  const found = usePages(fetchPage, revision);

  return (
    <MasterDetail
      page="customers"
      title={t.customer.page}
      icon="customers"
      select={t.customer.select}
      tools={<Search label={t.customer.search} hint={t.customer.searchHint} value={text} onChange={setText} />}
      list={
        <ResultList
          label={t.customer.list}
          items={found.items}
          error={found.error}
          none={settled === '' ? t.customer.noneYet : t.customer.none}
          next={found.next !== null}
          busy={found.busy}
          loadMore={found.loadMore}
          row={(customer) => <Row key={customer.id} customer={customer} current={customer.id === id} />}
        />
      }
      detail={id === null ? null : <CustomerTabs key={id} id={id} popDraft={false} />}
    />
  );
}
