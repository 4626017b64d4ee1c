// SPDX-License-Identifier: GPL-3.0-or-later
//
// A customer's message on its way to the agent, as many as possible: each customer sends the next one when the last one
// has arrived at the agent's desk. And what it leaves on the disk.
import { onBare, onUsher, perMessage } from '../lib/relay.mjs'

export default {
  name: 'relay',
  title: 'durable relay from a customer to an agent, closed loop, server on one core',
  async run(ctx) {
    const pairs = ctx.short ? 20 : 500
    const options = ctx.short ? { warmup: 0.2, duration: 0.5 } : { warmup: 1, duration: 4 }
    const runs = { bare: [], usher: [] }

    for (let round = 0; round < ctx.rounds; round++) {
      runs.bare.push(await onBare(ctx, pairs, options))
      runs.usher.push(await onUsher(ctx, pairs, options))
    }
    const both = (figure) => ({
      usher: runs.usher.map(figure),
      baseline: runs.bare.map(figure),
      baselineName: 'bare durable relay',
    })
    // A generator that has no time left says nothing about the server.
    const hurried = runs.bare.concat(runs.usher).some(({ generator_cpu_s, seconds }) => generator_cpu_s > 0.95 * seconds)
    const total = (key) => runs.usher.reduce((sum, figures) => sum + figures[key], 0)
    const refused = total('refused')
    const what = `${2 * pairs} connections`
    return [
      {
        line: what,
        unit: 'messages/s',
        better: 'higher',
        goal: { ratio: '>= 0.5' },
        ...both((figures) => figures.delivered_per_s),
        note: [
          refused > 0 && `overloaded: ${refused} refusals, after which the customers tried again`,
          hurried && 'the generator was the limit in a round, compare the CPU times',
        ]
          .filter(Boolean)
          .join('; '),
      },
      { line: `${what}, CPU of the server`, unit: 'µs/message', better: 'lower', goal: null, ...both(perMessage) },
      {
        line: 'the database grows by',
        unit: 'bytes/message',
        better: 'lower',
        goal: null,
        ...both((figures) => figures.stored / figures.sent),
        note: 'texts of 120 bytes; usher: journal, conversation, what was delivered before, and all indexes',
      },
      {
        line: 'lost, doubled, out of order or at another agent',
        unit: 'messages',
        better: 'lower',
        goal: { value: '<= 0' },
        usher: runs.usher.map(({ lost, doubled, out_of_order, astray }) => lost + doubled + out_of_order + astray),
        baseline: null,
        note: `of ${total('sent')}; any of them fails the run`,
      },
    ]
  },
}
