// SPDX-License-Identifier: GPL-3.0-or-later
//
// kill -9 at many points of a scripted chat. Each step of the script is sent, the daemon is killed a little later (or at
// once after the answer), started again, and the step is repeated under the same key until it is acknowledged. At the
// end nothing acknowledged may be missing, nothing doubled, the order kept, the place in line and all deadlines as they
// were. USHER_KILL_ROUNDS sets how often the script is run with other delays; USHER_SEED repeats a run.
import assert from 'node:assert/strict'
import { Customer, Daemon, OperationError, sleep, until } from '../lib/daemon.mjs'
import { run } from '../lib/tap.mjs'

const rounds = Number(process.env.USHER_KILL_ROUNDS ?? 3)
const seed = Number(process.env.USHER_SEED ?? Date.now() % 1000000)

// Small generator of numbers in [0, 1), so that a printed seed repeats the delays (mulberry32).
function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

class Broken {
  constructor(daemon, next, when) {
    this.daemon = daemon
    this.next = next
    this.when = when
    this.kills = 0
  }

  async again() {
    await this.daemon.kill()
    this.kills++
    await this.daemon.start()
  }

  /** Runs `action` with a kill in it, then until it succeeds. `done` are codes that say it had happened already. */
  async step(action, done = []) {
    if (this.when === 'after') {
      const value = await action()
      await this.again()
      return value
    }
    const running = action().catch(() => undefined)
    await sleep(this.next() * 12)
    await this.again()
    await running
    return until(
      'the step is acknowledged after the restart',
      async () => {
        try {
          return { value: await action() }
        } catch (error) {
          if (error instanceof OperationError && done.includes(error.code)) return { value: undefined }
          throw error
        }
      },
      10000,
    ).then((box) => box.value)
  }
}

const texts = ['Hello, my parcel is late', 'It was the green one', 'Thank you!']
const answers = ['Hi, I am looking', 'It leaves today', 'You are welcome']

async function chat(next, when) {
  const daemon = new Daemon({ config: { 'frontend:desk': null } })
  try {
    await daemon.start()
    await daemon.seed({ acceptance_ms: 600000, post_processing_ms: 600000 })
    const broken = new Broken(daemon, next, when)
    const anna = await daemon.login('anna')
    const first = await new Customer(daemon, 'First').open()
    const second = await new Customer(daemon, 'Second').open()

    // Two wait, in this order; the place in line is when each was queued.
    await broken.step(() => first.say(texts[0], 'm-0'))
    await broken.step(() => second.say('me too', 's-0'))
    const list = async () => (await daemon.ctl('interaction.list', { limit: 200 })).interactions
    const before = await list()
    assert.equal(before.length, 2)
    const of = (all, customer) => all.find((i) => i.identity === customer.visitor)
    assert.equal(of(before, first).state, 'waiting')
    assert.ok(of(before, first).enqueued_at <= of(before, second).enqueued_at)

    await broken.step(() => anna.call('agent.set_status', { status: 'available' }, 'c-available'), ['conflict'])
    const offered = await until('the first is offered', async () => {
      const [mine] = await anna.mine()
      return mine?.state === 'offered' ? mine : null
    })
    assert.equal(offered.identity, first.visitor, 'who came first is offered first')
    assert.equal(offered.enqueued_at, of(before, first).enqueued_at, 'the place in line is kept')
    await broken.again()
    const still = of(await list(), first)
    assert.deepEqual([still.state, still.offer, still.deadline], ['offered', offered.offer, offered.deadline], 'the offer goes on')

    const id = offered.interaction
    await broken.step(() => anna.call('interaction.accept', { interaction: id }, 'c-accept'), ['conflict'])
    for (let i = 0; i < 3; i++) {
      await broken.step(() => anna.call('message.send', { interaction: id, text: answers[i], client_id: `a-${i}` }, `c-send-${i}`))
      if (i < 2) await broken.step(() => first.say(texts[i + 1], `m-${i + 1}`))
    }
    await broken.step(() => anna.call('interaction.save', { interaction: id }, 'c-save'))
    await until('the case is filed', async () => (await anna.mine())[0].save.state === 'saved')
    await broken.step(() => anna.call('interaction.end', { interaction: id }, 'c-end'), ['conflict'])
    const wrapping = of(await list(), first)
    await broken.again()
    assert.equal(of(await list(), first).deadline, wrapping.deadline, 'wrap-up keeps its end')
    assert.equal(await anna.status(), 'post_processing')
    await broken.step(() => anna.call('interaction.wrap_up_done', { interaction: id }, 'c-done'), ['conflict', 'gone', 'not_found'])

    // The second customer is offered next; nobody lost his place.
    await until('the second is offered', async () => (await anna.mine()).some((i) => i.identity === second.visitor && i.state === 'offered'))

    await check(daemon, anna, first, id)
    return broken.kills
  } finally {
    await daemon.end()
  }
}

async function check(daemon, anna, customer, id) {
  const { messages } = await daemon.ctl('interaction.messages', { interaction: id })
  const said = (author) => messages.filter((m) => m.author === author).map((m) => m.text)

  assert.deepEqual(said('customer'), texts, 'each customer message once, in order')
  assert.deepEqual(said('agent'), answers, 'each agent message once, in order')
  assert.deepEqual(messages.map((m) => m.n), messages.map((_, i) => i + 1), 'numbers without a gap')
  for (const message of messages.filter((m) => m.author === 'agent'))
    assert.ok(['sent', 'delivered', 'read'].includes(message.state), `sent: ${message.text} is ${message.state}`)

  await customer.poll(0)
  assert.deepEqual(customer.lines.map((line) => line.text), messages.map((m) => m.text), 'the customer sees the same')

  const { cases } = await daemon.ctl('case.list', {})
  assert.equal(cases.length, 1, 'one case')
  await until('the transcript is complete', async () => {
    const { case: record } = await daemon.ctl('case.get', { case: cases[0].id })
    return record.state === 'closed' && record.customer && record.transcript.length === messages.length
  })
  const { customers } = await daemon.ctl('customer.search', {})
  assert.equal(customers.length, 1, 'one draft customer')

  // The journal has no gap and no number twice.
  let after = 0
  for (;;) {
    const page = await daemon.ctl('event.list', { after, limit: 1000 })
    for (const event of page.events) assert.equal(event.seq, ++after)
    if (!page.more) break
  }
}

console.log(`# USHER_SEED=${seed} USHER_KILL_ROUNDS=${rounds}`)
const next = random(seed)
const tests = []
for (let round = 0; round < rounds; round++)
  tests.push([
    `kill -9 inside each step, round ${round + 1}`,
    async () => console.log(`# ${await chat(next, 'inside')} kills`),
  ])
tests.push(['kill -9 after each acknowledged step', async () => console.log(`# ${await chat(next, 'after')} kills`)])
await run(tests)
