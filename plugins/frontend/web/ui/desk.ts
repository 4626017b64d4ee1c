// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one object behind the page: joins connection, state, clock and outbox, and offers what a person can do.
// Components read its stores and call its methods; they never speak to the server themselves.

import * as api from './api';
import { JumpDetector, ServerClock } from './clock';
import type { Link } from './connection';
import { Connection } from './connection';
import type { Pending } from './outbox';
import { Outbox } from './outbox';
import type { Operation, Operations } from './operations';
import type { Alarm, AskedStatus, Customer, DeskEvent, Instance, Interaction } from './protocol';
import { CallError } from './protocol';
import { draftKey } from './drafts';
import { go } from './route';
import type { State } from './state';
import { emptyState, reduce } from './state';
import * as storage from './storage';
import { Store } from './store';
import { t } from './strings';
import { displayName } from './views';

export type Session = { phase: 'checking' } | { phase: 'login'; code: string | null } | { phase: 'open' };

export interface Toast {
  id: number;
  tone: 'error' | 'info';
  title: string;
  text: string;
}

export interface Prefs {
  theme: 'auto' | 'light' | 'dark';
  enterSends: boolean;
  singleKeys: boolean;
  sound: boolean;
  /** 0 to 1 */
  volume: number;
  /** Desktop notifications. */
  notify: boolean;
  /** They show what the customer wrote. */
  notifyText: boolean;
}

const DEFAULT_PREFS: Prefs = {
  ...{ theme: 'auto', enterSends: false, singleKeys: true },
  ...{ sound: true, volume: 0.6, notify: false, notifyText: true },
};

/** Events after which lists of cases or chats may have changed. */
const TOUCHING = new Set(['interaction.save', 'interaction.closed', 'interaction.codes', 'customer.merged']);

/** Not crypto.randomUUID: that one is missing on plain http outside localhost. */
function uniqueId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const mono = (): number => performance.now();
const wall = (): number => Date.now();

function openSocket(events: { opened(): void; message(text: string): void; closed(): void }): {
  send(text: string): void;
  close(): void;
} {
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  socket.onopen = () => events.opened();
  socket.onmessage = (event: MessageEvent<unknown>) => {
    if (typeof event.data === 'string') events.message(event.data);
  };
  socket.onclose = () => events.closed();
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
}

class Desk {
  readonly state = new Store<State>(emptyState);
  readonly link = new Store<Link>({ phase: 'connecting', attempt: 1 });
  readonly session = new Store<Session>({ phase: 'checking' });
  readonly toasts = new Store<Toast[]>([]);
  readonly prefs = new Store<Prefs>({ ...DEFAULT_PREFS, ...storage.load<Partial<Prefs>>('prefs', {}) });
  /** interaction -> number of the last message the agent has seen */
  readonly seen = new Store<Record<string, number>>(storage.load('seen', {}));
  readonly customers = new Store<Record<string, Customer>>({});
  /** Rises when lists of cases or chats may have changed. */
  readonly revision = new Store(0);
  readonly clock = new ServerClock(mono, wall);
  readonly outbox: Outbox;

  private connection: Connection | null = null;
  private nextToast = 1;
  private typingSent: { interaction: string; at: number } | null = null;
  private typingTimer: number | undefined;
  private touchTimer: number | undefined;
  /** interaction -> the last line of the customer that the network was told of */
  private readonly seenTold = new Map<string, number>();
  /** For each `interaction.get` under way, the events that came since it was asked. */
  private readonly asking = new Set<DeskEvent[]>();

  constructor() {
    this.outbox = new Outbox((one, cmd) => this.sendMessage(one, cmd), uniqueId);
    this.prefs.watch(() => storage.save('prefs', this.prefs.get()));
    this.seen.watch(() => storage.save('seen', this.seen.get()));
    this.state.watch(() => this.afterChange());
  }

