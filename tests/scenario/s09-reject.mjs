// SPDX-License-Identifier: GPL-3.0-or-later
//
// A reject sends the agent on a break and the chat to the next agent, with its place in line.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

const granted = { permissions: ['interaction.reject'] }

export default [
  scenario('S-09: a reject leads to On Break, and the chat to the next agent at its place', async (centre) => {
    const anna = await (await centre.agent('anna', granted)).available()
    const ben = await centre.agent('ben')
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    const [{ enqueued_at: place }] = await centre.interactions(ana)
    await anna.reject(offer)
    assert.equal(await anna.offerEnded(offer), 'rejected')
    await anna.becomes('on_break')
    assert.equal(anna.me.cause, 'rejected')
    const [waiting] = await centre.interactions(ana)
    assert.deepEqual([waiting.state, waiting.enqueued_at], ['waiting', place])

    await ben.available()
    const second = await ben.offer({ from: ana })
    assert.equal(second.interaction, offer.interaction)
    await ben.accept(second)
    // The break lasts until the agent says otherwise.
    await (await centre.customer('Cleo Diaz')).says('Hello?')
    await anna.hasNoOffer()
    await anna.available()
    await anna.offer()
  }),

  scenario('S-09: who refused a chat is not asked again while somebody else is able', async (centre) => {
    const anna = await (await centre.agent('anna', granted)).available()
    const ben = await (await centre.agent('ben')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    await anna.reject(offer)
    await ben.offer({ from: ana })
    await anna.available()
    await anna.hasNoOffer()
  }),

  scenario('S-09: with chats in hand a reject leaves them alone and stops new ones', async (centre) => {
    const anna = await (await centre.agent('anna', { capacity: 2, ...granted })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const ben = await centre.customer('Ben Roth')
    await ben.says('And me?')
    await anna.reject(await anna.offer({ from: ben }))
    await anna.events.until('new chats to be stopped', () => anna.asked === 'on_break' || anna.me.stop_new)
    assert.equal(anna.status, 'busy')
    await chat.say('I am still here.')
    await ana.sees('I am still here.')
    await anna.hasNoOffer()
    await chat.end()
    await chat.wrapUpDone()
    await anna.becomes('on_break')
  }),

  scenario('S-09: an administrator asks for the reason of a reject', async (centre) => {
    await centre.ctl('codes.put', {
      list: 'why',
      name: 'Why',
      use: 'reject',
      required: true,
      codes: ['LUNCH=Lunch', '!OLD=Old'],
    })
    const anna = await (await centre.agent('anna', granted)).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    await assert.rejects(anna.reject(offer), { code: 'invalid' })
    await assert.rejects(anna.reject(offer, 'OLD'), { code: 'invalid' })
    assert.equal(anna.status, 'offered')
    await anna.reject(offer, 'LUNCH')
    await anna.becomes('on_break')
    const { reason } = (await centre.journal(offer.interaction)).find(({ type }) => type === 'offer.ended')
    assert.equal(reason, 'LUNCH')
  }),
]
