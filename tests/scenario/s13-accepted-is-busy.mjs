// SPDX-License-Identifier: GPL-3.0-or-later
//
// Accepting opens the conversation and makes the agent busy, with everything said before on the desk.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-13: accepting opens the conversation and makes the agent busy', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    await ana.says('Is anybody there?')
    const chat = await anna.takes(ana)
    assert.deepEqual([anna.status, anna.me.cause, anna.asked], ['busy', 'accepted', 'available'])
    const look = await chat.look()
    assert.deepEqual([look.state, look.agent_name], ['active', 'Anna'])
    assert.ok(look.accepted_at >= look.enqueued_at)
    assert.deepEqual(chat.texts, ['Hello?', 'Is anybody there?'])
  }),

  scenario('S-13: what the customer writes goes to who has the chat, and to nobody else', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ben = await (await centre.agent('ben')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await ana.says('Only for Anna.')
    await chat.sees('Only for Anna.')
    await ben.settle()
    assert.equal(ben.all('message.added').length, 0)
    await assert.rejects(ben.chat(chat.id), { code: 'not_found' })
    await assert.rejects(ben.call('message.send', { interaction: chat.id, text: 'I too!' }), { code: 'conflict' })
  }),
]
