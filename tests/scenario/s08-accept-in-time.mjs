// SPDX-License-Identifier: GPL-3.0-or-later
//
// An offer is accepted once, by its agent, within the acceptance interval of that agent; or not at all.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-08: the agent previews the chat and accepts it', async (centre) => {
    const anna = await (await centre.agent('anna', { acceptance_ms: 45000 })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Where is my parcel?')
    const offer = await anna.offer({ from: ana })
    assert.deepEqual([offer.acceptance_ms, offer.deadline - offer.at], [45000, 45000], "the interval is the user's")
    const { messages } = await (await anna.chat(offer.interaction)).look()
    assert.ok(messages.some((line) => line.text === 'Where is my parcel?'))
    await anna.accept(offer)
    assert.equal(await anna.offerEnded(offer), 'accepted')
  }),

  scenario('S-08: an offer that lapsed cannot be accepted', async (centre) => {
    const anna = await (await centre.agent('anna', { acceptance_ms: 1000 })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    assert.equal(await anna.offerEnded(offer), 'timed_out')
    const [ended] = anna.all('offer.ended', { offer: offer.offer })
    assert.ok(ended.at >= offer.deadline, 'not before its time')
    await assert.rejects(anna.accept(offer), { code: 'gone' })
    assert.equal((await centre.interactions(ana))[0].state, 'waiting')
  }),

  scenario('S-08: of several who accept at the same time exactly one wins', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ben = await (await centre.agent('ben')).available()
    const second = await centre.desk('anna')
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    const accept = (agent) => agent.call('interaction.accept', { interaction: offer.interaction, offer: offer.offer })
    const outcomes = await Promise.allSettled([accept(anna), accept(second), accept(ben), accept(anna)])
    const won = outcomes.filter(({ status }) => status === 'fulfilled')
    assert.equal(won.length, 1)
    assert.equal(outcomes[2].status, 'rejected', 'it was not offered to Ben')
    const accepted = (await centre.journal(offer.interaction)).filter(({ type }) => type === 'interaction.accepted')
    assert.equal(accepted.length, 1)
  }),

  scenario('S-08: the same accept again has the same answer', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    for (let i = 0; i < 2; i++) await anna.call('interaction.accept', { interaction: offer.interaction }, 'my-accept')
    assert.equal(anna.status, 'busy')
  }),
]
