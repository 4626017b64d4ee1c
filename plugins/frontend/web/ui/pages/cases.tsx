// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cases: a list to filter, and the chosen case with its transcript, its owner, its notes and its state.

import type { FormEvent, JSX } from 'react';
import { useCallback, useEffect, useState } from 'react';

import { desk } from '../desk';
import { dateTime } from '../format';
import { useCall, useCustomer, usePages, useSettled } from '../hooks';
import { Button, Chip, Facts, Field, Problem, Skeleton } from '../parts/kit';
import { Choice, MasterDetail, ResultList, Search } from '../parts/master';
import { Transcript } from '../parts/transcript';
import type { Case } from '../protocol';
import { CallError } from '../protocol';
import { href, route } from '../route';
import { useStore } from '../store';
import { t } from '../strings';

type Filter = 'all' | 'open' | 'closed';

function StateChip({ state }: { state: Case['state'] }): JSX.Element {
  return <Chip tone={state === 'open' ? 'warn' : 'quiet'}>{state === 'open' ? t.cases.open : t.cases.closed}</Chip>;
}

function Row({ one, current }: { one: Case; current: boolean }): JSX.Element {
  return (
    <li>
      <a href={href('cases', one.id)} aria-current={current ? 'page' : undefined}>
        <span className="two-lines">
          <bdi>{one.subject || t.cases.untitled}</bdi>
          <span className="hint">
            {dateTime(one.started_at || one.created_at)} {one.queue !== null && <bdi>· {one.queue}</bdi>}
          </span>
        </span>
        <StateChip state={one.state} />
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

type Change = { subject?: string; notes?: string; state?: Case['state']; customer?: string };

function CaseView({ id, onChanged }: { id: string; onChanged: () => void }): JSX.Element {
  const revision = useStore(desk.revision);
  const answer = useCall('case.get', { case: id }, revision);
  const [saved, setSaved] = useState<Case | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const fetched = answer.data?.case ?? null;
  const one = saved !== null && (fetched === null || saved.version > fetched.version) ? saved : fetched;
  const [last, setLast] = useState<Case | null>(null);
  useEffect(() => {
    if (one !== null) setLast(one);
  }, [one]);
  const shown = one ?? last;

  async function save(change: Change): Promise<boolean> {
    if (shown === null) return false;
    setProblem(null);
    try {
      const result = await desk.call('case.save', { case: id, version: shown.version, ...change });
      setSaved({ ...result.case, transcript: result.case.transcript ?? shown.transcript ?? [] });
      onChanged();
      return true;
    } catch (error) {
      if (error instanceof CallError && error.code === 'conflict') {
        setProblem(t.cases.conflict);
        answer.reload();
      } else setProblem(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  if (shown === null)
    return answer.error !== null ? <Problem text={answer.error} retry={answer.reload} /> : <Skeleton rows={8} />;
  return (
    <article className="case">
      {problem !== null && <Problem text={problem} />}
      <CaseHead one={shown} save={save} />
      <section className="card" aria-labelledby="case-customer">
        <h3 id="case-customer">{t.cases.customer}</h3>
        <CaseCustomer one={shown} save={save} />
      </section>
      <section className="card" aria-labelledby="case-facts">
        <h3 id="case-facts">{t.cases.title}</h3>
        <Facts
          rows={[
            [t.cases.queue, shown.queue !== null && <bdi>{shown.queue}</bdi>],
            [t.cases.agent, shown.agent !== null && <bdi>{shown.agent}</bdi>],
            [t.cases.started, dateTime(shown.started_at)],
            [t.cases.ended, dateTime(shown.ended_at)],
            [t.cases.notes, shown.notes !== null && <span className="multiline" dir="auto">{shown.notes}</span>],
          ]}
        />
      </section>
      <section className="card" aria-labelledby="case-transcript">
        <h3 id="case-transcript">{t.cases.transcript}</h3>
        {(shown.transcript ?? []).length === 0 ? (
          <p className="hint">{t.cases.noTranscript}</p>
        ) : (
          <Transcript label={t.cases.transcript} lines={shown.transcript ?? []} />
        )}
      </section>
    </article>
  );
}

function CaseHead({ one, save }: { one: Case; save: (change: Change) => Promise<boolean> }): JSX.Element {
  const [editing, setEditing] = useState(false);
  const [busy, setBusy] = useState(false);
  const run = async (change: Change): Promise<boolean> => {
    setBusy(true);
    const done = await save(change);
    setBusy(false);
    return done;
  };
  if (editing)
    return <CaseForm one={one} busy={busy} onSave={async (change) => (await run(change)) && setEditing(false)} onCancel={() => setEditing(false)} />;
  return (
    <header className="case-head">
      <h2>
        <bdi>{one.subject || t.cases.untitled}</bdi>
      </h2>
      <StateChip state={one.state} />
      <div className="row end">
        <Button look="ghost" icon="edit" onPress={() => setEditing(true)}>
          {t.cases.edit}
        </Button>
        <Button isDisabled={busy} onPress={() => void run({ state: one.state === 'open' ? 'closed' : 'open' })}>
          {one.state === 'open' ? t.cases.close : t.cases.reopen}
        </Button>
      </div>
    </header>
  );
}

function CaseForm({
  one,
  busy,
  onSave,
  onCancel,
}: {
  one: Case;
  busy: boolean;
  onSave: (change: Change) => void;
  onCancel: () => void;
}): JSX.Element {
  const [subject, setSubject] = useState(one.subject ?? '');
  const [notes, setNotes] = useState(one.notes ?? '');
  return (
    <form
      className="record-form card"
      aria-label={t.cases.edit}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onSave({ subject: subject.trim(), notes: notes.trim() });
      }}
    >
      <Field label={t.cases.subject} value={subject} onChange={setSubject} autoFocus />
      <Field label={t.cases.notes} multiline value={notes} onChange={setNotes} />
      <div className="row end">
        <Button onPress={onCancel}>{t.cancel}</Button>
        <Button look="primary" type="submit" isDisabled={busy}>
          {busy ? t.cases.saving : t.cases.save}
        </Button>
      </div>
    </form>
  );
}

function CaseCustomer({ one, save }: { one: Case; save: (change: Change) => Promise<boolean> }): JSX.Element {
  const record = useCustomer(one.customer);
  const [choosing, setChoosing] = useState(false);
  return (
    <>
      {one.customer === null ? (
        <p>{t.cases.noCustomer}</p>
      ) : (
        <p>
          <a href={href('customers', one.customer)}>
            <bdi>{record.data?.name ?? one.customer_name ?? one.customer}</bdi>
          </a>
        </p>
      )}
      {one.customer === null && one.interaction !== null && <Suggestion interaction={one.interaction} save={save} />}
      {choosing ? (
        <Assign
          onChoose={async (customer) => {
            if (await save({ customer })) setChoosing(false);
          }}
          onCancel={() => setChoosing(false)}
        />
      ) : (
        <Button icon="person" onPress={() => setChoosing(true)}>
          {one.customer === null ? t.cases.assign : t.cases.change}
        </Button>
      )}
    </>
  );
}

/** A case saved after the end has no customer, but the chat it came from knows who it was. */
function Suggestion({
  interaction,
  save,
}: {
  interaction: string;
  save: (change: Change) => Promise<boolean>;
}): JSX.Element | null {
  const answer = useCall('interaction.get', { interaction });
  const from = answer.data?.interaction;
  if (from?.customer == null) return null;
  const customer = from.customer;
  return (
    <p className="row">
      <span className="hint">{t.cases.suggested}</span>
      <Button look="primary" icon="check" onPress={() => void save({ customer })}>
        {t.cases.assignTo(from.customer_name ?? from.name ?? from.identity)}
      </Button>
    </p>
  );
}

function Assign({ onChoose, onCancel }: { onChoose: (customer: string) => void; onCancel: () => void }): JSX.Element {
  const [text, setText] = useState('');
  const settled = useSettled(text.trim(), 250);
  const found = useCall('customer.search', { ...(settled === '' ? {} : { text: settled }), limit: 8 });
  return (
    <div className="assign">
      <Search label={t.customer.search} hint={t.customer.searchHint} value={text} onChange={setText} />
      {found.error !== null && <Problem text={found.error} retry={found.reload} />}
      {found.data !== null && found.data.customers.length === 0 && <p className="hint">{t.customer.none}</p>}
      <ul className="link-list">
        {(found.data?.customers ?? []).map((customer) => (
          <li key={customer.id}>
            <button type="button" onClick={() => onChoose(customer.id)}>
              <span className="two-lines">
                <bdi>{customer.name}</bdi>
                <bdi className="hint">{customer.email ?? customer.identities[0]?.id ?? ''}</bdi>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Button onPress={onCancel}>{t.cancel}</Button>
    </div>
  );
}
