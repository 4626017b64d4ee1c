// SPDX-License-Identifier: GPL-3.0-or-later
//
// Routing decisions in memory. A decision is a whole step of the engine: an agent's wrap-up ends, or a customer's first
// message arrives, and the right pair is found and offered (tests/bench/route.c says exactly what is counted, and
// compares every pair with what it should be). Half of them are of one kind, half of the other.
import { Lines } from '../lib/process.mjs'

async function route(ctx, ...args) {
  const lines = new Lines(ctx.spawn(ctx.program('route'), args, { core: 0 }), 'route')
  const figures = await lines.next()
  await lines.end()
  return figures
}

export default {
  name: 'route',
  title: 'routing decisions in memory, 200 queues, each agent in eight of them',
  async run(ctx) {
    const decisions = ctx.short ? 2000 : 200000
    const chats = ctx.short ? 2000 : 100000
    const sizes = ctx.short ? [[1000, 1000], [1000, 2000], [10, 1000], [1000, 100]] : [[1000, 10000], [1000, 100000], [10, 10000], [1000, 100]]
    const [many, most, few, short] = sizes.map(() => [])
    const memory = []

    for (let round = 0; round < ctx.rounds; round++) {
      for (const [i, into] of [many, most, few, short].entries()) into.push(await route(ctx, ...sizes[i], decisions))
      memory.push((await route(ctx, '--memory', chats)).bytes_per_chat)
    }
    const rate = (runs) => runs.map((run) => run.decisions_per_s)
    const time = (runs) => runs.map((run) => run.decision_ns / 1000)
    const named = ([agents, waiting]) => `${agents} agents, ${waiting} waiting`
    const goal = { value: '>= 200000' }
    return [
      { line: named(sizes[0]), unit: 'decisions/s of CPU', better: 'higher', usher: rate(many), baseline: null, goal },
      { line: named(sizes[1]), unit: 'decisions/s of CPU', better: 'higher', usher: rate(most), baseline: null, goal },
      {
        line: `${sizes[0][0]} agents against ${sizes[2][0]}, ${sizes[0][1]} waiting`,
        unit: 'µs/decision',
        better: 'lower',
        usher: time(many),
        baseline: time(few),
        baselineName: `${sizes[2][0]} agents`,
        goal: { ratio: '<= 2' },
      },
      {
        line: `${sizes[1][1]} waiting against ${sizes[3][1]}, ${sizes[1][0]} agents`,
        unit: 'µs/decision',
        better: 'lower',
        usher: time(most),
        baseline: time(short),
        baselineName: `${sizes[3][1]} waiting`,
        goal: { ratio: '<= 4' },
      },
      {
        line: `an open chat, of ${chats}, in the engine`,
        unit: 'bytes of heap',
        better: 'lower',
        usher: memory,
        baseline: null,
        goal: { value: '<= 4000' },
        note: 'its lines are in the store, not in memory',
      },
    ]
  },
}
