// SPDX-License-Identifier: GPL-3.0-or-later
//
// Stopping and restarting on purpose: what SIGTERM leaves time for, what it says to whom, and that a restart under load
// loses nothing. USHER_PROOF sets how often the daemon is restarted, USHER_SEED repeats the random pauses.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { Customer, Daemon, OperationError, request, sleep, until } from '../lib/daemon.mjs'
import { HeldDaemon } from '../lib/held.mjs'
import { proofSeed, proofSize, random } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { Centre } from './lib/centre.mjs'
import { Webchat } from './lib/webchat.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const rounds = proofSize(2, 4, 40)
const seed = proofSeed()

/** A centre with anna, who has an offer; `drain_time` as in the configuration. */
async function withOffer(drain_time, play) {
  const daemon = new Daemon({ config: { usher: { drain_time } } })
  try {
    await daemon.start()
    await daemon.seed({ acceptance_ms: 600000 })
    const anna = await daemon.login('anna')
    await anna.call('agent.set_status', { status: 'available' })
    const vera = await new Customer(daemon, 'Vera').open()
    await vera.say('Hello')
    const [offer] = await until('the offer', async () => {
      const mine = await anna.mine()
      return mine.length > 0 && mine
    })
    await play({ daemon, anna, vera, offer })
  } catch (error) {
    error.stack += `\n--- usherd said:\n${daemon.log.split('\n').slice(-12).join('\n')}`
    throw error
  } finally {
    await daemon.end()
  }
}

const health = (daemon) => request({ port: daemon.port, method: 'GET', path: '/healthz' })

const drains = (daemon) =>
  until('the daemon drains', async () => {
    const answer = await health(daemon)
    return answer.status === 503 && answer.body.why === 'draining'
  })

async function journal(daemon) {
  const all = []
  for (;;) {
    const { events, more } = await daemon.ctl('event.list', { after: all.length, limit: 1000 })
    all.push(...events)
    if (!more) return all
  }
}

async function interactionOf(daemon, customer) {
  const { interactions } = await daemon.ctl('interaction.list', { identity: customer.visitor })
  return interactions[0]
}

/* ---- under load ---- */

/** Asks again, under the same key, until there is an answer; counts connections that were refused or cut. */
async function insist(counts, ask) {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (error.code === 'ECONNREFUSED') counts.turnedAway++
      else if (error instanceof OperationError && error.status !== 503) throw error
      counts.repeated++
      if (counts.over) throw error
      await sleep(20)
    }
  }
}

/** A customer who goes on talking; `said` are the acknowledged texts in their order. */
async function talk(customer, counts, said) {
  for (let i = 1; !counts.over; i++) {
    const text = `${customer.name} ${i}`
    const id = randomUUID()
    await insist(counts, () => customer.say(text, id))
    said.push(text)
    await sleep(20)
  }
}

/** An agent who takes whatever is offered and answers; `said` gets the acknowledged answers by interaction. */
async function work(agent, counts, said) {
  await insist(counts, () => agent.call('agent.set_status', { status: 'available' }, randomUUID()))
  for (let i = 1; !counts.over; i++) {
    for (const { interaction, state } of await insist(counts, () => agent.mine())) {
      if (state === 'offered') {
        // Taken back meanwhile, or accepted by the try before: both are fine.
        await insist(counts, () => agent.call('interaction.accept', { interaction }, randomUUID())).catch((error) => {
          if (!['gone', 'conflict', 'not_found'].includes(error.code)) throw error
        })
        continue
      }
      const text = `${agent.user} answer ${i} in ${interaction}`
      const key = randomUUID()
      await insist(counts, () => agent.call('message.send', { interaction, text, client_id: key }, key))
      said.push({ interaction, text })
    }
    await sleep(10)
  }
}

