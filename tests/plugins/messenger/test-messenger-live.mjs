// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real daemon with the messenger plugin against the strict stand-in for the Graph API, which refuses and remembers
// whatever a careful client never does.
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Daemon, pluginDirs, sleep, until } from '../../lib/daemon.mjs'
import { Graph } from '../../lib/graph.mjs'
import { run } from '../../lib/tap.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const plugins = [...new Set([...pluginDirs, path.join(build, 'plugins/channel/messenger')])].filter(existsSync)

class World {
  constructor({ settings = {}, graph = {} } = {}) {
    this.graph = new Graph({ hook: { firstPause: 50, longestPause: 500, giveUp: 20000 }, ...graph })
    this.settings = settings
  }

  async start() {
    await this.graph.start()
    this.daemon = new Daemon({ config: { usher: { plugin_path: plugins.join(',') }, 'channel:site': null } })
    const secret = (name, value) => {
      const file = path.join(this.daemon.dir, name)
      writeFileSync(file, `${value}\n`, { mode: 0o600 })
      return `file:${file}`
    }
    this.daemon.sections['channel:page'] = {
      plugin: 'messenger',
      queue: 'support',
      base_url: this.graph.base,
      page_id: this.graph.page.id,
      page_access_token: secret('token', this.graph.token),
      app_secret: secret('app-secret', this.graph.appSecret),
      verify_token: secret('verify-token', this.graph.verifyToken),
      ...this.settings,
    }
    await this.daemon.start()
    await this.daemon.seed()
    this.graph.webhook = `${this.daemon.base}/channel/page/webhook`
    this.anna = await this.daemon.login('anna')
    await this.anna.call('agent.set_status', { status: 'available' })
    return this
  }

  /** The state of the channel as administrators see it. */
  async state() {
    const { instances } = await this.daemon.ctl('plugin.status')
    return instances.find((each) => each.name === 'page')
  }

  /** Anna has the person's chat. */
  async accept() {
    const [offered] = await until('an offer', async () => {
      const found = (await this.anna.mine()).filter((each) => each.state === 'offered')
      return found.length > 0 && found
    })
    await this.anna.call('interaction.accept', { interaction: offered.interaction })
    return offered
  }

  async messages(interaction) {
    return (await this.daemon.ctl('interaction.messages', { interaction: interaction.interaction })).messages
  }

  say(interaction, text) {
    return this.anna.call('message.send', { interaction: interaction.interaction, text })
  }

  async end() {
    try {
      this.graph.check()
    } catch (error) {
      throw new Error(`${error.message}\n${this.graph.story()}\n${this.daemon?.log}`)
    } finally {
      await this.daemon?.end()
      await this.graph.stop()
    }
  }
}

const within = (options, body) => async () => {
  const world = new World(options)
  try {
    await world.start()
    await body(world)
  } finally {
    await world.end()
  }
}

