// SPDX-License-Identifier: GPL-3.0-or-later
//
// A supervisor looks back over a million stored messages: playback of one chat and the search for text, over his desk's
// connection; with the database in the kernel's memory, and the first time after a start without.
import { BigDaemon, Desk, forget, grown } from '../lib/grown.mjs'
import { median } from '../lib/rows.mjs'

const sizes = {
  short: ['--closed', 100, '--waiting', 5, '--active', 10, '--agents', 5],
  full: ['--closed', 77000, '--waiting', 400, '--active', 600, '--agents', 200],
}

async function timed(work) {
  const begun = performance.now()
  const result = await work()
  return { took: performance.now() - begun, result }
}

/** Some chats, old and young, and words to look for. */
async function samples(desk, centre, short) {
  const { interactions: young } = await desk.call('playback.list', { state: 'closed', limit: 30 })
  const before = young[0].enqueued_at - 20 * 24 * 3600 * 1000
  const { interactions: old } = short ? { interactions: [] } : await desk.call('playback.list', { state: 'closed', limit: 30, before })
  const [often, seldom, rare] = centre.words
  const number = await numberOf(desk, [...young, ...old])
  return {
    chats: [...young, ...old].map(({ interaction }) => interaction),
    number,
    needles: [often, seldom, rare, `${often} ${rare}`, `${seldom} ${rare}`, seldom.slice(0, 3), rare.slice(1), often[0],
      number.text, 'nowhere', '\u4e10\u4e20'],
  }
}

/** A number that stands in one chat only. */
async function numberOf(desk, chats) {
  for (const { interaction } of chats) {
    const { interaction: whole } = await desk.call('playback.get', { interaction })
    const text = whole.messages.flatMap(({ text }) => /R\d{8}/.exec(text ?? '')?.[0] ?? [])[0]
    if (text) return { text, interaction }
  }
  throw new Error('no chat has a number')
}

async function search(desk, sample, text) {
  const { took, result } = await timed(() => desk.call('playback.list', { text, limit: 50 }))
  const found = result.interactions.map(({ interaction }) => interaction)
  if (text === sample.number.text && found.join() !== sample.number.interaction)
    throw new Error(`${text} is in ${sample.number.interaction}, and was found in ${found}`)
  if (text === 'nowhere' ? found.length > 0 : text === sample.needles[0] && found.length === 0)
    throw new Error(`"${text}" was found ${found.length} times`)
  return took
}

async function look(desk, sample) {
  const gets = []
  const searches = []
  for (const interaction of sample.chats) {
    const { took, result } = await timed(() => desk.call('playback.get', { interaction }))
    if (result.interaction.messages.length === 0) throw new Error(`${interaction} has no lines`)
    gets.push(took)
  }
  for (const text of sample.needles) searches.push(await search(desk, sample, text))
  return { gets, searches }
}

export default {
  name: 'search',
  title: 'playback and text search over a million stored messages',
  async run(ctx) {
    const centre = await grown(ctx, 'search', sizes[ctx.short ? 'short' : 'full'].map(String))
    const daemon = new BigDaemon(ctx, centre.dir)
    const rows = { get: [], slowGet: [], coldGet: [], search: [], slowSearch: [], coldSearch: [] }

    await daemon.start()
    const token = await daemon.hire(`sue-${process.pid}`, 'supervisor')
    let desk = await new Desk(daemon.port, token).open()
    const sample = await samples(desk, centre, ctx.short)
    for (let round = 0; round < ctx.rounds; round++) {
      desk.close()
      await daemon.stop()
      forget(daemon.database)
      await daemon.start()
      desk = await new Desk(daemon.port, token).open()
      const cold = await look(desk, sample)
      rows.coldGet.push(Math.max(...cold.gets))
      rows.coldSearch.push(Math.max(...cold.searches))
      const warm = await look(desk, sample)
      rows.get.push(median(warm.gets))
      rows.slowGet.push(Math.max(...warm.gets))
      rows.search.push(median(warm.searches))
      rows.slowSearch.push(Math.max(...warm.searches))
    }
    desk.close()
    await daemon.stop()

    const one = (line, usher, goal = null, note = undefined) => ({ line, unit: 'ms', usher, baseline: null, better: 'lower', goal, note })
    return [
      one('playback of one chat', rows.get, { value: '<= 50' }, `${centre.messages} messages in ${centre.chats} chats`),
      one('the slowest of 60', rows.slowGet, { value: '<= 50' }),
      one('the slowest, nothing of the file in memory', rows.coldGet),
      one('text search', rows.search, { value: '<= 200' }),
      one(`the slowest of ${sample.needles.length}`, rows.slowSearch, { value: '<= 200' }),
      one('the slowest, nothing of the file in memory', rows.coldSearch),
      {
        line: 'the journal of one message, with its step',
        unit: 'bytes',
        usher: rows.get.map(() => centre.journal_bytes_of_messages / centre.messages),
        baseline: null,
        better: 'lower',
        goal: null,
        note: `${Math.round(centre.file_bytes / centre.messages)} bytes of the file for each message, all its receipts and chats included`,
      },
    ]
  },
}
