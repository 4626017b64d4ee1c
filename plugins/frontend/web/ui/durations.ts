// SPDX-License-Identifier: GPL-3.0-or-later
//
// Spans of time as people enter them: a number and a unit. Pure.

export type Unit = 's' | 'min' | 'h';

export interface Typed {
  number: string;
  unit: Unit;
}

const MS: Record<Unit, number> = { s: 1000, min: 60_000, h: 3_600_000 };
export const UNITS = Object.keys(MS) as Unit[];

/** In the largest unit that leaves nothing over. */
export function typedOf(ms: number): Typed {
  const unit = [...UNITS].reverse().find((one) => ms >= MS[one] && ms % MS[one] === 0) ?? 's';
  return { number: String(ms / MS[unit]), unit };
}

/** null = not a number. "1,5" is as good as "1.5". */
export function msOf(typed: Typed): number | null {
  const text = typed.number.trim().replace(',', '.');
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? Math.round(number * MS[typed.unit]) : null;
}