const tests = [
  [
    'the webhook is verified with the right word only',
    within({}, async ({ graph }) => {
      assert.deepEqual(await graph.verify({ challenge: '4711' }).then(({ status, body }) => ({ status, body })), {
        status: 200,
        body: '4711',
      })
      assert.equal((await graph.verify({ verifyToken: 'wrong' })).status, 403)
    }),
  ],
  [
    'a person writes, an agent answers, both see it once',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.says('Where is my parcel?', { twice: true })
      const chat = await world.accept()
      await world.say(chat, 'It left our store today.')
      await until('the answer arrives', () => ana.texts.includes('It left our store today.'))
      await sleep(200)
      assert.equal(ana.texts.filter((text) => text === 'It left our store today.').length, 1)
      const asked = (await world.messages(chat)).filter((each) => each.text === 'Where is my parcel?')
      assert.equal(asked.length, 1)
    }),
  ],
  [
    'the name and the picture come by themselves',
    within({}, async (world) => {
      await world.graph.person('psid-1', { first_name: 'Ana', last_name: 'Berg' }).says('Hello')
      const chat = await world.accept()
      const seen = await until('the profile', async () => {
        const { interaction } = await world.anna.call('interaction.get', { interaction: chat.interaction })
        return interaction.picture && interaction
      })
      assert.equal(seen.name, 'Ana Berg')
    }),
  ],
  [
    "what is answered in the page's own inbox is seen, and nobody is called for it",
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.says('Hello')
      const chat = await world.accept()
      await ana.inbox('I am on it')
      const line = await until('the echo', async () =>
        (await world.messages(chat)).find((each) => each.text === 'I am on it'),
      )
      assert.notEqual(line.author, 'customer')
      assert.equal((await world.daemon.ctl('interaction.list', { limit: 10 })).interactions.length, 1)
    }),
  ],
  [
    'delivered and read are seen',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.says('Hello')
      const chat = await world.accept()
      await world.say(chat, 'Hi')
      const state = (wanted) =>
        until(`it is ${wanted}`, async () =>
          (await world.messages(chat)).some((each) => each.text === 'Hi' && each.state === wanted),
        )
      await state('delivered')
      await ana.reads()
      await state('read')
    }),
  ],
  [
    'forged webhooks are refused',
    within({}, async ({ graph, daemon }) => {
      const { forgeries } = await import('../../lib/graph/sign.mjs')
      const person = graph.person('psid-1')
      for (const forge of Object.keys(forgeries)) {
        const answer = await graph.send([person.message({ text: 'forg\u00e9d' })], { forge })
        assert.equal(answer.status, 403, forge)
      }
      assert.equal((await daemon.ctl('interaction.list', { limit: 10 })).interactions.length, 0)
    }),
  ],
  [
    'an album of twenty webhooks at once is one chat, each picture once, in order',
    within({}, async (world) => {
      const made = await world.graph.person('psid-1').album(20)
      const chat = await world.accept()
      const lines = await until('all are there', async () => {
        const found = (await world.messages(chat)).filter((each) => each.author === 'customer')
        return found.length >= 20 && found
      })
      assert.equal(lines.length, made.length)
      assert.deepEqual(
        lines.map((each) => each.attachments[0].name),
        made.map((_, i) => `${i + 1}.png`),
      )
      for (const each of lines) assert.match(each.attachments[0].media, /^med_/)
      assert.equal((await world.daemon.ctl('interaction.list', { limit: 10 })).interactions.length, 1)
    }),
  ],
  [
    'nothing is fetched from a private address, and the message comes all the same',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.sends('image', { file: { redirect: 'private' }, text: 'a trick' })
      await ana.sends('image', { url: world.graph.media.privateUrl, text: 'another' })
      const chat = await world.accept()
      await until('both are there', async () => {
        const texts = (await world.messages(chat)).map((each) => each.text)
        return texts.includes('a trick') && texts.includes('another')
      })
    }),
  ],
  [
    'what may have arrived is never sent again',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.says('Hello')
      const chat = await world.accept()
      world.graph.plan({ drop: 'accepted' })
      await world.say(chat, 'once')
      await until('it is accepted', () => ana.texts.includes('once'))
      // The echo of it proves that it did arrive.
      await until('it counts as sent', async () =>
        (await world.messages(chat)).some((each) => each.text === 'once' && ['sent', 'delivered'].includes(each.state)),
      )
      await sleep(1500)
      assert.equal(ana.texts.filter((text) => text === 'once').length, 1)
    }),
  ],
  [
    'what did not arrive is sent again',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.says('Hello')
      const chat = await world.accept()
      world.graph.plan({ error: { code: 1, status: 500 } })
      world.graph.plan({ status: 503 })
      await world.say(chat, 'at last')
      await until('it arrives', () => ana.texts.includes('at last'), 30000)
    }),
  ],
  [
    'an expired token needs attention, and a valid one ends that',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      await ana.says('Hello')
      const chat = await world.accept()
      await until('all is well', async () => (await world.state()).state === 'running')
      world.graph.endToken(463)
      await world.say(chat, 'with the old token')
      const bad = await until('it needs attention', async () => {
        const state = await world.state()
        return state.state === 'needs_attention' && state
      })
      assert.match(bad.message, /page_access_token/)
      assert.doesNotMatch(JSON.stringify(bad) + world.daemon.log, new RegExp(world.graph.token))
      await ana.says('Are you there?')
      world.graph.renewToken(world.graph.token)
      world.graph.deadTokens.clear()
      await world.say(chat, 'with a valid one').catch(() => undefined)
      await until('it recovers', async () => (await world.state()).state === 'running', 60000)
    }),
  ],
  [
    'the app subscribes itself, with a proof where that is demanded',
    within(
      { settings: { subscribe: 'true', appsecret_proof: 'true' }, graph: { subscribed: false, demandProof: true } },
      async (world) => {
        await until('it is subscribed', () => world.graph.installed)
        assert.ok(world.graph.fields.has('message_echoes'))
        const ana = world.graph.person('psid-1')
        await ana.says('Hello')
        const chat = await world.accept()
        await world.say(chat, 'Hi')
        await until('the answer arrives', () => ana.texts.includes('Hi'))
      },
    ),
  ],
  [
    'the daemon is killed while webhooks come: nothing is lost, nothing doubled',
    within({}, async (world) => {
      const ana = world.graph.person('psid-1')
      const wrote = []
      for (let i = 0; i < 20; i++) wrote.push(ana.says(`line ${i}`))
      await sleep(150)
      await world.daemon.kill()
      await world.daemon.start()
      await Promise.all(wrote)
      const { interactions } = await world.daemon.ctl('interaction.list', { limit: 10 })
      assert.equal(interactions.length, 1)
      const lines = (await world.messages(interactions[0])).filter((each) => each.author === 'customer')
      assert.deepEqual(
        lines.map((each) => each.text),
        Array.from({ length: 20 }, (_, i) => `line ${i}`),
      )
    }),
  ],
]

await run(tests)
