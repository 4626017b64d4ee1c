// SPDX-License-Identifier: GPL-3.0-or-later
//
// Beside the chat: the transaction, the customer's record, their cases and their earlier chats.

import type { JSX } from 'react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';

import { duration } from '../clock';
import { desk, nameOf } from '../desk';
import { dateTime, timeOfDay } from '../format';
import { useCall, useCustomer, useNow } from '../hooks';
import type { ContextTab } from '../panels';
import { contextTabs, showTab } from '../panels';
import type { Interaction } from '../protocol';
import { href } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { Codes, RequiredMark } from './codes';
import { CustomerRecord } from './customer';
import { Follows } from './follow';
import { NetworkIcon } from './icons';
import { Button, Chip, Facts, Portrait, Problem, Skeleton } from './kit';
import { AttachDialog, Matches } from './people';

function Running({ from, to }: { from: number; to: number }): JSX.Element {
  const now = useNow();
  return <>{duration((to > 0 ? to : now) - from)}</>;
}

export function Transaction({ one }: { one: Interaction }): JSX.Element {
  const name = nameOf(one);
  return (
    <section className="card" aria-labelledby="transaction">
      <div className="transaction-head">
        <h3 id="transaction">{t.transaction.title}</h3>
        <Portrait one={one} />
      </div>
      <Facts
        rows={[
          [t.transaction.name, name !== one.identity && <bdi>{name}</bdi>],
          [
            t.transaction.id,
            <span className="identity">
              <NetworkIcon network={one.network} /> {one.network} · <bdi>{one.identity}</bdi>
            </span>,
          ],
          [t.transaction.queue, <bdi>{one.queue_name}</bdi>],
          [t.transaction.channel, <bdi>{one.channel}</bdi>],
          [t.transaction.queued, timeOfDay(one.enqueued_at)],
          [t.transaction.waited, one.accepted_at > 0 && duration(one.accepted_at - one.enqueued_at)],
          [t.transaction.accepted, one.accepted_at > 0 && timeOfDay(one.accepted_at)],
          [t.transaction.duration, one.accepted_at > 0 && <Running from={one.accepted_at} to={one.ended_at} />],
          [
            t.transaction.ended,
            one.ended_at > 0 && `${timeOfDay(one.ended_at)} ${t.transaction.endedBy[one.ended_by ?? ''] ?? ''}`,
          ],
        ]}
      />
      <Follows one={one} />
    </section>
  );
}

