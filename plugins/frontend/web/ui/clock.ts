// SPDX-License-Identifier: GPL-3.0-or-later
//
// The server's clock, as far as the page can know it, and durations for people. Deadlines come in server time;
// the clock of the agent's computer may be hours off or be set while the page is open, so it is never compared
// with them.

const SAMPLES = 8;

/**
 * Server time = monotonic local time + offset. A frame is always older than it says when it arrives, so every
 * sample is too small by the time it travelled; of the last few the largest is the nearest to the truth.
 */
export class ServerClock {
  private samples: number[] = [];
  private offset: number;
  private readonly mono: () => number;

  /** `mono`: local monotonic ms; `guess`: what to answer before the first frame (the local wall clock). */
  constructor(mono: () => number, guess: () => number) {
    this.mono = mono;
    this.offset = guess() - mono();
  }

  heard(serverNow: number): void {
    if (!Number.isFinite(serverNow)) return;
    this.samples.push(serverNow - this.mono());
    if (this.samples.length > SAMPLES) this.samples.shift();
    this.offset = Math.max(...this.samples);
  }

  /** The computer slept or its clock stopped: what was measured before is worth nothing. */
  reset(): void {
    this.samples = [];
  }

  now(): number {
    return this.mono() + this.offset;
  }
}

/** Tells when the wall clock and the monotonic clock part: the laptop slept, or the page was frozen. */
export class JumpDetector {
  private wall: number;
  private mono: number;

  constructor(
    private readonly readWall: () => number,
    private readonly readMono: () => number,
    private readonly tolerance = 2000,
  ) {
    this.wall = readWall();
    this.mono = readMono();
  }

  /** True when called `tick` ms after the last call, but much more (or other) time has passed. */
  jumped(tick: number): boolean {
    const wall = this.readWall();
    const mono = this.readMono();
    const passed = wall - this.wall;
    const counted = mono - this.mono;
    this.wall = wall;
    this.mono = mono;
    return Math.abs(passed - counted) > this.tolerance || passed > tick + 30_000;
  }
}

/** 0:07, 12:05, 1:02:03; negative counts as nothing. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** Whole seconds left until a deadline, rounded up so that "1" is shown until it is over. */
export function secondsLeft(deadline: number, now: number): number {
  return Math.max(0, Math.ceil((deadline - now) / 1000));
}
