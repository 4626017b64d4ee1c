// SPDX-License-Identifier: GPL-3.0-or-later
//
// The processes of isolated plugins are killed (-9) and stopped (SIGSTOP, until usherd notices and kills them) in the middle of
// traffic: web chat, Messenger, the CRM and the desktop, each several times, while customers write and agents answer, save, end and
// wrap up. usherd itself lives on. In the end the chats are brought to their end and the same checker as for a killed daemon
// compares what all sides have seen.
// USHER_KILLS: how often each plugin.
import { sleep } from '../lib/daemon.mjs'
import { proofSeed, proofSize, random } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { Template, World } from './lib/world.mjs'

const seed = proofSeed()
// More of them within a minute, and a plugin is left alone for ten: that is another test's matter.
const kills = Math.min(4, Number(process.env.USHER_KILLS || proofSize(1, 2, 4)))
const next = random(seed)
const agents = ['anna', 'ben', 'cleo']
const victims = ['channel:site', 'channel:page', 'crm:main', 'frontend:desk']

let ending = false

async function write(customer) {
  for (let i = 1; !ending; i++) {
    await customer.says(`${customer.name} ${i}`)
    await sleep(100 + next() * 300)
  }
}

async function serve(desk, interaction) {
  for (let said = 1; said <= 4; said++) {
    await desk.says(interaction, `${desk.login} to ${interaction}, ${said}`)
    await sleep(next() * 400)
  }
  await desk.call('interaction.codes', { interaction, codes: ['outcome/SOLD'] })
  if (next() < 0.5) await desk.call('interaction.save', { interaction })
  await desk.call('interaction.end', { interaction })
  if (desk.interactions.has(interaction) && next() < 0.5) await desk.wrapsUp(interaction)
  await desk.until(`the wrap-up of ${interaction} to end`, () => !desk.interactions.has(interaction))
}

/** Takes offers until everything has ended. */
async function attend(desk, over) {
  const chats = new Set()
  const seen = new Set()
  const fresh = () => [...desk.interactions.values()].find(({ state, offer }) => state === 'offered' && !seen.has(offer))
  await desk.call('agent.set_status', { status: 'available' })
  for (;;) {
    await desk.until('an offer', () => over.done || fresh(), 600000)
    if (over.done) break
    const offered = fresh()
    if (!offered) continue
    seen.add(offered.offer)
    if (!(await desk.accept(offered))) continue
    const chat = serve(desk, offered.interaction)
    chats.add(chat)
    chat.then(() => chats.delete(chat), over.fail)
  }
  await Promise.all(chats)
}

const find = async (world, victim) =>
  (await world.ctl('plugin.status')).instances.find(({ kind, name }) => `${kind}:${name}` === victim)

/** Once it runs, at any moment of its work. SIGSTOP: usherd has to find out by itself. */
async function strike(world, victim, signal, lost) {
  for (const end = Date.now() + 60000; ; await sleep(50)) {
    const { state, process: host } = await find(world, victim)
    if (state === 'running' && host.pid) {
      await sleep(next() * 300)
      process.kill(host.pid, signal)
      break
    }
    if (Date.now() > end) throw new Error(`${victim} is ${state}, not running`)
  }
  for (const end = Date.now() + 60000; ; await sleep(50)) {
    const { process: host, state } = await find(world, victim)
    if (host.lost > lost && state === 'running') return
    if (Date.now() > end) throw new Error(`${victim} is ${state} after ${signal} and was lost ${host.lost} times`)
  }
}

async function allEnded(world) {
  for (const end = Date.now() + 120000; ; await sleep(50)) {
    const { interactions } = await world.ctl('system.status')
    if (Object.values(interactions).every((count) => count === 0)) return
    if (Date.now() > end) throw new Error(`the chats do not come to their end: ${JSON.stringify(interactions)}`)
  }
}

async function play(world) {
  await world.start()
  const pid = world.node.daemon.child.pid
  const [, ...desks] = await Promise.all(['sue', ...agents].map((login) => world.desk(login)))
  const customers = await Promise.all(['Ana', 'Bea'].flatMap((name) => [world.person(name), world.visitor(`${name} at home`)]))
  const over = { done: false }
  const failed = new Promise((_, reject) => (over.fail = reject))
  const writing = Promise.all(customers.map(write))
  const attending = Promise.all(desks.map((desk) => attend(desk, over)))
  for (const work of [writing, attending]) work.catch(over.fail)
  const story = async () => {
    for (let i = 0; i < kills; i++)
      for (const victim of victims) {
        const died = Date.now()
        await strike(world, victim, i % 2 === 1 ? 'SIGSTOP' : 'SIGKILL', i)
        world.node.deaths.push({ at: died, upAt: Date.now() })
      }
    ending = true
    await writing
    await allEnded(world)
    over.done = true
    for (const desk of desks) desk.news.wake()
    await attending
  }
  await Promise.race([story(), failed])
  console.log(`# ${JSON.stringify(await world.check())}`)
  if (world.node.daemon.child.pid !== pid) throw new Error('usherd did not live through it')
  await world.replays()
}

console.log(`# USHER_SEED=${seed} USHER_KILLS=${kills}`)
await run([
  [
    `each plugin's process is killed or stopped ${kills} times in the middle of traffic: nothing lost, nothing doubled`,
    async () => {
      const template = await new Template().make({
        queue: { post_processing_ms: 200 },
        policy: { acceptance_ms: 5000, on_reject: 'available', on_timeout: 'available', max_misses: 100 },
        agents,
        supervisors: ['sue'],
      })
      const world = new World(template, { isolation: 'process', isolation_timeout: '2s' })
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
