// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs tests/bench/widgets: customers who open a page with the chat on it.
import { Lines } from './process.mjs'

/** `where`: { mount } of a webchat channel, or { bare } path of an upgrade; `options`: those of the program. */
export class Widgets {
  constructor(ctx, port, where, options) {
    const args = Object.entries({ port, ...where, ...options }).flatMap(([key, value]) => [`--${key}`, value])
    this.child = ctx.spawn(ctx.program('widgets'), args, { core: 1 })
    this.lines = new Lines(this.child, 'the widgets')
  }

  /** Resolves when all that stay are open: { opened, seconds }. */
  opened() {
    return this.lines.next()
  }

  /** With `seconds`: resolves to { handshakes, seconds } at the end. */
  async figures() {
    const figures = await this.lines.next()
    await this.lines.end()
    return figures
  }

  /** Without `seconds`: lets the open ones go. */
  async close() {
    this.child.stdin.end()
    await this.lines.end()
  }
}
