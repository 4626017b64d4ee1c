// SPDX-License-Identifier: GPL-3.0-or-later
//
// kill -9 at every commit boundary of a whole scenario: two customers on two channels, an agent with both chats, answers, an FAQ
// entry, a code, a case saved during the chat and one long after it, wrap-up by hand and by its timer, a clean stop. For N = 1, 2,
// 3 … until a run gets through unharmed, the daemon is ended at its N-th commit; everybody goes on with what they know, and in the
// end a checker compares what all sides have seen. The ways to end it:
//   begin   before the N-th commit has written anything
//   sync    when all of it is written, before it is synced
//   told    when it is durable, before anybody was told
//   torn    in the middle of a write
import assert from 'node:assert/strict'
import path from 'node:path'
import { proofSeed, proofSize, random } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { faultCount, faultEnv } from './lib/phoenix.mjs'
import { Template, World } from './lib/world.mjs'

const seed = proofSeed()
const next = random(seed)
const faults = {
  begin: 'kill-before:begin',
  sync: 'kill-before:sync',
  told: 'kill-after:sync',
  torn: 'kill-within:write',
}

/* ---- the scenario -------------------------------------------------------------------------------------- */

async function pageChat(world, anna) {
  const ana = await world.person('Ana')
  await ana.says('Hello?')
  const interaction = await anna.takes(ana)
  await anna.says(interaction, 'Hello Ana.')
  await ana.says('Where is my parcel?')
  await anna.sees(interaction, 'Where is my parcel?')
  const { faqs } = await anna.call('faq.search', { text: 'where' })
  await anna.says(interaction, faqs[0].answer, { faq: faqs[0].faq })
  await anna.call('interaction.codes', { interaction, codes: ['outcome/SOLD'] })
  await anna.call('interaction.save', { interaction })
  await ana.says('Thank you!')
  await anna.sees(interaction, 'Thank you!')
  await anna.files(interaction)
  await anna.call('interaction.end', { interaction })
  await anna.wrapsUp(interaction)
}

async function siteChat(world, anna) {
  const ben = await world.visitor('Ben')
  await ben.says('Is anybody there?')
  const interaction = await anna.takes(ben)
  await anna.says(interaction, 'I am.')
  await ben.sees('I am.')
  await ben.says('Good.')
  await anna.sees(interaction, 'Good.')
  await anna.call('interaction.end', { interaction })
  await anna.until('the wrap-up to end', () => !anna.interactions.has(interaction))
  await anna.call('interaction.save', { interaction })
}

async function play(world) {
  const [anna] = await Promise.all([world.desk('anna', { known: false }), world.desk('sue')])
  await anna.call('agent.set_status', { status: 'available' })
  await Promise.all([pageChat(world, anna), siteChat(world, anna)])
  await world.settle()
}

/* ---- the loop ------------------------------------------------------------------------------------------ */

let template
const total = { runs: 0, kills: 0, starts: [], figures: {} }

function account(world, figures) {
  total.runs++
  total.kills += world.node.deaths.length
  total.starts.push(...world.node.starts)
  for (const [name, value] of Object.entries(figures)) total.figures[name] = (total.figures[name] ?? 0) + value
}

/** One run with one fault; resolves to whether it struck, and how many calls were counted. */
async function once(fault) {
  const world = new World(template)
  const counter = path.join(world.node.daemon.dir, 'count')
  try {
    await world.start(faultEnv(fault, world.node.daemon.data, counter))
    await play(world)
    await world.node.stop()
    const counted = faultCount(counter)
    await world.node.start()
    account(world, await world.check())
    return { struck: world.node.deaths.length > 0, counted }
  } catch (error) {
    throw new Error(`${fault}, USHER_SEED=${seed}: ${error.message}\n--- usherd said:\n${world.node.said}`, {
      cause: error,
    })
  } finally {
    await world.end()
  }
}

/** The fault at the N-th boundary. By turns: every second before the commit, every second after it. */
const faultAt = (form, n) => `${faults[form] ?? faults[(n + seed) % 2 ? 'begin' : 'told']}:${n}`

/** Makes runs with the faults that `more` gives until it gives none, two at a time: each mostly waits. */
async function each(more) {
  let failed = null
  const work = async () => {
    for (let fault; !failed && (fault = more());)
      try {
        const result = await once(fault.fault)
        fault.done?.(result)
      } catch (error) {
        failed ??= error
      }
  }
  await Promise.all([work(), work()])
  if (failed) throw failed
}

/** Ends it at N = 1, 2, 3 … until it does not reach N any more. */
async function everyBoundary(form) {
  let n = 0
  let missed = 0
  const done = ({ struck }) => struck || missed++
  await each(() => missed < 2 && { fault: faultAt(form, ++n), done })
  console.log(`# ${form}: ended at each of ${n - missed} commits`)
  // A scenario of this size can't do with fewer.
  assert.ok(n - missed >= 20, `only ${n - missed} commits were met`)
}

/** Some boundaries only, chosen by the seed. */
async function someBoundaries(form, count) {
  const { counted } = await once(`count:${faults[form].split(':')[1]}`)
  const chosen = Array.from({ length: count }, () => 1 + Math.floor(next() * counted))
  console.log(`# ${form}: ended at ${count} of ${counted}: ${chosen.join(' ')}`)
  assert.ok(counted >= 20, `only ${counted} were counted`)
  await each(() => chosen.length > 0 && { fault: faultAt(form, chosen.shift()) })
}

/** How many boundaries of each kind; 0 = all. */
const forms = proofSize(
  { begin: 3, sync: 3, told: 3, torn: 3 },
  { turns: 0, sync: 12, torn: 12 },
  { begin: 0, sync: 0, told: 0, torn: 300 },
)
const titles = {
  turns: 'before a commit writes anything or when it is durable, by turns',
  begin: 'before a commit writes anything',
  sync: 'between its last write and its sync',
  told: 'when it is durable and nobody was told',
  torn: 'in the middle of a write',
}

function report() {
  const starts = total.starts.sort((a, b) => a - b)
  console.log(`# USHER_SEED=${seed}: ${total.runs} runs, ${total.kills} kills`)
  console.log(`# ${JSON.stringify(total.figures)}`)
  console.log(`# from start to answer: median ${starts[starts.length >> 1]} ms, longest ${starts.at(-1)} ms`)
}

await run([
  [
    'the centre is set up',
    async () => {
      template = await new Template().make({
        queue: { post_processing_ms: 100 },
        agents: ['anna'],
        supervisors: ['sue'],
      })
    },
  ],
  ...Object.entries(forms).map(([form, count]) => [
    `kill -9 ${titles[form]}: nothing lost, nothing doubled`,
    () => (count > 0 ? someBoundaries(form, count) : everyBoundary(form)),
  ]),
  [
    'the figures',
    async () => {
      report()
      template.remove()
    },
  ],
])
