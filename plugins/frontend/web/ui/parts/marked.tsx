// SPDX-License-Identifier: GPL-3.0-or-later
//
// A text with the words somebody looks for marked in it.

import type { JSX } from 'react';
import { Fragment } from 'react';

import { marks } from '../marks';

export function Marked({ text, find }: { text: string; find: string }): JSX.Element {
  const found = marks(text, find);
  return (
    <>
      {found.map((mark, at) => (
        // Marks of one text stand in order and have nothing else to be told apart by.
        <Fragment key={at}>
          {text.slice(found[at - 1]?.to ?? 0, mark.from)}
          <mark>{text.slice(mark.from, mark.to)}</mark>
        </Fragment>
      ))}
      {text.slice(found[found.length - 1]?.to ?? 0)}
    </>
  );
}
