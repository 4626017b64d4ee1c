// SPDX-License-Identifier: GPL-3.0-or-later
//
// Work that waits is offered the moment somebody is ready: to who waited longest, oldest chat first.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-04: going available pulls the oldest waiting chat at once', async (centre) => {
    const anna = await centre.agent('anna')
    const ana = await centre.customer('Ana Silva')
    const ben = await centre.customer('Ben Roth')
    await ana.says('I was first.')
    await ben.says('I was second.')
    await anna.available()
    const offer = await anna.offer()
    assert.equal(offer.identity, ana.identity)
    // No polling: the offer is of the very same moment as the status.
    const [status] = anna.all('agent.status', { asked: 'available' })
    assert.equal(offer.at, status.at)
  }),

  scenario('S-04: of two agents the one who has waited longest is chosen', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ben = await (await centre.agent('ben')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await ben.hasNoOffer()
    await chat.end()
    await chat.wrapUpDone()
    await anna.becomes('available')
    const cleo = await centre.customer('Cleo Diaz')
    await cleo.says('Hello?')
    await ben.offer({ from: cleo })
    await anna.hasNoOffer()
  }),
]
