// SPDX-License-Identifier: GPL-3.0-or-later
//
// Presence is a lease: who vanishes loses the offer without blame, then the chats; who is back in time loses nothing. And one
// interaction makes one case, whatever happens to its agent.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('presence: a desk that vanishes loses its offer without blame', async (centre) => {
    await centre.policy({ lease_ms: 200, grace_ms: 60000 })
    const sue = await centre.supervisor()
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    const [{ enqueued_at: place }] = await centre.interactions(ana)
    anna.vanish()
    assert.equal(await sue.offerEnded(offer), 'agent_lost')
    const [waiting] = await centre.interactions(ana)
    assert.deepEqual([waiting.state, waiting.enqueued_at], ['waiting', place])
    const ben = await (await centre.agent('ben')).available()
    const second = await ben.offer({ from: ana })
    assert.equal(second.interaction, offer.interaction)

    await anna.connect()
    assert.equal(anna.status, 'available', 'no break for who lost the line')
    const cleo = await centre.customer('Cleo Diaz')
    await cleo.says('Hello?')
    await anna.offer({ from: cleo })
  }),

  scenario('presence: chats of who stays away go back to the queue with their place', async (centre) => {
    await centre.policy({ lease_ms: 100, grace_ms: 500 })
    const sue = await centre.supervisor()
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await chat.say('One moment.')
    await ana.sees('One moment.')
    const [{ enqueued_at: place }] = await centre.interactions(ana)
    anna.vanish()
    const back = await sue.event('interaction.queued', { interaction: chat.id, cause: 'agent_lost' })
    assert.equal(back.enqueued_at, place)
    const ben = await (await centre.agent('ben')).available()
    const taken = await ben.takes(ana)
    assert.equal(taken.id, chat.id, 'the same interaction')
    assert.ok(
      taken.lines.some(({ text }) => text === 'One moment.'),
      'with all that was said',
    )
    await anna.connect()
    assert.deepEqual([anna.status, anna.interactions.size], ['work_offline', 0])
  }),

  scenario('presence: for who is back within the grace nothing happened', async (centre) => {
    await centre.policy({ lease_ms: 100, grace_ms: 60000 })
    const sue = await centre.supervisor()
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const since = anna.events.items.at(-1).seq
    anna.vanish()
    await sue.event('agent.presence', { agent: anna.user, state: 'away' })
    await ana.says('Are you there?')
    const welcome = await anna.connect({ since })
    assert.equal(welcome.resumed, true)
    await chat.sees('Are you there?')
    await sue.event('agent.presence', { agent: anna.user, state: 'here' })
    assert.equal(anna.status, 'busy')
    await chat.say('Yes!')
    await ana.sees('Yes!')
    assert.deepEqual(
      (await centre.interactions(ana)).map(({ state, agent }) => [state, agent]),
      [['active', anna.user]],
    )
  }),

  scenario(
    'presence: one interaction makes one case, though it changes its agent between two saves',
    async (centre) => {
      await centre.policy({ lease_ms: 100, grace_ms: 300 })
      const anna = await (await centre.agent('anna')).available()
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const chat = await anna.takes(ana)
      const { customer } = await chat.customer()
      await chat.save()
      const record = await chat.saved()
      anna.vanish()
      const ben = await (await centre.agent('ben')).available()
      const taken = await ben.takes(ana)
      await ana.says('It is about the blue one.')
      await taken.sees('It is about the blue one.')
      await taken.save()
      await taken.end()
      await taken.save()
      await taken.wrapUpDone()
      await taken.closed()
      await ben.settle()
      const cases = await ben.cases()
      assert.deepEqual(
        cases.map((each) => [each.id, each.state, each.customer]),
        [[record.id, 'closed', customer]],
      )
      const { transcript } = await ben.case(record.id)
      const said = transcript.filter(({ author }) => author === 'customer').map(({ text }) => text)
      assert.deepEqual(said, ['Hello?', 'It is about the blue one.'])
    },
  ),
]
