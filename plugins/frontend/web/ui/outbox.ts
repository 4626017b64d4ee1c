// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages the agent sent that are not in the conversation yet. Each keeps its client id from the first try to
// the last, also over a reload, so that trying again can't double it.

import type { Interaction } from './protocol';
import { CallError } from './protocol';
import { Store } from './store';
import * as storage from './storage';

export interface Pending {
  client_id: string;
  interaction: string;
  text: string;
  at: number;
  state: 'sending' | 'failed';
  error: string | null;
  /** The FAQ whose answer it began with. */
  faq: string | null;
}

type Send = (pending: Pending, cmd: string) => Promise<unknown>;

export class Outbox {
  readonly list = new Store<Pending[]>([]);
  private owner: string | null = null;

  constructor(
    private readonly send: Send,
    private readonly uniqueId: () => string,
  ) {
    this.list.watch(() => this.keep());
  }

  /**
   * Takes up what this agent left here, and sends again what was under way when the page was left. Same key: the
   * server answers what it answered. Agents who share a computer don't see each other's.
   */
  open(owner: string): void {
    if (owner === this.owner) return;
    this.owner = null;
    this.list.set(storage.load<Pending[]>(`outbox.${owner}`, []));
    this.owner = owner;
    for (const pending of this.list.get()) if (pending.state === 'sending') this.attempt(pending, pending.client_id);
  }

  private keep(): void {
    if (this.owner !== null) storage.save(`outbox.${this.owner}`, this.list.get().length > 0 ? this.list.get() : null);
  }

  add(interaction: string, text: string, at: number, faq: string | null = null): void {
    const pending: Pending = { client_id: this.uniqueId(), interaction, text, at, state: 'sending', error: null, faq };
    this.list.update((list) => [...list, pending]);
    this.attempt(pending, pending.client_id);
  }

  /** After a refusal: the same message under a new command key, because the old key has its answer. */
  retry(clientId: string): void {
    const pending = this.list.get().find((one) => one.client_id === clientId);
    if (pending === undefined || pending.state !== 'failed') return;
    this.patch(clientId, { state: 'sending', error: null });
    this.attempt(pending, this.uniqueId());
  }

  remove(clientId: string): void {
    this.list.update((list) => list.filter((one) => one.client_id !== clientId));
  }

  /** Drops what the conversation now shows, and what belongs to chats that are over. */
  settle(interactions: Record<string, Interaction>): void {
    const rest = this.list
      .get()
      .filter((one) => interactions[one.interaction] !== undefined)
      .filter((one) => !interactions[one.interaction]!.messages.some((message) => message.client_id === one.client_id));
    if (rest.length !== this.list.get().length) this.list.set(rest);
  }

  private attempt(pending: Pending, cmd: string): void {
    this.send(pending, cmd).catch((error: unknown) => {
      if (error instanceof CallError && error.code === 'unauthenticated') return;
      const message = error instanceof Error ? error.message : String(error);
      this.patch(pending.client_id, { state: 'failed', error: message });
    });
  }

  private patch(clientId: string, change: Partial<Pending>): void {
    this.list.update((list) => list.map((one) => (one.client_id === clientId ? { ...one, ...change } : one)));
  }
}
