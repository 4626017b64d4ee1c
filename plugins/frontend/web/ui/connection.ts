// SPDX-License-Identifier: GPL-3.0-or-later
//
// The line to the server: ticket, hello, heartbeats, resume, and calls that survive a break. It believes only
// what it hears: the line is live while frames arrive, dead after two missed heartbeats, and it is tried again
// without end. Nothing here knows the browser; main.ts hands in the socket, the clock and the timers.

import type { Operation, Operations } from './operations';
import type { Bye, DeskEvent, ErrorCode, Frame, Result, Welcome } from './protocol';
import { CallError } from './protocol';

export const MAX_DELAY_MS = 30_000;
export const MAX_UNANSWERED = 64;
const HANDSHAKE_MS = 10_000;
const PROBE_MS = 4000;
/** A line that dies sooner than this after the welcome counts as one more failed try. */
const STABLE_MS = 5000;

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  opened(): void;
  message(text: string): void;
  closed(): void;
}

/** What a connection needs from where it runs. */
export interface Surroundings {
  /** A one-time ticket. Rejects with CallError `unauthenticated` when there is no session. */
  ticket(): Promise<string>;
  open(events: SocketEvents): Socket;
  now(): number;
  setTimer(ms: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  random(): number;
  online(): boolean;
  uniqueId(): string;
}

export type Link =
  | { phase: 'connecting'; attempt: number }
  | { phase: 'live' }
  | { phase: 'waiting'; attempt: number; retryAt: number; online: boolean }
  | { phase: 'ended'; code: string; message: string };

export interface Listener {
  link(link: Link): void;
  /** The last event seen, or null when there is nothing to resume from. */
  since(): number | null;
  welcome(welcome: Welcome): void;
  event(event: DeskEvent): void;
  frame(frame: Frame): void;
}

interface Call {
  id: string;
  text: string;
  resolve(result: unknown): void;
  reject(error: CallError): void;
}

/** Half of the delay is certain, half is chance, so that a thousand desks don't return in one instant. */
export function retryDelay(attempt: number, random: number): number {
  if (attempt <= 1) return random * 300;
  const full = Math.min(MAX_DELAY_MS, 1000 * 2 ** (attempt - 2));
  return full / 2 + (full / 2) * random;
}

const READS = /^(session\.me|.*\.(get|list|search|messages))$/;

/** Codes of `bye` after which coming back by itself would be wrong. */
const FINAL = new Set(['logged_out', 'replaced', 'unauthenticated']);

export class Connection {
  private link: Link = { phase: 'connecting', attempt: 1 };
  private socket: Socket | null = null;
  /** Rises with each try; whatever belongs to an older one is ignored. */
  private generation = 0;
  private attempt = 1;
  private retryTimer: unknown = null;
  private watchTimer: unknown = null;
  private heartbeatMs = 10_000;
  private heardAt = 0;
  private liveAt = 0;
  private probeSentAt = 0;
  private welcomed = false;
  private fresh = false;
  private farewell: Bye | null = null;
  private nextId = 1;
  /** Unanswered calls in the order they were made; the first `sent` ones are with the server. */
  private readonly calls = new Map<string, Call>();
  private sent = new Set<string>();

  constructor(
    private readonly around: Surroundings,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.attempt = 1;
    this.connect();
  }

  /** Ends for good; unanswered calls fail with `code`. */
  stop(code: ErrorCode = 'unauthenticated', message = 'The session ended.'): void {
    this.end({ type: 'bye', code, message });
  }

  /** Something hints that the line may be back, or dead without our knowing. */
  poke(): void {
    if (this.link.phase === 'waiting') {
      this.attempt = 1;
      this.connect();
    } else if (this.link.phase === 'live') this.probe();
  }

  /** Drops the state and asks for a new snapshot. */
  refetch(): void {
    if (this.link.phase === 'ended') return;
    this.fresh = true;
    this.lost();
  }

  call<O extends Operation>(
    operation: O,
    args: Operations[O]['args'],
    cmd?: string,
  ): Promise<Operations[O]['result']> {
    return new Promise((resolve, reject) => {
      if (this.link.phase === 'ended') {
        reject(new CallError('unauthenticated', this.link.message));
        return;
      }
      const id = String(this.nextId++);
      const key = READS.test(operation) ? {} : { cmd: cmd ?? this.around.uniqueId() };
      const text = JSON.stringify({ call: operation, id, ...key, args });
      this.calls.set(id, { id, text, resolve: resolve as (result: unknown) => void, reject });
      this.flush();
    });
  }

  typing(interaction: string, on: boolean): void {
    if (this.welcomed) this.socket?.send(JSON.stringify({ typing: { interaction, on } }));
  }

  /** The customer's lines up to number `n` are before the agent's eyes. False when nobody could be told. */
  seen(interaction: string, n: number): boolean {
    if (!this.welcomed || this.socket === null) return false;
    this.socket.send(JSON.stringify({ seen: { interaction, n } }));
    return true;
  }

  // ---- the way to live

