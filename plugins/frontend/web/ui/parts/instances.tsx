// SPDX-License-Identifier: GPL-3.0-or-later
//
// For supervisors and administrators: a channel or another connection that needs somebody, said on every page.

import type { JSX } from 'react';

import { desk } from '../desk';
import type { Instance } from '../protocol';
import { href } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { ailing } from '../views';
import { Icon } from './icons';

function Line({ one }: { one: Instance }): JSX.Element {
  return (
    <li className="notice warn">
      <Icon name="alert" />
      <p>
        <strong>
          {t.instances.kinds[one.kind] ?? one.kind} <bdi>{one.name}</bdi> {t.instances.states[one.state] ?? one.state}.
        </strong>{' '}
        <span dir="auto">{one.message ?? t.instances.noReason}</span>
      </p>
      <a className="button plain" href={href('team')}>
        {t.instances.look}
      </a>
    </li>
  );
}

export function Attention(): JSX.Element {
  const instances = useStore(desk.state, (state) => state.instances);
  const bad = ailing(instances);
  return (
    <div className="notices" role="status" aria-label={t.instances.label}>
      {bad.length > 0 && (
        <ul>
          {bad.slice(0, 3).map((one) => (
            <Line key={`${one.kind} ${one.name}`} one={one} />
          ))}
        </ul>
      )}
    </div>
  );
}
