// SPDX-License-Identifier: GPL-3.0-or-later
//
// localStorage, or memory where the browser gives a frame of another site none: the chat then lasts as long as the
// page does.

import type { Store } from './outbox.js';

class Memory implements Store {
  private readonly map = new Map<string, string>();
  get(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  set(key: string, value: string): void {
    this.map.set(key, value);
  }
  remove(key: string): void {
    this.map.delete(key);
  }
  keys(): string[] {
    return [...this.map.keys()];
  }
}

class Local implements Store {
  constructor(private readonly storage: Storage) {}
  get(key: string): string | null {
    return this.storage.getItem(key);
  }
  set(key: string, value: string): void {
    try {
      this.storage.setItem(key, value);
    } catch {
      // Full: what is sent now is not kept over a reload, and is sent all the same.
    }
  }
  remove(key: string): void {
    this.storage.removeItem(key);
  }
  keys(): string[] {
    return Object.keys(this.storage);
  }
}

export function openStore(): Store {
  try {
    const storage = window.localStorage;
    const probe = 'usher-webchat-probe';
    storage.setItem(probe, '1');
    storage.removeItem(probe);
    return new Local(storage);
  } catch {
    return new Memory();
  }
}
