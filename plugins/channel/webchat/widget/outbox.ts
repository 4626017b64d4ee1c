// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the customer sent and the server has not confirmed yet. One item is on its way at a time, so the order is kept
// whatever happens; each keeps its id for ever, so sending again never doubles. Every item has a storage key of its
// own: several tabs may share the storage without overwriting each other. Pure but for the store it is given.

export interface Item {
  id: string;
  kind: 'message' | 'end';
  text: string;
  at: number;
  state: 'queued' | 'sending' | 'failed';
  error?: string;
}

/** The part of localStorage that is used. */
export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

/** Refusals that pass by themselves; the item waits and is sent again. */
const PASSING = new Set(['busy', 'too_fast', 'unavailable']);

export class Outbox {
  readonly items: Item[] = [];
  /** Nothing is sent before this moment. */
  notBefore = 0;

  constructor(
    private readonly store: Store,
    private readonly prefix: string,
  ) {
    for (const key of store.keys()) {
      if (!key.startsWith(prefix)) continue;
      const item = readItem(store.get(key), key.slice(prefix.length));
      if (item) this.items.push(item);
      else store.remove(key);
    }
    this.items.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  add(kind: Item['kind'], id: string, text: string, at: number): Item {
    const last = this.items.at(-1);
    // Two in one millisecond, or a clock that went back, must not change places after a reload.
    const item: Item = { id, kind, text, at: last && last.at >= at ? last.at + 1 : at, state: 'queued' };
    this.items.push(item);
    this.save(item);
    return item;
  }

  /** The item to send now; it counts as sent from here on. */
  next(now: number): Item | undefined {
    if (now < this.notBefore) return undefined;
    for (const item of this.items) {
      if (item.state === 'sending') return undefined;
      if (item.state === 'queued') {
        item.state = 'sending';
        return item;
      }
    }
    return undefined;
  }

  /** The connection is gone: what was on its way may or may not have arrived and is sent again. */
  disconnected(): void {
    for (const item of this.items) if (item.state === 'sending') item.state = 'queued';
  }

  /** The server has it. */
  confirm(id: string): boolean {
    const index = this.items.findIndex((item) => item.id === id);
    if (index < 0) return false;
    this.items.splice(index, 1);
    this.store.remove(this.prefix + id);
    return true;
  }

  refuse(id: string, code: string, message: string, retryAfter: number | undefined, now: number): void {
    const item = this.items.find((one) => one.id === id);
    if (!item) return;
    if (PASSING.has(code)) {
      item.state = 'queued';
      this.notBefore = now + (retryAfter ?? 2000);
    } else if (item.kind === 'end') {
      this.confirm(id);
    } else {
      item.state = 'failed';
      item.error = message;
      this.save(item);
    }
  }

  retry(id: string): void {
    const item = this.items.find((one) => one.id === id);
    if (item?.state !== 'failed') return;
    item.state = 'queued';
    delete item.error;
    this.save(item);
  }

  clear(): void {
    for (const item of [...this.items]) this.confirm(item.id);
  }

  /** Another tab confirmed one. */
  forget(key: string): void {
    if (key.startsWith(this.prefix)) this.confirm(key.slice(this.prefix.length));
  }

  private save(item: Item): void {
    const { kind, text, at, error } = item;
    this.store.set(this.prefix + item.id, JSON.stringify({ kind, text, at, error }));
  }
}

function readItem(text: string | null, id: string): Item | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Item>;
    if (typeof value.text !== 'string' || typeof value.at !== 'number') return undefined;
    if (value.kind !== 'message' && value.kind !== 'end') return undefined;
    const item: Item = { id, kind: value.kind, text: value.text, at: value.at, state: 'queued' };
    if (typeof value.error === 'string') {
      item.state = 'failed';
      item.error = value.error;
    }
    return item;
  } catch {
    return undefined;
  }
}
