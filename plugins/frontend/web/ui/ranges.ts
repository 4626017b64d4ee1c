// SPDX-License-Identifier: GPL-3.0-or-later
//
// Spans of time as people ask for them, in the reader's own time zone. Pure.

export type RangeName = 'any' | 'today' | 'yesterday' | 'week' | 'custom';

export interface Range {
  since?: number;
  until?: number;
}

/** Midnight `days` after the day of `at`; days are of 23 to 25 hours where clocks change. */
export function midnight(at: number, days = 0): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

/** What a field of type datetime-local holds; null = nothing or nonsense. */
export function localTime(value: string): number | null {
  const at = /^\d{4,}-\d\d-\d\dT\d\d:\d\d/.test(value) ? new Date(value).getTime() : Number.NaN;
  return Number.isFinite(at) ? at : null;
}

/** The end of a custom range holds the whole minute that was chosen. */
export function rangeOf(name: RangeName, now: number, from = '', to = ''): Range {
  switch (name) {
    case 'any':
      return {};
    case 'today':
      return { since: midnight(now) };
    case 'yesterday':
      return { since: midnight(now, -1), until: midnight(now) - 1 };
    case 'week':
      return { since: midnight(now, -6) };
    case 'custom': {
      const since = localTime(from);
      const until = localTime(to);
      return { ...(since === null ? {} : { since }), ...(until === null ? {} : { until: until + 59_999 }) };
    }
  }
}

export function isBackwards(range: Range): boolean {
  return range.since !== undefined && range.until !== undefined && range.until < range.since;
}
