// SPDX-License-Identifier: GPL-3.0-or-later
//
// What isolation = process costs: the relay of customers' messages with every plugin in usherd, and with every plugin in a
// process of its own. CPU is that of usherd and its plugin hosts together, all on one core.
import { Centre } from '../lib/centre.mjs'
import { load } from '../lib/load.mjs'

async function relay(ctx, pairs, options, settings) {
  const centre = await new Centre().start(ctx, settings)
  const { instances } = await centre.daemon.ctl('plugin.status')
  const pids = [centre.pid, ...instances.flatMap(({ process }) => (process ? [process.pid] : []))]
  const cpu = () => pids.reduce((sum, pid) => sum + ctx.cpu(pid), 0)
  const rss = () => pids.reduce((sum, pid) => sum + ctx.rss(pid), 0)
  const before = cpu()
  const settled = () => centre.daemon.settled()
  const figures = await load(ctx, { port: centre.port, pid: centre.pid, conns: centre.pairs(pairs), ...options }, settled)
  const all = { ...figures, cpu_us: ((cpu() - before) / figures.delivered) * 1e6, rss: rss(), hosts: pids.length - 1 }
  const lost = await centre.daemon.ctl('plugin.status')
  if (lost.instances.some(({ process }) => process?.lost > 0)) throw new Error('a plugin host died under load')
  await centre.stop()
  centre.remove()
  return all
}

export default {
  name: 'isolation',
  title: 'plugins in processes of their own, against the same plugins inside usherd; all on one core',
  async run(ctx) {
    const pairs = ctx.short ? 10 : 100
    const options = ctx.short ? { warmup: 0.2, duration: 0.5 } : { warmup: 1, duration: 4 }
    const runs = { inside: [], isolated: [] }

    for (let round = 0; round < ctx.rounds; round++) {
      runs.inside.push(await relay(ctx, pairs, options, { isolation: 'none' }))
      runs.isolated.push(await relay(ctx, pairs, options, { isolation: 'process' }))
    }
    if (runs.isolated.some(({ hosts }) => hosts < 3)) throw new Error('the plugins are not isolated')
    const both = (figure) => ({
      usher: runs.isolated.map(figure),
      baseline: runs.inside.map(figure),
      baselineName: 'inside usherd',
      goal: null,
    })
    const wrong = ({ lost, doubled, out_of_order, astray }) => lost + doubled + out_of_order + astray
    return [
      {
        line: `durable relay, ${2 * pairs} connections`,
        unit: 'messages/s',
        better: 'higher',
        ...both(({ delivered_per_s }) => delivered_per_s),
      },
      { line: 'CPU of usherd and its plugin hosts', unit: 'µs/message', better: 'lower', ...both(({ cpu_us }) => cpu_us) },
      { line: 'resident memory of all processes', unit: 'bytes', better: 'lower', ...both(({ rss }) => rss) },
      {
        line: 'lost, doubled, out of order or at another agent',
        unit: 'messages',
        better: 'lower',
        goal: { value: '<= 0' },
        usher: runs.isolated.map(wrong),
        baseline: null,
      },
    ]
  },
}
