// SPDX-License-Identifier: GPL-3.0-or-later
//
// Only who was granted it can refuse; the engine itself sees to that, at the moment of the refusal.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario('S-06: without the grant a reject is denied and changes nothing', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    assert.ok(!anna.me.permissions.includes('interaction.reject'), 'the desk can disable the button')
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    // A network may tell name and picture at any time.
    const story = async () =>
      (await centre.journal(offer.interaction)).filter(({ type }) => type !== 'conversation.changed')
    const before = await story()
    await assert.rejects(anna.reject(offer), { code: 'denied' })
    await assert.rejects(anna.http('interaction.reject', { interaction: offer.interaction }), {
      code: 'denied',
      status: 403,
    })
    await anna.settle()
    assert.deepEqual(await story(), before)
    assert.equal(anna.status, 'offered')
    await anna.accept(offer)
  }),

  scenario('S-06: the grant counts at the moment of the reject, not of the offer', async (centre) => {
    const anna = await (await centre.agent('anna', { permissions: ['interaction.reject'] })).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    await centre.user('anna', { permissions: [] })
    await anna.event('user.changed', { user: anna.user })
    await assert.rejects(anna.reject(offer), { code: 'denied' })
    await centre.user('anna', { permissions: ['interaction.reject'] })
    await anna.reject(offer)
    assert.equal(await anna.offerEnded(offer), 'rejected')
  }),
]