export function CustomerCases({ customer }: { customer: string }): JSX.Element {
  const revision = useStore(desk.revision);
  const list = useCall('case.list', { customer, limit: 50 }, revision);
  if (list.error !== null) return <Problem text={list.error} retry={list.reload} />;
  if (list.data === null) return <Skeleton />;
  if (list.data.cases.length === 0) return <p className="hint">{t.cases.noneCustomer}</p>;
  return (
    <ul className="link-list">
      {list.data.cases.map((one) => (
        <li key={one.id}>
          <a href={href('cases', one.id)}>
            <bdi>{one.subject || t.cases.untitled}</bdi>
            <span className="hint">{dateTime(one.started_at || one.created_at)}</span>
            <Chip tone={one.state === 'open' ? 'warn' : 'quiet'}>{one.state === 'open' ? t.cases.open : t.cases.closed}</Chip>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function CustomerChats({ customer }: { customer: string }): JSX.Element {
  const revision = useStore(desk.revision);
  const list = useCall('interaction.list', { customer, limit: 50 }, revision);
  if (list.error !== null) return <Problem text={list.error} retry={list.reload} />;
  if (list.data === null) return <Skeleton />;
  if (list.data.interactions.length === 0) return <p className="hint">{t.history.none}</p>;
  return (
    <ul className="link-list">
      {list.data.interactions.map((one) => (
        <li key={one.interaction}>
          <a href={href('history', one.interaction)}>
            <span>{dateTime(one.enqueued_at)}</span>
            <bdi className="hint">{one.queue_name}</bdi>
            <Chip tone="quiet">{t.chats.state[one.state]}</Chip>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** The case beside the chat comes with the pages of records, when there is one to show. */
const CaseBeside = lazy(() => import('../pages/records').then((records) => ({ default: records.CaseView })));

/** What pops when: the earlier case it continues, else the record. */
function firstTab(one: Interaction): ContextTab {
  return one.follows === null ? 'record' : 'case';
}

function useTab(one: Interaction): [ContextTab, (tab: ContextTab) => void] {
  const chosen = useStore(contextTabs, (all) => all[one.interaction]);
  const popsLate = useStore(desk.state, (state) => state.policy.pop_on.includes('completed'));
  const over = one.state === 'wrap_up';
  useEffect(() => {
    if (over && popsLate) showTab(one.interaction, firstTab(one), false);
  }, [over, popsLate]);
  const none = chosen === undefined || (chosen === 'case' && one.follows === null && one.save.case === null);
  return [none ? firstTab(one) : chosen, (tab) => showTab(one.interaction, tab, false)];
}

function Record({ one }: { one: Interaction }): JSX.Element {
  const record = useCustomer(one.customer);
  const [attaching, setAttaching] = useState(false);
  return (
    <>
      {one.customer === null ? (
        <p className="hint">
          <strong>{t.customer.noRecord}.</strong> {t.customer.noRecordNote}
        </p>
      ) : (
        <>
          {record.error !== null && record.data === null && <Problem text={record.error} retry={record.reload} />}
          {record.loading && <Skeleton rows={5} />}
          {record.data !== null && (
            <CustomerRecord
              key={record.data.id}
              customer={record.data}
              popDraft={one.state === 'active' || one.state === 'wrap_up'}
              interaction={one.interaction}
            />
          )}
        </>
      )}
      <Button look="ghost" icon="person" onPress={() => setAttaching(true)}>
        {t.matches.attach}
      </Button>
      <AttachDialog one={one} isOpen={attaching} onClose={() => setAttaching(false)} />
    </>
  );
}

export function Context({ one }: { one: Interaction }): JSX.Element {
  const customer = useStore(desk.customers, (all) => (one.customer === null ? undefined : all[one.customer]));
  const [tab, setTab] = useTab(one);
  const shownCase = one.follows ?? one.save.case;
  return (
    <aside className="context" aria-label={t.conversation.details} data-region="context" tabIndex={-1}>
      <Transaction one={one} />
      <Matches one={one} />
      <section className="card" aria-label={customer?.draft === true ? t.customer.new : t.customer.title}>
        <Tabs className="tabs" selectedKey={tab} onSelectionChange={(key) => setTab(key as ContextTab)}>
          <TabList aria-label={t.customer.title} className="tab-list">
            <Tab id="record">{t.customer.title}</Tab>
            <Tab id="codes">
              {t.codes.title}
              <RequiredMark one={one} />
            </Tab>
            {one.customer !== null && <Tab id="cases">{t.customer.tabs.cases}</Tab>}
            {one.customer !== null && <Tab id="history">{t.customer.tabs.history}</Tab>}
            {shownCase !== null && <Tab id="case">{t.customer.tabs.case}</Tab>}
          </TabList>
          <TabPanel id="record">
            <Record one={one} />
          </TabPanel>
          <TabPanel id="codes">
            <Codes one={one} />
          </TabPanel>
          {one.customer !== null && (
            <TabPanel id="cases">
              <CustomerCases customer={one.customer} />
            </TabPanel>
          )}
          {one.customer !== null && (
            <TabPanel id="history">
              <CustomerChats customer={one.customer} />
            </TabPanel>
          )}
          {shownCase !== null && (
            <TabPanel id="case">
              <Suspense fallback={<Skeleton rows={6} />}>
                <CaseBeside key={shownCase} id={shownCase} compact />
              </Suspense>
            </TabPanel>
          )}
        </Tabs>
      </section>
    </aside>
  );
}
