// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rows of the forms that supervisors and administrators fill in: a label, a field, what it means, what is wrong with it.

import type { JSX, ReactNode } from 'react';

import type { Typed, Unit } from '../durations';
import { UNITS } from '../durations';
import { s } from '../strings-supervise';

interface RowProps {
  id: string;
  label: string;
  note?: string | undefined;
  error?: string | undefined;
}

function Row({ id, label, note, error, children }: RowProps & { children: ReactNode }): JSX.Element {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {note !== undefined && note !== '' && (
        <span id={`${id}-note`} className="hint">
          {note}
        </span>
      )}
      {error !== undefined && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </div>
  );
}

function described({ id, note, error }: RowProps): { 'aria-invalid': boolean; 'aria-describedby': string | undefined } {
  const ids = [note ? `${id}-note` : '', error === undefined ? '' : `${id}-error`].filter(Boolean).join(' ');
  return { 'aria-invalid': error !== undefined, 'aria-describedby': ids === '' ? undefined : ids };
}

export function TextRow({
  value,
  onChange,
  choices,
  readOnly = false,
  ...row
}: RowProps & { value: string; onChange: (value: string) => void; choices?: string[]; readOnly?: boolean }): JSX.Element {
  return (
    <Row {...row}>
      <input
        id={row.id}
        {...described(row)}
        dir="auto"
        autoComplete="off"
        spellCheck="false"
        readOnly={readOnly}
        list={choices === undefined ? undefined : `${row.id}-choices`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {choices !== undefined && (
        <datalist id={`${row.id}-choices`}>
          {choices.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </Row>
  );
}

export function AreaRow({
  value,
  onChange,
  rows,
  ...row
}: RowProps & { value: string; onChange: (value: string) => void; rows: number }): JSX.Element {
  return (
    <Row {...row}>
      <textarea
        id={row.id}
        {...described(row)}
        dir="auto"
        rows={rows}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Row>
  );
}

export function ChoiceRow<T extends string>({
  value,
  options,
  onChange,
  disabled = false,
  ...row
}: RowProps & { value: T; options: [T, string][]; onChange: (value: T) => void; disabled?: boolean }): JSX.Element {
  return (
    <Row {...row}>
      <select
        id={row.id}
        {...described(row)}
        disabled={disabled}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {options.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </Row>
  );
}

export function DurationRow({ value, onChange, ...row }: RowProps & { value: Typed; onChange: (value: Typed) => void }): JSX.Element {
  return (
    <Row {...row}>
      <span className="duration">
        <input
          id={row.id}
          {...described(row)}
          inputMode="decimal"
          autoComplete="off"
          value={value.number}
          onChange={(event) => onChange({ ...value, number: event.target.value })}
        />
        <select
          aria-label={s.rules.unitOf(row.label)}
          value={value.unit}
          onChange={(event) => onChange({ ...value, unit: event.target.value as Unit })}
        >
          {UNITS.map((unit) => (
            <option key={unit} value={unit}>
              {s.rules.units[unit]}
            </option>
          ))}
        </select>
      </span>
    </Row>
  );
}

export function Tick({
  checked,
  onChange,
  children,
  label,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children?: ReactNode;
  /** Instead of words beside it. */
  label?: string;
}): JSX.Element {
  return (
    <label className="tick-field">
      <input type="checkbox" checked={checked} aria-label={label} onChange={(event) => onChange(event.target.checked)} />
      {children}
    </label>
  );
}
