// SPDX-License-Identifier: GPL-3.0-or-later
//
// Queue, membership, and each of them enabled: every one of these alone keeps a chat from an agent.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

/** Each way to be kept from a chat, and how it is put right. */
const obstacles = {
  'the queue is not enabled': {
    set: (centre) => centre.queue({ enabled: false }),
    lift: (centre) => centre.queue({ enabled: true }),
  },
  'the agent is no member': {
    set: (centre) => centre.membership('anna', { removed: true }),
    lift: (centre) => centre.membership('anna'),
  },
  'the membership is not enabled': {
    set: (centre) => centre.membership('anna', { enabled: false }),
    lift: (centre) => centre.membership('anna', { enabled: true }),
  },
}

export default [
  ...Object.entries(obstacles).map(([what, { set, lift }]) =>
    scenario(`S-03: no offer while ${what}, and at once when that changes`, async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      await set(centre)
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      await anna.hasNoOffer()
      assert.equal(anna.status, 'available')
      await lift(centre)
      const offer = await anna.offer({ from: ana })
      assert.equal(offer.queue, 'support')
    }),
  ),

  scenario('S-03: agents switch their own queues, where they are permitted to', async (centre) => {
    const anna = await (await centre.agent('anna', { permissions: ['queue.self_service'] })).available()
    const ben = await centre.agent('ben')
    await assert.rejects(ben.call('queue.switch', { queue: 'support', on: false }), { code: 'denied' })
    await anna.call('queue.switch', { queue: 'support', on: false })
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    await anna.hasNoOffer()
    await anna.call('queue.switch', { queue: 'support', on: true })
    await anna.offer({ from: ana })
  }),
]
