// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/example-plugin, built as the tutorial builds it, in a real usherd: customers over TCP, an agent at a desk. And the tutorial
// quotes it literally. (Against an installation, with the tutorial's own commands: tests/tree/tutorial.sh.)
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Centre } from '../scenario/lib/centre.mjs'
import { run } from '../lib/tap.mjs'
import { Customer, buildExample, channel, example, pluginPath, source } from './example.mjs'

let dir

/** A centre with the example as its channel, and one agent who is available. */
async function withCentre(play) {
  const line = { network: 'linechat', sections: () => ({ 'channel:line': channel }), ready: () => {} }
  const centre = new Centre(line, { config: { usher: { plugin_path: pluginPath(dir) } } })
  const customers = []
  try {
    await centre.start({})
    const customer = (name) => {
      const one = new Customer(centre.daemon, name)
      customers.push(one)
      return one.open()
    }
    await play({ centre, customer })
    for (const one of customers) one.close()
    await centre.stop()
  } catch (error) {
    throw new Error(`${error.stack}\n--- usherd said:\n${centre.daemon.log}`)
  } finally {
    for (const one of customers) one.close()
    await centre.end()
  }
}

const blocks = (text, language) => [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, lang]) => lang === language).map(([, , code]) => code)

await run([
  [
    'the tutorial quotes the example literally',
    () => {
      const code = blocks(readFileSync(path.join(source, 'docs/tutorial.md'), 'utf8'), 'c')
      const files = readdirSync(example).filter((file) => file.endsWith('.c')).map((file) => readFileSync(path.join(example, file), 'utf8'))
      assert.ok(code.length >= 10)
      for (const block of code) assert.ok(files.some((file) => file.includes(block)), `not in docs/example-plugin:\n${block}`)
    },
  ],
  [
    'it is built by what plugin new makes',
    () => {
      for (const file of ['Makefile', 'testing.sh']) {
        const template = readFileSync(path.join(source, 'core/ctl/templates/common', file), 'utf8')
        assert.equal(
          readFileSync(path.join(example, file), 'utf8'),
          template.replaceAll('new-plugin', 'linechat').replace('sh ./test.sh', 'bash ./test.sh'),
          `docs/example-plugin/${file} and its template differ`,
        )
      }
    },
  ],
  ['it builds without a warning', () => void (dir = buildExample())],
  [
    'a customer over TCP and an agent at a desk talk',
    () =>
      withCentre(async ({ centre, customer }) => {
        const anna = await (await centre.agent('anna')).available()
        const ada = await customer('Ada')
        await ada.say(1, 'good morning 👩‍🔬')
        await ada.say(1, 'good morning 👩‍🔬')
        const chat = await anna.accept(await anna.offer())
        await chat.sees('good morning 👩‍🔬')
        ada.tell('TYPING on')
        await chat.seesTyping()
        chat.types()
        await ada.hears(/^TYPING on$/)
        const { message, n } = await chat.say('How can I\nhelp?')
        assert.equal(await ada.hears(/^AGENT/), `AGENT ${n} Anna: How can I help?`)
        await chat.state(message, 'sent')
        ada.tell(`SEEN ${n}`)
        await chat.state(message, 'read')
        assert.deepEqual(chat.texts, ['good morning 👩‍🔬'])
        ada.tell('BYE 2')
        await anna.event('interaction.ended', { interaction: chat.id, ended_by: 'customer' })
      }),
  ],
  [
    'several customers, a killed daemon: everybody comes back and nothing is lost or doubled',
    () =>
      withCentre(async ({ centre, customer }) => {
        const anna = await (await centre.agent('anna', { capacity: 3 })).available()
        const names = ['Ada', 'Ben', 'Cleo']
        const customers = []
        const chats = []
        for (const name of names) {
          customers.push(await customer(name))
          await customers.at(-1).say('a', `I am ${name}`)
          chats.push(await anna.accept(await anna.offer()))
        }
        for (const [i, chat] of chats.entries()) await chat.say(`hello ${names[i]}`)
        for (const [i, one] of customers.entries()) await one.hears(new RegExp(`: hello ${names[i]}$`))
        for (const one of customers) one.close()
        for (const chat of chats) await chat.state((await chat.say('while you were away')).message, 'sent')
        await centre.daemon.kill()
        await centre.daemon.start()
        for (const one of customers) {
          await one.open()
          await one.hears(/: while you were away$/)
          // Not acknowledged, as far as the customer remembers.
          await one.say('a', `I am ${one.name}`)
        }
        for (const [i, one] of customers.entries()) {
          assert.equal(one.count(/: while you were away$/), 1)
          assert.equal(one.count(/: hello /), 1, `${names[i]} heard others`)
        }
        for (const [i, chat] of chats.entries()) {
          const { interaction } = await centre.ctl('interaction.get', { interaction: chat.id })
          const texts = interaction.messages.filter(({ author }) => author === 'customer').map(({ text }) => text)
          assert.deepEqual(texts, [`I am ${names[i]}`])
        }
      }),
  ],
])
