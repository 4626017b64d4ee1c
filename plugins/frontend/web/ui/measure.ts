// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text as networks measure it: how long it is in a channel's unit, and into how many messages the server parts it. The
// rules are those of core/base/text.h, so that the composer says what will happen.

import type { TextUnit } from './protocol';

const encoder = new TextEncoder();

/** How long a text is in what the network counts. Half a surrogate pair counts as the character that replaces it. */
export function lengthIn(text: string, unit: TextUnit): number {
  if (unit === 'utf16') return text.length;
  if (unit === 'bytes') return encoder.encode(text).length;
  let points = 0;
  for (const _ of text) points++;
  return points;
}

/** Characters as a person sees them: no half flag, no letter without its accent; in pieces only what is too long alone. */
function characters(text: string, unit: TextUnit, max: number): string[] {
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), (one) => one.segment).flatMap(
    (one) => (lengthIn(one, unit) > max ? Array.from(one) : [one]),
  );
}

const SPACE = /^[\s\p{Z}]$/u;

function isSpace(character: string): boolean {
  return SPACE.test(character) || character === '\r\n';
}

/** How good a place after `at` characters is to part: 4 a paragraph, 3 a line, 2 a sentence, 1 a word, 0 none of these. */
function seam(all: string[], at: number): number {
  const next = all[at];
  const last = all[at - 1];
  if (next === undefined || last === undefined) return 4;
  if (!isSpace(next) && !isSpace(last)) return 0;
  const newlines = spaceAround(all, at).filter((one) => one.includes('\n')).length;
  if (newlines > 1) return 4;
  if (newlines === 1) return 3;
  let word = at;
  while (word > 0 && isSpace(all[word - 1]!)) word--;
  return /[.!?…。！？]$/u.test(all[word - 1] ?? '') ? 2 : 1;
}

function spaceAround(all: string[], at: number): string[] {
  let from = at;
  let to = at;
  while (from > 0 && isSpace(all[from - 1]!)) from--;
  while (to < all.length && isSpace(all[to]!)) to++;
  return all.slice(from, to);
}

/** How many of the characters from `from` on fit into one message; at least one, so that there is an end. */
function fitting(all: string[], from: number, unit: TextUnit, max: number): number {
  let used = 0;
  let n = 0;
  while (from + n < all.length) {
    used += lengthIn(all[from + n]!, unit);
    if (used > max) break;
    n++;
  }
  return Math.max(1, n);
}

/** The messages a text becomes on a network that takes `max` units in one; 0 = any length. */
export function partsOf(text: string, unit: TextUnit, max: number): string[] {
  if (max <= 0 || lengthIn(text, unit) <= max) return [text];
  const all = characters(text, unit, max);
  const parts: string[] = [];
  let from = 0;
  while (from < all.length) {
    const n = fitting(all, from, unit, max);
    let cut = from + n;
    if (cut < all.length) {
      let best = 0;
      for (let at = from + n; at > from; at--) {
        const worth = seam(all, at);
        if (worth <= best) continue;
        best = worth;
        cut = at;
      }
    }
    const part = all.slice(from, cut).join('').trimEnd();
    if (part !== '') parts.push(part);
    from = cut;
    while (from < all.length && isSpace(all[from]!)) from++;
  }
  return parts;
}
