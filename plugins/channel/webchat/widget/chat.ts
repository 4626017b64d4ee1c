// SPDX-License-Identifier: GPL-3.0-or-later
//
// The chat as the page shows it: lines, what is on its way, the state of the conversation and of the line to the server.
// The view reads the members and calls the actions; `changed` tells it to draw again.

import { Connection, type Status } from './connection.js';
import { newId } from './id.js';
import { LineLog } from './lines.js';
import { Outbox, type Item, type Store } from './outbox.js';
import type { ChatState, Limits, Line, PageConfig, ServerFrame } from './protocol.js';

const TYPING_EVERY_MS = 3000;
const TYPING_STOPS_MS = 5000;
const TYPING_LAPSES_MS = 6000;
/** A message on its way for longer means that the line is dead, whatever it says. */
const STUCK_MS = 20_000;

/** A message of ours that the server has, until its line comes. */
interface Acked {
  item: Item;
  n: number;
}

export class Chat {
  status: Status = 'idle';
  retryAt = 0;
  state: ChatState | undefined;
  agent: string | null = null;
  typingName: string | undefined;
  name: string;
  limits: Limits;
  visible = false;
  /** After the end, the customer asked for a new chat. */
  again = false;
  readonly log = new LineLog();
  readonly outbox: Outbox;
  readonly acked: Acked[] = [];
  /** The newest line of an agent that came while nobody looked. */
  onUnread: (count: number) => void = () => {};
  changed: () => void = () => {};

  private readonly connection: Connection;
  private readonly prefix: string;
  private readTo: number;
  private confirming = false;
  private typingTimer = 0;
  private typingSentAt = 0;
  private stopTimer = 0;
  private outTimer = 0;
  private stuckTimer = 0;

  constructor(
    readonly config: PageConfig,
    base: URL,
    private readonly store: Store,
  ) {
    this.prefix = `usher-webchat:${base.pathname}:`;
    this.limits = config.limits;
    this.name = store.get(this.prefix + 'name') ?? '';
    this.readTo = Number(store.get(this.prefix + 'read') ?? 0) || 0;
    this.outbox = new Outbox(store, this.prefix + 'out:');
    this.connection = new Connection(base, store, this.prefix + 'session', {
      status: (status, retryAt) => {
        this.status = status;
        this.retryAt = retryAt;
        if (status === 'live') this.pump();
        this.changed();
      },
      frame: (frame) => this.take(frame),
      lost: () => {
        this.outbox.disconnected();
        this.typingName = undefined;
        this.told = this.toldRead = 0;
      },
      session: (session, changed) => {
        this.limits = session.limits;
        if (changed) this.forgetLines();
      },
      after: () => this.log.last,
    });
    addEventListener('storage', (event) => this.otherTab(event.key, event.newValue));
    if (this.connection.known || this.outbox.items.length > 0) this.connection.start();
  }

  /** Whether there is anything to come back for. */
  get started(): boolean {
    return this.connection.known;
  }

  get unread(): number {
    return this.log.unread(this.readTo);
  }

  /** What the foot of the panel offers. */
  get phase(): 'form' | 'talk' | 'ended' {
    const pending = this.outbox.items.some((item) => item.kind === 'message') || this.acked.length > 0;
    if (pending) return 'talk';
    if (this.state === 'ended') return this.again ? 'form' : 'ended';
    if (this.state === undefined) return this.connection.known ? 'talk' : 'form';
    return this.state === 'none' ? 'form' : 'talk';
  }

  // ---- actions

  say(text: string): void {
    this.outbox.add('message', newId(), text, Date.now());
    this.again = false;
    this.stopTyping();
    this.connection.start();
    this.pump();
    this.changed();
  }

  setName(name: string): void {
    this.name = name;
    this.store.set(this.prefix + 'name', name);
  }

  end(): void {
    this.outbox.add('end', newId(), '', Date.now());
    this.pump();
    this.changed();
  }

  startAgain(): void {
    this.again = true;
    this.changed();
  }

  retry(id: string): void {
    this.outbox.retry(id);
    this.pump();
    this.changed();
  }

  discard(id: string): void {
    this.outbox.confirm(id);
    this.changed();
  }

  hurry(): void {
    this.connection.hurry();
  }

  /** The customer changed the text in the composer. */
  typed(): void {
    if (this.state !== 'waiting' && this.state !== 'active') return;
    const now = Date.now();
    if (now - this.typingSentAt >= TYPING_EVERY_MS) {
      this.typingSentAt = now;
      this.connection.send({ typing: true });
    }
    clearTimeout(this.stopTimer);
    this.stopTimer = window.setTimeout(() => this.stopTyping(), TYPING_STOPS_MS);
  }

