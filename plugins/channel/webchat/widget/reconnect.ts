// SPDX-License-Identifier: GPL-3.0-or-later
//
// When to connect again, and by which way. Pure: the clock and the dice are arguments.

export type Way = 'socket' | 'poll';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** Sockets that failed in a row before polling is tried. */
const SOCKET_FAILURES = 2;
/** While polling works, a socket is tried again so often. */
export const SOCKET_AGAIN_MS = 60_000;

/** Doubling with full jitter: everybody who lost the same server comes back at another moment. */
export function backoff(attempt: number, random: () => number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(most * (0.25 + 0.75 * random()));
}

export class ReconnectPolicy {
  way: Way = 'socket';
  /** Failures in a row, of any way. */
  attempt = 0;
  private socketFailures = 0;
  private pollSince = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Frames flow. */
  succeeded(): void {
    this.attempt = 0;
    if (this.way === 'socket') this.socketFailures = 0;
  }

  /** The connection ended or never came; `worked`: it had been good. Returns the ms to wait. */
  failed(now: number, worked: boolean, retryAfter = 0): number {
    if (this.way === 'socket' && !worked && ++this.socketFailures >= SOCKET_FAILURES) {
      this.way = 'poll';
      this.pollSince = now;
      // Polling is another way, not another try: it may start at once.
      if (this.socketFailures === SOCKET_FAILURES) return Math.max(retryAfter, 0);
    } else if (this.way === 'poll' && !worked) {
      this.tryingSocket(now);
    }
    return Math.max(retryAfter, backoff(this.attempt++, this.random));
  }

  /** While polling: whether it is time for a socket. Call it between two polls. */
  wantsSocket(now: number): boolean {
    return this.way === 'poll' && (now - this.pollSince >= SOCKET_AGAIN_MS || now < this.pollSince);
  }

  /** Goes back to sockets; when this one fails too, polling comes back at once. */
  tryingSocket(now: number): void {
    this.way = 'socket';
    this.socketFailures = SOCKET_FAILURES - 1;
    this.pollSince = now;
  }

  /** The network came back or the page was looked at: what failed before says nothing any more. */
  hurry(): void {
    this.attempt = 0;
  }
}
