// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real daemon with one fault in it, under somebody who starts it again, without the fault, when it ends; and a day that goes on
// whatever happens: clients try again, and in the end everything is there once.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Agent, Customer, Daemon, OperationError, sleep } from '../../lib/daemon.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const patience = 60000
const template = mkdtempSync(path.join(tmpdir(), 'usher-fault-'))
const daemons = new Set()
let session

process.on('exit', () => {
  for (const daemon of daemons) {
    daemon.child?.kill('SIGKILL')
    rmSync(daemon.dir, { recursive: true, force: true })
  }
  rmSync(template, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const config = { 'crm:main': null }
const agent = (daemon) => new Agent(daemon, session)

/** A centre with anna logged in, stopped cleanly, to be copied for each run. */
export async function prepare() {
  const daemon = new Daemon({ config, dir: template })
  daemons.add(daemon)
  await daemon.start()
  await daemon.seed({ post_processing_ms: 0 })
  const anna = await daemon.login('anna')
  session = { token: anna.token, user: { user: anna.user } }
  await daemon.stop()
  daemons.delete(daemon)
}

class Supervised {
  constructor({ fault, files, preload }) {
    this.daemon = new Daemon({ config })
    daemons.add(this.daemon)
    this.count = path.join(this.daemon.dir, 'count')
    this.ends = []
    cpSync(path.join(template, 'data'), this.daemon.data, { recursive: true })
    this.daemon.env = {
      LD_PRELOAD: path.join(build, `tests/fault/.libs/${preload}.so`),
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      // What is critical ends the daemon here by its own way, as it does for users.
      G_DEBUG: '',
      USHER_FAULT: fault,
      USHER_FAULT_PATH: files,
      USHER_FAULT_COUNT: this.count,
    }
  }

  #ended(from) {
    const { exitCode: code, signalCode: signal } = this.daemon.child
    this.ends.push({ code, signal, log: this.daemon.log.slice(from) })
    this.daemon.env = {}
  }

  async start() {
    for (;;) {
      const from = this.daemon.log.length
      try {
        await this.daemon.start()
        if (await this.#lacks(from)) continue
        this.#watch(from)
        return
      } catch (error) {
        // It may have ended while it was asked something.
        await Promise.race([this.daemon.exited, sleep(5000)])
        const { exitCode, signalCode } = this.daemon.child
        assert.ok(exitCode > 0 || signalCode, error.message)
        this.#ended(from)
      }
    }
  }

  /** A plugin that could not be loaded or started never stops the rest. The log says so, and an administrator starts it again. */
  async #lacks(from) {
    const { instances } = await this.daemon.ctl('plugin.status')
    const running = instances.filter((i) => i.state === 'running').map((i) => i.name)
    const lacking = ['site', 'desk'].filter((name) => !running.includes(name))
    if (!lacking.length) return false
    const log = this.daemon.log.slice(from)
    for (const name of lacking) {
      const from = this.#lines().indexOf(`[${name === 'site' ? 'channel' : 'frontend'}:${name}]`)
      const said = [...log.matchAll(/usher\.conf:(\d+): ./g)].some(([, line]) => Number(line) > from && Number(line) < from + 9)
      assert.ok(said || log.includes(`"${name}" is failed: `), `${name} is not there: ${log}`)
    }
    await this.daemon.kill()
    this.lacked = true
    this.daemon.env = {}
    return true
  }

  #lines() {
    return readFileSync(this.daemon.conf, 'utf8').split('\n')
  }

  #watch(from) {
    this.daemon.child.once('exit', () => {
      if (this.stopping) return
      this.#ended(from)
      this.restarting = this.start()
    })
  }

  /** Does it again until it is done; what is refused for good is an error. */
  async insist(what, action) {
    for (const end = Date.now() + patience; ;) {
      try {
        await this.restarting
        const done = await action()
        if (done) return done
      } catch (error) {
        if (error instanceof OperationError && !['unavailable', 'busy'].includes(error.code)) throw error
        if (Date.now() > end) throw new Error(`${what}: ${error.message}`)
      }
      if (Date.now() > end) throw new Error(`${what}: not within ${patience} ms\n${this.daemon.log}`)
      await sleep(20)
    }
  }

  /** Whether there were so many calls that the n-th failed. */
  struck(n) {
    return existsSync(this.count) && readFileSync(this.count).readBigUInt64LE() >= BigInt(n)
  }

  async stop() {
    await this.restarting
    this.stopping = true
    await this.daemon.kill()
    await this.daemon.end()
    daemons.delete(this.daemon)
  }
}

