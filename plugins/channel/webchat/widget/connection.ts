// SPDX-License-Identifier: GPL-3.0-or-later
//
// The line to the server: a session, then a WebSocket, or long polling where sockets don't get through. It reports what
// it knows and nothing better: `live` means that frames came and go on coming.

import type { ClientFrame, ServerFrame, Session } from './protocol.js';
import { ReconnectPolicy } from './reconnect.js';
import type { Store } from './outbox.js';

export type Status = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface Handlers {
  status(status: Status, retryAt: number): void;
  frame(frame: ServerFrame): void;
  /** What was under way may be lost. */
  lost(): void;
  /** The server knows this visitor; `changed`: not the one whose lines are shown. */
  session(session: Session, changed: boolean): void;
  after(): number;
}

const WELCOME_MS = 10_000;
const PING_MS = 25_000;
const PONG_MS = 10_000;
const POLL_LIMIT_MS = 40_000;
const SEND_LIMIT_MS = 20_000;
/** Failures in a row after which "reconnecting" would be too hopeful. */
const HOPE = 4;

/** A refusal by HTTP: what the server said about it. */
class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter: number,
  ) {
    super(message);
  }
}

export class Connection {
  private readonly policy = new ReconnectPolicy();
  private session: Session | undefined;
  private sessionChecked = false;
  private generation = 0;
  private timer = 0;
  private watchdog = 0;
  private socket: WebSocket | undefined;
  private polling: AbortController | undefined;
  private posts: Promise<void> = Promise.resolve();
  private worked = false;
  private heardAt = 0;
  private retryAfter = 0;
  private started = false;

