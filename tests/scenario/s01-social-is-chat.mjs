// SPDX-License-Identifier: GPL-3.0-or-later
//
// An interaction goes through the same life cycle on every network: this file is played on each of them, and the sequence of
// events it expects is written down once.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

const lifeCycle = [
  'interaction.queued',
  'message.added customer',
  'message.added system queued',
  'interaction.offered',
  'offer.ended accepted',
  'interaction.accepted',
  'message.added system agent_joined',
  'message.added agent',
  'message.added customer',
  'interaction.save requested during',
  'interaction.ended agent',
  'message.added system ended',
  'interaction.closed manual',
]

/** Receipts come when the network likes, records and cases when the CRM does. */
const isLife = (event) =>
  !['message.state', 'conversation.changed', 'interaction.customer', 'interaction.case', 'agent.status'].includes(
    event.type,
  ) &&
  (event.type !== 'interaction.save' || event.state === 'requested')

const told = (event) =>
  [event.type, event.author, event.code, event.cause && event.type !== 'interaction.queued' ? event.cause : null]
    .concat(event.type === 'interaction.save' ? [event.state, event.mode] : [], event.ended_by)
    .filter(Boolean)
    .join(' ')

export default [
  scenario('S-01: a social chat has the life cycle of every chat', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Where is my parcel?')
    const offer = await anna.offer({ from: ana })
    const chat = await anna.accept(offer)
    await chat.say('I am looking.')
    await ana.sees('I am looking.')
    await ana.says('Thank you.')
    await chat.sees('Thank you.')
    await chat.save()
    await chat.saved()
    await chat.end()
    await ana.toldEnded()
    await chat.wrapUpDone()
    await chat.closed()
    await centre.settle()

    const journal = await centre.journal(chat.id)
    assert.deepEqual(journal.filter(isLife).map(told), lifeCycle)
    assert.ok(journal.some((event) => event.type === 'interaction.save' && event.state === 'saved'))

    // All that differs is who carries it.
    const [interaction] = await centre.interactions(ana)
    assert.deepEqual(
      [interaction.channel, interaction.network, interaction.identity, interaction.queue],
      ['line', centre.channel.network, ana.identity, 'support'],
    )
  }),

  scenario('S-01: many messages at once, some of them twice, become one conversation in order', async (centre) => {
    const ana = await centre.customer('Ana Silva')
    await ana.repeats('first')
    const flood = Array.from({ length: 20 }, (_, i) => `picture ${String(i + 1).padStart(2, '0')}`)
    await ana.floods(flood)
    await ana.repeats('last')
    await centre.settle()
    const list = await centre.interactions(ana)
    assert.equal(list.length, 1, 'one interaction')
    const { messages } = await centre.ctl('interaction.messages', { interaction: list[0].interaction })
    const texts = messages.filter((line) => line.author === 'customer').map((line) => line.text)
    assert.deepEqual(texts, ['first', ...flood, 'last'])
  }),
]
