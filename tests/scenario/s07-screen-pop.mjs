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

  scenario("S-07: a reply that names a case pops the case, if it is the customer's own", async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('My parcel is late.')
    const first = await anna.takes(ana)
    await first.customer()
    await first.save()
    const record = await first.saved()
    await first.end()
    await first.wrapUpDone()
    await ana.says(`Hello, it is about ${record.number} again.`)
    const offer = await anna.offer({ from: ana })
    await anna.event('interaction.case', { interaction: offer.interaction })
    const shown = await (await anna.chat(offer.interaction)).look()
    assert.deepEqual([shown.state, shown.follows, shown.customer], ['offered', record.id, record.customer])
    await anna.accept(offer)

    const stranger = await centre.customer('Ben Roth')
    const ben = await (await centre.agent('ben')).available()
    await stranger.says(`Tell me about ${record.number}.`)
    const chat = await ben.takes(stranger)
    await chat.customer()
    await ben.settle()
    assert.equal((await chat.look()).follows, null)
  }),

  scenario(
    'S-07: of several who could be the customer the agent chooses',
    { needs: ['nameAtOnce'], config: { 'crm:main': { match_on: 'identity, name' } } },
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const records = []
      for (const company of ['Silva & Sons', 'Green Garden']) {
        const { customer } = await anna.call('customer.save', { first_name: 'Ana', last_name: 'Silva', company })
        records.push(customer.id)
      }
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const offer = await anna.offer({ from: ana })
      await anna.event('interaction.matches', { interaction: offer.interaction })
      const chat = await anna.accept(offer)
      const { matches, customer } = await chat.look()
      assert.deepEqual(matches.map((each) => each.customer).sort(), [...records].sort())
      assert.equal(customer, null, 'nothing pops by itself')
      await chat.call('interaction.choose_customer', { customer: records[1] })
      const pop = await chat.customer()
      assert.equal(pop.customer, records[1])
      assert.equal((await anna.customers()).length, 2, 'no draft was made')
      const { identities } = await anna.customer(records[1])
      assert.deepEqual(
        identities.map(({ network, id }) => [network, id]),
        [[centre.channel.network, ana.identity]],
        'and the identity is his from now on',
      )
    },
  ),
]
