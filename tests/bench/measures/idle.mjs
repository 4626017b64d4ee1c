// SPDX-License-Identifier: GPL-3.0-or-later
//
// What customers who are only connected cost one who writes.
import { onUsher, perMessage } from '../lib/relay.mjs'

export default {
  name: 'idle',
  title: 'CPU per message of one customer who writes, beside customers who do not',
  async run(ctx) {
    const idle = ctx.short ? 200 : 10000
    const options = { rate: ctx.short ? 50 : 500, ...(ctx.short ? { warmup: 0.2, duration: 1 } : { warmup: 1, duration: 6 }) }
    const alone = []
    const beside = []

    for (let round = 0; round < ctx.rounds; round++) {
      alone.push(perMessage(await onUsher(ctx, 1, options)))
      beside.push(perMessage(await onUsher(ctx, 1, options, (centre) => centre.lines('idle', 'idle', idle))))
    }
    return [
      {
        line: `${idle} idle widgets, ${options.rate} messages/s`,
        unit: 'µs/message',
        better: 'lower',
        usher: beside,
        baseline: alone,
        baselineName: 'usher with these two connections only',
        goal: { ratio: '<= 1.3' },
      },
    ]
  },
}
