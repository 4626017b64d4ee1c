// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent sends reaches the customer where he wrote from, each message once and in order, and its fate is seen.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

export default [
  scenario(
    'S-14: messages reach the customer once and in order, and the agent sees that they were sent',
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const ana = await centre.customer('Ana Silva')
      const ben = await centre.customer('Ben Roth')
      await ben.says('I wait here too.')
      await ana.says('Hello?')
      await anna.offer({ from: ben })
      const chat = await (await (await centre.agent('ben')).available()).takes(ana)
      const texts = Array.from({ length: 10 }, (_, i) => `Answer ${i + 1}: größer than 𝟙 & <b>plain</b>`)
      const sent = await Promise.all(texts.map((text) => chat.say(text)))
      await ana.sees(texts.at(-1))
      for (const { message } of sent) await chat.state(message, 'sent')
      assert.deepEqual(ana.texts, texts)
      assert.deepEqual(ben.texts, [], 'and nobody else got any')
    },
  ),

  scenario('S-14: a message that is sent again under its key is sent once', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const args = { interaction: chat.id, text: 'Once.', client_id: 'c-1' }
    const first = await anna.call('message.send', args, 'key-1')
    assert.deepEqual(await anna.call('message.send', args, 'key-1'), first)
    await chat.say('Done.')
    await ana.sees('Done.')
    assert.deepEqual(ana.texts, ['Once.', 'Done.'])
  }),

  scenario('S-14: the customer has read it, and the agent sees that', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    const { message } = await chat.say('Read me.')
    await ana.sees('Read me.')
    await chat.state(message, 'sent')
    await ana.reads()
    await chat.state(message, 'read')
  }),

  scenario(
    'S-14: a text that is too long for the network comes in parts',
    { needs: ['shortTexts'] },
    async (centre) => {
      const anna = await (await centre.agent('anna')).available()
      const ana = await centre.customer('Ana Silva')
      await ana.says('Tell me everything.')
      const chat = await anna.takes(ana)
      const { max_text: most } = anna.snapshot.channels.find(({ channel }) => channel === 'line')
      const sentence = 'This is a sentence of the long answer that nobody reads. '
      const text = sentence.repeat(Math.ceil((most * 1.5) / sentence.length)).trim()
      const { parts } = await chat.say(text)
      assert.equal(parts, 2)
      await chat.say('That was all.')
      await ana.sees('That was all.')
      assert.equal(ana.texts.length, 3)
      assert.ok(ana.texts.every((part) => [...part].length <= most))
      assert.equal(ana.texts.slice(0, 2).join(' ').replace(/\s+/g, ' '), text.replace(/\s+/g, ' '))
    },
  ),

  scenario('S-14: a blank message is refused before it is sent', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    await assert.rejects(chat.say(' \n\t '), { code: 'invalid' })
    await chat.say('Hi.')
    await ana.sees('Hi.')
    assert.deepEqual(ana.texts, ['Hi.'])
  }),

  scenario('S-14: the customer sees the agent type', async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    chat.types()
    await ana.seesTyping()
  }),

  scenario('S-14: the agent sees the customer type', { needs: ['typeIn'] }, async (centre) => {
    const anna = await (await centre.agent('anna')).available()
    const ana = await centre.customer('Ana Silva')
    await ana.says('Hello?')
    const chat = await anna.takes(ana)
    ana.types()
    await chat.seesTyping()
  }),
]
