// SPDX-License-Identifier: GPL-3.0-or-later
//
// The presets: what a reject and a missed offer do with each vendor, the interval, and the return by itself.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

const vendors = {
  '8x8': { interval: 30000, rejected: ['on_break', null, 0], timed_out: ['on_break', null, 0] },
  engage: { interval: 30000, rejected: ['work_offline', null, 10000], timed_out: ['on_break', null, 10000] },
  connect: { interval: 20000, rejected: ['available', null, 0], timed_out: ['available', null, 0] },
  genesys: {
    interval: 30000,
    rejected: ['on_break', 'not_responding', 0],
    timed_out: ['on_break', 'not_responding', 0],
  },
  twilio: { interval: 120000, rejected: ['available', null, 0], timed_out: ['work_offline', null, 0] },
  webex: { interval: 30000, rejected: ['on_break', 'rona', 0], timed_out: ['on_break', 'rona', 0] },
}

async function check(agent, offer, cause, [status, reason, back]) {
  assert.equal(await agent.offerEnded(offer), cause)
  await agent.becomes(status)
  const { at, return_at: returns = 0 } = agent.all('agent.status').at(-1)
  assert.equal(agent.me.reason ?? null, reason)
  assert.equal(returns > 0 ? returns - at : 0, back)
}

export default Object.entries(vendors).map(([preset, { interval, rejected, timed_out: missed }]) =>
  scenario(`presets: ${preset}, the interval, a reject and a missed offer`, async (centre) => {
    await centre.policy({ preset })
    const user = { permissions: ['interaction.reject'], acceptance_ms: 0 }
    const anna = await (await centre.agent('anna', user)).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const offer = await anna.offer({ from: ana })
    assert.equal(offer.acceptance_ms, interval)
    await anna.reject(offer)
    await check(anna, offer, 'rejected', rejected)
    await anna.goes('work_offline')

    const ben = await (await centre.agent('ben', { acceptance_ms: 1000 })).available()
    const second = await ben.offer({ from: ana })
    await check(ben, second, 'timed_out', missed)
    const causes = (await centre.journal(offer.interaction)).filter(({ type }) => type === 'offer.ended')
    assert.deepEqual(
      causes.map(({ cause }) => cause),
      ['rejected', 'timed_out'],
      'the causes are kept apart',
    )
  }),
)