  private connect(): void {
    this.clear();
    const mine = ++this.generation;
    this.setLink({ phase: 'connecting', attempt: this.attempt });
    this.watchTimer = this.around.setTimer(HANDSHAKE_MS, () => this.lost());
    this.around.ticket().then(
      (ticket) => {
        if (mine === this.generation) this.openSocket(mine, ticket);
      },
      (error: unknown) => {
        if (mine !== this.generation) return;
        if (error instanceof CallError && error.code === 'unauthenticated')
          this.end({ type: 'bye', code: 'unauthenticated', message: error.message });
        else this.lost();
      },
    );
  }

  private openSocket(mine: number, ticket: string): void {
    const current = (): boolean => mine === this.generation;
    const socket = this.around.open({
      opened: () => {
        const since = this.fresh ? null : this.listener.since();
        if (current())
          socket.send(JSON.stringify({ hello: { token: ticket, ...(since === null ? {} : { since }), client: 'web/1', beats: true } }));
      },
      message: (text) => {
        if (current()) this.receive(text);
      },
      closed: () => {
        if (!current()) return;
        if (this.farewell !== null && FINAL.has(this.farewell.code)) this.end(this.farewell);
        else this.lost();
      },
    });
    this.socket = socket;
  }

  private receive(text: string): void {
    this.heardAt = this.around.now();
    this.probeSentAt = 0;
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      this.fresh = true;
      this.lost();
      return;
    }
    switch (frame.type) {
      case 'welcome':
        this.live(frame as unknown as Welcome);
        break;
      case 'result':
        this.answered(frame as unknown as Result);
        break;
      case 'bye':
        this.farewell = frame as unknown as Bye;
        if (this.farewell.code === 'protocol') this.fresh = true;
        if (FINAL.has(this.farewell.code)) this.end(this.farewell);
        break;
      case 'heartbeat':
        // By this the server knows that the page lives. Not by a timer: browsers slow those down in hidden pages.
        this.socket?.send(JSON.stringify({ ping: Math.round(this.around.now()) }));
        this.listener.frame(frame);
        break;
      default:
        if (typeof frame.seq === 'number') this.listener.event(frame as unknown as DeskEvent);
        else this.listener.frame(frame);
    }
  }

  private live(welcome: Welcome): void {
    this.welcomed = true;
    this.fresh = false;
    this.liveAt = this.around.now();
    this.heartbeatMs = welcome.heartbeat_ms > 0 ? welcome.heartbeat_ms : this.heartbeatMs;
    this.listener.welcome(welcome);
    this.around.clearTimer(this.watchTimer);
    this.watch();
    this.setLink({ phase: 'live' });
    this.sent.clear();
    this.flush();
  }

  // ---- the way back

  private watch(): void {
    const quiet = this.around.now() - this.heardAt;
    const probing = this.probeSentAt > 0 && this.around.now() - this.probeSentAt >= PROBE_MS;
    if (quiet > 2 * this.heartbeatMs || probing) {
      this.lost();
      return;
    }
    this.watchTimer = this.around.setTimer(1000, () => this.watch());
  }

  private probe(): void {
    if (this.probeSentAt > 0) return;
    this.probeSentAt = this.around.now();
    this.socket?.send(JSON.stringify({ ping: Math.round(this.around.now()) }));
  }

  private lost(): void {
    if (this.welcomed && this.around.now() - this.liveAt >= STABLE_MS) this.attempt = 1;
    // A server that restarts spreads the desks over its first seconds.
    const asked = Math.min(this.farewell?.retry_after_ms ?? 0, MAX_DELAY_MS);
    this.clear();
    this.generation++;
    const delay = Math.max(asked, retryDelay(this.attempt, this.around.random()));
    this.attempt++;
    this.setLink({
      phase: 'waiting',
      attempt: this.attempt - 1,
      retryAt: this.around.now() + delay,
      online: this.around.online(),
    });
    this.retryTimer = this.around.setTimer(delay, () => this.connect());
  }

  private end(bye: Bye): void {
    this.clear();
    this.generation++;
    this.setLink({ phase: 'ended', code: bye.code, message: bye.message });
    for (const call of this.calls.values()) call.reject(new CallError('unauthenticated', bye.message));
    this.calls.clear();
  }

  private clear(): void {
    this.around.clearTimer(this.retryTimer);
    this.around.clearTimer(this.watchTimer);
    this.retryTimer = this.watchTimer = null;
    this.welcomed = false;
    this.farewell = null;
    this.probeSentAt = 0;
    this.heardAt = this.around.now();
    const socket = this.socket;
    this.socket = null;
    this.sent.clear();
    socket?.close();
  }

  private setLink(link: Link): void {
    this.link = link;
    this.listener.link(link);
  }

  // ---- calls

  private flush(): void {
    if (!this.welcomed || this.socket === null) return;
    for (const call of this.calls.values()) {
      if (this.sent.size >= MAX_UNANSWERED) return;
      if (this.sent.has(call.id)) continue;
      this.sent.add(call.id);
      this.socket.send(call.text);
    }
  }

  private answered(result: Result): void {
    const call = this.calls.get(result.id);
    if (call === undefined) return;
    this.calls.delete(result.id);
    this.sent.delete(result.id);
    if (result.ok) call.resolve(result.result);
    else {
      const error = result.error ?? { code: 'failed' as ErrorCode, message: '' };
      call.reject(new CallError(error.code, error.message, error.details));
    }
    this.flush();
  }
}
