// SPDX-License-Identifier: GPL-3.0-or-later
//
// Codes that say how it ended: during the chat or in post processing, of several lists, some of them required.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

async function lists(centre, required) {
  await centre.ctl('codes.put', {
    list: 'outcome',
    name: 'Outcome',
    use: 'disposition',
    required,
    codes: ['SOLD=Sold', 'LOST=Lost', '!OLD=No longer'],
  })
  await centre.ctl('codes.put', { list: 'mood', name: 'Mood', use: 'disposition', codes: ['GOOD=Good', 'BAD=Bad'] })
}

async function talk(centre, user) {
  const anna = await (await centre.agent('anna', user)).available()
  const ana = await centre.customer('Ana Silva')
  await ana.says('Hello?')
  return { anna, ana, chat: await anna.takes(ana) }
}

const words = (codes) => codes.map(({ list, code }) => `${list}/${code}`)

export default [
  scenario('S-16: several codes of several lists, during the chat and after it', async (centre) => {
    await lists(centre, false)
    const { anna, chat } = await talk(centre)
    await chat.call('interaction.codes', { codes: ['outcome/LOST'] })
    assert.deepEqual(words((await chat.look()).codes), ['outcome/LOST'])
    await assert.rejects(chat.call('interaction.codes', { codes: ['outcome/NEVER'] }), { code: /invalid|not_found/ })
    await assert.rejects(chat.call('interaction.codes', { codes: ['outcome/OLD'] }), { code: /invalid|not_found/ })
    await chat.end()
    await chat.call('interaction.codes', { codes: ['outcome/SOLD', 'mood/GOOD'] })
    const { codes, missing_codes: missing } = await chat.look()
    assert.deepEqual([words(codes), missing], [['outcome/SOLD', 'mood/GOOD'], []])
    await chat.save()
    const record = await chat.saved()
    assert.deepEqual(words(record.codes), ['outcome/SOLD', 'mood/GOOD'], 'the case has them too')
    await chat.wrapUpDone()
    await anna.becomes('available')
  }),

  scenario(
    'S-16: a required code that is missing keeps the agent in post processing',
    { queue: { post_processing_ms: 1000 } },
    async (centre) => {
      await lists(centre, true)
      await centre.policy({ code_grace_ms: 0 })
      const { anna, chat } = await talk(centre)
      assert.deepEqual((await chat.look()).missing_codes, ['Outcome'])
      await chat.end()
      await assert.rejects(chat.wrapUpDone(), { code: 'conflict', message: /Outcome/ })
      await anna.event('interaction.overdue', { interaction: chat.id })
      assert.equal(anna.status, 'post_processing')
      assert.equal((await chat.look()).overdue, true)
      await chat.call('interaction.codes', { codes: ['outcome/SOLD'] })
      if ((await centre.ctl('interaction.list', { state: 'wrap_up' })).interactions.length > 0) await chat.wrapUpDone()
      await anna.becomes('available')
    },
  ),

  scenario(
    'S-16: the trap has an end: without a code the chat is closed as uncoded and waits in the backlog',
    { queue: { post_processing_ms: 1000 } },
    async (centre) => {
      await lists(centre, true)
      await centre.policy({ code_grace_ms: 500 })
      const { anna, chat } = await talk(centre)
      await chat.end()
      await anna.event('interaction.overdue', { interaction: chat.id })
      await anna.becomes('available')
      const backlog = async () => (await anna.call('interaction.list', { uncoded: true })).interactions
      assert.deepEqual(
        (await backlog()).map((each) => each.interaction),
        [chat.id],
      )
      await anna.call('interaction.codes', { interaction: chat.id, codes: ['outcome/LOST'] })
      assert.deepEqual(await backlog(), [])
    },
  ),

  scenario('S-16: after wrap-up a supervisor may still change the codes, others may not', async (centre) => {
    await lists(centre, false)
    const { anna, chat } = await talk(centre)
    const sue = await centre.supervisor()
    await chat.call('interaction.codes', { codes: ['outcome/SOLD'] })
    await chat.end()
    await chat.wrapUpDone()
    await chat.closed()
    await assert.rejects(anna.call('interaction.codes', { interaction: chat.id, codes: [] }), { code: 'denied' })
    await sue.call('interaction.codes', { interaction: chat.id, codes: ['outcome/LOST'] })
    const changes = (await centre.journal(chat.id)).filter(({ type }) => type === 'interaction.codes')
    assert.deepEqual(
      changes.map(({ by }) => by),
      [anna.user, sue.user],
      'and the journal says who',
    )
  }),
]
