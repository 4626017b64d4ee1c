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

/** Characters as a person sees them: no half flag, no letter without its accent. */
function characters(text: string): string[] {
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), (one) => one.segment);
}

/** White space at which a text may be parted; a no-break space is none. */
function isSpace(character: string): boolean {
  return /^[\s]+$/.test(character) && !/^[\u00a0\u2007\u202f\ufeff]/.test(character);
}

const FULL_STOP = /^[.!?\u2026\u061f\u06d4\u0964]/;
/** These need no white space after them. */
const WIDE_FULL_STOP = /^[\u3002\uff01\uff0e\uff1f\uff61]/;
const CLOSES = /^[)\]"'\u00bb\u2019\u201d\u300d]/;

/** Where a part may end: after how many characters, and how long the part would be. */
interface Cut {
  at: number;
  length: number;
}

interface Cuts {
  paragraph: Cut | null;
  line: Cut | null;
  sentence: Cut | null;
  word: Cut | null;
}

/** Reads from `from` while it fits: where it stopped, how long that is, and the last place of each kind to part. */
function read(all: string[], from: number, unit: TextUnit, max: number): { at: number; length: number; cuts: Cuts } {
  const cuts: Cuts = { paragraph: null, line: null, sentence: null, word: null };
  let at = from;
  let length = 0;
  let space: Cut | null = null;
  let newlines = 0;
  let ended = false;
  for (; at < all.length; at++) {
    const one = all[at]!;
    const more = lengthIn(one, unit);
    if (isSpace(one) && at !== from) {
      if (space === null) {
        space = { at, length };
        newlines = 0;
        cuts.word = space;
        if (ended) cuts.sentence = space;
      }
      newlines += one === '\u2029' ? 2 : /[\n\r\u2028]/.test(one) ? 1 : 0;
      if (newlines > 1) cuts.paragraph = space;
      else if (newlines === 1) cuts.line = space;
    } else {
      if (length + more > max) break;
      space = null;
      ended = FULL_STOP.test(one) || (ended && CLOSES.test(one));
      if (WIDE_FULL_STOP.test(one)) cuts.sentence = { at: at + 1, length: length + more };
    }
    length += more;
  }
  // White space at the very end needs no room.
  if (at === all.length && space !== null && length > max) return { ...space, cuts };
  return { at, length, cuts };
}

/** The better place to part, where the part is at least half full; else between words; else anywhere. */
function choose(cuts: Cuts, at: number, max: number): number {
  for (const cut of [cuts.paragraph, cuts.line, cuts.sentence])
    if (cut !== null && cut.length * 2 >= max) return cut.at;
  return cuts.word?.at ?? cuts.sentence?.at ?? at;
}

/** The messages a text becomes on a network that takes `max` units in one; 0 = any length. */
export function partsOf(text: string, unit: TextUnit, max: number): string[] {
  if (max <= 0 || lengthIn(text, unit) <= max) return [text];
  // What is too long by itself comes in pieces, a code point at a time.
  const all = characters(text).flatMap((one) => (lengthIn(one, unit) > max ? Array.from(one) : [one]));
  const parts: string[] = [];
  let from = 0;
  while (from < all.length) {
    const { at, cuts } = read(all, from, unit, max);
    const end = Math.max(from + 1, at < all.length && !isSpace(all[at]!) ? choose(cuts, at, max) : at);
    const part = all.slice(from, end);
    if (!part.every(isSpace)) parts.push(part.join(''));
    from = end;
    while (from < all.length && isSpace(all[from]!)) from++;
  }
  return parts;
}
