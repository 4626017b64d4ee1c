// SPDX-License-Identifier: GPL-3.0-or-later
//
// The policy: presets to take over with what each of them does, and every member by itself.

import type { FormEvent, JSX, ReactNode } from 'react';
import { useEffect, useId, useState } from 'react';

import { desk } from '../desk';
import { useCall } from '../hooks';
import type { DurationName, Member, PolicyForm, WordName } from '../policy-form';
import { changesIn, formOf, MEMBERS, POPS, refusalIn, wrongIn } from '../policy-form';
import type { AskedStatus, Policy } from '../protocol';
import { CallError } from '../protocol';
import { fieldOf } from '../refusals';
import { useStore } from '../store';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { ChoiceRow, DurationRow, TextRow, Tick } from './inputs';
import { Button, Chip, Problem } from './kit';

function statuses(...names: AskedStatus[]): [string, string][] {
  return names.map((name) => [name, t.status.names[name]]);
}

const OPTIONS: Partial<Record<WordName, [string, string][]>> = {
  on_login: statuses('work_offline', 'on_break'),
  on_reject: statuses('on_break', 'work_offline', 'available'),
  on_timeout: statuses('on_break', 'work_offline', 'available'),
  late_save: Object.entries(s.rules.saves),
};

function Presets({ policy }: { policy: Policy }): JSX.Element {
  const answer = useCall('policy.get', {});
  const [busy, setBusy] = useState(false);
  const names = answer.data?.presets ?? [];
  async function take(preset: string): Promise<void> {
    setBusy(true);
    const done = await desk.attempt(s.rules.take(preset), () => desk.call('policy.put', { preset }));
    setBusy(false);
    if (done) desk.tell('info', s.rules.taken, preset);
  }
  return (
    <section className="card" aria-labelledby="presets">
      <h2 id="presets">{s.rules.preset}</h2>
      <p className="hint">{s.rules.presetNote}</p>
      {answer.error !== null && <Problem text={answer.error} retry={answer.reload} />}
      <ul className="presets">
        {names.map((name) => (
          <li key={name} aria-current={policy.preset === name ? 'true' : undefined}>
            <strong>{name}</strong>
            <span className="grow">{s.rules.presets[name] ?? s.rules.presetOther}</span>
            {policy.preset === name ? (
              <Chip tone="good" icon="check">
                {s.rules.enabled}
              </Chip>
            ) : (
              <Button isDisabled={busy} aria-label={s.rules.take(name)} onPress={() => void take(name)}>
                {s.rules.takeShort}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {policy.preset === null && (
        <p>
          <Chip tone="info">{s.rules.presetCustom}</Chip>
        </p>
      )}
    </section>
  );
}

export function PolicyEditor(): JSX.Element {
  const policy = useStore(desk.state, (state) => state.policy);
  return (
    <div className="rules">
      <Presets policy={policy} />
      <Members policy={policy} />
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }): JSX.Element {
  return (
    <fieldset className="rules-group">
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

function Members({ policy }: { policy: Policy }): JSX.Element {
  const [form, setForm] = useState<PolicyForm>(() => formOf(policy));
  const [base, setBase] = useState(policy);
  const [bad, setBad] = useState<Partial<Record<Member, string>>>({});
  const [general, setGeneral] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const changes = changesIn(form, base);
  const dirty = Object.keys(changes).length > 0 || Object.keys(wrongIn(form)).length > 0;

  // What somebody else changed, or a preset, shows at once; what is being typed stays.
  useEffect(() => {
    setBase(policy);
    setForm((old) => {
      const mine = changesIn(old, base);
      return formOf({ ...policy, ...mine });
    });
    // Only when the policy itself changed.
  }, [policy]);

  async function save(): Promise<void> {
    const wrong = wrongIn(form);
    setBad(wrong);
    setGeneral(null);
    const first = MEMBERS.find((name) => wrong[name] !== undefined);
    if (first !== undefined) {
      document.getElementById(`${id}-${first}`)?.focus();
      return;
    }
    setBusy(true);
    try {
      await desk.call('policy.put', changes);
      desk.tell('info', s.rules.taken, '');
    } catch (error) {
      const said = error instanceof CallError ? error.message : String(error);
      const field = fieldOf(said, MEMBERS);
      if (field === null) setGeneral(said);
      else {
        setBad({ [field]: refusalIn(field, said) });
        document.getElementById(`${id}-${field}`)?.focus();
      }
    } finally {
      setBusy(false);
    }
  }

  const row = (name: Member): { id: string; label: string; note: string; error: string | undefined } => ({
    ...{ id: `${id}-${name}`, label: s.rules.fields[name]![0], note: s.rules.fields[name]![1], error: bad[name] },
  });
  const time = (name: DurationName): JSX.Element => (
    <DurationRow
      {...row(name)}
      value={form.durations[name]}
      onChange={(value) => setForm((old) => ({ ...old, durations: { ...old.durations, [name]: value } }))}
    />
  );
  const word = (name: WordName): JSX.Element => {
    const put = (value: string): void => setForm((old) => ({ ...old, words: { ...old.words, [name]: value } }));
    const options = OPTIONS[name];
    return options === undefined ? (
      <TextRow {...row(name)} value={form.words[name]} onChange={put} />
    ) : (
      <ChoiceRow {...row(name)} value={form.words[name]} options={options} onChange={put} />
    );
  };

  return (
    <form
      className="card rules-form"
      aria-label={s.rules.policy}
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void save();
      }}
    >
      {general !== null && <Problem text={general} />}
      <Group title={s.rules.offers}>
        {time('acceptance_ms')}
        {word('on_login')}
      </Group>
      <Group title={s.rules.after}>
        {word('on_reject')}
        {word('reason_reject')}
        {time('return_reject_ms')}
        {word('on_timeout')}
        {word('reason_timeout')}
        {time('return_timeout_ms')}
        <TextRow {...row('max_misses')} value={form.misses} onChange={(misses) => setForm((old) => ({ ...old, misses }))} />
      </Group>
      <Group title={s.rules.away}>
        {time('lease_ms')}
        {time('grace_ms')}
      </Group>
      <Group title={s.rules.records}>
        <fieldset className="field" id={`${id}-pop_on`} tabIndex={-1}>
          <legend>{s.rules.fields.pop_on![0]}</legend>
          {POPS.map((one) => (
            <Tick
              key={one}
              checked={form.pop.includes(one)}
              onChange={(on) =>
                setForm((old) => ({ ...old, pop: POPS.filter((each) => (each === one ? on : old.pop.includes(each))) }))
              }
            >
              {s.rules.pop[one]}
            </Tick>
          ))}
          {bad.pop_on !== undefined && <span className="field-error">{bad.pop_on}</span>}
        </fieldset>
        {word('late_save')}
        {time('code_grace_ms')}
      </Group>
      <div className="row end rules-foot">
        {!dirty && <span className="hint">{s.rules.unchanged}</span>}
        <Button
          isDisabled={!dirty}
          onPress={() => {
            setForm(formOf(base));
            setBad({});
          }}
        >
          {s.rules.discard}
        </Button>
        <Button look="primary" type="submit" isDisabled={busy || !dirty}>
          {busy ? s.rules.saving : s.rules.save}
        </Button>
      </div>
    </form>
  );
}
