// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the words somebody looks for stand in a text: any part of a word, whatever the case and the accents, as the
// server's search of transcripts has it. Pure.

export interface Mark {
  from: number;
  to: number;
}

interface Folded {
  text: string;
  /** Where each unit of `text` stands in the original. */
  at: number[];
}

function foldLetter(letter: string): string {
  return letter.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Letter by letter, because folding changes lengths. */
function fold(text: string): Folded {
  const folded: Folded = { text: '', at: [] };
  let place = 0;
  for (const letter of text) {
    const plain = foldLetter(letter);
    folded.text += plain;
    for (let i = 0; i < plain.length; i++) folded.at.push(place);
    place += letter.length;
  }
  folded.at.push(place);
  return folded;
}

export function needles(find: string): string[] {
  return [...new Set(fold(find).text.split(/\s+/).filter((word) => word !== ''))];
}

/** Whether all the words occur. */
export function holds(text: string, find: string): boolean {
  const plain = fold(text).text;
  const words = needles(find);
  return words.length > 0 && words.every((word) => plain.includes(word));
}

/** Every place where one of the words stands, in order and not overlapping. */
export function marks(text: string, find: string): Mark[] {
  const { text: plain, at } = fold(text);
  const found: Mark[] = [];
  for (const word of needles(find))
    for (let i = plain.indexOf(word); i >= 0; i = plain.indexOf(word, i + word.length)) {
      const end = i + word.length;
      let to = at[end]!;
      // The last letter may be of several units: the mark goes to its end.
      for (let next = end; to === at[end - 1] && next < at.length; next++) to = at[next]!;
      found.push({ from: at[i]!, to });
    }
  found.sort((a, b) => a.from - b.from || b.to - a.to);
  const joined: Mark[] = [];
  for (const one of found) {
    const last = joined[joined.length - 1];
    if (last !== undefined && one.from <= last.to) last.to = Math.max(last.to, one.to);
    else joined.push({ ...one });
  }
  return joined;
}

/** A piece of the text around the first of the words, at most about `width` letters; null = none of them is in it. */
export function excerpt(text: string, find: string, width = 120): string | null {
  const first = marks(text, find)[0];
  if (first === undefined) return null;
  if (text.length <= width) return text;
  const start = Math.max(0, first.from - Math.floor(width / 3));
  const from = start === 0 ? 0 : text.lastIndexOf(' ', start) + 1 || start;
  const to = Math.min(text.length, from + width);
  return `${from > 0 ? '…' : ''}${text.slice(from, to).trim()}${to < text.length ? '…' : ''}`;
}
