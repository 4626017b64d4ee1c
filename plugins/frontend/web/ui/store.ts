// SPDX-License-Identifier: GPL-3.0-or-later
//
// A value that components can watch.

import { useSyncExternalStore } from 'react';

export class Store<T> {
  private readonly watchers = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const watcher of [...this.watchers]) watcher();
  }

  update(change: (value: T) => T): void {
    this.set(change(this.value));
  }
}

/** `pick` must give the same object for the same state: pick parts, don't build them. */
export function useStore<T, P = T>(store: Store<T>, pick?: (value: T) => P): P {
  const read = (): P => (pick === undefined ? (store.get() as unknown as P) : pick(store.get()));
  return useSyncExternalStore(store.watch, read, read);
}
