// SPDX-License-Identifier: GPL-3.0-or-later
//
// A chat that nobody saved can still be saved when everything is over.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-21: a closed chat that nobody saved can still be saved, once', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ben = await centre.agent('ben')
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await chat.customer()
    await chat.end()
    await chat.wrapUpDone()
    await chat.closed()
    await centre.settle()
    assert.deepEqual(await anna.cases(), [], 'nothing is filed by itself')

    await assert.rejects(ben.call('interaction.save', { interaction: chat.id }), { code: 'not_found' })
    await chat.save()
    const record = await chat.saved()
    assert.deepEqual([record.state, record.customer, record.interaction], ['open', null, chat.id])
    assert.ok(record.transcript.some(({ text }) => text === 'Hello?'))
    await chat.save()
    await anna.settle()
    assert.equal((await anna.cases()).length, 1)
  }),
]
