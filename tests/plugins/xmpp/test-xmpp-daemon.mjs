// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real usherd between a real Prosody and a real client: an agent and a customer go on talking while the server restarts, or
// while the plugin's own process is killed, and each message is there once.
import assert from 'node:assert/strict'
import path from 'node:path'
import { Daemon, sleep, until } from '../../lib/daemon.mjs'
import { Prosody } from '../../lib/prosody.mjs'
import { run } from '../../lib/tap.mjs'

const COUNT = 60
const build = process.env.USHER_BUILDDIR ?? process.cwd()
const address = 'support@help.localhost'

function daemonFor(prosody, keys = {}) {
  return new Daemon({
    config: {
      usher: { plugin_path: ['channel/xmpp', 'crm/local'].map((dir) => path.join(build, 'plugins', dir)).join(',') },
      'channel:site': null,
      'frontend:desk': null,
      'channel:line': {
        ...prosody.settings(),
        queue: 'support',
        announce: '',
        reconnect_min: '50ms',
        reconnect_max: '200ms',
        ...keys,
      },
    },
  })
}

const channel = async (daemon) => (await daemon.ctl('plugin.status')).instances.find(({ name }) => name === 'line')

/** A client with receipts: a message is sent again, under its id, until it is acknowledged. */
async function customerTalks(customer) {
  const has = (id) => customer.events.some((event) => event.event === 'message' && event.received === id)
  for (let i = 0; i < COUNT; i++) {
    const message = { do: 'send', to: address, id: `c${i}`, text: `customer ${i}` }
    customer.tell(message)
    for (let tries = 1; !has(message.id); tries++) {
      await sleep(20)
      if (tries % 50 === 0) customer.tell(message)
      if (tries > 2000) throw new Error(`"${message.text}" has no receipt`)
    }
  }
}

async function agentTalks(agent, interaction) {
  for (let i = 0; i < COUNT; i++) {
    await agent.call('message.send', { interaction, text: `agent ${i}`, client_id: `a${i}` })
    await sleep(50)
  }
}

async function checkAgents(lines, customer) {
  const seen = (text) => customer.events.filter((event) => event.event === 'message' && event.body === text).length
  const states = {}
  for (const { text, state } of lines) {
    states[state] = (states[state] ?? 0) + 1
    if (state === 'uncertain') assert.ok(seen(text) <= 1, `"${text}" was doubled`)
    else {
      assert.ok(['sent', 'delivered'].includes(state), `"${text}" is ${state}`)
      await until(`"${text}" at the customer`, () => seen(text) > 0)
      assert.equal(seen(text), 1, `"${text}" was doubled`)
    }
  }
  console.log(`# the agent's messages: ${JSON.stringify(states)}`)
  const order = customer.events
    .filter((event) => event.event === 'message' && event.body?.startsWith('agent '))
    .map(({ body }) => Number(body.slice(6)))
  assert.deepEqual(order, [...order].sort((a, b) => a - b), 'in order')
}

/** `disturb (i, daemon, prosody)`: what happens twice in the middle. */
async function talk(disturb, keys) {
  const prosody = await new Prosody().start()
  const daemon = await daemonFor(prosody, keys).start()
  try {
    await daemon.seed()
    const anna = await daemon.login('anna')
    await anna.call('agent.set_status', { status: 'available' })
    const alice = await prosody.customer('alice')
    await alice.receipt(await alice.say(address, 'Hello?'))
    const [offer] = await until('the offer', async () => {
      const mine = await anna.mine()
      return mine.length > 0 && mine
    })
    const { interaction } = offer
    await anna.call('interaction.accept', { interaction })
    const talks = Promise.all([customerTalks(alice), agentTalks(anna, interaction)])
    // Nobody waits for it before the disturbances are over.
    talks.catch(() => {})
    for (let i = 0; i < 2; i++) {
      await sleep(700)
      await disturb(i, daemon, prosody)
      await until('the channel to be back', async () => (await channel(daemon)).state === 'running', 30000)
    }
    await talks
    // A receipt of the customer's that the server took with it is gone: that message stays sent.
    const lines = await until(
      'every message to have its end',
      async () => {
        const { messages } = (await anna.call('interaction.get', { interaction })).interaction
        return messages.every(({ author, state }) => author !== 'agent' || state !== 'queued') && messages
      },
      60000,
    )
    const customers = lines.filter(({ author, text }) => author === 'customer' && text.startsWith('customer '))
    assert.deepEqual(
      customers.map(({ text }) => text),
      Array.from({ length: COUNT }, (_, i) => `customer ${i}`),
    )
    const agents = lines.filter(({ author }) => author === 'agent')
    assert.equal(agents.length, COUNT)
    await checkAgents(agents, alice)
    await alice.end()
  } catch (error) {
    throw new Error(`${error.stack}\n--- usherd said:\n${daemon.log}`)
  } finally {
    await daemon.end()
    await prosody.end()
  }
}

/** kill -9, then SIGSTOP until usherd notices. */
async function killHost(i, daemon) {
  const { pid, lost } = (await channel(daemon)).process
  process.kill(pid, i === 0 ? 'SIGKILL' : 'SIGSTOP')
  await until('its end to be noticed', async () => (await channel(daemon)).process.lost > lost, 30000)
}

await run([
  [
    'a restart of Prosody in the middle of a chat loses and doubles nothing',
    () => talk((i, daemon, prosody) => prosody.restart()),
  ],
  [
    "the plugin's own process killed and stopped in the middle of a chat loses and doubles nothing",
    () => talk(killHost, { isolation: 'process', isolation_timeout: '2s' }),
  ],
  [
    'an unknown domain is shown to the administrator, once',
    async () => {
      const prosody = await new Prosody().start()
      const settings = prosody.settings()
      const daemon = daemonFor({ settings: () => ({ ...settings, domain: 'other.localhost' }) })
      try {
        await daemon.start()
        const { state, message } = await channel(daemon)
        assert.equal(state, 'needs_attention')
        assert.match(message, /knows no component other\.localhost/)
        await sleep(500)
        assert.equal(daemon.log.split('knows no component').length - 1, 1)
      } finally {
        await daemon.end()
        await prosody.end()
      }
    },
  ],
])
