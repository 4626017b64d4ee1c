// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desk is told of an offer, so that its Chat tab can blink, and is told when there is nothing to blink for any more.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

/** What the desk knows while it rings, also one that is opened only then. */
async function rings(centre, agent, customer) {
  const offer = await agent.offer({ from: customer })
  assert.equal(agent.status, 'offered')
  assert.ok(offer.deadline > offer.at, 'the countdown has an end')
  const late = await centre.desk(agent.login)
  const [shown] = late.snapshot.interactions
  assert.deepEqual([shown.state, shown.offer, shown.deadline], ['offered', offer.offer, offer.deadline])
  late.close()
  return offer
}

const ends = {
  accepted: { how: (agent, offer) => agent.accept(offer), after: 'busy' },
  rejected: { how: (agent, offer) => agent.reject(offer), after: 'on_break' },
  timed_out: { how: () => undefined, after: 'on_break' },
}

export default [
  ...Object.entries(ends).map(([cause, { how, after }]) =>
    scenario(`S-05: the desk rings until the offer is ${cause}`, async (centre) => {
      const user = { permissions: ['interaction.reject'], ...(cause === 'timed_out' ? { acceptance_ms: 4000 } : {}) }
      const anna = await (await centre.agent('anna', user)).available()
      const ana = await centre.customer('Ana Silva')
      await ana.says('Hello?')
      const offer = await rings(centre, anna, ana)
      await how(anna, offer)
      assert.equal(await anna.offerEnded(offer), cause)
      await anna.becomes(after)
      const { snapshot } = await centre.desk('anna')
      assert.equal(snapshot.interactions.filter((each) => each.state === 'offered').length, 0)
    }),
  ),

  scenario('S-05: the desk rings no more when the customer leaves', { needs: ['leave'] }, async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await rings(centre, anna, ana)
    await ana.leaves()
    assert.equal(await anna.offerEnded(offer), 'customer_left')
    await anna.becomes('available')
  }),

  scenario('S-05: the desk shows how many chats wait', async (centre) => {
    const anna = await centre.agent('anna')
    for (const name of ['Ana Silva', 'Ben Roth']) await (await centre.customer(name)).says('Hello?')
    const frame = await anna.frames.next('the count of waiting chats', (each) =>
      each.queues?.some((queue) => queue.queue === 'support' && queue.waiting === 2),
    )
    assert.ok(frame.queues.find((queue) => queue.queue === 'support').oldest > 0)
  }),
]
