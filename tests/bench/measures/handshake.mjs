// SPDX-License-Identifier: GPL-3.0-or-later
//
// How fast customers come in while many are there. A widget asks for a session, opens the WebSocket on a second
// connection, says hello, and is welcome; the baseline upgrades and does nothing else.
import { Bare } from '../lib/load.mjs'
import { Server } from '../lib/server.mjs'
import { Widgets } from '../lib/widgets.mjs'

async function handshakes(ctx, port, where, options) {
  const widgets = new Widgets(ctx, port, where, options)
  await widgets.opened()
  const figures = await widgets.figures()
  return figures.handshakes / figures.seconds
}

export default {
  name: 'handshake',
  title: 'customers who come in while others are there',
  async run(ctx) {
    const open = ctx.short ? 200 : 5000
    const options = { open, seconds: ctx.short ? 0.3 : 3 }
    const usher = []
    const bare = []

    for (let round = 0; round < ctx.rounds; round++) {
      const relay = await new Bare().start(ctx, { durable: false })
      bare.push(await handshakes(ctx, relay.port, { bare: '/echo' }, options))
      await relay.stop()

      const server = await new Server(ctx).start()
      usher.push(await handshakes(ctx, server.port, { mount: '/channel/site' }, options))
      await server.end()
    }
    return [
      {
        line: `${open} widgets open: from the loaded page to being ready`,
        unit: 'customers/s',
        better: 'higher',
        usher,
        baseline: bare,
        baselineName: 'bare upgrade',
        goal: { ratio: '>= 0.5' },
      },
    ]
  },
}
