// SPDX-License-Identifier: GPL-3.0-or-later
//
// A customer's record: shown, edited, and completed when the engine made it as a draft. Somebody else's change
// in the meantime is shown field by field and never overwritten silently.

import type { FormEvent, JSX } from 'react';
import { useEffect, useId, useState } from 'react';

import { desk } from '../desk';
import { dateTime } from '../format';
import type { Customer, CustomField } from '../protocol';
import { CallError } from '../protocol';
import { href } from '../route';
import { may } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import { badFields, changedFields, FieldInput, fieldRows, typedOf } from './fields';
import { NetworkIcon } from './icons';
import { Button, Chip, Facts, Field } from './kit';

const FIELDS = ['first_name', 'last_name', 'email', 'phone', 'company', 'notes'] as const;
type FieldName = (typeof FIELDS)[number];
type Values = Record<FieldName, string>;

function valuesOf(customer: Customer): Values {
  return Object.fromEntries(FIELDS.map((name) => [name, customer[name] ?? ''])) as Values;
}

const NO_FIELDS: CustomField[] = [];

/** Fields the site added to customers. */
function useCustomFields(): CustomField[] {
  return useStore(desk.state, (state) => state.crm?.customer_fields ?? NO_FIELDS);
}

export function RecordFacts({ customer }: { customer: Customer }): JSX.Element {
  const fields = useCustomFields();
  return (
    <Facts
      rows={[
        [t.customer.account, !!customer.account && <bdi>{customer.account}</bdi>],
        [t.customer.email, customer.email !== null && <bdi>{customer.email}</bdi>],
        [t.customer.phone, customer.phone !== null && <bdi>{customer.phone}</bdi>],
        [t.customer.company, customer.company !== null && <bdi>{customer.company}</bdi>],
        ...fieldRows(fields, customer.fields),
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
  interaction,
  onDone,
  onCancel,
}: {
  customer: Customer;
  /** The chat the record belongs to, when there is one. */
  interaction: string | null;
  onDone: () => void;
  onCancel: (() => void) | null;
}): JSX.Element {
  const fields = useCustomFields();
  const [base, setBase] = useState(customer);
  const [values, setValues] = useState(() => valuesOf(customer));
  const [trouble, setTrouble] = useState<Trouble>(NO_TROUBLE);
  const [busy, setBusy] = useState(false);
  const [typed, setTyped] = useState(() => typedOf(fields, customer.fields));
  const [badTyped, setBadTyped] = useState<Record<string, string>>({});
  const form = useId();

  async function save(version: number): Promise<void> {
    const bad = check(values, base.draft);
    const wrong = badFields(fields, typed);
    setBadTyped(wrong);
    if (Object.keys(bad).length > 0 || Object.keys(wrong).length > 0) {
      setTrouble({ ...NO_TROUBLE, bad });
      const first = FIELDS.find((name) => bad[name] !== undefined) ?? Object.keys(wrong)[0];
      document.getElementById(`${form}-${first}`)?.focus();
      return;
    }
    const changed = changedFields(fields, typed, base.fields);
    setBusy(true);
    try {
      const answer = await desk.call('customer.save', {
        customer: base.id,
        version,
        ...changesOf(values, base),
        ...(Object.keys(changed).length === 0 ? {} : { fields: changed }),
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
    setTyped(typedOf(fields, theirs.fields));
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
            <p className="theirs">{t.customer.conflictTheirs(theirValues[name])}</p>
          )}
        </div>
      ))}
      {fields.map((field) => (
        <FieldInput
          key={field.key}
          field={field}
          id={`${form}-${field.key}`}
          value={typed[field.key] ?? ''}
          error={badTyped[field.key]}
          onChange={(value) => setTyped((old) => ({ ...old, [field.key]: value }))}
        />
      ))}
      {trouble.owner !== null && (
        <Owner owner={trouble.owner} customer={base} interaction={interaction} onMerged={onDone} />
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

/** The e-mail address is somebody's already: perhaps it is the same person. */
function Owner({
  owner,
  customer,
  interaction,
  onMerged,
}: {
  owner: Customer;
  customer: Customer;
  interaction: string | null;
  onMerged: () => void;
}): JSX.Element {
  const merges = useStore(desk.state, (state) => state.crm?.merge ?? false);
  const allowed = useStore(desk.state, (state) => may(state.me, 'customer.merge'));
  const [busy, setBusy] = useState(false);
  async function merge(): Promise<void> {
    setBusy(true);
    const done = await desk.attempt(t.customer.merge, async () => {
      const answer = await desk.call('customer.merge', { keep: owner.id, drop: customer.id });
      desk.keepCustomer(answer.customer);
      desk.tell('info', t.customer.merged, answer.customer.name);
    });
    setBusy(false);
    if (done) onMerged();
  }
  return (
    <div className="conflict">
      <a className="button plain" href={href('customers', owner.id)}>
        {t.customer.openOwner(owner.name)}
      </a>
      {merges && (allowed || (customer.draft && interaction !== null)) && (
        <>
          <Button look="primary" isDisabled={busy} onPress={() => void merge()}>
            {t.customer.mergeInto(owner.name)}
          </Button>
          <p className="hint">{t.customer.mergeNote(owner.name)}</p>
        </>
      )}
    </div>
  );
}

/** `popDraft`: a draft opens for editing by itself, as after accepting a new customer. */
export function CustomerRecord({
  customer,
  popDraft,
  interaction = null,
}: {
  customer: Customer;
  popDraft: boolean;
  interaction?: string | null;
}): JSX.Element {
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
            interaction={interaction}
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
