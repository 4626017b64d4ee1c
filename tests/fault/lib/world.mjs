// SPDX-License-Identifier: GPL-3.0-or-later
//
// A contact centre whose daemon may be killed at any moment: a web chat "site", a Messenger page "page" on the stand-in for the
// Graph API, the local CRM, desks. Afterwards it gathers what every side has seen, for the checker.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Daemon, hostEnv, OperationError, pluginDirs, sleep } from '../../lib/daemon.mjs'
import { Graph } from '../../lib/graph.mjs'
import { check } from './checker.mjs'
import { Person, Visitor } from './customers.mjs'
import { Desk } from './desk.mjs'
import { breathe, Phoenix } from './phoenix.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const password = 'correct horse'
export const plugins = [...pluginDirs, path.join(build, 'plugins/channel/messenger')].join(',')

// Whatever happens to the test, no daemon and no folder is left behind.
const running = new Set()
process.on('exit', () => {
  for (const { child, dir } of running) {
    child?.kill('SIGKILL')
    // It may write a file while it dies.
    rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 })
  }
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** The data of a centre that was set up, stopped cleanly, and is copied for each run; log-ins are slow on purpose. */
export class Template {
  async make({ queue, policy = {}, agents, supervisors }) {
    this.dir = mkdtempSync(path.join(tmpdir(), 'usher-fault-'))
    const daemon = new Daemon({ config: { usher: { plugin_path: plugins } }, dir: this.dir })
    running.add(daemon)
    await daemon.start()
    await daemon.ctl('queue.put', { queue: 'support', name: 'Support', ...queue })
    await daemon.ctl('policy.put', policy)
    await daemon.ctl('codes.put', { list: 'outcome', name: 'Outcome', use: 'disposition', codes: ['SOLD=Sold'] })
    this.sessions = new Map()
    for (const login of [...agents, ...supervisors]) {
      const role = agents.includes(login) ? 'agent' : 'supervisor'
      await daemon.ctl('user.put', { login, name: login, role, capacity: 2, permissions: ['interaction.reject'] })
      await daemon.ctl('user.password', { user: login, password })
      if (role === 'agent') await daemon.ctl('membership.put', { user: login, queue: 'support' })
      const { token, user } = await daemon.login(login, password)
      this.sessions.set(login, { token, user })
    }
    const faq = { category: 'Delivery', question: 'Where is it?', answer: 'It comes today.' }
    this.faq = (await daemon.ctl('faq.put', faq)).faq
    await daemon.stop()
    return this
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export class World {
  /** `settings`: further ones of every plugin's section. */
  constructor(template, settings = {}) {
    this.template = template
    this.settings = settings
    const hook = { firstPause: 10, longestPause: 100 }
    this.graph = new Graph({ hook, rates: { text: 1e6, day: 1e6 } })
    this.node = new Phoenix(
      { config: { usher: { plugin_path: plugins } } },
      { down: () => this.graph.hook.pause(), up: () => this.#up() },
    )
    running.add(this.node.daemon)
    cpSync(path.join(template.dir, 'data'), this.node.daemon.data, { recursive: true })
    this.desks = []
    this.customers = []
  }

  /** `env`: of the daemon's first life. */
  async start(env) {
    await this.graph.start()
    const { daemon } = this.node
    const secret = (name, value) => {
      const file = path.join(daemon.dir, name)
      writeFileSync(file, `${value}\n`, { mode: 0o600 })
      return `file:${file}`
    }
    daemon.sections['channel:page'] = {
      plugin: 'messenger',
      queue: 'support',
      page_id: this.graph.page.id,
      page_access_token: secret('token', this.graph.token),
      app_secret: secret('app-secret', this.graph.appSecret),
      verify_token: secret('verify-token', this.graph.verifyToken),
      base_url: this.graph.base,
    }
    for (const [section, keys] of Object.entries(daemon.sections))
      if (/^(channel|crm|frontend):/.test(section)) Object.assign(keys, this.settings)
    this.graph.hook.pause()
    await this.node.start(env)
  }

  #up() {
    this.graph.webhook = `${this.node.base}/channel/page/webhook`
    this.graph.hook.resume()
  }

  /** An operation of the administrator of the machine, who tries again when the daemon dies meanwhile. */
  async ctl(name, args) {
    for (;;) {
      await this.node.up()
      try {
        return await this.node.daemon.ctl(name, args)
      } catch (error) {
        if (error instanceof OperationError && error.code !== 'unavailable') throw error
        await breathe()
      }
    }
  }

  /** A desk; `known`: with the session that the template has, without a log-in. */
  async desk(login, { known = true } = {}) {
    const session = known ? this.template.sessions.get(login) : {}
    const desk = new Desk(this.node, login, { password, ...session })
    this.desks.push(desk)
    return desk.open()
  }

  async visitor(name) {
    const visitor = new Visitor(this.node, name)
    this.customers.push(visitor)
    return visitor.open()
  }

  async person(name) {
    const person = new Person(this.graph, name)
    this.customers.push(person)
    return person.open()
  }

  /* ---- afterwards ---------------------------------------------------------------------------------------- */

  /** All rows of an operation that answers in pages. */
  async #pages(name, list) {
    const rows = []
    for (let cursor = {}; cursor;) {
      const page = await this.ctl(name, { limit: 200, ...cursor })
      rows.push(...page[list])
      cursor = page.next ? { cursor: page.next } : null
    }
    return rows
  }

  async journal() {
    const events = []
    for (;;) {
      const page = await this.ctl('event.list', { after: events.at(-1)?.seq ?? 0, limit: 1000 })
      events.push(...page.events)
      if (!page.more) return events
    }
  }

  /** Waits until nothing is under way any more; resolves to what is left after `ms`: {name: count}. */
  async settle(ms = 60000) {
    for (const end = Date.now() + ms; ; await sleep(20)) {
      const { pending } = await this.ctl('system.status')
      const left = { ...pending, webhooks: this.graph.tasks.size }
      if (Date.now() > end || Object.values(left).every((count) => count === 0)) return left
    }
  }

  /** Everything for the checker, once it has settled. */
  async gather() {
    for (const each of this.desks) await each.call('session.me')
    const pending = await this.settle()
    const journal = await this.journal()
    const { now } = await this.ctl('system.status')
    const rows = await this.#pages('case.list', 'cases')
    const cases = []
    for (const { id } of rows) cases.push((await this.ctl('case.get', { case: id })).case)
    const records = (await this.#pages('customer.search', 'customers')).flatMap(({ identities }) =>
      identities.map(({ network, id }) => `${network} ${id}`),
    )
    const last = journal.at(-1).seq
    for (const each of this.desks) {
      if (each.supervises) await each.until(`event ${last}`, () => each.seen >= last)
      await each.call('session.me')
    }
    for (const each of this.customers)
      await each.has(
        journal.filter((event) => event.type === 'message.added' && event.identity === each.identity).length,
      )
    return {
      journal,
      customers: this.customers.map(({ log }) => log),
      desks: this.desks.map((each) => each.record(last)),
      cases,
      records,
      deaths: this.node.deaths,
      pending,
      now,
      tolerance: 5000,
    }
  }

  /** Gathers and checks; throws with all that is wrong. Resolves to the figures. */
  async check() {
    const world = await this.gather()
    const { violations, figures } = check(world)
    this.graph.check()
    if (violations.length > 0)
      throw new Error(
        `${violations.length} violations:\n${violations
          .slice(0, 20)
          .map(({ rule, what }) => `  ${rule}: ${what}`)
          .join('\n')}`,
      )
    return { ...figures, events: world.journal.length, cases: world.cases.length }
  }

  /** Stops the daemon; its journal must be what the engine makes of its own commands. */
  async replays() {
    await this.node.stop()
    const args = ['--config', this.node.daemon.conf, '--verify-journal']
    const { stdout, stderr } = await promisify(execFile)(path.join(build, 'usherd'), args, {
      env: { ...process.env, ...hostEnv() },
    })
    console.log(`# ${`${stdout}${stderr}`.trim().split('\n').at(-1)}`)
  }

  async end() {
    for (const each of [...this.desks, ...this.customers]) each.closed = true
    await this.node.end()
    this.graph.hook.resume()
    for (const each of [...this.desks, ...this.customers]) await each.close()
    await this.graph.stop()
    running.delete(this.node.daemon)
  }
}
