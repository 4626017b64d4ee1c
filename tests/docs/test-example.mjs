// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/example-plugin, built as the tutorial builds it, in a real usherd: customers over TCP, an agent at a desk. And the tutorial
// quotes it literally. (Against an installation, with the tutorial's own commands: tests/tree/tutorial.sh.)
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Centre } from '../scenario/lib/centre.mjs'
import { Stream } from '../scenario/lib/wait.mjs'
import { run } from '../lib/tap.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const source = process.env.USHER_SRCDIR ?? process.cwd()
const example = path.join(source, 'docs/example-plugin')

/** The tree's compiler, with its sanitizers: the daemon has them, too. */
function buildExample(dir) {
  const variable = (name) => readFileSync(path.join(build, 'Makefile'), 'utf8').match(new RegExp(`^${name} = (.*)$`, 'm'))[1]
  cpSync(example, dir, { recursive: true })
  execFileSync(
    'make',
    [
      '-C',
      dir,
      `CC=${variable('CC')}`,
      `CFLAGS=-g -O1 -Werror ${variable('SAN_CFLAGS')}`,
      'LDFLAGS=-Wl,-z,undefs',
      `PKG_CONFIG_PATH=${build}/include`,
      `CPPFLAGS=-I${source}/include -I${build}/include`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  return dir
}

class Customer {
  constructor(port) {
    this.port = port
    this.lines = new Stream('customer', ({ line }) => line)
    this.last = 0
  }

  /** Connects and says HELLO; comes back when it has a key. */
  async open(name) {
    this.name = name
    this.socket = net.connect(this.port, '127.0.0.1')
    let rest = ''
    this.socket.on('data', (part) => {
      rest += part.toString('utf8')
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const [, n] = rest.slice(0, end).match(/^(?:AGENT|INFO) (\d+) /) ?? []
        if (n) this.last = Number(n)
        this.lines.push({ line: rest.slice(0, end) })
        rest = rest.slice(end + 1)
      }
    })
    this.socket.on('error', () => {})
    this.tell(this.key ? `HELLO ${name} ${this.key} ${this.last}` : `HELLO ${name}`)
    this.key = (await this.hears(/^WELCOME/)).slice(8)
    return this
  }

  tell(line) {
    this.socket.write(`${line}\n`)
  }

  async hears(pattern) {
    return (await this.lines.next(`${this.name} to hear ${pattern}`, ({ line }) => pattern.test(line))).line
  }

  async say(id, text) {
    this.tell(`SAY ${id} ${text}`)
    await this.hears(new RegExp(`^OK ${id}$`))
  }

  count(pattern) {
    return this.lines.items.filter(({ line }) => pattern.test(line)).length
  }

  close() {
    this.socket?.destroy()
  }
}

const dir = mkdtempSync(path.join(tmpdir(), 'usher-example-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))

/** A centre with the example as its channel, and one agent who is available. */
async function withCentre(play) {
  const channel = {
    network: 'linechat',
    sections: () => ({ 'channel:line': { plugin: 'linechat', queue: 'support', port: '0' } }),
    ready: () => {},
  }
  const plugins = ['crm/local', 'frontend/web'].map((folder) => path.join(build, 'plugins', folder))
  const centre = new Centre(channel, { config: { usher: { plugin_path: [dir, ...plugins].join(',') } } })
  const customers = []
  try {
    await centre.start({})
    const port = () => Number([...centre.daemon.log.matchAll(/listens on 127\.0\.0\.1 port (\d+)/g)].at(-1)[1])
    const customer = (name) => {
      const one = new Customer(port())
      customers.push(one)
      return one.open(name)
    }
    await play({ centre, customer, port })
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
  ['it builds without a warning', () => void buildExample(dir)],
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
      withCentre(async ({ centre, customer, port }) => {
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
          one.port = port()
          await one.open(one.name)
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
