// SPDX-License-Identifier: GPL-3.0-or-later
//
// More than the daemon can take: the rate of customers' messages that it sustains is found, then ten times as many come
// while agents work. What was acknowledged is there, the rest was refused in so many words, agents hardly notice, and
// memory stays bounded. And clients that do not read cost nobody but themselves anything. USHER_PROOF=long floods for
// a minute.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Customer, Daemon, request, sleep, until } from '../lib/daemon.mjs'
import { proofSize } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { Agent } from '../scenario/lib/agent.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const seconds = proofSize(1, 5, 60)
/** What the machine of a continuous integration keeps; on a machine of its own it is asked for more. */
const promptly = proofSize(5000, 2000, 100)
/** Enough that the web chat's own limit for one visitor is not reached. */
const customers = 1000
const growth = 300 * 1024 * 1024
const sleepers = proofSize(4, 10, 50)
const trickles = proofSize(50, 100, 200)

class Bureau {
  async open(config = {}) {
    this.daemon = new Daemon({
      // A sanitizer keeps what was freed for a while, and that is not what is measured.
      env: { ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'quarantine_size_mb=8'].filter(Boolean).join(':') },
      config: { usher: { drain_time: '0s', log_level: 'notice' }, ...config },
    })
    await this.daemon.start()
    const { daemon } = this
    await daemon.ctl('queue.put', { queue: 'support', name: 'Support', post_processing_ms: 0 })
    return this
  }

  get port() {
    return this.daemon.port
  }

  get base() {
    return this.daemon.base
  }

  async login(login) {
    const answer = await request({
      port: this.port,
      path: '/api/v1/session.login',
      headers: { 'x-usher-request': '1' },
      body: { login, password: 'correct horse' },
    })
    assert.equal(answer.status, 200, answer.text)
    return answer.body.result
  }

  /** Somebody at a desk. */
  async hire(login, user = {}) {
    await this.daemon.ctl('user.put', { login, name: login, acceptance_ms: 600000, ...user })
    await this.daemon.ctl('user.password', { user: login, password: 'correct horse' })
    if (!user.role) await this.daemon.ctl('membership.put', { user: login, queue: 'support' })
    return new Agent(this, login).open()
  }

  /** An agent in a chat. */
  async busy(login) {
    const agent = await this.hire(login)
    await agent.available()
    const customer = await new Customer(this.daemon, `${login}'s customer`).open()
    await customer.say('hello')
    return agent.takes({ identity: customer.visitor })
  }

  /** Sessions of customers who wait. */
  async crowd(count) {
    const tokens = []
    while (tokens.length < count) {
      const some = Array.from({ length: 20 }, () => new Customer(this.daemon, 'Crowd').open())
      for (const each of await Promise.all(some)) tokens.push(each.token)
    }
    return tokens
  }

  rss() {
    const status = readFileSync(`/proc/${this.daemon.child.pid}/status`, 'latin1')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024
  }

  async settled(ms) {
    await until(
      'everything is stored',
      async () => {
        const { pending } = await this.daemon.ctl('system.status')
        return pending.commits === 0 && pending.deliveries === 0 && pending.outbox === 0
      },
      ms,
    )
  }

  async texts() {
    const counts = new Map()
    for (let after = 0; ;) {
      const { events, more } = await this.daemon.ctl('event.list', { after, limit: 1000 })
      for (const event of events)
        if (event.type === 'message.added') counts.set(event.text, (counts.get(event.text) ?? 0) + 1)
      if (!more) return counts
      after = events.at(-1).seq
    }
  }

  async end() {
    await this.daemon.end()
  }
}

/** Runs the flood; resolves to its figures with `acked`: the ids that were acknowledged. */
function flood(port, tokens, connections, rate, secs, prefix) {
  const child = spawn(path.join(build, 'tests/overload/flood'), [port, connections, rate, secs, prefix].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const acked = []
  let figures
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('ack ')) acked.push(line.slice(4))
    else figures = JSON.parse(line)
  })
  child.stdin.end(`${tokens.join('\n')}\n`)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 && figures ? resolve({ ...figures, acked }) : reject(new Error(`flood ended with ${code}`))))
  })
}

