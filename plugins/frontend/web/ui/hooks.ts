// SPDX-License-Identifier: GPL-3.0-or-later
//
// How components read time, server data and the width of the window.

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { desk } from './desk';
import type { Operation, Operations } from './operations';
import type { Customer } from './protocol';
import { useStore } from './store';

/** Server time, renewed every `step` ms while the component is shown. */
export function useNow(step = 1000): number {
  const [now, setNow] = useState(() => desk.clock.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(desk.clock.now()), step);
    setNow(desk.clock.now());
    return () => window.clearInterval(timer);
  }, [step]);
  return now;
}

export interface Loaded<T> {
  data: T | null;
  error: string | null;
  loading: boolean;
  reload(): void;
}

/** The answer to a read; asked again when the arguments, `version` or the line change. `null` = don't ask. */
export function useCall<O extends Operation>(
  operation: O,
  args: Operations[O]['args'] | null,
  version: unknown = 0,
): Loaded<Operations[O]['result']> {
  const key = args === null ? null : JSON.stringify(args);
  const [turn, setTurn] = useState(0);
  const [got, setGot] = useState<{ key: string; data: Operations[O]['result'] | null; error: string | null } | null>(null);
  const latest = useRef(0);

  useEffect(() => {
    if (key === null) return;
    const mine = ++latest.current;
    desk.call(operation, JSON.parse(key) as Operations[O]['args']).then(
      (data) => {
        if (mine === latest.current) setGot({ key, data, error: null });
      },
      (error: unknown) => {
        if (mine === latest.current)
          setGot({ key, data: null, error: error instanceof Error ? error.message : String(error) });
      },
    );
  }, [operation, key, version, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const mine = got !== null && got.key === key ? got : null;
  return { data: mine?.data ?? null, error: mine?.error ?? null, loading: key !== null && mine === null, reload };
}

/** A customer's record, shared by everything that shows it. */
export function useCustomer(id: string | null): Loaded<Customer> {
  const known = useStore(desk.customers, (all) => (id === null ? undefined : all[id]));
  const revision = useStore(desk.revision);
  const answer = useCall('customer.get', id === null ? null : { customer: id }, revision);
  useEffect(() => {
    if (answer.data !== null) desk.keepCustomer(answer.data.customer);
  }, [answer.data]);
  return { ...answer, data: known ?? null, loading: answer.loading && known === undefined };
}

async function fetchPages<T>(
  fetchPage: (cursor: string | null) => Promise<{ items: T[]; next: string | null }>,
  count: number,
): Promise<{ items: T[]; next: string | null }> {
  let page = await fetchPage(null);
  const items = [...page.items];
  for (let n = 1; n < count && page.next !== null; n++) {
    page = await fetchPage(page.next);
    items.push(...page.items);
  }
  return { items, next: page.next };
}

/** A long list in pages: the first one follows the arguments, the next ones are added on demand. */
export function usePages<T>(
  fetchPage: (cursor: string | null) => Promise<{ items: T[]; next: string | null }>,
  version: unknown,
): { items: T[] | null; error: string | null; next: string | null; loadMore(): void; busy: boolean } {
  const [state, setState] = useState<{ items: T[] | null; error: string | null; next: string | null }>({
    items: null,
    error: null,
    next: null,
  });
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const shown = useRef({ fetchPage, pages: 1 });

  const load = useCallback(
    (cursor: string | null) => {
      const mine = ++latest.current;
      // Of another list nothing was shown; one that is asked for again keeps all its pages.
      if (shown.current.fetchPage !== fetchPage) shown.current = { fetchPage, pages: 1 };
      else if (cursor !== null) shown.current.pages++;
      setBusy(true);
      (cursor === null ? fetchPages(fetchPage, shown.current.pages) : fetchPage(cursor)).then(
        (page) => {
          if (mine !== latest.current) return;
          setBusy(false);
          setState((old) => ({
            items: cursor === null ? page.items : [...(old.items ?? []), ...page.items],
            error: null,
            next: page.next,
          }));
        },
        (error: unknown) => {
          if (mine !== latest.current) return;
          setBusy(false);
          setState((old) => ({ ...old, error: error instanceof Error ? error.message : String(error) }));
        },
      );
    },
    [fetchPage],
  );

  useEffect(() => load(null), [load, version]);
  return { ...state, busy, loadMore: () => load(state.next) };
}

/** Whether the agent looks at this window now. */
export function looking(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

function watchLooking(watcher: () => void): () => void {
  const events: [EventTarget, string][] = [
    [document, 'visibilitychange'],
    [window, 'focus'],
    [window, 'blur'],
  ];
  for (const [target, event] of events) target.addEventListener(event, watcher);
  return () => {
    for (const [target, event] of events) target.removeEventListener(event, watcher);
  };
}

export function useLooking(): boolean {
  return useSyncExternalStore(watchLooking, looking);
}

export function useMedia(query: string): boolean {
  const [list] = useState(() => window.matchMedia(query));
  return useSyncExternalStore(
    (watcher) => {
      list.addEventListener('change', watcher);
      return () => list.removeEventListener('change', watcher);
    },
    () => list.matches,
  );
}

/** The value, once it has not changed for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
