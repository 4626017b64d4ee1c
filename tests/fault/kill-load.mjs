// SPDX-License-Identifier: GPL-3.0-or-later
//
// kill -9 at random moments under load: customers on two channels write all the time, agents with room for two chats each take
// offers, let some pass, answer, save, end and wrap up; the daemon is ended at random moments, a third of them while it starts, and
// started again at once. In the end the chats are brought to their end and a checker compares what all sides have seen, and the
// engine must make the same events again from the journal.
// USHER_KILLS: how often.
import { sleep } from '../lib/daemon.mjs'
import { proofSeed, proofSize, random } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { Template, World } from './lib/world.mjs'

const seed = proofSeed()
const kills = Number(process.env.USHER_KILLS || proofSize(5, 40, 1000))
const next = random(seed)
const chance = (share) => next() < share
const agents = ['anna', 'ben', 'cleo']

/** Set when no more is to be killed: customers stop, agents bring everything to its end. */
let ending = false

/* ---- the people ---------------------------------------------------------------------------------------- */

async function write(customer) {
  for (let i = 1; !ending; i++) {
    await customer.says(`${customer.name} ${i}`)
    await sleep(next() * 200)
  }
}

/** From the acceptance to the end of the wrap-up, and sometimes a case long after it. */
async function serve(desk, interaction) {
  let said = 0
  const say = () => desk.says(interaction, `${desk.login} to ${interaction}, ${++said}`)
  await say()
  for (const more = next() * 4; said < more;) await say()
  if (chance(0.3)) await desk.call('interaction.codes', { interaction, codes: ['outcome/SOLD'] })
  const during = chance(0.4)
  if (during) await desk.call('interaction.save', { interaction })
  await say()
  await desk.call('interaction.end', { interaction })
  if (chance(0.5)) await desk.wrapsUp(interaction)
  await desk.until(`the wrap-up of ${interaction} to end`, () => !desk.interactions.has(interaction))
  if (!during && chance(0.5)) await desk.call('interaction.save', { interaction })
}

/** Takes offers until everything has ended; lets some pass and rejects some while there is time. */
async function attend(desk, over) {
  const seen = new Set()
  const chats = new Set()
  const fresh = () =>
    [...desk.interactions.values()].find(({ state, offer }) => state === 'offered' && !seen.has(offer))
  await desk.call('agent.set_status', { status: 'available' })
  for (;;) {
    await desk.until('an offer', () => over.done || fresh(), 600000)
    if (over.done) break
    // It may have gone with the same news that brought it.
    const offered = fresh()
    if (!offered) continue
    seen.add(offered.offer)
    if (!ending && chance(0.1)) continue
    if (!ending && chance(0.1)) {
      await desk.rejects(offered)
      continue
    }
    if (!(await desk.accept(offered))) continue
    const chat = serve(desk, offered.interaction)
    chats.add(chat)
    chat.then(() => chats.delete(chat), over.fail)
  }
  await Promise.all(chats)
}

/* ---- the killer ---------------------------------------------------------------------------------------- */

/** While it starts, soon after it answers, or when all desks are back: then something gets done on the slowest machine. */
async function kill(world) {
  const { node } = world
  const before = node.deaths.length
  const moment = next()
  if (moment > 0.35) await node.up()
  if (moment > 0.7) for (const desk of world.desks) await desk.until('the desk to be back', () => desk.live)
  await sleep(next() * (moment > 0.35 ? 300 : 80))
  for (; node.deaths.length === before; await sleep(2)) node.kill()
}

/** Nothing waits and nobody has anything any more. */
async function allEnded(world) {
  for (const end = Date.now() + 120000; ; await sleep(50)) {
    const { interactions } = await world.ctl('system.status')
    if (Object.values(interactions).every((count) => count === 0)) return
    if (Date.now() > end) throw new Error(`the chats do not come to their end: ${JSON.stringify(interactions)}`)
  }
}

const seconds = (began) => Math.round((Date.now() - began) / 1000)

function report(world, figures, began) {
  const starts = world.node.starts.sort((a, b) => a - b)
  const at = (share) => starts[Math.floor(share * (starts.length - 1))]
  console.log(`# ${world.node.deaths.length} kills in ${seconds(began)} s`)
  console.log(`# ${JSON.stringify(figures)}`)
  console.log(`# from start to answer: median ${at(0.5)} ms, 99th hundredth ${at(0.99)} ms, longest ${at(1)} ms`)
}

async function play(world) {
  const began = Date.now()
  await world.start()
  const [, ...desks] = await Promise.all(['sue', ...agents].map((login) => world.desk(login)))
  const customers = await Promise.all(
    ['Ana', 'Bea', 'Cem'].flatMap((name) => [world.person(name), world.visitor(`${name} at home`)]),
  )
  const over = { done: false }
  const failed = new Promise((_, reject) => (over.fail = reject))
  const writing = Promise.all(customers.map(write))
  const attending = Promise.all(desks.map((desk) => attend(desk, over)))
  for (const work of [writing, attending]) work.catch(over.fail)
  const story = async () => {
    for (let i = 1; i <= kills; i++) {
      await kill(world)
      if (i % 100 === 0) console.log(`# ${i} kills: ${seconds(began)} s, ${world.desks[0].seen} events`)
    }
    ending = true
    await writing
    await allEnded(world)
    over.done = true
    for (const desk of desks) desk.news.wake()
    await attending
  }
  await Promise.race([story(), failed])
  report(world, await world.check(), began)
  await world.replays()
}

console.log(`# USHER_SEED=${seed} USHER_KILLS=${kills}`)
await run([
  [
    `kill -9 at ${kills} random moments under load: nothing lost, nothing doubled`,
    async () => {
      const template = await new Template().make({
        queue: { post_processing_ms: 200 },
        policy: { acceptance_ms: 1000, on_reject: 'available', on_timeout: 'available', max_misses: 100 },
        agents,
        supervisors: ['sue'],
      })
      const world = new World(template)
      try {
        await play(world)
      } catch (error) {
        throw new Error(`USHER_SEED=${seed}: ${error.message}\n--- usherd said:\n${world.node.said}`, { cause: error })
      } finally {
        await world.end()
        template.remove()
      }
    },
  ],
])
