// SPDX-License-Identifier: GPL-3.0-or-later
//
// A disk of 1 MiB that customers fill: new work is refused before nothing can be written any more, what is there can be read, an
// alarm says so, and when there is room again the daemon goes on by itself, with everything it had acknowledged.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Customer, Daemon, pluginDirs, request, sleep, until } from '../lib/daemon.mjs'
import { Graph } from '../lib/graph.mjs'
import { encode, signature } from '../lib/graph/sign.mjs'
import { run } from '../lib/tap.mjs'
import { mount, resize, unmount, whereMountsWork } from './lib/mount.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const KIB = 1024
const marks = { space_warn: '400k', space_spare: '350k', space_refuse: '120k' }
const patience = 60000

whereMountsWork()

const graph = new Graph({})
const daemon = new Daemon({
  config: {
    usher: { plugin_path: [...pluginDirs, path.join(build, 'plugins/channel/messenger')].join(','), log_level: 'notice' },
    'listen:test': { metrics: 'true' },
    store: marks,
    'crm:main': null, // its database would take a good part of the disk
  },
})
const acknowledged = new Map() // text -> customer
const refused = []
let anna, chat, visitor

process.on('exit', (code) => {
  if (code !== 0) for (const line of daemon.log.split('\n').slice(-60)) console.log(`# ${line}`)
  daemon.child?.kill('SIGKILL')
  unmount(daemon.data)
  rmSync(daemon.dir, { recursive: true, force: true })
})

const free = () => {
  const [blocks, size] = execFileSync('stat', ['-f', '-c', '%a %S', daemon.data], { encoding: 'utf8' }).split(' ')
  return Number(blocks) * Number(size)
}
const get = (url) => request({ port: daemon.port, method: 'GET', path: url })
const filler = path.join(daemon.data, 'filler')

/** Takes all the room there is. */
const fill = () => appendFileSync(filler, Buffer.alloc(free()))

/** Soon the log gives its room back, and customers would be taken again: somebody else takes that. */
async function stay() {
  await until('the log is folded', () => statSync(path.join(daemon.data, 'usher.db-wal')).size === 0, patience)
  appendFileSync(filler, Buffer.alloc(Math.max(0, free() - 110 * KIB)))
  await until('customers are refused', async () => !(await health()).storing, patience)
}

/** The answer to one message: {ack} or {refused}. It is refused by the chat, or already at the door. */
async function say(customer, text, id = randomUUID()) {
  const sent = await customer.post('/send', { token: customer.token, frames: [{ message: { id, text, name: customer.name } }] })
  if (sent.status === 429) {
    await sleep(sent.body.error.retry_after_ms)
    return say(customer, text, id)
  }
  if (sent.status === 503) return { refused: { id, code: 'busy', retry_after: Number(sent.headers['retry-after']) } }
  assert.equal(sent.status, 200, sent.text)
  const { frames } = sent.body
  const answer = frames.find((frame) => (frame.ack ?? frame.refused)?.id === id)
  assert.ok(answer, JSON.stringify(frames))
  if (answer.ack) acknowledged.set(text, customer)
  return answer
}

async function webhook(text, mid) {
  const body = encode({
    object: 'page',
    entry: [
      {
        id: graph.page.id,
        time: Date.now(),
        messaging: [
          { sender: { id: '7001' }, recipient: { id: graph.page.id }, timestamp: Date.now(), message: { mid, text } },
        ],
      },
    ],
  })
  return request({
    port: daemon.port,
    path: '/channel/page/webhook',
    headers: { 'x-hub-signature-256': signature(graph.appSecret, body) },
    body: body.toString('latin1'),
  })
}

async function texts(customer) {
  const { interactions } = await daemon.ctl('interaction.list', { identity: customer.visitor, limit: 50 })
  const all = []
  for (const { interaction } of interactions)
    all.push(...(await daemon.ctl('interaction.messages', { interaction })).messages.map((m) => m.text))
  return all
}

/** All that was acknowledged is there, and nothing twice. */
async function complete() {
  const count = new Map()
  for (const customer of new Set(acknowledged.values()))
    for (const text of await texts(customer)) count.set(text, (count.get(text) ?? 0) + 1)
  for (const text of acknowledged.keys()) assert.equal(count.get(text), 1, text)
}

const alarm = async (name) => (await daemon.ctl('system.status')).alarms.find((a) => a.name === name)
const health = async () => (await get('/healthz')).body
const reloads = () => daemon.log.split('read again from the store').length - 1

