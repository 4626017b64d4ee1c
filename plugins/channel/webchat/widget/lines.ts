// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lines of the conversation in order. Pure.

import type { Line } from './protocol.js';

export type Added = 'added' | 'known' | 'gap';

export class LineLog {
  readonly lines: Line[] = [];
  private refused = 0;

  /** Number of the last line, 0 when there is none. */
  get last(): number {
    return this.lines.at(-1)?.n ?? 0;
  }

  /**
   * Takes the next line. `gap`: one before it is missing; the caller asks for what comes after `last`. When the answer
   * to that begins with the same line again, the server has nothing in between and the line is taken.
   */
  add(line: Line): Added {
    if (line.n <= this.last) return 'known';
    if (line.n > this.last + 1 && this.refused !== line.n) {
      this.refused = line.n;
      return 'gap';
    }
    this.refused = 0;
    this.lines.push(line);
    return 'added';
  }

  clear(): void {
    this.lines.length = 0;
    this.refused = 0;
  }

  /** How many lines of agents come after line n. */
  unread(n: number): number {
    return this.lines.reduce((count, line) => count + (line.n > n && line.author === 'agent' ? 1 : 0), 0);
  }

  /** Number of the customer's last line, 0 when there is none. */
  get lastOwn(): number {
    return this.find((line) => line.author === 'customer');
  }

  /** An agent surely has everything before this line before them: they wrote it, or it says that they came. */
  get delivered(): number {
    return this.find((line) => line.author === 'agent' || line.code === 'agent_joined');
  }

  private find(wanted: (line: Line) => boolean): number {
    for (let i = this.lines.length - 1; i >= 0; i--) {
      const line = this.lines[i];
      if (line && wanted(line)) return line.n;
    }
    return 0;
  }
}
