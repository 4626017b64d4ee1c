// SPDX-License-Identifier: GPL-3.0-or-later
//
// An offer that nobody answers sends the agent on a break and the chat to the next agent, and is told apart from a reject.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-10: a missed offer leads to On Break, and the chat to the next agent at its place', async (centre) => {
    const anna = await (await centre.agent('anna', { acceptance_ms: 1000 })).available()
    const ben = await (await centre.agent('ben')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    const [{ enqueued_at: place }] = await centre.interactions(ana)
    const second = await ben.offer({ from: ana })
    assert.equal(second.interaction, offer.interaction)
    assert.equal(await anna.offerEnded(offer), 'timed_out')
    await anna.becomes('on_break')
    assert.equal(anna.me.cause, 'timed_out')
    assert.equal((await centre.interactions(ana))[0].enqueued_at, place)
    await ben.accept(second)
  }),

  scenario('S-10: with chats in hand a missed offer leaves them alone and stops new ones', async (centre) => {
    const anna = await (await centre.agent('anna', { capacity: 2 })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await centre.user('anna', { acceptance_ms: 1000 })
    const ben = await centre.customer('Ben Roth')
    await ben.says('And me?')
    const offer = await anna.offer({ from: ben })
    assert.equal(await anna.offerEnded(offer), 'timed_out')
    await anna.events.until('new chats to be stopped', () => anna.asked === 'on_break' || anna.me.stop_new)
    assert.equal(anna.status, 'busy')
    await anna.hasNoOffer()
    await chat.end()
    await chat.wrapUpDone()
    await anna.becomes('on_break')
  }),
]
