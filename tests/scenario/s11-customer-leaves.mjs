// SPDX-License-Identifier: GPL-3.0-or-later
//
// A customer who leaves while the offer rings is nobody's fault. Networks that cannot tell it have no such moment.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario(
    'S-11: when the customer leaves the offer is withdrawn and the agent stays available',
    { needs: ['leave'] },
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const offer = await anna.offer({ from: ana })
      await ana.leaves()
      assert.equal(await anna.offerEnded(offer), 'customer_left')
      await anna.becomes('available')
      await assert.rejects(anna.accept(offer), { code: 'gone' })
      const [interaction] = await centre.interactions(ana)
      assert.deepEqual([interaction.state, interaction.ended_by], ['closed', 'customer'])
      assert.equal((await anna.customers()).length, 0, 'nobody accepted, so there is no record')
      // No penalty: the next chat is offered at once.
      const ben = await centre.customer('Ben Roth')
      await ben.says('Hello?')
      await anna.offer({ from: ben })
    },
  ),

  scenario(
    'S-11: a customer who leaves an open chat stays on the desk until the agent has seen it',
    { needs: ['leave'] },
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const chat = await anna.takes(ana)
      await ana.leaves()
      await anna.event('interaction.ended', { interaction: chat.id, ended_by: 'customer' })
      assert.equal(anna.status, 'busy')
      assert.equal((await chat.look()).state, 'active')
      await chat.call('interaction.end')
      await anna.becomes('post_processing')
    },
  ),
]
