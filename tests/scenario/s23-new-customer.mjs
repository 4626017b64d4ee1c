// SPDX-License-Identifier: GPL-3.0-or-later
//
// For somebody unknown a draft is made when the chat is accepted, and the agent completes it. The six consequences.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

const granted = { permissions: ['interaction.reject'] }

export default [
  scenario('S-23: accepting makes a draft that pops, and saving completes it', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const pop = await chat.customer()
    assert.ok(pop.draft)
    const draft = await anna.customer(pop.customer)
    assert.deepEqual(
      [draft.draft, draft.identities.map(({ network, id }) => [network, id])],
      [true, [[centre.channel.network, ana.identity]]],
    )
    await assert.rejects(anna.call('customer.save', { customer: draft.id, first_name: 'Ana', last_name: '' }), {
      code: 'invalid',
    })
    await anna.call('customer.save', {
      customer: draft.id,
      first_name: 'Ana',
      last_name: 'Silva',
      name: 'Ana Silva',
      email: 'ana@example.org',
    })
    const complete = await anna.event('interaction.customer', { interaction: chat.id })
    assert.deepEqual(
      [complete.customer, Boolean(complete.draft), complete.customer_name],
      [draft.id, false, 'Ana Silva'],
    )
  }),

  scenario('S-23 (1): a draft that nobody completes stays, and is listed as incomplete', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const { customer } = await chat.customer()
    await chat.end()
    await chat.wrapUpDone()
    await chat.closed()
    assert.deepEqual(
      (await anna.customers({ draft: true })).map(({ id }) => id),
      [customer],
    )
    assert.equal((await centre.interactions(ana))[0].customer, customer)
  }),

  scenario('S-23 (2): chats of the same new person one after another make one draft', async (centre) => {
    const anna = await (await centre.agent('anna', { capacity: 2 })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await chat.end()
    await ana.says('Hello again?')
    const second = await anna.takes(ana)
    await second.customer()
    await anna.settle()
    assert.equal((await anna.customers()).length, 1)
  }),

  scenario(
    'S-23 (3): an e-mail that another customer has leads to that customer, and the draft goes',
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const { customer: known } = await anna.call('customer.save', {
        first_name: 'Ana',
        last_name: 'Silva',
        email: 'ana@example.org',
      })
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const chat = await anna.takes(ana)
      const { customer: draft } = await chat.customer()
      const save = anna.call('customer.save', {
        customer: draft,
        first_name: 'Ana',
        last_name: 'Silva',
        email: 'ANA@example.org',
      })
      const error = await save.then(
        () => assert.fail('the e-mail address is taken'),
        (refusal) => refusal,
      )
      assert.equal(error.code, 'conflict')
      assert.deepEqual(
        error.details.customers.map(({ id }) => id),
        [known.id],
        'the desk can offer that customer',
      )
      await anna.call('customer.merge', { keep: known.id, drop: draft })
      const pop = await anna.event('interaction.customer', { interaction: chat.id, customer: known.id })
      assert.ok(!pop.draft)
      assert.deepEqual(
        (await anna.customers()).map(({ id }) => id),
        [known.id],
      )
      assert.equal((await anna.customer(known.id)).identities[0].id, ana.identity)
    },
  ),

  scenario('S-23 (4): a chat saved for a new customer is a case of the draft', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const { customer } = await chat.customer()
    await chat.save()
    assert.equal((await chat.saved()).customer, customer)
  }),

  scenario('S-23 (5): an offer that nobody accepts makes no record', async (centre) => {
    const anna = await (await centre.agent('anna', granted)).available()
    const ben = await (await centre.agent('ben', { acceptance_ms: 1000 })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    await anna.reject(await anna.offer({ from: ana }))
    const second = await ben.offer({ from: ana })
    assert.equal(await ben.offerEnded(second), 'timed_out')
    await anna.settle()
    assert.deepEqual(await anna.customers(), [])
  }),

  scenario(
    'S-23 (6): at the second visit the person is known, though the draft was never completed',
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const chat = await anna.takes(ana)
      const { customer } = await chat.customer()
      await chat.end()
      await chat.wrapUpDone()
      await ana.says('It is me again.')
      const offer = await anna.offer({ from: ana })
      const pop = await anna.event('interaction.customer', { interaction: offer.interaction })
      assert.deepEqual([pop.customer, Boolean(pop.draft)], [customer, true])
    },
  ),
]
