// SPDX-License-Identifier: GPL-3.0-or-later
//
// A daemon that was killed under load comes back: from its start to the first offer at a desk, with a hundred thousand open
// chats and ten million events in the journal, once with the database in the kernel's memory and once without.
import { readFileSync } from 'node:fs'
import { Customer, sleep, until } from '../../lib/daemon.mjs'
import { BigDaemon, Desk, forget, grown } from '../lib/grown.mjs'

const sizes = {
  short: ['--closed', 50, '--waiting', 60, '--active', 40, '--agents', 10, '--lines', 4],
  full: ['--events', 10000000, '--closed', 1000, '--waiting', 80000, '--active', 20000, '--agents', 1000],
}
let hired = 0

/** Kills the daemon while customers write. Resolves to those with what they were acknowledged. */
async function killUnderLoad(daemon, ms) {
  const talks = []
  for (let i = 0; i < 10; i++) {
    const said = []
    const acknowledged = { upTo: 0 }
    const customer = await new Customer(daemon, `C${i}`).open()
    const talk = async () => {
      for (let n = 0; ; n++) {
        const text = `line ${n}`
        try {
          acknowledged.upTo = await customer.say(text)
        } catch {
          return // it was killed
        }
        said.push(text)
      }
    }
    talks.push({ customer, said, acknowledged, done: talk() })
  }
  await sleep(ms)
  await daemon.kill()
  await Promise.all(talks.map(({ done }) => done))
  return talks
}

/** Everything that was acknowledged is there once, in order. */
async function checkTalks(talks) {
  for (const { customer, said, acknowledged } of talks) {
    if (said.length === 0) throw new Error(`${customer.name} was acknowledged nothing; this was no load`)
    const { lines } = customer
    while (lines.length < acknowledged.upTo) await customer.poll()
    const there = lines.filter((line) => line?.author === 'customer').map(({ text }) => text)
    if (there.slice(0, said.length).join() !== said.join() || there.length > said.length + 1)
      throw new Error(`${customer.name} was acknowledged ${said.length} lines, and ${there.length} are there`)
  }
}

/** Milliseconds from the start of the program to the first offer. */
async function firstOffer(daemon, token) {
  const begun = performance.now()
  daemon.begin()
  for (;;) {
    const desk = new Desk(daemon.port, token)
    try {
      await desk.open()
      await desk.call('agent.set_status', { status: 'available' })
      await desk.first('interaction.offered')
      const took = performance.now() - begun
      desk.close()
      return took
    } catch (error) {
      if (daemon.child.exitCode !== null) throw new Error(`usherd ended:\n${daemon.log}`)
      if (performance.now() - begun > 120000) throw error
      desk.close()
      await sleep(2)
    }
  }
}

/** What the daemon says about its start, in milliseconds. */
async function phases(daemon) {
  const line = /started in ([\d.]+) s: database ([\d.]+), engine ([\d.]+) with (\d+) open chats, plugins and listeners ([\d.]+)/
  const found = await until('the times of the start', () => line.exec(daemon.log))
  const [, , database, engine, open, rest] = found.map(Number)
  return { database: database * 1000, engine: engine * 1000, open, rest: rest * 1000 }
}

const peak = (pid) => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) * 1024

export default {
  name: 'start',
  title: 'start after kill -9 under load',
  async run(ctx) {
    const centre = await grown(ctx, 'start', sizes[ctx.short ? 'short' : 'full'].map(String))
    const daemon = new BigDaemon(ctx, centre.dir)
    const rows = { offer: [], database: [], engine: [], rest: [], memory: [], cold: [] }
    let open = 0

    await daemon.start()
    for (let round = 0; round < ctx.rounds; round++) {
      const tokens = []
      for (let i = 0; i < 2; i++) tokens.push(await daemon.hire(`free-${process.pid}-${++hired}`, 'agent', ['queue00']))
      const talks = await killUnderLoad(daemon, ctx.short ? 300 : 4000)
      rows.offer.push(await firstOffer(daemon, tokens[0]))
      const took = await phases(daemon)
      for (const name of ['database', 'engine', 'rest']) rows[name].push(took[name])
      open = took.open
      rows.memory.push(peak(daemon.child.pid) / open)
      await checkTalks(talks)

      await daemon.kill()
      forget(daemon.database)
      rows.cold.push(await firstOffer(daemon, tokens[1]))
    }
    await daemon.kill()

    const one = (line, unit, usher, goal = null, note = undefined) => ({ line, unit, usher, baseline: null, better: 'lower', goal, note })
    return [
      one('to the first offer at a desk', 'ms', rows.offer, { value: '<= 2000' }, `${centre.events} events, ${open} open chats`),
      one('of it: log and end of the journal', 'ms', rows.database),
      one('of it: the engine', 'ms', rows.engine),
      one('of it: plugins and listeners', 'ms', rows.rest),
      one('most memory until then, per open chat', 'bytes', rows.memory),
      one('to the first offer, nothing of the file in memory', 'ms', rows.cold),
    ]
  },
}
