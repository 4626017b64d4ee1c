// SPDX-License-Identifier: GPL-3.0-or-later
//
// What it costs that the daemon looks at itself: four times a second the monitor checks a part of the engine's state, and
// nothing may be wrong anywhere for longer than a whole round takes.
import { Lines } from '../lib/process.mjs'

/** The monitor's own portion. */
const portion = 3000

async function watch(ctx, agents, chats) {
  const child = ctx.spawn(ctx.program('watch'), [portion, agents, chats], { core: 0 })
  const lines = new Lines(child, 'watch')
  const figures = await lines.next()
  await lines.end()
  return figures
}

export default {
  name: 'watch',
  title: "the daemon's look at itself, four times a second",
  async run(ctx) {
    const rows = []
    for (const [agents, chats] of ctx.short ? [[10, 100]] : [[100, 1000], [1000, 10000], [10000, 100000]]) {
      const runs = []
      for (let round = 0; round < ctx.rounds; round++) runs.push(await watch(ctx, agents, chats))
      const what = `${agents.toLocaleString('en')} agents, ${chats.toLocaleString('en')} chats`
      const one = (line, unit, figure) => ({ line, unit, better: 'lower', usher: runs.map(figure), baseline: null, goal: null })
      rows.push(one(what, '% of a core', ({ cpu }) => cpu * 100), one(`${what}, a round`, 's', ({ round_s }) => round_s))
    }
    return rows
  },
}
