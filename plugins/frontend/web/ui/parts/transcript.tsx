// SPDX-License-Identifier: GPL-3.0-or-later
//
// A conversation that is over, as it was filed.

import type { JSX } from 'react';
import { Fragment } from 'react';

import { duration } from '../clock';
import { sameDay } from '../format';
import type { TranscriptLine } from '../protocol';
import { t } from '../strings';
import { Bubble, DayLine } from './timeline';

const GAP_MS = 10 * 60_000;

export function Transcript({ label, lines }: { label: string; lines: TranscriptLine[] }): JSX.Element {
  return (
    <ol className="transcript" aria-label={label}>
      {lines.map((line, at) => {
        const before = lines[at - 1];
        const pause = before === undefined ? 0 : line.at - before.at;
        const newDay = before === undefined || !sameDay(before.at, line.at);
        return (
          // Lines of a transcript have no ids and never move.
          <Fragment key={at}>
            {newDay && <DayLine at={line.at} />}
            {!newDay && pause > GAP_MS && (
              <li className="day-line">
                <span>{t.history.gap(duration(pause))}</span>
              </li>
            )}
            <Bubble
              author={line.author}
              name={line.name}
              at={line.at}
              text={line.text}
              joined={!newDay && before?.author === line.author && pause < 60_000}
            />
          </Fragment>
        );
      })}
    </ol>
  );
}
