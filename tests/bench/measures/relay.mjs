// SPDX-License-Identifier: GPL-3.0-or-later
//
// A customer's message on its way to the agent, as many as possible: each customer sends the next one when the last one
// has arrived at the agent's desk.
import { Centre } from '../lib/centre.mjs'
import { Bare, barePairs, load } from '../lib/load.mjs'

const perMessage = ({ server_cpu_s, delivered_in_time }) => (server_cpu_s / delivered_in_time) * 1e6

export default {
  name: 'relay',
  title: 'durable relay from a customer to an agent, closed loop, server on one core',
  async run(ctx) {
    const pairs = ctx.short ? 20 : 500
    const time = ctx.short ? { warmup: 0.2, duration: 0.5 } : { warmup: 1, duration: 4 }
    const usher = { rate: [], cpu: [] }
    const bare = { rate: [], cpu: [] }
    let refused = 0
    const note = (into, figures) => {
      into.rate.push(figures.delivered_per_s)
      into.cpu.push(perMessage(figures))
      refused += figures.refused
    }

    for (let round = 0; round < ctx.rounds; round++) {
      const relay = await new Bare().start(ctx, { durable: true })
      note(bare, await load(ctx, { port: relay.port, pid: relay.pid, conns: barePairs(pairs), ...time }))
      await relay.end()

      const centre = await new Centre().start(ctx)
      note(usher, await load(ctx, { port: centre.port, pid: centre.pid, conns: centre.pairs(pairs), ...time }))
      await centre.end()
    }
    const both = { baselineName: 'bare durable relay' }
    if (refused > 0) both.note = `usher was overloaded: it refused ${refused} times, and was asked again`
    const what = `${2 * pairs} connections`
    return [
      { line: what, unit: 'messages/s', usher: usher.rate, baseline: bare.rate, better: 'higher', goal: { ratio: '>= 0.5' }, ...both },
      { line: `${what}, CPU`, unit: 'µs/message', usher: usher.cpu, baseline: bare.cpu, better: 'lower', goal: null, ...both },
    ]
  },
}