/** An agent who writes all the time; collects how long each action took until it was acknowledged. */
async function write(chat, state, times, said) {
  for (let i = 1; !state.over; i++) {
    const text = `${chat.agent.login} says ${i} ${state.name}`
    const begun = performance.now()
    await chat.say(text)
    times.push(performance.now() - begun)
    said.push(text)
    await sleep(25)
  }
}

const quantile = (times, q) => [...times].sort((a, b) => a - b)[Math.floor((times.length - 1) * q)] ?? 0
const round = (value) => Math.round(value * 10) / 10

/** `during` with all agents at work; how long their actions took. */
async function working(name, chats, during) {
  const state = { over: false, name }
  const times = []
  const said = []
  const jobs = chats.map((chat) => write(chat, state, times, said))
  try {
    return { result: await during(), times, said }
  } finally {
    state.over = true
    await Promise.all(jobs)
  }
}

function check(texts, acked, said) {
  let lost = 0
  let doubled = 0
  for (const text of [...acked.map((id) => `where is my parcel ${id}`), ...said]) {
    const count = texts.get(text) ?? 0
    lost += count === 0
    doubled += count > 1
  }
  assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 })
}

/** A connection that begins a request and brings a byte of it now and then; `cut` once the server ends it. */
class Trickle {
  constructor(port) {
    const head = `POST /channel/site/send HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000\r\n\r\n{`
    this.cut = false
    this.socket = net.connect(port, '127.0.0.1')
    this.socket.on('error', () => (this.cut = true))
    this.socket.on('close', () => (this.cut = true))
    this.socket.resume()
    let sent = 0
    this.timer = setInterval(() => {
      if (!this.cut && sent < head.length) this.socket.write(head[sent++])
    }, 200)
  }

  end() {
    clearInterval(this.timer)
    this.socket.destroy()
  }
}

