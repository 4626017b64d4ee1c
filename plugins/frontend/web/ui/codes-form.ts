// SPDX-License-Identifier: GPL-3.0-or-later
//
// A list of codes as a form: its rows, what is wrong with them, and how `codes.put` takes them. Pure.

import type { Operations } from './operations';
import type { AskedStatus, CodeList } from './protocol';
import { s } from './strings-supervise';

export interface CodeRow {
  /** For the page alone: rows are moved about. */
  key: number;
  code: string;
  name: string;
  active: boolean;
}

export interface CodesForm {
  list: string;
  name: string;
  use: CodeList['use'];
  status: AskedStatus;
  required: boolean;
  enabled: boolean;
  queues: string[];
  rows: CodeRow[];
}

export function codesFormOf(list: CodeList | null): CodesForm {
  return {
    list: list?.list ?? '',
    name: list?.name ?? '',
    use: list?.use ?? 'disposition',
    status: list?.status ?? 'on_break',
    required: list?.required ?? false,
    enabled: list?.enabled ?? true,
    queues: list?.queues ?? [],
    rows: (list?.codes ?? []).map((one, key) => ({ key, ...one })),
  };
}

/** What is wrong, by the name of the field; rows by `code-KEY`. */
export function wrongIn(form: CodesForm): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (form.list.trim() === '') wrong.list = s.rules.needId;
  if (form.name.trim() === '') wrong.name = s.rules.needName;
  const seen = new Set<string>();
  for (const row of form.rows) {
    const code = row.code.trim();
    if (code === '') wrong[`code-${row.key}`] = s.rules.needCode;
    else if (/[\s,=!]/.test(code)) wrong[`code-${row.key}`] = s.rules.badCode;
    else if (seen.has(code)) wrong[`code-${row.key}`] = s.rules.twice;
    seen.add(code);
  }
  return wrong;
}

export function codesArgs(form: CodesForm, fresh: boolean): Operations['codes.put']['args'] {
  return {
    list: form.list.trim(),
    name: form.name.trim(),
    ...(fresh ? { use: form.use } : {}),
    ...(form.use === 'status' ? { status: form.status } : {}),
    ...(form.use === 'disposition' ? { queues: form.queues } : {}),
    required: form.required,
    enabled: form.enabled,
    codes: form.rows.map((row) => `${row.active ? '' : '!'}${row.code.trim()}=${row.name.trim() || row.code.trim()}`),
  };
}

/** The row one place up or down; it stays where it can't go further. */
export function moved(rows: CodeRow[], key: number, way: 1 | -1): CodeRow[] {
  const at = rows.findIndex((row) => row.key === key);
  const to = at + way;
  if (at < 0 || to < 0 || to >= rows.length) return rows;
  const next = [...rows];
  [next[at], next[to]] = [next[to]!, next[at]!];
  return next;
}

export function added(rows: CodeRow[]): CodeRow[] {
  return [...rows, { key: Math.max(-1, ...rows.map((row) => row.key)) + 1, code: '', name: '', active: true }];
}
