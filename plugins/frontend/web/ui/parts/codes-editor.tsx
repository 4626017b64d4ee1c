// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lists of codes: what chats were about, why a status is taken, why an offer is rejected.

import type { FormEvent, JSX } from 'react';
import { useId, useRef, useState } from 'react';

import type { CodesForm } from '../codes-form';
import { added, codesArgs, codesFormOf, moved, wrongIn } from '../codes-form';
import { desk } from '../desk';
import { useCall } from '../hooks';
import type { AskedStatus, CodeList } from '../protocol';
import { CallError } from '../protocol';
import { fieldOf } from '../refusals';
import { useStore } from '../store';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { ChoiceRow, TextRow, Tick } from './inputs';
import { Button, Chip, Empty, IconButton, Problem, Skeleton } from './kit';
import { Sure } from './sure';

const NEW = '';
const REASONS: AskedStatus[] = ['on_break', 'work_offline', 'available', 'logged_out'];

export function CodesEditor(): JSX.Element {
  // codes.changed tells of every change; the desk itself keeps only the lists that are in use.
  const inUse = useStore(desk.state, (state) => state.codes);
  const [turn, setTurn] = useState(0);
  const answer = useCall('codes.list', {}, `${turn} ${JSON.stringify(inUse)}`);
  const [chosen, setChosen] = useState<string | null>(null);
  if (answer.data === null)
    return answer.error === null ? <Skeleton rows={5} /> : <Problem text={answer.error} retry={answer.reload} />;
  const lists = answer.data.codes;
  const list = lists.find((one) => one.list === chosen) ?? null;
  const open = chosen === NEW || list !== null;
  return (
    <div className="codes-editor">
      <section className="card" aria-labelledby="code-lists">
        <h2 id="code-lists">{s.rules.codes}</h2>
        {lists.length === 0 && <p className="hint">{s.rules.listsNone}</p>}
        <ul className="link-list" aria-labelledby="code-lists">
          {lists.map((one) => (
            <li key={one.list}>
              <button type="button" aria-current={one.list === chosen ? 'true' : undefined} onClick={() => setChosen(one.list)}>
                <span className="two-lines">
                  <bdi>{one.name}</bdi>
                  <span className="hint">
                    {s.rules.uses[one.use]} · {s.rules.count(one.codes.length)}
                  </span>
                </span>
                {one.required && <Chip tone="warn">{s.rules.requiredMark}</Chip>}
                {!one.enabled && <Chip tone="quiet">{s.rules.offMark}</Chip>}
              </button>
            </li>
          ))}
        </ul>
        <Button icon="plus" className="wide" onPress={() => setChosen(NEW)}>
          {s.rules.listNew}
        </Button>
      </section>
      {open ? (
        <ListForm
          key={chosen}
          list={list}
          onSaved={(id) => {
            setTurn((n) => n + 1);
            setChosen(id);
          }}
        />
      ) : (
        <Empty icon="tag" title={s.rules.listSelect} />
      )}
    </div>
  );
}

