// SPDX-License-Identifier: GPL-3.0-or-later
//
// Answers that supervisors wrote are found, put into the compose box, and counted when they are sent.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

const parcel = {
  category: 'Delivery',
  question: 'Where is my parcel?',
  answer: 'Dear {{customer.name|customer}}, parcels take two days.',
}

export default [
  scenario('S-15: supervisors write the answers, agents do not', async (centre) => {
    const anna = await centre.agent('anna')
    const sue = await centre.supervisor()
    await assert.rejects(anna.call('faq.put', parcel), { code: 'denied' })
    const { faq } = await sue.call('faq.put', parcel)
    const list = await anna.call('faq.list')
    assert.deepEqual(
      list.categories.map((each) => each.category ?? each.name ?? each),
      ['Delivery'],
    )
    assert.deepEqual(
      list.faqs.map((each) => [each.faq, each.question, each.uses]),
      [[faq, parcel.question, 0]],
    )
    await sue.call('faq.put', { faq, enabled: false })
    assert.equal((await anna.call('faq.list')).faqs.length, 0)
    assert.equal((await sue.call('faq.list', { all: true })).faqs.length, 1)
  }),

  scenario('S-15: an answer is found, edited, sent and counted', async (centre) => {
    const sue = await centre.supervisor()
    const { faq } = await sue.call('faq.put', parcel)
    await sue.call('faq.put', { category: '支払い', question: '領収書はもらえますか', answer: 'はい。' })
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Good morning, where is my parcel?')
    const chat = await anna.takes(ana)

    const find = async (query) => (await anna.call('faq.search', query)).faqs.map((each) => each.faq)
    assert.deepEqual(await find({ text: 'parc' }), [faq])
    assert.deepEqual(await find({ text: 'parcel', category: 'Delivery' }), [faq])
    assert.equal((await find({ text: '領収書' })).length, 1, 'words of a script without spaces')
    assert.equal((await find({ interaction: chat.id }))[0], faq, 'the first is what the customer asks for')

    assert.deepEqual(ana.texts, [])
    await assert.rejects(chat.say(parcel.answer, { faq }), { code: 'invalid' })
    await chat.say('Dear Ana, parcels take two days. Yours left.', { faq })
    await ana.sees('Dear Ana, parcels take two days. Yours left.')
    await anna.settle()
    const { faqs } = await anna.call('faq.search', { text: 'parcel' })
    assert.equal(faqs[0].uses, 1)
  }),
]
