// SPDX-License-Identifier: GPL-3.0-or-later
//
// Webhooks of Messenger: a signed text message is verified, stored (SQLite FULL) and answered. The baseline is
// libsoup's server, which gets the same calls and answers them with {}.
import { Bare } from '../lib/load.mjs'
import { Lines } from '../lib/process.mjs'
import { Server, appSecret } from '../lib/server.mjs'

const users = 100

async function hook(ctx, port, path, options) {
  const args = Object.entries({ port, path, users, ...options }).flatMap(([key, value]) => [`--${key}`, value])
  const lines = new Lines(ctx.spawn(ctx.program('hook'), args, { core: 1 }), 'the webhooks')
  const figures = await lines.next()
  await lines.end()
  return figures
}

async function timed(ctx, pid, ...args) {
  const before = ctx.cpu(pid)
  const figures = await hook(ctx, ...args)
  return { rate: figures.requests / figures.seconds, cpu: ((ctx.cpu(pid) - before) / figures.requests) * 1e6, ...figures }
}

async function onBare(ctx, options) {
  const relay = await new Bare().start(ctx, { durable: false })
  await hook(ctx, relay.port, '/hook', { count: users })
  const figures = await timed(ctx, relay.pid, relay.port, '/hook', options)
  await relay.stop()
  return figures
}

/** Everybody has written once before it is measured: who is new costs a look into the store. */
async function onUsher(ctx, settle, options) {
  const server = await new Server(ctx, { messenger: { settle } }).start()
  const signed = { path: '/channel/page/webhook', secret: appSecret }
  await hook(ctx, server.port, signed.path, { secret: signed.secret, count: users })
  const figures = await timed(ctx, server.pid, server.port, signed.path, { secret: signed.secret, from: 1000000, ...options })
  const stored = await server.metric('usher_messages_total', 'author="customer"')
  if (stored !== users + figures.requests)
    throw new Error(`${users + figures.requests} messages were acknowledged, and ${stored} are stored`)
  await server.end()
  return figures
}

export default {
  name: 'webhook',
  title: 'signed webhooks of Messenger, 574 bytes, verified, stored and answered, kept alive',
  async run(ctx) {
    const options = { conns: 16, seconds: ctx.short ? 0.4 : 3 }
    const [bare, ordered, settling] = [[], [], []]

    for (let round = 0; round < ctx.rounds; round++) {
      bare.push(await onBare(ctx, options))
      ordered.push(await onUsher(ctx, '0', options))
      settling.push(await onUsher(ctx, '150ms', options))
    }
    const of = (runs, key) => runs.map((run) => run[key])
    const both = { baseline: of(bare, 'rate'), baselineName: "libsoup's empty POST" }
    return [
      {
        line: '16 connections, settle = 0',
        unit: 'calls/s',
        better: 'higher',
        usher: of(ordered, 'rate'),
        ...both,
        goal: { ratio: '>= 0.6' },
      },
      {
        line: '16 connections, settle = 0: CPU',
        unit: 'µs/call',
        better: 'lower',
        usher: of(ordered, 'cpu'),
        baseline: of(bare, 'cpu'),
        baselineName: both.baselineName,
        goal: null,
      },
      {
        line: '16 connections, settle = 150ms, as it comes',
        unit: 'calls/s',
        better: 'higher',
        usher: of(settling, 'rate'),
        ...both,
        goal: null,
        note: 'each call waits for others that may overtake it: 16 at a time are at most 107/s, whatever they cost',
      },
    ]
  },
}