await run([
  [
    'a centre works on a disk of 1 MiB',
    async () => {
      await graph.start()
      mkdirSync(daemon.data)
      mount(daemon.data, '1m')
      const secret = (name, value) => {
        writeFileSync(path.join(daemon.dir, name), `${value}\n`, { mode: 0o600 })
        return `file:${path.join(daemon.dir, name)}`
      }
      daemon.sections['channel:page'] = {
        plugin: 'messenger',
        queue: 'support',
        page_id: graph.page.id,
        page_access_token: secret('token', graph.token),
        app_secret: secret('app-secret', graph.appSecret),
        verify_token: secret('verify-token', graph.verifyToken),
        base_url: graph.base,
      }
      await daemon.start()
      await daemon.seed({ post_processing_ms: 0 })
      anna = await daemon.login('anna')
      await anna.call('agent.set_status', { status: 'available' })
      visitor = await new Customer(daemon, 'Vera').open()
      assert.ok((await say(visitor, 'the first')).ack)
      chat = (await until('an offer', async () => (await anna.mine())[0])).interaction
      await anna.call('interaction.accept', { interaction: chat })
      assert.equal((await webhook('from the page', 'm_1')).status, 200)
      assert.deepEqual(await health(), { ok: true, storing: true, alarms: (await health()).alarms })
      console.log(`# ${free() / KIB} KiB are left after the start`)
    },
  ],
  [
    'customers who fill it are refused in time, with a request to come again',
    async () => {
      const line = 'x'.repeat(1800)
      for (let n = 0; refused.length < 20; n++) {
        assert.ok(n < 2000, 'nothing is refused')
        const text = `${n} ${line}`
        const id = randomUUID()
        const answer = await say(visitor, text, id)
        await sleep(30)
        if (answer.refused) {
          assert.equal(answer.refused.code, 'busy')
          assert.ok(answer.refused.retry_after_ms ?? answer.refused.retry_after > 0)
          refused.push({ text, id })
        }
      }
      console.log(`# ${acknowledged.size} messages acknowledged, then refused; ${free() / KIB} KiB are left`)
      assert.ok(acknowledged.size > 5)
      assert.equal(reloads(), 0, 'refused before anything could not be written')
    },
  ],
  [
    'webhooks are answered 503 with Retry-After, the alarm stands, and everything can be read',
    async () => {
      await stay()
      const answer = await webhook('while it is full', 'm_2')
      assert.equal(answer.status, 503)
      assert.ok(Number(answer.headers['retry-after']) > 0)
      assert.match((await alarm('disk')).text, /has .* left \(level 3 of 3\).*remove what is not needed/)
      const status = execFileSync(path.join(build, 'usherctl'), ['--socket', daemon.socket, 'status'], { encoding: 'utf8' })
      assert.match(status, /ALARM disk since /)
      const figures = (await get('/metrics')).text
      assert.match(figures, /usher_alarm\{name="disk"\} 1/)
      assert.match(figures, /usher_disk_level\{folder="[^"]+"\} 3/)
      assert.match(figures, /usher_refused_total\{reason="disk",work="customer"\} [1-9]/)
      const { ok, storing, alarms } = await health()
      assert.deepEqual({ ok, storing }, { ok: true, storing: false })
      assert.ok(alarms.includes('disk'))
      const lines = (await anna.call('interaction.messages', { interaction: chat })).messages
      assert.equal(lines[0].text, 'the first')
      await visitor.poll(0)
      assert.equal(visitor.lines[0].text, 'the first')
    },
  ],
  [
    'agents go on with the chats they have',
    async () => {
      await anna.call('message.send', { interaction: chat, text: 'I am still here' }, 'cmd-here')
    },
  ],
  [
    'when nothing at all can be written, changes are refused with a sentence, reading goes on, nothing is tried again and again',
    async () => {
      let error
      for (let n = 0; !error; n++) {
        fill()
        assert.ok(n < 500, 'the disk takes more than it has')
        await anna.call('message.send', { interaction: chat, text: `${n} ${'y'.repeat(2000)}` }, `cmd-${n}`).catch((e) => (error = e))
      }
      assert.equal(error.status, 503)
      assert.equal(error.code, 'unavailable')
      // The log may be begun anew within the room it has: then a change is taken, until that is full, too.
      for (let n = 0; !(await alarm('store')); n++) {
        fill()
        assert.ok(n < 3000, 'no alarm')
        await anna.call('message.send', { interaction: chat, text: `again ${n} ${'z'.repeat(2000)}` }, `cmd-again-${n}`).catch(() => sleep(100))
      }
      await assert.rejects(anna.call('message.send', { interaction: chat, text: 'no' }), /can't store anything just now/)
      const before = reloads()
      for (let n = 0; n < 8; n++) {
        await sleep(500)
        assert.equal((await anna.call('interaction.messages', { interaction: chat })).messages[0].text, 'the first')
        assert.equal((await anna.mine()).length > 0, true)
      }
      assert.ok(reloads() - before <= 2, `read again ${reloads() - before} times`)
    },
  ],
  [
    'it goes on by itself when there is room again',
    async () => {
      // What the chats themselves took meanwhile stays taken: some runs leave little room beside it.
      rmSync(filler)
      resize(daemon.data, '2m')
      await until('the agent can write', () => anna.call('message.send', { interaction: chat, text: 'back' }, 'cmd-back'), patience)
      await until('the alarm is over', async () => !(await alarm('store')), patience)
      await until('customers are taken', async () => (await health()).storing, patience)
      assert.equal(daemon.child.exitCode, null)
      console.log(`# ${free() / KIB} KiB are left again`)
    },
  ],
  [
    'what was refused comes again, all that was acknowledged is there, nothing twice',
    async () => {
      // As fast as it goes: they may be refused again for the moment that the log needs to give its room back.
      for (let again = 0; again < 2; again++)
        for (const { text, id } of refused) await until(text, async () => (await say(visitor, text, id)).ack, patience)
      for (let again = 0; again < 2; again++)
        await until('the webhook', async () => (await webhook('while it is full', 'm_2')).status === 200, patience)
      await complete()
      const page = await daemon.ctl('interaction.list', { channel: 'page', limit: 50 })
      assert.equal(page.interactions.length, 1)
      await daemon.stop()
      await daemon.start()
      await complete()
    },
  ],
])
