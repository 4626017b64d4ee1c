// SPDX-License-Identifier: GPL-3.0-or-later
//
// The bundle of what only supervisors and administrators open.

import type { JSX } from 'react';

import { pagesOf } from '../pages';
import { desk } from '../desk';
import { Empty } from '../parts/kit';
import type { Page } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { Faqs } from './faqs';
import { Playback } from './playback';
import { Rules } from './rules';
import { Team } from './team';

export default function Supervise({ page }: { page: Page }): JSX.Element | null {
  const me = useStore(desk.state, (state) => state.me);
  // The server refuses what is not allowed; whoever follows an old address gets a reason instead of an error.
  if (!pagesOf(me).includes(page)) return <Empty icon="lock" title={t.errors.denied} />;
  switch (page) {
    case 'playback':
      return <Playback />;
    case 'team':
      return <Team />;
    case 'faqs':
      return <Faqs />;
    case 'rules':
      return <Rules />;
    default:
      return null;
  }
}
