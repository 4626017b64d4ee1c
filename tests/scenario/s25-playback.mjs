// SPDX-License-Identifier: GPL-3.0-or-later
//
// Supervisors play back every chat, saved or not; agents do not.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

async function chatWith(centre, agent, name, text) {
  const customer = await centre.customer(name)
  await customer.says(text)
  const chat = await agent.takes(customer)
  await chat.customer()
  await chat.say(`An answer to ${name}`)
  await customer.sees(`An answer to ${name}`)
  await chat.end()
  await chat.wrapUpDone()
  await chat.closed()
  return chat.id
}

export default [
  scenario('S-25: every chat is there, also one that nobody saved and one that nobody accepted', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const sue = await centre.supervisor()
    const id = await chatWith(centre, anna, 'Ana Silva', 'Where is my blue parcel?')
    await anna.goes('on_break')
    await (await centre.customer('Ben Roth')).says('Nobody answers me.')
    await sue.settle()
    const list = async (query) => (await sue.call('playback.list', query)).interactions
    const all = await list({})
    assert.deepEqual(all.map(({ state }) => state).sort(), ['closed', 'waiting'])
    assert.deepEqual(
      (await list({ text: 'blue' })).map((each) => each.interaction),
      [id],
    )
    assert.deepEqual(
      (await list({ agent: anna.user })).map((each) => each.interaction),
      [id],
    )
    assert.equal((await list({ queue: 'support', channel: 'line' })).length, 2)
    assert.deepEqual(await list({ queue: 'sales' }), [])
    assert.equal((await list({ since: all[0].enqueued_at })).length, 1)
    const closed = all.find(({ state }) => state === 'closed')
    assert.ok(closed.duration >= 0)
  }),

  scenario('S-25: the replay has messages, offers, pops and statuses in their order', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const sue = await centre.supervisor()
    const id = await chatWith(centre, anna, 'Ana Silva', 'Hello?')
    await sue.settle()
    const { interaction, events, agents } = await sue.call('playback.get', { interaction: id })
    const texts = interaction.messages.filter(({ author }) => author !== 'system').map(({ text }) => text)
    assert.deepEqual(texts, ['Hello?', 'An answer to Ana Silva'])
    const types = events.map(({ type }) => type)
    const story = [
      'interaction.queued',
      'interaction.offered',
      'interaction.accepted',
      'interaction.ended',
      'interaction.closed',
    ]
    assert.deepEqual(
      types.filter((type) => story.includes(type)),
      story,
    )
    assert.ok(types.includes('interaction.customer'))
    assert.ok(events.every(({ seq }, i) => i === 0 || seq > events[i - 1].seq))
    const statuses = agents.map(({ status }) => status)
    for (const status of ['offered', 'busy', 'post_processing']) assert.ok(statuses.includes(status), status)
  }),

  scenario('S-25: agents have no playback, and a group supervisor sees the queues of the group', async (centre) => {
    await centre.ctl('queue.put', { queue: 'sales', name: 'Sales' })
    const anna = await (await centre.agent('anna')).available()
    const id = await chatWith(centre, anna, 'Ana Silva', 'Hello?')
    await assert.rejects(anna.call('playback.list'), { code: 'denied' })
    await assert.rejects(anna.call('playback.get', { interaction: id }), { code: 'denied' })
    const gus = await centre.supervisor('gus', { scope: 'queues' })
    assert.deepEqual((await gus.call('playback.list')).interactions, [])
    await assert.rejects(gus.call('playback.get', { interaction: id }), { code: 'not_found' })
    await centre.membership('gus', { enabled: false })
    assert.deepEqual(
      (await gus.call('playback.list')).interactions.map((each) => each.interaction),
      [id],
    )
  }),
]
