// SPDX-License-Identifier: GPL-3.0-or-later
//
// Save to CRM while the chat is open: a closed case of the customer who popped, with everything said so far and later.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'
import { eventually } from './lib/wait.mjs'

const said = (record) => record.transcript.filter(({ author }) => author !== 'system').map(({ text }) => text)

async function talk(centre) {
  const anna = await (await centre.agent('anna')).available()
  const ana = await centre.customer('Ana Silva')
  await ana.says('Where is my parcel?')
  const chat = await anna.takes(ana)
  const { customer } = await chat.customer()
  await chat.say('It left today.')
  await ana.sees('It left today.')
  return { anna, ana, chat, customer }
}

export default [
  scenario('S-17: the saved chat is a closed case of the customer who popped', async (centre) => {
    const { anna, chat, customer } = await talk(centre)
    await chat.save()
    const record = await chat.saved()
    assert.deepEqual([record.state, record.customer, record.interaction], ['closed', customer, chat.id])
    assert.deepEqual(said(record), ['Where is my parcel?', 'It left today.'])
    assert.equal(anna.status, 'busy', 'the chat goes on')
    assert.equal((await chat.look()).save.state, 'saved')
  }),

  scenario('S-17: saved twice it is one case', async (centre) => {
    const { anna, chat, customer } = await talk(centre)
    await Promise.all([chat.save(), chat.save()])
    const record = await chat.saved()
    await chat.save()
    await anna.settle()
    assert.deepEqual(
      (await anna.cases({ customer })).map(({ id }) => id),
      [record.id],
    )
  }),

  scenario('S-17: what is said after the save is in the same case after the end', async (centre) => {
    const { anna, ana, chat, customer } = await talk(centre)
    await chat.save()
    const record = await chat.saved()
    await ana.says('Thank you!')
    await chat.sees('Thank you!')
    await chat.end()
    const whole = await eventually('the whole transcript', async () => {
      const now = await anna.case(record.id)
      return now.transcript.at(-1).code === 'ended' || said(now).length === 3 ? now : null
    })
    assert.deepEqual(said(whole), ['Where is my parcel?', 'It left today.', 'Thank you!'])
    assert.deepEqual([whole.state, whole.customer], ['closed', customer])
    assert.equal((await anna.cases()).length, 1)
  }),

  scenario(
    'S-17: what a queue wants its saved cases to be',
    { queue: { save_during: 'open', save_after: 'closed' } },
    async (centre) => {
      const { chat } = await talk(centre)
      await chat.save()
      assert.equal((await chat.saved()).state, 'open')
    },
  ),
]