  stopTyping(): void {
    clearTimeout(this.stopTimer);
    if (this.typingSentAt > 0) this.connection.send({ typing: false });
    this.typingSentAt = 0;
  }

  /** Whether the panel can be seen. */
  setVisible(visible: boolean): void {
    this.visible = visible;
    this.confirm();
    this.changed();
  }

  // ---- from the server

  private take(frame: ServerFrame): void {
    if (frame.welcome) this.setState(frame.welcome.state, frame.welcome.agent);
    if (frame.welcome) this.limits = frame.welcome.limits;
    if (frame.state) this.setState(frame.state.state, frame.state.agent);
    if (frame.reset) this.forgetLines();
    if (frame.line) this.takeLine(frame.line);
    if (frame.more) this.connection.send({ after: frame.more.after });
    if (frame.ack) this.takeAck(frame.ack.id, frame.ack.n);
    if (frame.refused) {
      const { id, code, message, retry_after_ms } = frame.refused;
      this.outbox.refuse(id, code, message, retry_after_ms, Date.now());
    }
    if (frame.typing !== undefined) this.setTyping(frame.typing ? (frame.name ?? this.agent ?? '') : undefined);
    if (this.log.last > 0) this.confirm();
    this.pump();
    this.changed();
  }

  private setState(state: ChatState, agent: string | null): void {
    this.state = state;
    this.agent = agent;
    if (state === 'waiting' || state === 'active') this.again = false;
    else this.setTyping(undefined);
  }

  private takeLine(line: Line): void {
    const added = this.log.add(line);
    if (added === 'gap') this.connection.send({ after: this.log.last });
    if (added === 'gap') return;
    if (line.id) this.outbox.confirm(line.id);
    const shown = this.acked.findIndex((one) => one.item.id === line.id || one.n <= this.log.last);
    if (shown >= 0) this.acked.splice(shown, 1);
    if (line.author === 'agent') this.setTyping(undefined);
  }

  private takeAck(id: string, n: number): void {
    const item = this.outbox.items.find((one) => one.id === id);
    if (!item) return;
    this.outbox.confirm(id);
    if (item.kind === 'message' && n > this.log.last) this.acked.push({ item, n });
  }

  private setTyping(name: string | undefined): void {
    clearTimeout(this.typingTimer);
    this.typingName = name;
    if (name === undefined) return;
    this.typingTimer = window.setTimeout(() => {
      this.typingName = undefined;
      this.changed();
    }, TYPING_LAPSES_MS);
  }

  private forgetLines(): void {
    this.log.clear();
    this.acked.length = 0;
    this.setReadTo(0);
  }

  private setReadTo(n: number): void {
    this.readTo = n;
    this.store.set(this.prefix + 'read', String(n));
  }

  /** Tells the server, once per burst, what arrived and what was seen. */
  private confirm(): void {
    if (this.confirming) return;
    this.confirming = true;
    queueMicrotask(() => {
      this.confirming = false;
      const last = this.log.last;
      const seen = this.visible && document.visibilityState === 'visible';
      if (seen && last > this.readTo) this.setReadTo(last);
      if (last > this.told) {
        this.told = last;
        this.connection.send(seen ? { read: last } : { got: last });
        if (seen) this.toldRead = last;
      } else if (seen && last > this.toldRead) {
        this.toldRead = last;
        this.connection.send({ read: last });
      }
      this.onUnread(this.unread);
      this.changed();
    });
  }
  private told = 0;
  private toldRead = 0;

  // ---- to the server

  private pump(): void {
    clearTimeout(this.outTimer);
    if (this.status !== 'live') return;
    const now = Date.now();
    const item = this.outbox.next(now);
    if (!item) {
      if (this.outbox.notBefore > now)
        this.outTimer = window.setTimeout(() => this.pump(), this.outbox.notBefore - now);
      return;
    }
    clearTimeout(this.stuckTimer);
    this.stuckTimer = window.setTimeout(() => item.state === 'sending' && this.isOut(item) && this.connection.restart(), STUCK_MS);
    if (item.kind === 'end') this.connection.send({ end: { id: item.id } });
    else {
      const message = { id: item.id, text: item.text };
      this.connection.send({ message: this.name ? { ...message, name: this.name } : message });
    }
  }

  private isOut(item: Item): boolean {
    return this.outbox.items.includes(item);
  }

  private otherTab(key: string | null, value: string | null): void {
    if (!key?.startsWith(this.prefix)) return;
    if (value === null) this.outbox.forget(key);
    else if (key === this.prefix + 'read') this.readTo = Math.max(this.readTo, Number(value) || 0);
    else if (key === this.prefix + 'name') this.name = value;
    else if (key === this.prefix + 'session') this.connection.start();
    this.onUnread(this.unread);
    this.changed();
  }
}
