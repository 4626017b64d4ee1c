// SPDX-License-Identifier: GPL-3.0-or-later
//
// One case, on its page or beside the chat it came from: what it is about, whose it is, how it stands; the transcript as
// it was filed, later chats, comments and who changed what.

import type { FormEvent, JSX } from 'react';
import { useEffect, useId, useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';

import { desk } from '../desk';
import { dateTime } from '../format';
import { useCall, useCustomer } from '../hooks';
import type { Operations } from '../operations';
import type { Case, Crm } from '../protocol';
import { CallError } from '../protocol';
import { href } from '../route';
import { may } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import type { Typed } from './fields';
import { badFields, changedFields, FieldInput, fieldRows, SelectField, typedOf } from './fields';
import { caseTitle } from './follow';
import { Button, Chip, Facts, Field, Problem, Skeleton } from './kit';
import { CustomerSearch } from './people';
import { Transcript } from './transcript';

const NO_CRM: Crm = { customer_fields: [], case_fields: [], severities: [], priorities: [], categories: [], merge: false };

export type CaseChange = Omit<Operations['case.save']['args'], 'case' | 'version'>;
type SaveCase = (change: CaseChange) => Promise<boolean>;

export function CaseState({ state }: { state: Case['state'] }): JSX.Element {
  return <Chip tone={state === 'open' ? 'warn' : 'quiet'}>{state === 'open' ? t.cases.open : t.cases.closed}</Chip>;
}

/** `compact`: beside a chat, with a link to the whole page. */
export function CaseView({
  id,
  compact = false,
  onChanged,
}: {
  id: string;
  compact?: boolean;
  onChanged?: () => void;
}): JSX.Element {
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

  async function run(action: (now: Case) => Promise<{ case: Case }>): Promise<boolean> {
    if (shown === null) return false;
    setProblem(null);
    try {
      const result = await action(shown);
      // An answer without the long parts leaves them as they were.
      setSaved({ ...shown, ...result.case, transcript: result.case.transcript ?? shown.transcript ?? [] });
      answer.reload();
      onChanged?.();
      return true;
    } catch (error) {
      if (error instanceof CallError && error.code === 'conflict') {
        setProblem(t.cases.conflict);
        answer.reload();
      } else setProblem(error instanceof Error ? error.message : String(error));
      return false;
    }
  }
  const save: SaveCase = (change) => run((now) => desk.call('case.save', { case: id, version: now.version, ...change }));

  if (shown === null)
    return answer.error !== null ? <Problem text={answer.error} retry={answer.reload} /> : <Skeleton rows={8} />;
  return (
    <article className={compact ? 'case compact' : 'case'}>
      {problem !== null && <Problem text={problem} />}
      <Head one={shown} compact={compact} save={save} />
      <section className="card" aria-labelledby="case-customer">
        <h3 id="case-customer">{t.cases.customer}</h3>
        <CaseCustomer one={shown} save={save} />
      </section>
      <CaseFacts one={shown} />
      <Parts one={shown} comment={(text) => run(() => desk.call('case.comment', { case: id, text }))} />
    </article>
  );
}

// ---- what it is about

function Head({ one, compact, save }: { one: Case; compact: boolean; save: SaveCase }): JSX.Element {
  const [editing, setEditing] = useState(false);
  const [busy, setBusy] = useState(false);
  const run = async (change: CaseChange): Promise<boolean> => {
    setBusy(true);
    const done = await save(change);
    setBusy(false);
    return done;
  };
  if (editing)
    return (
      <CaseForm
        one={one}
        busy={busy}
        onSave={async (change) => (await run(change)) && setEditing(false)}
        onCancel={() => setEditing(false)}
      />
    );
  return (
    <header className="case-head">
      <h2>
        <bdi>{caseTitle(one)}</bdi>
      </h2>
      <CaseState state={one.state} />
      <div className="row end">
        {compact && <a href={href('cases', one.id)}>{t.cases.whole}</a>}
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

const CHOSEN = ['severity', 'priority', 'category'] as const;

function optionsOf(crm: Crm, name: (typeof CHOSEN)[number]): string[] {
  return name === 'severity' ? crm.severities : name === 'priority' ? crm.priorities : crm.categories;
}

function CaseForm({
  one,
  busy,
  onSave,
  onCancel,
}: {
  one: Case;
  busy: boolean;
  onSave: (change: CaseChange) => void;
  onCancel: () => void;
}): JSX.Element {
  const crm = useStore(desk.state, (state) => state.crm) ?? NO_CRM;
  const [subject, setSubject] = useState(one.subject ?? '');
  const [notes, setNotes] = useState(one.notes ?? '');
  const [state, setState] = useState<string>(one.state);
  const [words, setWords] = useState<Typed>(() => Object.fromEntries(CHOSEN.map((name) => [name, one[name] ?? ''])));
  const [typed, setTyped] = useState<Typed>(() => typedOf(crm.case_fields, one.fields));
  const [bad, setBad] = useState<Record<string, string>>({});
  const form = useId();

  function submit(event: FormEvent): void {
    event.preventDefault();
    const wrong = badFields(crm.case_fields, typed);
    setBad(wrong);
    const first = Object.keys(wrong)[0];
    if (first !== undefined) {
      document.getElementById(`${form}-${first}`)?.focus();
      return;
    }
    const fields = changedFields(crm.case_fields, typed, one.fields);
    onSave({
      ...(subject.trim() === (one.subject ?? '') ? {} : { subject: subject.trim() }),
      ...(notes.trim() === (one.notes ?? '') ? {} : { notes: notes.trim() }),
      ...(state === one.state ? {} : { state }),
      ...Object.fromEntries(CHOSEN.filter((name) => words[name] !== (one[name] ?? '')).map((name) => [name, words[name]])),
      ...(Object.keys(fields).length === 0 ? {} : { fields }),
    });
  }

  return (
    <form className="record-form card" aria-label={t.cases.edit} noValidate onSubmit={submit}>
      <Field label={t.cases.subject} value={subject} onChange={setSubject} autoFocus />
      <div className="field">
        <label htmlFor={`${form}-state`}>{t.cases.state}</label>
        <select id={`${form}-state`} value={state} onChange={(event) => setState(event.target.value)}>
          <option value="open">{t.cases.open}</option>
          <option value="closed">{t.cases.closed}</option>
        </select>
      </div>
      {CHOSEN.filter((name) => optionsOf(crm, name).length > 0 || words[name] !== '').map((name) => (
        <SelectField
          key={name}
          id={`${form}-${name}`}
          label={t.cases[name]}
          value={words[name] ?? ''}
          options={optionsOf(crm, name)}
          onChange={(value) => setWords((old) => ({ ...old, [name]: value }))}
        />
      ))}
      {crm.case_fields.map((field) => (
        <FieldInput
          key={field.key}
          field={field}
          id={`${form}-${field.key}`}
          value={typed[field.key] ?? ''}
          error={bad[field.key]}
          onChange={(value) => setTyped((old) => ({ ...old, [field.key]: value }))}
        />
      ))}
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

function CaseFacts({ one }: { one: Case }): JSX.Element {
  const replays = useStore(desk.state, (state) => may(state.me, 'playback'));
  const crm = useStore(desk.state, (state) => state.crm) ?? NO_CRM;
  return (
    <section className="card" aria-labelledby="case-facts">
      <h3 id="case-facts">{t.cases.title}</h3>
      <Facts
        rows={[
          ...CHOSEN.map((name): [string, JSX.Element | false] => [t.cases[name], !!one[name] && <bdi>{one[name]}</bdi>]),
          ...fieldRows(crm.case_fields, one.fields),
          [t.codes.title, (one.codes ?? []).length > 0 && <bdi>{(one.codes ?? []).map((code) => code.name).join(', ')}</bdi>],
          [t.cases.queue, one.queue !== null && <bdi>{one.queue}</bdi>],
          [t.cases.agent, one.agent !== null && <bdi>{one.agent}</bdi>],
          [
            t.cases.chat,
            one.interaction !== null && (
              <a href={href(replays ? 'playback' : 'history', one.interaction)}>{t.cases.openChat}</a>
            ),
          ],
          [t.cases.started, dateTime(one.started_at)],
          [t.cases.ended, dateTime(one.ended_at)],
          [
            t.cases.followUpOf,
            !!one.follow_up_of && (
              <a href={href('cases', one.follow_up_of)}>
                <bdi>{one.follow_up_of}</bdi>
              </a>
            ),
          ],
          [t.cases.notes, one.notes !== null && <span className="multiline" dir="auto">{one.notes}</span>],
        ]}
      />
    </section>
  );
}

// ---- whose it is

function CaseCustomer({ one, save }: { one: Case; save: SaveCase }): JSX.Element {
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
        <div className="assign">
          <CustomerSearch
            except={one.customer}
            onChoose={(customer) => void save({ customer }).then((done) => done && setChoosing(false))}
          />
          <Button onPress={() => setChoosing(false)}>{t.cancel}</Button>
        </div>
      ) : (
        <Button icon="person" onPress={() => setChoosing(true)}>
          {one.customer === null ? t.cases.assign : t.cases.change}
        </Button>
      )}
    </>
  );
}

/** A case saved after the end has no customer, but the chat it came from knows who it was. */
function Suggestion({ interaction, save }: { interaction: string; save: SaveCase }): JSX.Element | null {
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

// ---- what belongs to it

function Parts({ one, comment }: { one: Case; comment: (text: string) => Promise<boolean> }): JSX.Element {
  const comments = one.comments ?? [];
  const history = one.history ?? [];
  const later = one.follow_ups ?? [];
  const count = (word: string, n: number): string => (n > 0 ? `${word} (${n})` : word);
  return (
    <Tabs className="tabs card">
      <TabList aria-label={t.cases.parts} className="tab-list">
        <Tab id="transcript">{t.cases.transcript}</Tab>
        <Tab id="follow_ups">{count(t.cases.followUps, later.length)}</Tab>
        <Tab id="comments">{count(t.cases.comments, comments.length)}</Tab>
        <Tab id="history">{count(t.cases.history, history.length)}</Tab>
      </TabList>
      <TabPanel id="transcript">
        {(one.transcript ?? []).length === 0 ? (
          <p className="hint">{t.cases.noTranscript}</p>
        ) : (
          <Transcript label={t.cases.transcript} lines={one.transcript ?? []} />
        )}
      </TabPanel>
      <TabPanel id="follow_ups">
        {later.length === 0 && <p className="hint">{t.cases.noFollowUps}</p>}
        {later.map((each) => (
          <section key={each.interaction} className="follow-up" aria-label={dateTime(each.at)}>
            <h4>
              {dateTime(each.at)} {each.agent !== null && <bdi className="hint">{each.agent}</bdi>}
            </h4>
            <Transcript label={t.cases.followUpAt(dateTime(each.at))} lines={each.transcript} />
          </section>
        ))}
      </TabPanel>
      <TabPanel id="comments">
        <Comments one={one} comment={comment} />
      </TabPanel>
      <TabPanel id="history">
        {history.length === 0 && <p className="hint">{t.cases.noHistory}</p>}
        <ol className="changes">
          {history.map((change, at) => (
            // Changes have no ids and are only ever added to.
            <li key={at}>
              <span className="hint">
                {dateTime(change.at)} {change.author !== null && <bdi>{change.author}</bdi>}
              </span>
              <span>
                <strong>{t.cases.fieldNames[change.field] ?? change.field}</strong>: <bdi>{change.from || t.nothing}</bdi>
                {' → '}
                <bdi>{change.to || t.nothing}</bdi>
              </span>
            </li>
          ))}
        </ol>
      </TabPanel>
    </Tabs>
  );
}

function Comments({ one, comment }: { one: Case; comment: (text: string) => Promise<boolean> }): JSX.Element {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  return (
    <>
      <ol className="comments">
        {(one.comments ?? []).map((each, at) => (
          // Comments have no ids and are only ever added.
          <li key={at}>
            <span className="hint">
              {dateTime(each.at)} {each.author !== null && <bdi>{each.author}</bdi>}
            </span>
            <span className="multiline" dir="auto">
              {each.text}
            </span>
          </li>
        ))}
      </ol>
      <form
        className="record-form"
        aria-label={t.cases.comments}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (text.trim() === '') return;
          setBusy(true);
          void comment(text.trim()).then((done) => {
            setBusy(false);
            if (done) setText('');
          });
        }}
      >
        <Field label={t.cases.comment} multiline value={text} onChange={setText} />
        <div className="row end">
          <Button type="submit" isDisabled={busy || text.trim() === ''}>
            {t.cases.addComment}
          </Button>
        </div>
      </form>
    </>
  );
}
