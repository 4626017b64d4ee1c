// SPDX-License-Identifier: GPL-3.0-or-later
//
// A contact centre for one scenario: a real usherd in a temporary folder with one channel instance "line", whose conversations enter
// the queue "support". People are hired by operations, as an administrator does it.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { Daemon, OperationError, request } from '../../lib/daemon.mjs'
import { Agent } from './agent.mjs'
import { eventually } from './wait.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const password = 'correct horse'

// Whatever happens to the test, no daemon and no folder is left behind.
const running = new Set()
process.on('exit', () => {
  for (const { child, dir } of running) {
    child?.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

export class Centre {
  constructor(channel, { config = {} } = {}) {
    this.channel = channel
    this.daemon = new Daemon()
    const { sections } = this.daemon
    delete sections['channel:site']
    sections.usher.plugin_path = [`channel/${channel.network}`, 'crm/local', 'frontend/web']
      .map((folder) => path.join(build, 'plugins', folder))
      .join(',')
    for (const part of [channel.sections(this.daemon.dir), config])
      for (const [name, keys] of Object.entries(part)) sections[name] = { ...sections[name], ...keys }
    this.desks = []
    this.customers = []
    this.agents = new Map()
  }

  async start({ queue = {} } = {}) {
    running.add(this.daemon)
    await this.daemon.start()
    await this.ctl('queue.put', { queue: 'support', name: 'Support', post_processing_ms: 60000, ...queue })
    await this.channel.ready(this)
    const { instances } = await this.ctl('plugin.status')
    for (const { name, state, message } of instances)
      if (state !== 'running') throw new Error(`the plugin instance "${name}" is ${state}: ${message}`)
    return this
  }

  async stop() {
    for (const one of [...this.desks, ...this.customers]) one.close()
    await this.daemon.stop()
    await this.end()
  }

  /** Ends everything, however it stands. */
  async end() {
    await this.daemon.end()
    running.delete(this.daemon)
  }

  get port() {
    return this.daemon.port
  }

  get base() {
    return this.daemon.base
  }

  /* ---- operations ---- */

  /** As the administrator of the machine, over the control socket. */
  ctl(name, args = {}) {
    return this.daemon.ctl(name, args)
  }

  /** As somebody with a session, over HTTP. */
  async http(name, args, token) {
    const answer = await request({
      port: this.port,
      path: `/api/v1/${name}`,
      headers: { 'x-usher-request': '1', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: args,
    })
    if (answer.status === 200) return answer.body.result
    throw new OperationError(name, answer.status, answer.body.error)
  }

  login(login) {
    return this.http('session.login', { login, password })
  }

  queue(members) {
    return this.ctl('queue.put', { queue: 'support', ...members })
  }

  policy(members) {
    return this.ctl('policy.put', members)
  }

  user(login, members) {
    return this.ctl('user.put', { login, ...members })
  }

  membership(login, members = {}) {
    return this.ctl('membership.put', { user: login, queue: 'support', ...members })
  }

  /** Everything that came in is stored, sent on, and filed; nothing more happens by itself but timers. */
  settle() {
    return eventually('the centre to have done everything', async () => {
      const { pending } = await this.ctl('system.status')
      return Object.values(pending).every((count) => count === 0)
    })
  }

  /** The one interaction of a customer as the journal has it, whoever has it. */
  async interactions(customer, query = {}) {
    return (await this.ctl('interaction.list', { identity: customer.identity, ...query })).interactions
  }

  /** The journal: all events of one interaction, oldest first. */
  async journal(interaction) {
    const found = []
    for (let after = 0; ;) {
      const { events, more } = await this.ctl('event.list', { after, limit: 1000 })
      found.push(...events.filter((event) => event.interaction === interaction))
      if (!more || events.length === 0) return found
      after = events.at(-1).seq
    }
  }

  /* ---- people ---- */

  /** Hires somebody; a member of the queue unless `member` is false. */
  async hire(login, { member = true, ...user } = {}) {
    const name = login[0].toUpperCase() + login.slice(1)
    await this.ctl('user.put', { login, name, acceptance_ms: 30000, ...user })
    await this.ctl('user.password', { user: login, password })
    if (member) await this.membership(login)
  }

  /** Opens a desk for somebody who was hired. */
  async desk(login) {
    const agent = await new Agent(this, login).open()
    this.desks.push(agent)
    return agent
  }

  /** Hires somebody and opens a desk. */
  async agent(login, options) {
    await this.hire(login, options)
    return this.desk(login)
  }

  supervisor(login = 'sue', options = {}) {
    return this.agent(login, { role: 'supervisor', member: false, ...options })
  }

  /** A customer on the channel of this run; without a name the network does not tell one. `id`: where a
   * test chooses it. */
  async customer(name, id) {
    const customer = await this.channel.customer(name, id)
    this.customers.push(customer)
    return customer
  }
}
