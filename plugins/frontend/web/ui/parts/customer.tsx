// SPDX-License-Identifier: GPL-3.0-or-later
//
// A customer's record: shown, edited, and completed when the engine made it as a draft. Somebody else's change
// in the meantime is shown field by field and never overwritten silently.

import type { FormEvent, JSX } from 'react';
import { useEffect, useId, useState } from 'react';

import { desk } from '../desk';
import { dateTime } from '../format';
import type { Customer } from '../protocol';
import { CallError } from '../protocol';
import { href } from '../route';
import { t } from '../strings';
import { NetworkIcon } from './icons';
import { Button, Chip, Facts, Field } from './kit';

const FIELDS = ['first_name', 'last_name', 'email', 'phone', 'company', 'notes'] as const;
type FieldName = (typeof FIELDS)[number];
type Values = Record<FieldName, string>;

function valuesOf(customer: Customer): Values {
  return Object.fromEntries(FIELDS.map((name) => [name, customer[name] ?? ''])) as Values;
}

export function RecordFacts({ customer }: { customer: Customer }): JSX.Element {
  return (
    <Facts
      rows={[
        [t.customer.email, customer.email !== null && <bdi>{customer.email}</bdi>],
        [t.customer.phone, customer.phone !== null && <bdi>{customer.phone}</bdi>],
        [t.customer.company, customer.company !== null && <bdi>{customer.company}</bdi>],
        [t.customer.notes, customer.notes !== null && <span className="multiline" dir="auto">{customer.notes}</span>],
        [t.customer.identities, customer.identities.length > 0 && <Identities customer={customer} />],
      ]}
    />
  );
}

function Identities({ customer }: { customer: Customer }): JSX.Element {
  return (
    <ul className="identities">
      {customer.identities.map((one) => (
        <li key={`${one.network} ${one.id}`} className="identity">
          <NetworkIcon network={one.network} /> {one.network} · <bdi>{one.id}</bdi>
        </li>
      ))}
    </ul>
  );
}

function check(values: Values, draft: boolean): Partial<Values> {
  const bad: Partial<Values> = {};
  const email = values.email.trim();
  if (draft && values.first_name.trim() === '') bad.first_name = t.customer.needFirst;
  if (draft && values.last_name.trim() === '') bad.last_name = t.customer.needLast;
  if (email.length > 254) bad.email = t.customer.longEmail;
  else if (email !== '' && !/^[^\s@]+@[^\s@]+$/.test(email)) bad.email = t.customer.badEmail;
  return bad;
}

/** Other records that a refusal names: the owner of an e-mail address, or the newer version of this one. */
function refusedFor(error: unknown): Customer[] | null {
  if (!(error instanceof CallError) || error.code !== 'conflict') return null;
  const details = error.details as { customers?: Customer[] } | null | undefined;
  return details?.customers ?? [];
}

interface Trouble {
  bad: Partial<Values>;
  general: string | null;
  theirs: Customer | null;
  owner: Customer | null;
}

const NO_TROUBLE: Trouble = { bad: {}, general: null, theirs: null, owner: null };

async function troubleFrom(error: unknown, customer: Customer): Promise<Trouble> {
  const general = error instanceof Error ? error.message : String(error);
  const others = refusedFor(error);
  if (others === null) return { ...NO_TROUBLE, general };
  const owner = others.find((other) => other.id !== customer.id) ?? null;
  if (owner !== null) return { ...NO_TROUBLE, owner, bad: { email: t.customer.emailTaken(owner.name) } };
  const theirs = others[0] ?? (await desk.call('customer.get', { customer: customer.id })).customer;
  return { ...NO_TROUBLE, theirs };
}

/** The name that is shown follows first and last name, unless somebody gave the record another one. */
function changesOf(values: Values, base: Customer): Partial<Values> & { name?: string } {
  const old = valuesOf(base);
  const changed: Partial<Values> & { name?: string } = {};
  for (const name of FIELDS) if (values[name].trim() !== old[name]) changed[name] = values[name].trim();
  const full = (from: Values): string => `${from.first_name.trim()} ${from.last_name.trim()}`.trim();
  const follows = base.draft || base.name === full(old);
  if (follows && full(values) !== '' && full(values) !== base.name) changed.name = full(values);
  return changed;
}