  constructor(
    private readonly base: URL,
    private readonly store: Store,
    private readonly key: string,
    private readonly handlers: Handlers,
  ) {
    this.session = readSession(store.get(key));
    addEventListener('online', () => this.wake());
    addEventListener('offline', () => this.tell());
    addEventListener('pageshow', () => this.wake());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.wake());
  }

  /** Whether this browser chatted before. */
  get known(): boolean {
    return this.session !== undefined;
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    void this.connect();
  }

  /** By hand, or because something tells that waiting makes no sense any more. */
  hurry(): void {
    if (!this.started || this.worked) return;
    this.policy.hurry();
    void this.connect();
  }

  /** Drops the line and builds a new one. */
  restart(): void {
    if (this.started) this.fail(this.generation);
  }

  send(frame: ClientFrame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
    else if (this.polling && !('after' in frame)) this.post(frame);
  }

  private tell(): void {
    const { handlers, policy } = this;
    if (!this.started) handlers.status('idle', 0);
    else if (!navigator.onLine) handlers.status('offline', 0);
    else if (this.worked) handlers.status('live', 0);
    else if (policy.attempt > HOPE) handlers.status('offline', this.retryAt);
    else handlers.status(this.everWorked || policy.attempt > 0 ? 'reconnecting' : 'connecting', this.retryAt);
  }
  private everWorked = false;
  private retryAt = 0;

  private wake(): void {
    this.tell();
    if (!this.started) return;
    if (!this.worked) this.hurry();
    else if (this.socket && Date.now() - this.heardAt > 2000) this.ping(5000);
  }

  private heard(): void {
    this.heardAt = Date.now();
  }

  private good(): void {
    this.heard();
    this.policy.succeeded();
    if (this.worked) return;
    this.worked = this.everWorked = true;
    this.tell();
  }

  /** Ends this generation and plans the next. */
  private fail(generation: number, retryAfter = 0): void {
    if (generation !== this.generation) return;
    this.close();
    const wait = this.policy.failed(Date.now(), this.worked, Math.max(retryAfter, this.retryAfter));
    this.worked = false;
    this.retryAfter = 0;
    this.retryAt = Date.now() + wait;
    this.timer = window.setTimeout(() => void this.connect(), wait);
    this.handlers.lost();
    this.tell();
  }

  private close(): void {
    this.generation++;
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    const { socket, polling } = this;
    this.socket = this.polling = undefined;
    socket?.close();
    polling?.abort();
  }

  private async connect(): Promise<void> {
    this.close();
    const generation = this.generation;
    this.retryAt = 0;
    this.tell();
    try {
      const session = await this.ensureSession();
      if (generation !== this.generation) return;
      if (this.policy.way === 'socket') this.openSocket(session, generation);
      else await this.poll(session, generation);
    } catch (error) {
      if (error instanceof Refused && error.code.startsWith('token')) this.forgetSession();
      this.fail(generation, error instanceof Refused ? error.retryAfter : 0);
    }
  }

  // ---- session

  private async ensureSession(): Promise<Session> {
    // Another tab may have renewed it.
    this.session = readSession(this.store.get(this.key)) ?? this.session;
    if (this.session && this.sessionChecked && this.session.expires_at - Date.now() > 3_600_000) return this.session;
    const body = this.session ? { token: this.session.token } : {};
    const session = (await this.request('session', SEND_LIMIT_MS, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })) as Session;
    const changed = this.session !== undefined && this.session.visitor !== session.visitor;
    this.session = session;
    this.sessionChecked = true;
    this.store.set(this.key, JSON.stringify(session));
    this.handlers.session(session, changed);
    return session;
  }

  /** The token stays: the server decides whether it is still good for anything. */
  private forgetSession(): void {
    this.sessionChecked = false;
  }

  private async request(path: string, limit: number, init: RequestInit, abort = new AbortController()): Promise<unknown> {
    const timer = setTimeout(() => abort.abort(), limit);
    try {
      const response = await fetch(new URL(path, this.base), { ...init, signal: abort.signal, cache: 'no-store' });
      const answer = (await response.json()) as ServerFrame;
      if (response.ok) return answer;
      throw new Refused(
        answer.error?.code ?? 'http',
        answer.error?.message ?? response.statusText,
        answer.error?.retry_after_ms ?? 0,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  // ---- WebSocket

  private openSocket(session: Session, generation: number): void {
    const url = new URL('ws', this.base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.socket = socket;
    this.watchdog = window.setTimeout(() => this.fail(generation), WELCOME_MS);
    socket.onopen = () => socket.send(JSON.stringify({ hello: { token: session.token, after: this.handlers.after() } }));
    socket.onmessage = (event: MessageEvent<string>) => {
      if (generation !== this.generation) return;
      this.heard();
      this.take(JSON.parse(event.data) as ServerFrame, generation);
    };
    socket.onclose = (event) => {
      if (event.code === 4401) this.forgetSession();
      this.fail(generation);
    };
  }

  private take(frame: ServerFrame, generation: number): void {
    if (frame.welcome) {
      this.good();
      this.beat(generation);
    }
    if (frame.error?.retry_after_ms) this.retryAfter = frame.error.retry_after_ms;
    this.handlers.frame(frame);
  }

  /** Asks from time to time whether the line is alive; silence ends it. */
  private beat(generation: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => {
      if (generation === this.generation) this.ping(PONG_MS);
    }, PING_MS);
  }

  private ping(limit: number): void {
    const generation = this.generation;
    const askedAt = Date.now();
    this.send({ ping: askedAt });
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => {
      if (this.heardAt >= askedAt) this.beat(generation);
      else this.fail(generation);
    }, limit);
  }

  // ---- long polling

  private async poll(session: Session, generation: number): Promise<void> {
    let wait = 0;
    while (generation === this.generation) {
      this.polling = new AbortController();
      const answer = (await this.request(
        `poll?after=${this.handlers.after()}&wait=${wait}`,
        POLL_LIMIT_MS,
        { headers: { Authorization: `Bearer ${session.token}` } },
        this.polling,
      )) as { frames: ServerFrame[] };
      if (generation !== this.generation) return;
      for (const frame of answer.frames) this.handlers.frame(frame);
      this.good();
      wait = 25_000;
      if (this.policy.wantsSocket(Date.now())) {
        this.policy.tryingSocket(Date.now());
        this.worked = false;
        void this.connect();
        return;
      }
    }
  }

  /** One request after the other, so that frames keep their order. */
  private post(frame: ClientFrame): void {
    const generation = this.generation;
    this.posts = this.posts.then(async () => {
      if (generation !== this.generation || !this.session) return;
      try {
        const answer = (await this.request('send', SEND_LIMIT_MS, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ token: this.session.token, frames: [frame] }),
        })) as { frames: ServerFrame[] };
        for (const one of answer.frames) this.handlers.frame(one);
      } catch (error) {
        if (error instanceof Refused && error.code.startsWith('token')) this.forgetSession();
        this.fail(generation, error instanceof Refused ? error.retryAfter : 0);
      }
    });
  }
}

function readSession(text: string | null): Session | undefined {
  try {
    const value = JSON.parse(text ?? '') as Session;
    return typeof value.token === 'string' && typeof value.visitor === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