await run([
  [
    'an offer that stands may be accepted while the daemon drains, and what comes in is stored',
    () =>
      withOffer('25s', async ({ daemon, anna, offer }) => {
        daemon.child.kill('SIGTERM')
        await drains(daemon)
        const late = await new Customer(daemon, 'Late').open()
        await late.say('Is anybody there?')
        assert.equal((await interactionOf(daemon, late)).state, 'waiting')
        await anna.call('interaction.accept', { interaction: offer.interaction })
        const [code] = await daemon.exited
        assert.equal(code, 0, daemon.log)
        await daemon.start()
        const [mine] = await anna.mine()
        assert.deepEqual([mine.interaction, mine.state], [offer.interaction, 'active'])
        assert.equal((await interactionOf(daemon, late)).state, 'waiting', 'anna has her hands full')
        assert.equal((await health(daemon)).status, 200)
      }),
  ],
  [
    'an offer that nobody takes in time is taken back without blame, and made again after the start',
    () =>
      withOffer('1s', async ({ daemon, anna, offer }) => {
        daemon.child.kill('SIGTERM')
        const [code] = await daemon.exited
        assert.equal(code, 0, daemon.log)
        await daemon.start()
        const events = await journal(daemon)
        const ended = events.find((event) => event.type === 'offer.ended')
        assert.deepEqual([ended.offer, ended.cause], [offer.offer, 'withdrawn'])
        assert.ok(events.some((event) => event.type === 'system.drain' && event.enabled))
        assert.ok(events.every((event) => event.type !== 'agent.status' || !(event.misses > 0)))
        const [again] = await until('the next offer', async () => {
          const mine = await anna.mine()
          return mine.length > 0 && mine
        })
        assert.deepEqual([again.interaction, again.state, again.enqueued_at], [offer.interaction, 'offered', offer.enqueued_at])
        assert.notEqual(again.offer, offer.offer)
      }),
  ],
  [
    'a second signal hurries',
    () =>
      withOffer('25s', async ({ daemon, anna }) => {
        daemon.child.kill('SIGTERM')
        await drains(daemon)
        daemon.child.kill('SIGTERM')
        const [code] = await daemon.exited
        assert.equal(code, 0, daemon.log)
        assert.match(daemon.log, /stopping at once/)
        await daemon.start()
        const events = await journal(daemon)
        assert.equal(events.find((event) => event.type === 'offer.ended').cause, 'withdrawn')
        assert.notEqual(await anna.status(), 'on_break')
      }),
  ],
  [
    'usherctl drain makes no new offers until it is cancelled',
    () =>
      withOffer('25s', async ({ daemon, anna, offer }) => {
        const ctl = (...words) => {
          const { status, stdout, stderr } = spawnSync(path.join(build, 'usherctl'), ['--socket', daemon.socket, ...words], {
            encoding: 'utf8',
          })
          assert.equal(status, 0, stderr)
          return stdout
        }
        assert.match(ctl('drain'), /no new offers are made/)
        assert.deepEqual(JSON.parse(ctl('--json', 'drain')), { draining: true })
        assert.equal((await health(daemon)).body.why, 'draining')
        const ben = await daemon.login('ben')
        await ben.call('agent.set_status', { status: 'available' })
        const late = await new Customer(daemon, 'Late').open()
        await late.say('Hello?')
        assert.equal((await interactionOf(daemon, late)).state, 'waiting')
        await assert.rejects(anna.call('system.drain'), { code: 'denied' })
        await anna.call('interaction.accept', { interaction: offer.interaction })
        assert.match(ctl('drain', '--cancel'), /offers are made again/)
        assert.equal((await interactionOf(daemon, late)).state, 'offered')
        assert.equal((await health(daemon)).status, 200)
      }),
  ],
  [
    'desks and customers are told, and go on where they were',
    async () => {
      const centre = new Centre(await new Webchat().start())
      try {
        await centre.start()
        await centre.hire('anna')
        const anna = await (await centre.desk('anna')).available()
        const vera = await centre.channel.customer('Vera')
        await vera.says('one')
        const chat = await anna.takes(vera)
        await chat.sees('one')
        let codes = { desk: null, customer: null }
        anna.socket.onClose = (code) => (codes.desk = code)
        vera.socket.onClose = (code) => (codes.customer = code)
        await centre.daemon.stop()
        const bye = await anna.frames.next('bye', (frame) => frame.type === 'bye')
        assert.equal(bye.code, 'restarting')
        assert.ok(bye.retry_after_ms >= 300 && bye.retry_after_ms <= 16000, `${bye.retry_after_ms}`)
        assert.deepEqual(codes, { desk: 1012, customer: 1001 })
        await centre.daemon.start()
        const since = anna.events.items.at(-1).seq
        await anna.connect({ since })
        await vera.connect()
        await vera.says('two')
        await chat.sees('two')
        const { message } = await chat.say('three')
        await chat.state(message, 'sent')
        await vera.sees('three')
        assert.deepEqual(chat.texts, ['one', 'two'])
        const seqs = anna.events.items.map((event) => event.seq)
        assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b), 'each event once, in order')
        await centre.stop()
      } finally {
        await centre.end()
        await centre.channel.stop()
      }
    },
  ],
  [
    `restarted ${rounds} times under load with a socket that stays: nothing is lost, nobody is turned away`,
    async () => {
      const next = random(seed)
      const counts = { over: false, turnedAway: 0, repeated: 0 }
      const daemon = new HeldDaemon({ config: { usher: { drain_time: '500ms' } } })
      const customers = []
      const said = new Map()
      const answers = []
      try {
        await daemon.open()
        await daemon.start()
        await daemon.seed({ acceptance_ms: 600000 })
        await daemon.ctl('user.put', { login: 'anna', capacity: 3 })
        const jobs = []
        // One that fails before all are waited for is no end of the program: what failed first is told.
        const begin = (job) => jobs.push(job) && job.catch(() => {})
        for (const login of ['anna', 'ben']) begin(work(await daemon.login(login), counts, answers))
        for (const name of ['Ada', 'Bea', 'Cid', 'Dan', 'Eve', 'Fay']) {
          const customer = await new Customer(daemon, name).open()
          customers.push(customer)
          said.set(customer, [])
          begin(talk(customer, counts, said.get(customer)))
        }
        // A job that fails ends the load, and the test.
        const loaded = Promise.all(jobs).catch((error) => {
          counts.over = true
          counts.failure = error
        })
        for (let i = 0; i < rounds && !counts.over; i++) {
          const before = [...said.values()].flat().length + answers.length
          await until('work goes on', async () => counts.over || [...said.values()].flat().length + answers.length > before + 20, 60000)
          await sleep(next() * 300)
          daemon.child.kill('SIGTERM')
          const [code] = await daemon.exited
          assert.equal(code, 0, daemon.log)
          await daemon.start()
        }
        await until('work goes on', async () => counts.over || answers.length > 0)
        counts.over = true
        await loaded
        if (counts.failure && counts.failure.code !== 'unavailable') throw counts.failure

        assert.equal(counts.turnedAway, 0, 'connections refused')
        const events = await journal(daemon)
        let lines = 0
        for (const customer of customers) {
          const { interactions } = await daemon.ctl('interaction.list', { identity: customer.visitor, limit: 200 })
          assert.equal(interactions.length, 1)
          const messages = events.filter((event) => event.type === 'message.added' && event.interaction === interactions[0].interaction)
          const theirs = messages.filter((line) => line.author === 'customer').map((line) => line.text)
          assert.deepEqual(theirs.slice(0, said.get(customer).length), said.get(customer), 'acknowledged texts, once, in order')
          assert.ok(theirs.length <= said.get(customer).length + 1, 'one more at most: the one whose answer was not awaited')
          lines += theirs.length
          const ours = messages.filter((line) => line.author === 'agent')
          const acknowledged = answers.filter((answer) => answer.interaction === interactions[0].interaction)
          for (const { text } of acknowledged) assert.equal(ours.filter((line) => line.text === text).length, 1, text)
          lines += acknowledged.length
        }
        console.log(`# seed ${seed}, ${rounds} restarts, ${lines} messages, ${counts.repeated} requests repeated, 0 turned away`)
        await daemon.stop()
      } catch (error) {
        error.stack += `\n--- seed ${seed}; usherd said:\n${daemon.log.split('\n').slice(-12).join('\n')}`
        throw error
      } finally {
        counts.over = true
        await daemon.end()
      }
    },
  ],
])
