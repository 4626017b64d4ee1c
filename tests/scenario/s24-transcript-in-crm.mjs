// SPDX-License-Identifier: GPL-3.0-or-later
//
// The way from the customer to the case to what was said, with the times.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'
import { eventually } from './lib/wait.mjs'

export default [
  scenario('S-24: customer, case, transcript', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Where is my parcel?')
    const chat = await anna.takes(ana)
    await chat.customer()
    await chat.say('It left today.')
    await ana.sees('It left today.')
    await chat.save()
    await chat.saved()
    await chat.end()
    const [interaction] = await centre.interactions(ana)

    const [customer] = await anna.customers({ text: ana.identity })
    const [{ id }] = await anna.cases({ customer: customer.id })
    const record = await eventually('the end of the talk in the case', async () => {
      const now = await anna.case(id)
      return now.ended_at > 0 && now
    })
    assert.deepEqual(
      record.transcript
        .filter(({ author }) => author !== 'system')
        .map(({ author, name, text }) => [author, name, text]),
      [
        ['customer', record.transcript.find(({ author }) => author === 'customer').name, 'Where is my parcel?'],
        ['agent', 'Anna', 'It left today.'],
      ],
    )
    assert.deepEqual(
      [record.started_at, record.ended_at, record.queue, record.channel, record.agent],
      [interaction.enqueued_at, interaction.ended_at, 'Support', 'line', 'Anna'],
    )
    assert.ok(
      record.transcript.every(({ at }, i, all) => i === 0 || at >= all[i - 1].at),
      'with the times, in order',
    )
    const { cases } = await anna.call('case.list', { text: record.number })
    assert.deepEqual(
      cases.map((each) => each.id),
      [id],
      'found by its number',
    )
  }),

  scenario('S-24: the timeline of a customer has all chats and cases, newest first', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    let customer
    for (const text of ['My first visit.', 'My second visit.']) {
      await ana.says(text)
      const offer = await anna.offer({ from: ana })
      const chat = await anna.accept(offer)
      customer = (await chat.customer()).customer
      await chat.save()
      await chat.saved()
      await chat.end()
      await chat.wrapUpDone()
      await chat.closed()
    }
    await anna.settle()
    const { items } = await anna.call('customer.timeline', { customer })
    assert.equal(items.filter(({ kind }) => kind === 'interaction').length, 2)
    assert.equal(items.filter(({ kind }) => kind === 'case').length, 2)
    assert.ok(items.every(({ at }, i) => i === 0 || at <= items[i - 1].at))
  }),
]