export function CustomerForm({
  customer,
  onDone,
  onCancel,
}: {
  customer: Customer;
  onDone: () => void;
  onCancel: (() => void) | null;
}): JSX.Element {
  const [base, setBase] = useState(customer);
  const [values, setValues] = useState(() => valuesOf(customer));
  const [trouble, setTrouble] = useState<Trouble>(NO_TROUBLE);
  const [busy, setBusy] = useState(false);
  const form = useId();

  async function save(version: number): Promise<void> {
    const bad = check(values, base.draft);
    if (Object.keys(bad).length > 0) {
      setTrouble({ ...NO_TROUBLE, bad });
      const first = FIELDS.find((name) => bad[name] !== undefined)!;
      document.getElementById(`${form}-${first}`)?.focus();
      return;
    }
    setBusy(true);
    try {
      const answer = await desk.call('customer.save', {
        customer: base.id,
        version,
        ...changesOf(values, base),
        ...(base.draft ? { draft: false } : {}),
      });
      desk.keepCustomer(answer.customer);
      desk.tell('info', t.customer.saved, answer.customer.name);
      onDone();
    } catch (error) {
      setTrouble(await troubleFrom(error, base).catch(() => ({ ...NO_TROUBLE, general: String(error) })));
    } finally {
      setBusy(false);
    }
  }

  function takeTheirs(theirs: Customer): void {
    desk.keepCustomer(theirs);
    setBase(theirs);
    setValues(valuesOf(theirs));
    setTrouble(NO_TROUBLE);
  }

  const theirs = trouble.theirs;
  const theirValues = theirs === null ? null : valuesOf(theirs);
  return (
    <form
      className="record-form"
      noValidate
      aria-label={t.customer.title}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void save(base.version);
      }}
    >
      {base.draft && <p className="hint">{t.customer.draftNote}</p>}
      {FIELDS.map((name) => (
        <div key={name}>
          <Field
            label={t.customer[name]}
            id={`${form}-${name}`}
            multiline={name === 'notes'}
            type={name === 'email' ? 'email' : name === 'phone' ? 'tel' : 'text'}
            isRequired={base.draft && (name === 'first_name' || name === 'last_name')}
            value={values[name]}
            error={trouble.bad[name]}
            onChange={(value) => setValues((old) => ({ ...old, [name]: value }))}
          />
          {theirValues !== null && theirValues[name] !== values[name] && (
            <p className="theirs">
              <bdi>{t.customer.conflictTheirs(theirValues[name])}</bdi>
            </p>
          )}
        </div>
      ))}
      {trouble.owner !== null && (
        <a className="button plain" href={href('customers', trouble.owner.id)}>
          {t.customer.openOwner(trouble.owner.name)}
        </a>
      )}
      {trouble.general !== null && (
        <p className="field-error" role="alert">
          {trouble.general}
        </p>
      )}
      {theirs !== null && (
        <div className="conflict" role="alert">
          <p>{t.customer.conflict}</p>
          <Button isDisabled={busy} onPress={() => void save(theirs.version)}>
            {t.customer.conflictKeep}
          </Button>
          <Button onPress={() => takeTheirs(theirs)}>{t.customer.conflictTake}</Button>
        </div>
      )}
      <div className="row end">
        {onCancel !== null && <Button onPress={onCancel}>{t.cancel}</Button>}
        <Button look="primary" type="submit" isDisabled={busy || theirs !== null}>
          {busy ? t.customer.saving : t.customer.save}
        </Button>
      </div>
    </form>
  );
}

/** `popDraft`: a draft opens for editing by itself, as after accepting a new customer. */
export function CustomerRecord({ customer, popDraft }: { customer: Customer; popDraft: boolean }): JSX.Element {
  const [editing, setEditing] = useState(popDraft && customer.draft);
  useEffect(() => {
    if (popDraft && customer.draft) setEditing(true);
  }, [popDraft, customer.draft, customer.id]);

  return (
    <div className="record">
      <div className="record-head">
        <h3>
          <bdi>{customer.name}</bdi>
        </h3>
        {customer.draft && <Chip tone="warn">{t.customer.draft}</Chip>}
        {!editing && (
          <Button look="ghost" icon="edit" onPress={() => setEditing(true)}>
            {t.customer.edit}
          </Button>
        )}
      </div>
      {editing ? (
        <>
          <CustomerForm
            key={customer.id}
            customer={customer}
            onDone={() => setEditing(false)}
            onCancel={() => setEditing(false)}
          />
          <Facts rows={[[t.customer.identities, customer.identities.length > 0 && <Identities customer={customer} />]]} />
        </>
      ) : (
        <>
          <RecordFacts customer={customer} />
          <Facts
            rows={[
              [t.customer.created, dateTime(customer.created_at)],
              [t.customer.updated, dateTime(customer.updated_at)],
            ]}
          />
        </>
      )}
    </div>
  );
}
