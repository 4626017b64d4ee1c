// SPDX-License-Identifier: GPL-3.0-or-later
//
// Post processing ends by hand or by its timer, once; what comes then is what the agent asked for meanwhile.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

async function ended(centre) {
  const anna = await (await centre.agent('anna')).available()
  const ana = await centre.customer('Ana Silva')
  await ana.says('Hello?')
  const chat = await anna.takes(ana)
  await chat.end()
  await anna.becomes('post_processing')
  return { anna, chat }
}

export default [
  scenario('S-20: by hand it ends at once and the agent is available', async (centre) => {
    const { anna, chat } = await ended(centre)
    await chat.wrapUpDone()
    assert.equal((await chat.closed()).cause, 'manual')
    await anna.becomes('available')
  }),

  scenario(
    'S-20: by its timer it ends once and the agent is available',
    { queue: { post_processing_ms: 1000 } },
    async (centre) => {
      const { anna, chat } = await ended(centre)
      const [{ deadline }] = anna.all('interaction.ended')
      const closed = await chat.closed()
      assert.equal(closed.cause, 'timed_out')
      assert.ok(closed.at >= deadline)
      await anna.becomes('available')
      await assert.rejects(chat.wrapUpDone(), { code: /gone|not_found/ })
      const ends = (await centre.journal(chat.id)).filter(({ type }) => type === 'interaction.closed')
      assert.equal(ends.length, 1)
    },
  ),

  scenario('S-20: what the agent asked for meanwhile comes after it', async (centre) => {
    const { anna, chat } = await ended(centre)
    await anna.goes('work_offline')
    // The answer may come before the event.
    await anna.events.until('what was asked for', () => anna.asked === 'work_offline')
    assert.equal(anna.status, 'post_processing')
    await chat.wrapUpDone()
    await anna.becomes('work_offline')
  }),

  scenario('S-20: with stop-new the agent is offline after it, not available', async (centre) => {
    const { anna, chat } = await ended(centre)
    await anna.call('agent.stop_new', { on: true })
    await chat.wrapUpDone()
    await anna.becomes('work_offline')
  }),
]
