// SPDX-License-Identifier: GPL-3.0-or-later
//
// A contact centre that is ready for load: agents with a session each, visitors of the web chat with a token each. It
// is made once per run, through the operations a person would use, because five hundred passwords take half a minute;
// each round starts the daemon on a copy. USHER_BENCH_CENTRE=FOLDER keeps it there for the next run.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Daemon, hostEnv, request, until } from '../../lib/daemon.mjs'

const password = 'correct horse'
/** Sessions end after twelve hours. */
const freshFor = 6 * 3600 * 1000

const sections = {
  usher: { session_idle: '12h', log_level: 'warning' },
  'channel:site': { rate_messages: '10000', sessions_per_address: '0' },
  'channel:calls': {
    plugin: 'webchat',
    queue: 'calls',
    allowed_origins: '*',
    rate_messages: '10000',
    sessions_per_address: '0',
  },
}

/** The daemon, started as the bench starts programs. */
class PinnedDaemon extends Daemon {
  constructor(ctx, dir, core) {
    super({ dir, config: sections })
    this.ctx = ctx
    this.core = core
  }

  launch() {
    return this.ctx.spawn(path.join(this.ctx.builddir, 'usherd'), ['--config', this.conf], {
      core: this.core,
      env: { USHER_UI_DIR: process.env.USHER_UI_DIR ?? path.join(this.ctx.builddir, 'ui'), ...hostEnv() },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  get pid() {
    return this.child.pid
  }

  /** A plugin that does not run would only be noticed by what is missing. */
  async start() {
    await super.start()
    const { instances } = await this.ctl('plugin.status')
    for (const { name, state, message } of instances)
      if (state !== 'running') throw new Error(`${name} is ${state}: ${message ?? 'no reason given'}\n${this.log}`)
    return this
  }

  /** Waits until nothing is on its way to the disk, a network or the CRM. */
  async settled() {
    await until(
      'everything is stored and sent',
      async () => Object.values((await this.ctl('system.status')).pending).every((count) => count === 0),
      60000,
    )
  }
}

/** `work (i)` for all i below count, some at a time; resolves to the results. */
async function some(count, work, atOnce = 16) {
  const results = new Array(count)
  let next = 0
  const worker = async () => {
    for (let i = next++; i < count; i = next++) results[i] = await work(i)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

/** Somebody with a session: has one chat at a time. */
async function hire(daemon, login, queue) {
  await daemon.ctl('user.put', { login, name: `Agent ${login}`, acceptance_ms: 600000, capacity: 1 })
  await daemon.ctl('user.password', { user: login, password })
  await daemon.ctl('membership.put', { user: login, queue })
  return (await daemon.login(login, password)).token
}

async function visit(daemon, channel) {
  const answer = await request({
    port: daemon.port,
    path: `/channel/${channel}/session`,
    headers: { origin: daemon.base },
    body: {},
  })
  if (answer.status !== 200) throw new Error(`a session of the web chat: ${answer.status} ${answer.text}`)
  return answer.body.token
}

const sizes = (short) =>
  short
    ? { agents: 20, takers: 2, customers: 20, callers: 6, idle: 200 }
    : { agents: 500, takers: 10, customers: 500, callers: 60, idle: 10000 }

async function build(ctx, dir) {
  const size = sizes(ctx.short)
  const daemon = new PinnedDaemon(ctx, path.join(dir, 'home'))
  mkdirSync(path.join(dir, 'home'), { recursive: true })
  ctx.log(`preparing a centre with ${size.agents} agents`)
  await daemon.start()
  for (const queue of ['support', 'calls']) await daemon.ctl('queue.put', { queue, name: queue, post_processing_ms: 0 })
  const people = {
    agents: await some(size.agents, (i) => hire(daemon, `agent${i}`, 'support')),
    takers: await some(size.takers, (i) => hire(daemon, `taker${i}`, 'calls')),
    customers: await some(size.customers, () => visit(daemon, 'site')),
    callers: await some(size.callers, () => visit(daemon, 'calls')),
    idle: await some(size.idle, () => visit(daemon, 'site')),
  }
  await daemon.settled()
  await daemon.stop()
  writeFileSync(path.join(dir, 'people.json'), JSON.stringify(people))
}

/** The folder of the prepared centre. */
async function prepared(ctx) {
  const kept = process.env.USHER_BENCH_CENTRE
  const name = ctx.short ? 'short' : 'full'
  const dir = path.join(kept ?? ctx.shared, `centre-${name}`)
  const list = path.join(dir, 'people.json')
  if (existsSync(list) && Date.now() - statSync(list).mtimeMs < freshFor) return dir
  const half = `${dir}.new`
  for (const each of [dir, half]) rmSync(each, { recursive: true, force: true })
  await build(ctx, half)
  renameSync(half, dir)
  return dir
}

/** A daemon on core 0 with a copy of the prepared centre; `people`: tokens by kind. */
export class Centre {
  /** `settings`: further ones of every plugin's section. */
  async start(ctx, settings = {}) {
    const source = await prepared(ctx)
    this.dir = path.join(ctx.workdir, 'centre')
    cpSync(path.join(source, 'home/data'), path.join(this.dir, 'data'), { recursive: true })
    this.people = JSON.parse(readFileSync(path.join(source, 'people.json'), 'utf8'))
    this.daemon = new PinnedDaemon(ctx, this.dir, 0)
    for (const [section, keys] of Object.entries(this.daemon.sections))
      if (/^(channel|crm|frontend):/.test(section)) Object.assign(keys, settings)
    await this.daemon.start()
    return this
  }

  get port() {
    return this.daemon.port
  }

  get pid() {
    return this.daemon.pid
  }

  /** Connections of agents and of customers who are each in a chat with one of them. */
  pairs(count) {
    return [...this.lines('receiver', 'agents', count), ...this.lines('sender', 'customers', count)]
  }

  /** Lines for the load generator: the first `count` people of a kind, in a role. */
  lines(role, kind, count = this.people[kind].length) {
    const [protocol, where] = {
      agents: ['desk', '/frontend/desk/ws'],
      takers: ['desk', '/frontend/desk/ws'],
      customers: ['widget', '/channel/site/ws'],
      idle: ['widget', '/channel/site/ws'],
      callers: ['widget', '/channel/calls/ws'],
    }[kind]
    if (count > this.people[kind].length) throw new Error(`there are only ${this.people[kind].length} ${kind}`)
    return this.people[kind].slice(0, count).map((token) => `${role} ${protocol} ${where} ${token}`)
  }

  /** Ends the daemon in good order, so that a fault in it does not go unseen; what it stored is still there. */
  async stop() {
    await this.daemon.settled()
    await this.daemon.stop()
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true })
  }
}