function ListForm({ list, onSaved }: { list: CodeList | null; onSaved: (id: string | null) => void }): JSX.Element {
  const queues = useStore(desk.state, (state) => state.queues);
  const [form, setForm] = useState<CodesForm>(() => codesFormOf(list));
  const [bad, setBad] = useState<Record<string, string>>({});
  const [general, setGeneral] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const id = useId();
  const put = (change: Partial<CodesForm>): void => setForm((old) => ({ ...old, ...change }));

  async function run(removed: boolean): Promise<void> {
    const wrong = removed ? {} : wrongIn(form);
    setBad(wrong);
    setGeneral(null);
    const first = Object.keys(wrong)[0];
    if (first !== undefined) {
      document.getElementById(`${id}-${first}`)?.focus();
      return;
    }
    setBusy(true);
    try {
      await desk.call('codes.put', removed ? { list: form.list, removed } : codesArgs(form, list === null));
      desk.tell('info', removed ? s.rules.removedList : s.rules.savedList, form.name);
      onSaved(removed ? null : form.list.trim());
    } catch (error) {
      const said = error instanceof CallError ? error.message : String(error);
      const row = form.rows.find((one) => one.code !== '' && fieldOf(said, [`'${one.code}'`, `code ${one.code}`]) !== null);
      if (row !== undefined) setBad({ [`code-${row.key}`]: said });
      else setGeneral(said);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      className="card record-form"
      aria-label={list === null ? s.rules.listNew : list.name}
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void run(false);
      }}
    >
      <h2>{list === null ? s.rules.listNew : <bdi>{list.name}</bdi>}</h2>
      {general !== null && <Problem text={general} />}
      <div className="rules-group">
        <TextRow
          id={`${id}-list`}
          label={s.rules.id}
          note={s.rules.idNote}
          value={form.list}
          readOnly={list !== null}
          error={bad.list}
          onChange={(value) => put({ list: value })}
        />
        <TextRow id={`${id}-name`} label={s.rules.name} value={form.name} error={bad.name} onChange={(name) => put({ name })} />
        <ChoiceRow
          id={`${id}-use`}
          label={s.rules.use}
          value={form.use}
          disabled={list !== null}
          options={Object.entries(s.rules.uses) as [CodeList['use'], string][]}
          onChange={(use) => put({ use })}
        />
        {form.use === 'status' && (
          <ChoiceRow
            id={`${id}-status`}
            label={s.rules.status}
            value={form.status}
            options={REASONS.map((one) => [one, t.status.names[one]])}
            onChange={(status) => put({ status })}
          />
        )}
      </div>
      <div className="row">
        <Tick checked={form.required} onChange={(required) => put({ required })}>
          {s.rules.required}
        </Tick>
        <Tick checked={form.enabled} onChange={(enabled) => put({ enabled })}>
          {s.rules.enabled}
        </Tick>
      </div>
      {form.use === 'disposition' && Object.keys(queues).length > 0 && (
        <fieldset className="field">
          <legend>{s.rules.queues}</legend>
          <span className="hint">{s.rules.queuesNote}</span>
          <span className="row">
            {Object.values(queues).map((queue) => (
              <Tick
                key={queue.queue}
                checked={form.queues.includes(queue.queue)}
                onChange={(on) => put({ queues: on ? [...form.queues, queue.queue] : form.queues.filter((one) => one !== queue.queue) })}
              >
                <bdi>{queue.name}</bdi>
              </Tick>
            ))}
          </span>
        </fieldset>
      )}
      <CodeRows form={form} bad={bad} id={id} put={put} />
      <div className="row end">
        {list !== null && (
          <Button look="danger" icon="trash" onPress={() => setRemoving(true)}>
            {s.rules.removeList}
          </Button>
        )}
        <Button look="primary" type="submit" isDisabled={busy}>
          {busy ? s.rules.saving : s.rules.saveList}
        </Button>
      </div>
      {removing && (
        <Sure
          question={s.rules.removeSure(form.name)}
          action={s.rules.removeList}
          onNo={() => setRemoving(false)}
          onYes={() => {
            setRemoving(false);
            void run(true);
          }}
        />
      )}
    </form>
  );
}

function CodeRows({
  form,
  bad,
  id,
  put,
}: {
  form: CodesForm;
  bad: Record<string, string>;
  id: string;
  put: (change: Partial<CodesForm>) => void;
}): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const change = (key: number, what: { code?: string; name?: string; active?: boolean }): void =>
    put({ rows: form.rows.map((row) => (row.key === key ? { ...row, ...what } : row)) });
  return (
    <fieldset className="field">
      <legend>{s.rules.codes}</legend>
      <span className="hint">{s.rules.codesNote}</span>
      <ol className="code-rows" ref={list}>
        {form.rows.map((row, at) => {
          const name = row.name || row.code;
          return (
            <li key={row.key}>
              <TextRow
                id={`${id}-code-${row.key}`}
                label={s.rules.code}
                value={row.code}
                error={bad[`code-${row.key}`]}
                onChange={(code) => change(row.key, { code })}
              />
              <TextRow id={`${id}-title-${row.key}`} label={s.rules.codeName} value={row.name} onChange={(value) => change(row.key, { name: value })} />
              <Tick checked={row.active} onChange={(active) => change(row.key, { active })}>
                {s.rules.active}
              </Tick>
              <span className="code-moves">
                <IconButton
                  icon="up"
                  label={s.rules.up(name)}
                  isDisabled={at === 0}
                  onPress={() => put({ rows: moved(form.rows, row.key, -1) })}
                />
                <IconButton
                  icon="down"
                  label={s.rules.down(name)}
                  isDisabled={at === form.rows.length - 1}
                  onPress={() => put({ rows: moved(form.rows, row.key, 1) })}
                />
                <IconButton
                  icon="trash"
                  label={s.rules.removeCode(name)}
                  onPress={() => put({ rows: form.rows.filter((one) => one.key !== row.key) })}
                />
              </span>
            </li>
          );
        })}
      </ol>
      <span>
        <Button
          icon="plus"
          onPress={() => {
            put({ rows: added(form.rows) });
            requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('li:last-child input')?.focus());
          }}
        >
          {s.rules.addCode}
        </Button>
      </span>
    </fieldset>
  );
}
