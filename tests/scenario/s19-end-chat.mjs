// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ending the chat tells the customer and leads to post processing, if the queue has any.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

async function talk(centre, user) {
  const anna = await (await centre.agent('anna', user)).available()
  const ana = await centre.customer('Ana Silva')
  await ana.says('Hello?')
  return { anna, ana, chat: await anna.takes(ana) }
}

export default [
  scenario('S-19: after the end the agent is in post processing and the customer was told', async (centre) => {
    const { anna, ana, chat } = await talk(centre)
    const ended = await chat.end()
    await anna.becomes('post_processing')
    await ana.toldEnded()
    assert.equal(ended.deadline - ended.at, 60000, 'as long as the queue says')
    await assert.rejects(chat.say('One more thing'), { code: 'conflict' })
  }),

  scenario(
    'S-19: a queue without post processing makes the agent available at once',
    { queue: { post_processing_ms: 0 } },
    async (centre) => {
      const { anna, ana, chat } = await talk(centre)
      await chat.end()
      await chat.closed()
      await anna.becomes('available')
      await ana.toldEnded()
      assert.ok(!anna.all('agent.status').some(({ status }) => status === 'post_processing'))
    },
  ),

  scenario('S-19: with several chats each has its own post processing and the agent stays busy', async (centre) => {
    const { anna, chat } = await talk(centre, { capacity: 2 })
    const ben = await centre.customer('Ben Roth')
    await ben.says('Hello?')
    const second = await anna.takes(ben)
    await chat.end()
    assert.equal((await chat.look()).state, 'wrap_up')
    assert.equal(anna.status, 'busy')
    await second.end()
    await anna.becomes('post_processing')
  }),

  scenario('S-19: what the customer writes after the end is a new chat in the same conversation', async (centre) => {
    const { anna, ana, chat } = await talk(centre)
    await chat.end()
    await ana.says('I forgot something.')
    await anna.hasNoOffer()
    await chat.wrapUpDone()
    const offer = await anna.offer({ from: ana })
    assert.notEqual(offer.interaction, chat.id)
    const [fresh, old] = await centre.interactions(ana)
    assert.equal(fresh.conversation, old.conversation)
  }),
]
