// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a message takes from the customer's socket to the agent's, from the moment at which it is due, at two rates.
import { onBare, onUsher } from '../lib/relay.mjs'

const quantiles = [
  ['p50', '<= 1.5'],
  ['p99', '<= 2'],
]

/** Both at one rate. */
async function atRate(ctx, rate, pairs) {
  const options = { rate, ...(ctx.short ? { warmup: 0.2, duration: 0.5 } : { warmup: 1, duration: 4 }) }
  const runs = { bare: [], usher: [] }

  for (let round = 0; round < ctx.rounds; round++) {
    runs.bare.push(await onBare(ctx, pairs, options))
    runs.usher.push(await onUsher(ctx, pairs, options))
  }
  const slowest = Math.min(...runs.usher.map((figures) => figures.delivered_per_s))
  const reached =
    slowest < rate * 0.98 ? `usher did not keep up: it reached ${Math.round(slowest)} messages/s in the worst round` : undefined
  return quantiles.map(([quantile, ratio]) => ({
    line: `${rate.toLocaleString('en')} messages/s, ${2 * pairs} connections, ${quantile}`,
    unit: 'ms',
    better: 'lower',
    usher: runs.usher.map((figures) => figures.delivery_us[quantile] / 1000),
    baseline: runs.bare.map((figures) => figures.delivery_us[quantile] / 1000),
    baselineName: 'bare durable relay',
    goal: { ratio },
    note: reached,
  }))
}

export default {
  name: 'latency',
  title: 'from the customer to the agent, open loop, server on one core',
  async run(ctx) {
    const pairs = ctx.short ? 20 : 500
    const rows = []
    for (const rate of ctx.short ? [200] : [2000, 10000]) rows.push(...(await atRate(ctx, rate, pairs)))
    return rows
  },
}
