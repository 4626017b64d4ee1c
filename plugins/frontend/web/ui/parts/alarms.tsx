// SPDX-License-Identifier: GPL-3.0-or-later
//
// For supervisors and administrators: something is wrong with the daemon itself, said on every page.

import type { JSX } from 'react';

import { desk } from '../desk';
import { dateTime } from '../format';
import type { Alarm } from '../protocol';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';

function Line({ one }: { one: Alarm }): JSX.Element {
  return (
    <li className="notice bad">
      <Icon name="alert" />
      <p>
        <strong>{t.alarms.title(one.name)}</strong> <span dir="auto">{one.text}</span>
      </p>
      <span className="since">{t.alarms.since(dateTime(one.since))}</span>
    </li>
  );
}

export function Alarms(): JSX.Element {
  const alarms = useStore(desk.state, (state) => state.alarms);
  return (
    <div className="notices" role="alert" aria-label={t.alarms.label}>
      {alarms.length > 0 && (
        <ul>
          {alarms.slice(0, 3).map((one) => (
            <Line key={one.name} one={one} />
          ))}
        </ul>
      )}
    </div>
  );
}
