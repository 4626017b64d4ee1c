// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the transaction panel shows: who it is on which network, and from which queue; never nothing.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'
import { eventually } from './lib/wait.mjs'

export default [
  scenario('S-12: the panel has name, social id, network, channel and queue', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    // A network may tell the name a moment after the message.
    const panel = await eventually('the name', async () => {
      const look = await chat.look()
      return look.name && look
    })
    assert.deepEqual(
      [panel.name, panel.identity, panel.network, panel.channel, panel.queue, panel.queue_name],
      ['Ana Silva', ana.identity, centre.channel.network, 'line', 'support', 'Support'],
    )
  }),

  scenario('S-12: a customer without a name is shown by the social id', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const nobody = await centre.customer()
    await nobody.says('Guess who.')
    const chat = await anna.takes(nobody)
    const { customer_name: shown, draft } = await chat.customer()
    const panel = await chat.look()
    assert.deepEqual([panel.name, panel.identity], [null, nobody.identity])
    assert.ok(draft)
    assert.ok(shown.trim() !== '', 'the record has a name to show')
  }),
]
