// SPDX-License-Identifier: GPL-3.0-or-later
//
// {{customer.first_name|there}} in the answers of FAQs: resolved when an answer is put into the composer, looked for
// before a message goes out.

export interface Place {
  from: number;
  to: number;
  /** What stands between the braces. */
  name: string;
}

const PLACE = /\{\{([^{}]*)\}\}/g;

/** What is known, by name; null or blank = not known. */
export type Values = ReadonlyMap<string, string | null>;

/** Names with a value are replaced, the others by what follows the bar; what has neither stays as it is. */
export function resolve(text: string, values: Values): string {
  return text.replace(PLACE, (whole, inside: string) => {
    const bar = inside.indexOf('|');
    const name = (bar < 0 ? inside : inside.slice(0, bar)).trim();
    const value = values.get(name)?.trim();
    if (value) return value;
    return bar < 0 ? whole : inside.slice(bar + 1).trim();
  });
}

/** Placeholders that are left in a text. A customer must never see one. */
export function unresolved(text: string): Place[] {
  return Array.from(text.matchAll(PLACE), (found) => ({
    from: found.index,
    to: found.index + found[0].length,
    name: found[1]!.trim(),
  }));
}

/** The next one after the cursor, or the first one. */
export function nextPlace(text: string, cursor: number): Place | null {
  const all = unresolved(text);
  return all.find((one) => one.from >= cursor) ?? all[0] ?? null;
}

export interface Edit {
  text: string;
  /** What is selected afterwards; from = to: a cursor. */
  from: number;
  to: number;
}

/**
 * Puts `piece` in the place of the selection. It does not grow together with a word beside it. What is selected
 * afterwards: the first placeholder of the piece that is still to be filled in, else the end of it.
 */
export function insert(text: string, from: number, to: number, piece: string): Edit {
  const before = text.slice(0, from);
  const after = text.slice(to);
  const head = before !== '' && !/\s$/.test(before) && !/^\s/.test(piece) ? ' ' : '';
  const tail = after !== '' && /^[\p{L}\p{N}]/u.test(after) && !/\s$/.test(piece) ? ' ' : '';
  const start = before.length + head.length;
  const place = unresolved(piece)[0];
  const end = start + piece.length;
  return {
    text: `${before}${head}${piece}${tail}${after}`,
    from: place === undefined ? end : start + place.from,
    to: place === undefined ? end : start + place.to,
  };
}

/** Whether a slash typed here asks for the FAQs: on a line that is empty so far. */
export function opensFaq(text: string, from: number, to: number): boolean {
  const lineEnd = text.indexOf('\n', to);
  const rest = text.slice(to, lineEnd < 0 ? undefined : lineEnd);
  return (from === 0 || text[from - 1] === '\n') && rest.trim() === '';
}
