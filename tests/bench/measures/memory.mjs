// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a customer costs who has the chat on his page open and says nothing: logged in, on a WebSocket of his own.
import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from '../lib/server.mjs'
import { Widgets } from '../lib/widgets.mjs'

export default {
  name: 'memory',
  title: 'memory of idle customers',
  async run(ctx) {
    const open = ctx.short ? 500 : 10000
    const bytes = []

    for (let round = 0; round < ctx.rounds; round++) {
      const server = await new Server(ctx).start()
      const before = ctx.rss(server.pid)
      const widgets = new Widgets(ctx, server.port, { mount: '/channel/site' }, { open })
      await widgets.opened()
      await sleep(ctx.short ? 100 : 2000)
      bytes.push((ctx.rss(server.pid) - before) / open)
      await widgets.close()
      await server.end()
    }
    return [
      {
        line: `each of ${open} idle widgets`,
        unit: 'bytes of RSS',
        better: 'lower',
        usher: bytes,
        baseline: null,
        goal: { value: '<= 4000' },
        note: 'of the daemon alone: the kernel keeps its own buffers for each',
      },
    ]
  },
}
