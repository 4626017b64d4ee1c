// SPDX-License-Identifier: GPL-3.0-or-later
//
// The order of a list of chats: by a column, and within it the newest first. Pure.

import type { Interaction } from './protocol';
import { displayName } from './views';

export const COLUMNS = ['who', 'at', 'agent', 'queue', 'channel', 'duration', 'state'] as const;
export type Column = (typeof COLUMNS)[number];

export interface Sorting {
  by: Column;
  down: boolean;
}

/** A column that is chosen again turns around; times and durations begin with the largest. */
export function turned(old: Sorting, by: Column): Sorting {
  return { by, down: old.by === by ? !old.down : by === 'at' || by === 'duration' };
}

type Row = Interaction & { duration: number };

function compare(a: Row, b: Row, by: Column, agentOf: (one: Row) => string): number {
  switch (by) {
    case 'who':
      return displayName(a).localeCompare(displayName(b));
    case 'at':
      return a.enqueued_at - b.enqueued_at;
    case 'agent':
      return agentOf(a).localeCompare(agentOf(b));
    case 'queue':
      return a.queue_name.localeCompare(b.queue_name);
    case 'channel':
      return a.channel.localeCompare(b.channel);
    case 'duration':
      return a.duration - b.duration;
    case 'state':
      return a.state.localeCompare(b.state);
  }
}

export function sorted<T extends Row>(rows: T[], { by, down }: Sorting, agentOf: (one: Row) => string): T[] {
  const way = down ? -1 : 1;
  return [...rows].sort((a, b) => way * compare(a, b, by, agentOf) || b.enqueued_at - a.enqueued_at);
}
