// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fields that the site added to customers and cases: shown and edited by what they say of themselves.

import type { JSX, ReactNode } from 'react';

import type { CustomField, FieldValues } from '../protocol';
import { t } from '../strings';
import { Field } from './kit';

/** What a person types, by key; a tick is "true" or "". */
export type Typed = Record<string, string>;

export function typedOf(fields: CustomField[], values: FieldValues | undefined): Typed {
  return Object.fromEntries(
    fields.map((field) => {
      const value = values?.[field.key];
      if (field.type === 'boolean') return [field.key, value === true || value === 'true' || value === 1 ? 'true' : ''];
      return [field.key, value === null || value === undefined ? '' : String(value)];
    }),
  );
}

/** What changed, as the server takes it; an emptied field is null. */
export function changedFields(fields: CustomField[], typed: Typed, values: FieldValues | undefined): FieldValues {
  const before = typedOf(fields, values);
  const changed: FieldValues = {};
  for (const field of fields) {
    const now = (typed[field.key] ?? '').trim();
    if (now === before[field.key]) continue;
    if (field.type === 'boolean') changed[field.key] = now === 'true';
    else if (now === '') changed[field.key] = null;
    else changed[field.key] = field.type === 'number' ? Number(now) : now;
  }
  return changed;
}

/** What is wrong, by key. */
export function badFields(fields: CustomField[], typed: Typed): Record<string, string> {
  const bad: Record<string, string> = {};
  for (const field of fields) {
    const value = (typed[field.key] ?? '').trim();
    if (field.required && value === '') bad[field.key] = t.fields.needed(field.label);
    else if (field.type === 'number' && value !== '' && !Number.isFinite(Number(value))) bad[field.key] = t.fields.number;
  }
  return bad;
}

/** Rows for Facts. */
export function fieldRows(fields: CustomField[], values: FieldValues | undefined): [string, ReactNode][] {
  return fields.map((field) => {
    const value = values?.[field.key];
    if (field.type === 'boolean') return [field.label, value === undefined || value === null ? null : value ? t.fields.yes : t.fields.no];
    return [field.label, value === null || value === undefined || value === '' ? null : <bdi>{String(value)}</bdi>];
  });
}

export function FieldInput({
  field,
  id,
  value,
  error,
  onChange,
}: {
  field: CustomField;
  id: string;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}): JSX.Element {
  if (field.type === 'boolean')
    return (
      <label className="tick-field">
        <input
          type="checkbox"
          id={id}
          checked={value === 'true'}
          onChange={(event) => onChange(event.target.checked ? 'true' : '')}
        />
        <bdi>{field.label}</bdi>
      </label>
    );
  if (field.type === 'choice')
    return (
      <SelectField
        id={id}
        label={field.label}
        value={value}
        options={field.options}
        required={field.required}
        error={error}
        onChange={onChange}
      />
    );
  return (
    <Field
      label={field.label}
      id={id}
      type={field.type === 'date' ? 'date' : 'text'}
      inputMode={field.type === 'number' ? 'decimal' : 'text'}
      isRequired={field.required}
      value={value}
      error={error}
      onChange={onChange}
    />
  );
}

/** One of a few words, or none. A value that is no longer offered stays until another is chosen. */
export function SelectField({
  id,
  label,
  value,
  options,
  required = false,
  error,
  onChange,
}: {
  id: string;
  label: string;
  value: string;
  options: string[];
  required?: boolean;
  error?: string | undefined;
  onChange: (value: string) => void;
}): JSX.Element {
  const all = value === '' || options.includes(value) ? options : [value, ...options];
  return (
    <div className="field">
      <label htmlFor={id} data-required={required ? 'true' : undefined}>
        <bdi>{label}</bdi>
      </label>
      <select
        id={id}
        value={value}
        required={required}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{t.nothing}</option>
        {all.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      {error !== undefined && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </div>
  );
}