  start(): void {
    const detector = new JumpDetector(wall, mono);
    setInterval(() => {
      if (!detector.jumped(1000)) return;
      this.clock.reset();
      this.connection?.poke();
    }, 1000);
    window.addEventListener('online', () => this.connection?.poke());
    window.addEventListener('offline', () => this.connection?.poke());
    window.addEventListener('pageshow', () => this.connection?.poke());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.connection?.poke();
    });
    this.connect();
  }

  // ---- session

  async login(name: string, password: string): Promise<void> {
    await api.login(name, password);
    this.connect();
  }

  async logout(reason?: string): Promise<void> {
    await this.attempt(t.status.set.logged_out, async () => {
      if (reason !== undefined) await this.call('agent.set_status', { status: 'logged_out', reason });
      await api.logout();
      this.connection?.stop('unauthenticated', '');
      this.leave('logged_out');
    });
  }

  connect(): void {
    this.connection = new Connection(
      {
        ticket: api.ticket,
        open: openSocket,
        now: mono,
        setTimer: (ms, fire) => window.setTimeout(fire, ms),
        clearTimer: (timer) => window.clearTimeout(timer as number | undefined),
        random: Math.random,
        online: () => navigator.onLine,
        uniqueId,
      },
      {
        link: (link) => this.linkChanged(link),
        since: () => (this.state.get().ready ? this.state.get().seq : null),
        welcome: (welcome) => {
          this.clock.heard(welcome.server_now);
          const { snapshot, seq, epoch } = welcome;
          if (snapshot !== undefined) {
            this.outbox.open(snapshot.me.user);
            this.dispatch({ do: 'snapshot', seq, epoch, snapshot });
          }
          this.session.set({ phase: 'open' });
          this.touch();
        },
        event: (event) => {
          this.dispatch({ do: 'event', event });
          for (const since of this.asking) since.push(event);
          if (event.type === 'interaction.offered' && event.agent === this.state.get().me?.user)
            void this.fetchDetails(String(event.interaction));
          if (TOUCHING.has(event.type)) this.touch();
        },
        frame: (frame) => {
          if (typeof frame.server_now === 'number') this.clock.heard(frame.server_now);
          if (frame.type === 'queues')
            this.dispatch({ do: 'queues', queues: frame.queues as { queue: string; waiting: number; oldest: number | null }[] });
          if (frame.type === 'instances')
            this.dispatch({ do: 'instances', instances: frame.instances as Partial<Instance>[] });
          if (frame.type === 'alarms') this.dispatch({ do: 'alarms', alarms: frame.alarms as Partial<Alarm>[] });
          if (frame.type === 'typing')
            this.dispatch({
              do: 'typing',
              interaction: String(frame.interaction),
              on: Boolean(frame.on),
              now: this.clock.now(),
            });
        },
      },
    );
    this.connection.start();
  }

  retryNow(): void {
    this.connection?.poke();
  }

  private linkChanged(link: Link): void {
    this.link.set(link);
    if (link.phase === 'ended') this.leave(this.session.get().phase === 'checking' ? null : link.code);
  }

  private leave(code: string | null): void {
    this.session.set({ phase: 'login', code });
    this.dispatch({ do: 'forget' });
    this.customers.set({});
  }

  /** The chat on the page, whether it was chosen or came up by itself. */
  openChat(): string | null {
    return document.querySelector('[data-open-chat]')?.getAttribute('data-open-chat') ?? null;
  }

  // ---- what a person does

  call<O extends Operation>(operation: O, args: Operations[O]['args']): Promise<Operations[O]['result']> {
    if (this.connection === null) return Promise.reject(new CallError('unauthenticated', ''));
    return this.connection.call(operation, args);
  }

  /** Does it; a failure is shown to the person. True when it worked. */
  async attempt(what: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof CallError && error.code === 'unauthenticated'))
        this.tell('error', t.errors.title(what), error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  setStatus(status: AskedStatus, reason?: string): Promise<boolean> {
    const args = { status, ...(reason === undefined ? {} : { reason }) };
    return this.attempt(t.status.set[status], () => this.call('agent.set_status', args));
  }

  stopNew(on: boolean): Promise<boolean> {
    return this.attempt(on ? t.status.stop : t.status.resume, () => this.call('agent.stop_new', { on }));
  }

  switchQueue(queue: string, on: boolean): Promise<boolean> {
    const name = this.state.get().queues[queue]?.name ?? queue;
    return this.attempt(t.status.switchQueue(name), () => this.call('queue.switch', { queue, on }));
  }

  async accept(one: Interaction): Promise<boolean> {
    const args = { interaction: one.interaction, ...(one.offer === null ? {} : { offer: one.offer }) };
    const done = await this.attempt(t.offer.accept, () => this.call('interaction.accept', args));
    if (done) go('chats', one.interaction);
    return done;
  }

  reject(one: Interaction, reason?: string): Promise<boolean> {
    const args = { interaction: one.interaction, ...(reason === undefined ? {} : { reason }) };
    return this.attempt(t.offer.reject, () => this.call('interaction.reject', args));
  }

  endChat(interaction: string): Promise<boolean> {
    return this.attempt(t.conversation.end, () => this.call('interaction.end', { interaction }));
  }

  finish(interaction: string): Promise<boolean> {
    return this.attempt(t.wrapUp.finish, () => this.call('interaction.wrap_up_done', { interaction }));
  }

  saveToCrm(interaction: string): Promise<boolean> {
    return this.attempt(t.save.action, () => this.call('interaction.save', { interaction }));
  }

  saveCodes(interaction: string, codes: string[]): Promise<boolean> {
    return this.attempt(t.codes.action, () => this.call('interaction.codes', { interaction, codes }));
  }

  chooseCustomer(interaction: string, customer: string): Promise<boolean> {
    return this.attempt(t.matches.action, () => this.call('interaction.choose_customer', { interaction, customer }));
  }

  followUp(interaction: string, which: string | null): Promise<boolean> {
    const args = { interaction, ...(which === null ? {} : { case: which }) };
    return this.attempt(t.follow.action, () => this.call('interaction.follow_up', args));
  }

  /** `faq`: whose answer the text began with. */
  say(interaction: string, text: string, faq: string | null = null): void {
    this.outbox.add(interaction, text, this.clock.now(), faq);
    this.stopTyping();
  }

  /** Called on each keystroke; tells the customer at most every 3 s, and when it has stopped. */
  typing(interaction: string, on: boolean): void {
    window.clearTimeout(this.typingTimer);
    if (!on) {
      this.stopTyping();
      return;
    }
    const now = mono();
    if (this.typingSent === null || this.typingSent.interaction !== interaction || now - this.typingSent.at >= 3000) {
      this.connection?.typing(interaction, true);
      this.typingSent = { interaction, at: now };
    }
    this.typingTimer = window.setTimeout(() => this.stopTyping(), 5000);
  }

  /** The lines up to number `n` are before the agent's eyes; the network is told of the customer's. */
  markSeen(interaction: string, n: number): void {
    if ((this.seen.get()[interaction] ?? 0) < n) this.seen.update((seen) => ({ ...seen, [interaction]: n }));
    const lines = this.state.get().interactions[interaction]?.messages ?? [];
    const last = lines.reduce((most, line) => (line.author === 'customer' && line.n <= n ? Math.max(most, line.n) : most), 0);
    if (last <= (this.seenTold.get(interaction) ?? 0)) return;
    if (this.connection?.seen(interaction, last)) this.seenTold.set(interaction, last);
  }

  dismiss(notice: string): void {
    this.dispatch({ do: 'dismiss', notice });
  }

  tell(tone: Toast['tone'], title: string, text: string): void {
    const toast: Toast = { id: this.nextToast++, tone, title, text };
    this.toasts.update((list) => [...list.filter((one) => one.title !== title || one.text !== text), toast].slice(-3));
  }

  hush(id: number): void {
    this.toasts.update((list) => list.filter((one) => one.id !== id));
  }

  keepCustomer(customer: Customer): void {
    this.customers.update((known) => ({ ...known, [customer.id]: customer }));
  }

  // ---- inside

  /** Lists are asked for again, but not with every chat that ends in a busy centre. */
  private touch(): void {
    this.touchTimer ??= window.setTimeout(() => {
      this.touchTimer = undefined;
      this.revision.update((n) => n + 1);
    }, 500);
  }

  private sendMessage(one: Pending, cmd: string): Promise<unknown> {
    if (this.connection === null) return Promise.reject(new CallError('unauthenticated', ''));
    return this.connection.call(
      'message.send',
      {
        interaction: one.interaction,
        text: one.text,
        client_id: one.client_id,
        ...(one.faq ? { faq: one.faq } : {}),
      },
      cmd,
    );
  }

  private stopTyping(): void {
    window.clearTimeout(this.typingTimer);
    if (this.typingSent !== null) this.connection?.typing(this.typingSent.interaction, false);
    this.typingSent = null;
  }

  private async fetchDetails(interaction: string): Promise<void> {
    const since: DeskEvent[] = [];
    this.asking.add(since);
    try {
      const answer = await this.call('interaction.get', { interaction });
      this.dispatch({ do: 'details', interaction: answer.interaction, since });
    } catch {
      // The offer may be over already; the events say so.
    } finally {
      this.asking.delete(since);
    }
  }

  private dispatch(action: Parameters<typeof reduce>[1]): void {
    this.state.update((state) => reduce(state, action));
  }

  private afterChange(): void {
    const { ready, me, interactions } = this.state.get();
    if (!ready || me === null) return;
    this.outbox.settle(interactions);
    const seen = this.seen.get();
    if (Object.keys(seen).some((id) => interactions[id] === undefined)) {
      this.seen.set(Object.fromEntries(Object.entries(seen).filter(([id]) => interactions[id] !== undefined)));
      storage.prune(draftKey(me.user, ''), (id) => interactions[id] !== undefined);
      for (const id of this.seenTold.keys()) if (interactions[id] === undefined) this.seenTold.delete(id);
    }
  }
}

export const desk = new Desk();

export function nameOf(one: Interaction): string {
  return displayName(one);
}
