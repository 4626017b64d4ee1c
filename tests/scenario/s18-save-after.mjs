// SPDX-License-Identifier: GPL-3.0-or-later
//
// Save to CRM after the end: an open case of nobody, unless the chat was saved before or the site wants it linked.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

async function ended(centre, { before } = {}) {
  const anna = await (await centre.agent('anna')).available()
  const ana = await centre.customer('Ana Silva')
  await ana.says('Where is my parcel?')
  const chat = await anna.takes(ana)
  const { customer } = await chat.customer()
  await chat.say('It left today.')
  await ana.sees('It left today.')
  await before?.(chat)
  await chat.end()
  return { anna, chat, customer }
}

export default [
  scenario('S-18: saved after the end it is an open case without a customer', async (centre) => {
    const { anna, chat, customer } = await ended(centre)
    assert.equal(anna.status, 'post_processing')
    await chat.save()
    const record = await chat.saved()
    assert.deepEqual([record.state, record.customer, record.interaction], ['open', null, chat.id])
    const texts = record.transcript.map(({ text }) => text)
    assert.ok(texts.includes('Where is my parcel?') && texts.includes('It left today.'))

    // Assigning and closing it are two ordinary edits.
    await anna.call('case.save', { case: record.id, customer })
    await anna.call('case.save', { case: record.id, state: 'closed' })
    const done = await anna.case(record.id)
    assert.deepEqual([done.state, done.customer], ['closed', customer])
    assert.deepEqual(
      (await anna.cases({ customer })).map(({ id }) => id),
      [record.id],
    )
  }),

  scenario('S-18: a chat that was saved during the talk makes no second case', async (centre) => {
    const { anna, chat, customer } = await ended(centre, {
      before: async (talk) => {
        await talk.save()
        await talk.saved()
      },
    })
    await chat.save()
    await chat.wrapUpDone()
    await chat.closed()
    await anna.call('interaction.save', { interaction: chat.id })
    await anna.settle()
    const cases = await anna.cases()
    assert.deepEqual(
      cases.map((each) => [each.state, each.customer]),
      [['closed', customer]],
    )
  }),

  scenario('S-18: where the site wants it, the late case is linked to the customer', async (centre) => {
    await centre.policy({ late_save: 'linked' })
    const { chat, customer } = await ended(centre)
    await chat.save()
    const record = await chat.saved()
    assert.equal(record.customer, customer)
  }),
]
