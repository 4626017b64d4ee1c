// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real daemon while the N-th write or fsync of its database fails, N = 1, 2, 3 ... until a day goes by without a fault: the
// clients try again, whoever supervises the daemon starts it again, and in the end everything is there once. A failed fsync ends the
// daemon with a message that says so.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Agent, Customer, Daemon, OperationError, sleep } from '../lib/daemon.mjs'
import { proofSize } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const preload = path.join(build, 'tests/fault/.libs/preload.so')
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
async function prepare() {
  const daemon = new Daemon({ config, dir: template })
  daemons.add(daemon)
  await daemon.start()
  await daemon.seed({ post_processing_ms: 0 })
  const anna = await daemon.login('anna')
  session = { token: anna.token, user: { user: anna.user } }
  await daemon.stop()
  daemons.delete(daemon)
}

/** The daemon under somebody who starts it again when it ends. */
class Supervised {
  constructor(fault) {
    this.daemon = new Daemon({ config })
    daemons.add(this.daemon)
    this.fault = fault
    this.ends = []
    cpSync(path.join(template, 'data'), this.daemon.data, { recursive: true })
  }

  async start() {
    const env = {
      LD_PRELOAD: preload,
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      // What is critical ends the daemon here by its own way, as it does for users.
      G_DEBUG: '',
      USHER_FAULT: this.fault,
      USHER_FAULT_PATH: '*/usher.db*',
    }
    this.daemon.env = env
    await this.#alive()
  }

  async #alive() {
    for (;;) {
      const from = this.daemon.log.length
      try {
        await this.daemon.start()
        this.#watch(from)
        return
      } catch (error) {
        const { exitCode } = this.daemon.child
        assert.ok(exitCode > 0, error.message)
        this.ends.push({ code: exitCode, log: this.daemon.log.slice(from) })
        this.daemon.env = {}
      }
    }
  }

  #watch(from) {
    this.daemon.child.once('exit', (code, signal) => {
      if (this.stopping) return
      this.ends.push({ code, signal, log: this.daemon.log.slice(from) })
      this.daemon.env = {}
      this.restarting = this.#alive()
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

/** All N up to a day without a fault: how many days, and how often the daemon ended. */
async function loop(call, stride, check) {
  let runs = 0
  let ends = 0
  for (let n = 1; ; n += stride) {
    const supervised = new Supervised(`fail:${call}:${n}`)
    await supervised.start()
    await day(supervised)
    runs++
    ends += supervised.ends.length
    for (const end of supervised.ends) check(end)
    const struck = supervised.ends.length > 0 || supervised.daemon.log.includes('was not stored')
    await supervised.stop()
    if (!struck && n > 12) {
      console.log(`# ${call}: ${runs} days with a fault at number 1 to ${n}, the daemon ended ${ends} times`)
      return
    }
  }
}

await run([
  ['a centre to copy', prepare],
  [
    'the N-th fsync fails: fatal and said so, and after the restart all is well',
    () =>
      loop('sync', proofSize(9, 1, 1), ({ code, log }) => {
        assert.ok(code > 0, `exit status ${code}`)
        assert.match(log, /can't tell whether a change is durable|the disk fails; look into the kernel's log/)
      }),
  ],
  [
    'the N-th write fails: refused or fatal, never half',
    () =>
      loop('write', proofSize(60, 9, 1), ({ code, log }) => {
        assert.ok(code > 0, `exit status ${code}`)
        assert.match(log, /can't tell whether a change is durable|the disk fails; look into the kernel's log/)
      }),
  ],
])
