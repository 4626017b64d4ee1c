// SPDX-License-Identifier: GPL-3.0-or-later
//
// The case of a chat is edited like any case; what was said in it stays as it was said.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

async function filed(centre) {
  const anna = await (await centre.agent('anna')).available()
  const ana = await centre.customer('Ana Silva')
  await ana.says('The parcel is late.')
  const chat = await anna.takes(ana)
  await chat.customer()
  await chat.save()
  return { anna, record: await chat.saved() }
}

export default [
  scenario('S-22: every field can be edited, and the history says who changed what', async (centre) => {
    const { anna, record } = await filed(centre)
    const edit = {
      subject: 'Late parcel',
      severity: 'high',
      priority: 'urgent',
      notes: 'Call the depot.',
      state: 'open',
    }
    await anna.call('case.save', { case: record.id, version: record.version, ...edit })
    const after = await anna.case(record.id)
    assert.deepEqual(Object.fromEntries(Object.keys(edit).map((key) => [key, after[key]])), edit)
    assert.deepEqual(after.transcript, record.transcript, 'what was said stays')
    for (const field of Object.keys(edit)) {
      const change = after.history.find((each) => each.field === field && each.to === edit[field])
      assert.equal(change?.author, 'Anna', `${field} is in the history`)
    }
  }),

  scenario('S-22: of two who edit at the same time the second is told', async (centre) => {
    const { anna, record } = await filed(centre)
    await anna.call('case.save', { case: record.id, version: record.version, notes: 'mine' })
    await assert.rejects(anna.call('case.save', { case: record.id, version: record.version, notes: 'yours' }), {
      code: 'conflict',
    })
    assert.equal((await anna.case(record.id)).notes, 'mine')
  }),

  scenario('S-22: the transcript is annotated by comments only', async (centre) => {
    const { anna, record } = await filed(centre)
    await assert.rejects(anna.call('case.save', { case: record.id, transcript: [] }), { code: 'invalid' })
    await anna.call('case.comment', { case: record.id, text: 'She was right.' })
    const { comments, transcript } = await anna.case(record.id)
    assert.deepEqual(
      comments.map(({ author, text }) => [author, text]),
      [['Anna', 'She was right.']],
    )
    assert.deepEqual(transcript, record.transcript)
  }),
]