await run([
  [
    `${sleepers} desks and ${trickles} customers that stop reading or writing cost the others nothing`,
    async () => {
      const bureau = new Bureau()
      const slow = []
      try {
        await bureau.open()
        const chats = []
        for (const login of ['anna', 'ben']) chats.push(await bureau.busy(login))
        const tokens = await bureau.crowd(200)
        // Supervisors see every event: theirs are the longest queues.
        await bureau.daemon.ctl('user.put', { login: 'sue', name: 'Sue', role: 'supervisor' })
        await bureau.daemon.ctl('user.password', { user: 'sue', password: 'correct horse' })
        const desks = []
        for (let i = 0; i < sleepers; i++) {
          const desk = await new Agent(bureau, 'sue').open()
          desk.socket.onClose = (code) => (desk.closed = code)
          desks.push(desk)
        }
        const before = bureau.rss()
        for (const desk of desks) desk.socket.socket.pause()
        for (let i = 0; i < trickles; i++) slow.push(new Trickle(bureau.port))
        const overrun = async () => (await bureau.daemon.ctl('system.status')).net.sockets_overrun
        let written = []
        let most = before
        const { times } = await working('beside the slow', chats, async () => {
          // What a socket holds in the kernel comes first: several MB each.
          for (let round = 0; (await overrun()) < sleepers && round < 40; round++) {
            written = written.concat((await flood(bureau.port, tokens, 16, 0, 1, `slow-${round}-`)).acked)
            most = Math.max(most, bureau.rss())
          }
        })
        const cut = await overrun()
        console.log(`# ${written.length} messages until ${cut} of ${sleepers} desks that do not read were cut; ${slow.filter((each) => each.cut).length} of ${trickles} slow requests were`)
        console.log(`# agents beside them: ${times.length} actions, p50 ${round(quantile(times, 0.5))} ms, p99 ${round(quantile(times, 0.99))} ms`)
        console.log(`# memory ${Math.round(before / 1048576)} MiB before, at most ${Math.round(most / 1048576)} MiB`)
        assert.equal(cut, sleepers, 'who does not read is cut')
        assert.ok(quantile(times, 0.99) < promptly, `agents' p99 is below ${promptly} ms`)
        assert.ok(most - before < growth, 'memory stays bounded')
        // One of them wakes up: it reads what had been sent, is told why, and goes on where it was.
        const [desk] = desks
        desk.socket.socket.resume()
        await until('the desk knows that it was cut', async () => desk.closed !== undefined)
        // 1013 (try again later), or cut when it did not read that either for five seconds.
        assert.ok([1013, 1006].includes(desk.closed), `closed with ${desk.closed}`)
        const since = desk.events.items.at(-1)?.seq ?? desk.welcome.seq
        assert.ok((await desk.connect({ since })).seq > since)
        await bureau.daemon.stop()
      } catch (error) {
        error.stack += `\n--- usherd said:\n${bureau.daemon?.log.split('\n').slice(-12).join('\n')}`
        throw error
      } finally {
        for (const each of slow) each.end()
        await bureau.end()
      }
    },
  ],
  [
    `ten times what is sustained, for ${seconds} s, while agents work`,
    async () => {
      const bureau = new Bureau()
      try {
        await bureau.open()
        const chats = []
        for (const login of ['anna', 'ben', 'cleo', 'dora']) chats.push(await bureau.busy(login))
        const tokens = await bureau.crowd(customers)
        const quiet = await working('quietly', chats, () => sleep(1000))
        const ramp = await flood(bureau.port, tokens, 32, 0, Math.min(seconds, 5), 'ramp-')
        const sustained = ramp.accepted / ramp.seconds
        assert.ok(sustained > 0, JSON.stringify({ ...ramp, acked: ramp.acked.length }))
        await bureau.settled(60000)
        const before = bureau.rss()
        let most = before
        const meter = setInterval(() => (most = Math.max(most, bureau.rss())), 100)
        const flooded = await working('in the flood', chats, () =>
          flood(bureau.port, tokens, 512, Math.round(sustained * 10), seconds, 'flood-'),
        )
        clearInterval(meter)
        const begun = performance.now()
        await bureau.settled(30000)
        const calm = performance.now() - begun
        const after = await working('afterwards', chats, () => sleep(1000))
        const { result } = flooded

        console.log(`# sustained ${round(sustained)}/s; offered ${result.offered} in ${result.seconds} s, sent ${result.sent}`)
        console.log(`# accepted ${result.accepted}, p50 ${result.accept_p50} ms, p99 ${result.accept_p99} ms`)
        console.log(`# refused ${result.refused} (${result.refused_in_band} after reading), p50 ${result.refuse_p50} ms, p99 ${result.refuse_p99} ms`)
        console.log(`# not sent because all 512 connections waited: ${result.unsent}; other answers ${result.other}, cut ${result.broken}`)
        for (const [when, { times }] of [['quiet', quiet], ['flood', flooded], ['afterwards', after]])
          console.log(`# agents, ${when}: ${times.length} actions, p50 ${round(quantile(times, 0.5))} ms, p99 ${round(quantile(times, 0.99))} ms`)
        console.log(`# memory ${Math.round(before / 1048576)} MiB before, at most ${Math.round(most / 1048576)} MiB; calm after ${round(calm)} ms`)

        check(await bureau.texts(), [...ramp.acked, ...result.acked], [...quiet.said, ...flooded.said, ...after.said])
        assert.ok(result.accepted > 0)
        assert.equal(result.other, 0, 'answers that are neither')
        assert.equal(result.broken, 0, 'connections cut')
        assert.equal(result.without_retry_after, 0, 'every refusal says when to come again')
        assert.ok(quantile(flooded.times, 0.99) < promptly, `agents' p99 is below ${promptly} ms`)
        assert.ok(most - before < growth, 'memory stays bounded')
        assert.equal((await request({ port: bureau.port, method: 'GET', path: '/healthz' })).status, 200)
        await bureau.daemon.stop()
      } catch (error) {
        error.stack += `\n--- usherd said:\n${bureau.daemon?.log.split('\n').slice(-12).join('\n')}`
        throw error
      } finally {
        await bureau.end()
      }
    },
  ],
])