/** A customer's chat from the first message to its end. Everything is repeated under the same id until it is acknowledged. */
async function day(supervised) {
  const { daemon } = supervised
  const visitor = new Customer(daemon, 'Vera')
  const anna = (name, args, cmd) =>
    supervised.insist(name, () => agent(daemon).call(name, args, cmd).then((result) => result ?? true))
  const say = (text) =>
    supervised.insist(text, async () => {
      const frames = await visitor.send({ message: { id: `id-${text}-0000`, text, name: 'Vera' } })
      return frames.some((frame) => frame.ack)
    })

  await supervised.insist('a session', () => visitor.open())
  await anna('agent.set_status', { status: 'available' }, 'cmd-available')
  await say('one')
  const { interaction } = await supervised.insist('an offer', async () => (await agent(daemon).mine())[0])
  await supervised.insist('accepted', async () => {
    const [mine] = await agent(daemon).mine()
    if (mine?.state === 'active') return true
    if (mine?.state === 'offered') await agent(daemon).call('interaction.accept', { interaction })
    return false
  })
  await anna('message.send', { interaction, text: 'answer one' }, 'cmd-answer-one')
  await say('two')
  await anna('message.send', { interaction, text: 'answer two' }, 'cmd-answer-two')
  await anna('interaction.end', { interaction }, 'cmd-end')
  const lines = await supervised.insist('the transcript', async () => {
    const { messages } = await daemon.ctl('interaction.messages', { interaction })
    return messages
  })
  assert.deepEqual(
    lines.filter((line) => line.author !== 'system').map((line) => line.text),
    ['one', 'answer one', 'two', 'answer two'],
  )
  const { interactions } = await supervised.insist('the list', () => daemon.ctl('interaction.list', { limit: 50 }))
  assert.equal(interactions.length, 1)
  await supervised.insist('what the customer sees', async () => {
    await visitor.poll(0)
    return visitor.lines.filter(Boolean).length >= 4
  })
  const seen = visitor.lines.filter((line) => line && ['one', 'two', 'answer one', 'answer two'].includes(line.text))
  assert.deepEqual(seen.map((line) => line.text), ['one', 'answer one', 'two', 'answer two'])
}

/**
 * The n-th call fails (action `fail`) or all from there on, for each n that `next` makes of the one before, until a day goes by without
 * a fault. `check` judges each end of the daemon: {code, signal, log}.
 */
export async function loop({ call, action = 'fail', errno = '', files = '*/usher.db*', preload = 'preload', next, check }) {
  let runs = 0
  let ends = 0
  let lacks = 0
  let last = 0
  for (let n = 1; ; n = next(n)) {
    const supervised = new Supervised({ fault: `${action}:${call}:${n}${errno && `:${errno}`}`, files, preload })
    try {
      await supervised.start()
      await day(supervised)
      for (const end of supervised.ends) check(end)
    } catch (error) {
      throw new Error(`${call} number ${n}: ${error.message}\n${supervised.daemon.log}`)
    }
    runs++
    ends += supervised.ends.length
    lacks += supervised.lacked ? 1 : 0
    const struck = supervised.struck(n)
    await supervised.stop()
    if (!struck) break
    last = n
  }
  assert.ok(runs > 2, 'nothing was struck')
  console.log(
    `# ${action} ${call}: ${runs} days, the fault at number 1 to ${last} and then none, the daemon ended ${ends} times, ` +
      `and was without a plugin ${lacks} times`,
  )
}
