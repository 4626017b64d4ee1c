// SPDX-License-Identifier: GPL-3.0-or-later
//
// Nobody but an available agent with room is offered anything.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-02: no offer in any status but available', async (centre) => {
    const anna = await centre.agent('anna')
    const ana = await centre.customer('Ana Silva')
    const ben = await centre.customer('Ben Roth')
    assert.equal(anna.status, 'work_offline', 'a log-in is not yet readiness')
    await ana.says('Hello?')
    await anna.hasNoOffer()
    await anna.goes('on_break')
    await anna.becomes('on_break')
    await anna.hasNoOffer()

    await anna.available()
    const offer = await anna.offer({ from: ana })
    assert.equal(anna.status, 'offered')
    await ben.says('And me?')
    await anna.hasNoOffer()
    const chat = await anna.accept(offer)
    assert.equal(anna.status, 'busy')
    await anna.hasNoOffer()
    await chat.end()
    await anna.becomes('post_processing')
    await anna.hasNoOffer()

    await chat.wrapUpDone()
    const next = await anna.offer({ from: ben })
    assert.deepEqual([next.identity, anna.status], [ben.identity, 'offered'])
    await anna.hasNoOffer()
  }),

  scenario('S-02: who is logged out gets no offer', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const sue = await centre.supervisor()
    await anna.call('session.logout')
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    await sue.settle()
    assert.equal((await centre.interactions(ana))[0].state, 'waiting')
    assert.equal(sue.all('interaction.offered').length, 0)
    const { agents } = await sue.call('agent.list')
    assert.equal(agents.find((each) => each.login === 'anna').status, 'logged_out')
  }),

  scenario('S-02: a busy agent with room gets further chats, up to the capacity', async (centre) => {
    const anna = await (await centre.agent('anna', { capacity: 2 })).available()
    const [ana, ben, cleo] = await Promise.all(
      ['Ana Silva', 'Ben Roth', 'Cleo Diaz'].map((name) => centre.customer(name)),
    )
    await ana.says('one')
    await anna.takes(ana)
    await ben.says('two')
    await anna.takes(ben)
    assert.equal(anna.status, 'busy')
    await cleo.says('three')
    await anna.hasNoOffer()
    assert.equal((await centre.interactions(cleo))[0].state, 'waiting')
  }),

  scenario('S-02: with stop-new a busy agent gets no further chat, and is offline after the last', async (centre) => {
    const anna = await (await centre.agent('anna', { capacity: 2 })).available()
    const [ana, ben] = await Promise.all(['Ana Silva', 'Ben Roth'].map((name) => centre.customer(name)))
    await ana.says('one')
    const chat = await anna.takes(ana)
    await anna.call('agent.stop_new', { on: true })
    await ben.says('two')
    await anna.hasNoOffer()
    assert.deepEqual([anna.status, Boolean(anna.me.stop_new)], ['busy', true])
    // Resume takes what waits at once.
    await anna.call('agent.stop_new', { on: false })
    const second = await anna.takes(ben)
    await anna.call('agent.stop_new', { on: true })
    for (const each of [chat, second]) {
      await each.end()
      await each.wrapUpDone()
    }
    await anna.becomes('work_offline')
  }),
]
