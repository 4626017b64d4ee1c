// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long an agent waits for the next customer: from "end this chat" on its way to the daemon to the offer of the next
// one at the desk, with customers waiting and other chats busy. Beside it a message's way through the bare relay under
// the same load, which is what the disk takes.
import { onBare, onUsher } from '../lib/relay.mjs'

export default {
  name: 'offer',
  title: 'an agent becomes free, the next customer is offered',
  async run(ctx) {
    const pairs = ctx.short ? 20 : 500
    const rate = ctx.short ? 100 : 2000
    const options = { rate, ...(ctx.short ? { offers: 10, warmup: 0.2, duration: 1 } : { offers: 50, warmup: 1, duration: 8 }) }
    const runs = []
    const bare = []

    for (let round = 0; round < ctx.rounds; round++) {
      const figures = await onUsher(ctx, pairs, options, (centre) => [
        ...centre.lines('taker', 'takers'),
        ...centre.lines('caller', 'callers'),
      ])
      if (figures.offer_us.count === 0) throw new Error('no agent became free')
      runs.push(figures)
      bare.push(await onBare(ctx, pairs, options))
    }
    const offers = runs.reduce((sum, figures) => sum + figures.offer_us.count, 0)
    return [
      ['p50', null],
      ['p99', { value: '<= 5' }],
    ].map(([quantile, goal]) => ({
      line: `beside ${rate.toLocaleString('en')} messages/s, ${quantile}`,
      unit: 'ms',
      better: 'lower',
      usher: runs.map((figures) => figures.offer_us[quantile] / 1000),
      baseline: bare.map((figures) => figures.delivery_us[quantile] / 1000),
      baselineName: 'a message through the bare durable relay, same load',
      goal,
      note: `${offers} offers`,
    }))
  },
}
