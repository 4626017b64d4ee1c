// SPDX-License-Identifier: GPL-3.0-or-later
//
// The record of an existing customer is on the desk while the offer rings, before anybody accepts.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-07: the record of a known customer pops with the offer', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    const { customer: record } = await anna.call('customer.save', {
      first_name: 'Ana',
      last_name: 'Silva',
      email: 'ana@example.org',
      network: centre.channel.network,
      identity: ana.identity,
    })
    await ana.says('Where is my parcel?')
    const offer = await anna.offer({ from: ana })
    const pop = await anna.event('interaction.customer', { interaction: offer.interaction })
    assert.deepEqual([pop.customer, Boolean(pop.draft)], [record.id, false])
    assert.equal(anna.status, 'offered', 'nothing was accepted yet')
    const read = await anna.customer(pop.customer)
    assert.equal(read.email, 'ana@example.org')
    const preview = await (await anna.chat(offer.interaction)).look()
    assert.deepEqual([preview.state, preview.customer, preview.customer_name], ['offered', record.id, 'Ana Silva'])
    assert.equal((await anna.customers()).length, 1, 'and no draft beside it')
  }),

  scenario('S-07: a customer comes back and is known', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const { customer } = await chat.customer()
    await chat.end()
    await chat.wrapUpDone()
    await ana.says('One more thing.')
    const offer = await anna.offer({ from: ana })
    const pop = await anna.event('interaction.customer', { interaction: offer.interaction })
    assert.equal(pop.customer, customer)
    assert.equal(anna.status, 'offered')
  }),
]
