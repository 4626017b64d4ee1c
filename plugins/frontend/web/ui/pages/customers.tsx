// SPDX-License-Identifier: GPL-3.0-or-later
//
// Customers: search on one side, the chosen one's record and everything there was with him on the other.

import type { JSX } from 'react';
import { useCallback, useState } from 'react';

import { desk } from '../desk';
import { useCustomer, usePages, useSettled } from '../hooks';
import { playbackOf } from '../panels';
import { CustomerRecord } from '../parts/customer';
import { CustomerLine } from '../parts/customer-line';
import { Avatar, Button, Chip, Problem, Skeleton } from '../parts/kit';
import { Choice, MasterDetail, ResultList, Search } from '../parts/master';
import { MergeDialog, Merges, useMayMerge } from '../parts/merge';
import type { Customer } from '../protocol';
import { href, route } from '../route';
import { may } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import { r } from '../strings-records';

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
  const [show, setShow] = useState<'all' | 'draft'>('all');
  const settled = useSettled(text.trim(), 250);
  const revision = useStore(desk.revision);
  const fetchPage = useCallback(
    async (cursor: string | null) => {
      const answer = await desk.call('customer.search', {
        ...(settled === '' ? {} : { text: settled }),
        ...(show === 'draft' ? { draft: true } : {}),
        ...(cursor === null ? {} : { cursor }),
        limit: 50,
      });
      return { items: answer.customers, next: answer.next };
    },
    [settled, show],
  );
  const found = usePages(fetchPage, revision);

  return (
    <MasterDetail
      page="customers"
      title={t.customer.page}
      icon="customers"
      select={t.customer.select}
      tools={
        <>
          <Search label={t.customer.search} hint={t.customer.searchHint} value={text} onChange={setText} />
          <Choice
            label={r.show}
            value={show}
            options={[
              ['all', r.shows.all],
              ['draft', r.shows.draft],
            ]}
            onChange={setShow}
          />
        </>
      }
      list={
        <ResultList
          label={t.customer.list}
          items={found.items}
          error={found.error}
          none={settled !== '' ? t.customer.none : show === 'draft' ? r.noDrafts : t.customer.noneYet}
          next={found.next !== null}
          busy={found.busy}
          loadMore={found.loadMore}
          row={(customer) => <Row key={customer.id} customer={customer} current={customer.id === id} />}
        />
      }
      detail={id === null ? null : <One key={id} id={id} />}
    />
  );
}

function One({ id }: { id: string }): JSX.Element {
  const record = useCustomer(id);
  const merges = useMayMerge();
  const replays = useStore(desk.state, (state) => may(state.me, 'playback'));
  const [merging, setMerging] = useState(false);
  if (record.data === null)
    return record.error !== null ? <Problem text={record.error} retry={record.reload} /> : <Skeleton rows={8} />;
  const customer = record.data;
  return (
    <div className="customer-page">
      <div className="customer-side">
        <section className="card" aria-label={r.record}>
          <CustomerRecord key={customer.id} customer={customer} popDraft={false} />
          <div className="row customer-actions">
            {merges && (
              <Button icon="customers" onPress={() => setMerging(true)}>
                {r.merge.button}
              </Button>
            )}
            {replays && (
              <a className="button plain" href={href('playback')} onClick={() => playbackOf.set({ id: customer.id, name: customer.name })}>
                {r.playback}
              </a>
            )}
          </div>
        </section>
        <Merges customer={customer} />
      </div>
      <CustomerLine customer={customer.id} />
      {merging && <MergeDialog customer={customer} isOpen onClose={() => setMerging(false)} />}
    </div>
  );
}
