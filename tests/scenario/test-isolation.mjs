// SPDX-License-Identifier: GPL-3.0-or-later
//
// isolation = process: a plugin that crashes, hangs or pries harms nobody but itself, the log and the alarm say what to do, and
// another build takes over live conversations. The plugin is the channel of tests/core/plugin/modules/echo.c.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { Customer, Daemon, hostEnv, pluginDirs, request, sleep, until } from '../lib/daemon.mjs'
import { proofSize } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const module = (name) => path.join(build, 'tests/core/plugin/modules', name, '.libs/echo.so')

/** A centre with a web chat inside usherd and the channel "echo" in a process of its own. */
class Centre {
  constructor(keys = {}) {
    this.daemon = new Daemon()
    this.plugins = path.join(this.daemon.dir, 'plugins')
    mkdirSync(this.plugins, { mode: 0o755 })
    this.install('echo')
    const { sections } = this.daemon
    sections.usher.plugin_path = [this.plugins, ...pluginDirs].join(',')
    sections['channel:echo'] = { plugin: 'echo', queue: 'support', isolation: 'process', ...keys }
    this.ids = 0
  }

  /** As an administrator does it: the new file takes the place of the old one. */
  install(name) {
    const file = path.join(this.plugins, 'echo.so')
    copyFileSync(module(name), `${file}.new`)
    renameSync(`${file}.new`, file)
  }

  async start() {
    await this.daemon.start()
    await this.daemon.seed()
    this.anna = await this.daemon.login('anna')
    await this.anna.call('agent.set_status', { status: 'available' })
    return this
  }

  async echo() {
    return (await this.daemon.ctl('plugin.status')).instances.find(({ name }) => name === 'echo')
  }

  becomes(state) {
    return until(`echo is ${state}`, async () => (await this.echo()).state === state, 30000)
  }

  /** One attempt: the HTTP status and text. */
  async once(text, { user = 'una', id = `e${++this.ids}` } = {}) {
    const { status, text: body } = await request({
      port: this.daemon.port,
      path: '/channel/echo/in',
      body: `${user} ${id} ${text}`,
    }).catch((error) => ({ status: 0, text: error.message }))
    return { status, body, id }
  }

  /** Until it is taken, as networks do it. */
  async says(text, user) {
    const id = `e${++this.ids}`
    return until(`"${text}" is taken`, async () => (await this.once(text, { user, id })).status === 200, 30000)
  }

  get sent() {
    const file = path.join(this.daemon.data, 'channel-echo/sent')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : []
  }

  async lines(interaction) {
    return (await this.anna.call('interaction.get', { interaction })).interaction.messages
  }

  async takes(from) {
    const offered = await until(`an offer of ${from}`, async () =>
      (await this.anna.mine()).find(({ identity, state }) => identity === from && state === 'offered'),
    )
    await this.anna.call('interaction.accept', { interaction: offered.interaction, offer: offered.offer })
    return offered.interaction
  }

  answers(interaction, text) {
    return this.anna.call('message.send', { interaction, text, client_id: `c${++this.ids}` })
  }
}

/** What isolation.md lists; of a pattern, what is before the star. */
const inherited = [
  ...['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LANGUAGE', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'LD_LIBRARY_PATH', 'LD_PRELOAD'],
  ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]),
  ...['G_DEBUG', 'G_SLICE', 'G_MESSAGES_DEBUG', 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS'],
  ...['RUNTIME_DIRECTORY', 'USHER_PLUGIN_HOST_READ', 'USHER_UI_DIR', 'GSETTINGS_BACKEND'],
]

/** These messages, in one request; again while the web chat finds it too fast. */
async function speaks(visitor, texts) {
  const messages = texts.map((text) => ({ message: { id: text.replaceAll(' ', '-'), text, name: visitor.name } }))
  for (;; await sleep(50)) {
    try {
      const frames = await visitor.send(...messages)
      for (const { message } of messages)
        assert.ok(frames.some(({ ack }) => ack?.id === message.id), `"${message.text}": ${JSON.stringify(frames)}`)
      return
    } catch (error) {
      if (!error.message.includes(' 429 ')) throw error
    }
  }
}

const scenario = (name, keys, play) => [
  name,
  async () => {
    const centre = new Centre(keys)
    try {
      await play(centre)
      await centre.daemon.stop()
    } catch (error) {
      throw new Error(`${error.message}\n--- usherd said:\n${centre.daemon.log.slice(-6000)}`, { cause: error })
    } finally {
      await centre.daemon.end()
    }
  },
]

await run([
  scenario('messages go both ways through a process of its own', {}, async (centre) => {
    await centre.start()
    await centre.says('hello')
    const interaction = await centre.takes('una')
    await centre.answers(interaction, 'good day')
    await until('the answer is out', () => centre.sent.length === 1)
    assert.match(centre.sent[0], /^una\t\S+\tgood day$/)
    const { process: host, version } = await centre.echo()
    assert.ok(host.pid > 0 && host.lost === 0)
    assert.equal(version, '1.0')
    assert.match(host.confined, /no new privileges, limits/)
    assert.ok(centre.daemon.log.includes(host.confined), 'the log says by what it is confined')
  }),

  scenario('a channel that segfaults on each message harms nobody else', {}, async (centre) => {
    await centre.start()
    const messages = proofSize(60, 600, 3600)
    const visitor = await new Customer(centre.daemon, 'Vera').open()
    const crashing = (async () => {
      while ((await centre.echo()).state !== 'quarantined') {
        await centre.once('segfault', { id: 'poison' })
        await sleep(20)
      }
    })()
    // Who waits for it tells it, later.
    crashing.catch(() => undefined)
    for (let n = 0; n < messages; n += 15)
      await speaks(
        visitor,
        Array.from({ length: 15 }, (_, i) => `line ${n + i + 1}`),
      )
    await crashing
    const { alarms } = await centre.daemon.ctl('system.status')
    const { text } = alarms.find(({ name }) => name === 'plugin.channel:echo')
    assert.match(text, /usherctl plugin reload echo/)
    assert.match(centre.daemon.log, /was ended by signal 11 \(Segmentation fault\).*usherctl plugin reload echo/)
    assert.equal((await centre.once('hello')).status, 503, 'in a moment, not never')
    await speaks(visitor, ['still there'])
    const metrics = (await request({ socketPath: centre.daemon.socket, method: 'GET', path: '/metrics' })).text
    assert.match(metrics, /usher_plugin_quarantined\{kind="channel",instance="echo"\} 1/)
    // A build that works ends it, and the alarm with it.
    centre.install('echo-2')
    await centre.daemon.ctl('plugin.reload', { instance: 'echo' })
    assert.equal((await centre.echo()).state, 'running')
    assert.deepEqual((await centre.daemon.ctl('system.status')).alarms, [])
    await centre.says('hello again')
  }),

  scenario('one that hangs is noticed, killed and started again', { isolation_timeout: '1s' }, async (centre) => {
    await centre.start()
    const hanging = centre.once('hang')
    assert.equal((await hanging).status, 503)
    await until('it was lost', async () => (await centre.echo()).process.lost === 1)
    assert.match((await centre.echo()).process.last_end, /no sign of life/)
    await centre.says('hello')
  }),

  scenario('what was under way when it died goes out once', {}, async (centre) => {
    await centre.start()
    await centre.says('hello')
    const interaction = await centre.takes('una')
    await centre.once('exit')
    for (let i = 1; i <= 20; i++) await centre.answers(interaction, `answer ${i}`)
    await until('all answers are out', () => new Set(centre.sent).size === 20, 30000)
    const states = (await centre.lines(interaction)).filter(({ author }) => author === 'agent').map(({ state }) => state)
    await until('all are sent', async () =>
      (await centre.lines(interaction)).every(({ author, state }) => author !== 'agent' || state === 'sent'),
    )
    assert.equal(states.length, 20)
    assert.match((await centre.echo()).process.last_end, /ended by itself with status 7/)
  }),

  scenario('another build takes over live conversations', {}, async (centre) => {
    await centre.start()
    await centre.says('hello')
    const interaction = await centre.takes('una')
    let over = false
    const writing = (async () => {
      let n = 0
      while (!over) {
        await centre.says(`question ${++n}`)
        await centre.answers(interaction, `answer ${n}`)
      }
      return n
    })()
    for (const name of ['echo-2', 'echo', 'echo-2']) {
      await sleep(100)
      centre.install(name)
      await centre.daemon.ctl('plugin.reload', { instance: 'channel:echo' })
    }
    over = true
    const n = await writing
    assert.equal((await centre.echo()).version, '2.0')
    assert.equal((await centre.echo()).process.lost, 0, 'it never crashed')
    await until('all answers are out', () => centre.sent.length >= n)
    assert.equal(new Set(centre.sent).size, n)
    assert.equal(centre.sent.length, n, 'none of them twice')
    const questions = (await centre.lines(interaction)).filter(({ text }) => text.startsWith('question'))
    assert.equal(questions.length, n)
  }),

  scenario('a build that can not be opened does not take over', {}, async (centre) => {
    await centre.start()
    const { process: before } = await centre.echo()
    centre.install('echo-dead')
    await assert.rejects(centre.daemon.ctl('plugin.reload', { instance: 'echo' }), /signal 11.*goes on running/)
    await assert.rejects(centre.daemon.ctl('plugin.reload', { instance: 'site' }), /runs inside usherd/)
    await assert.rejects(centre.daemon.ctl('plugin.reload', { instance: 'ecco' }), /there is no instance/)
    assert.equal((await centre.echo()).process.pid, before.pid)
    await centre.says('hello')
  }),

  scenario('one that dies when it is opened is told by --check-config, and usherd starts without it', {}, async (centre) => {
    centre.install('echo-dead')
    centre.daemon.writeConfig()
    const args = ['--check-config', '--config', centre.daemon.conf]
    const env = { ...process.env, ...hostEnv() }
    const { stderr } = await promisify(execFile)(path.join(build, 'usherd'), args, { env }).then(
      () => assert.fail('it was taken'),
      (error) => error,
    )
    assert.match(stderr, /usher\.conf:\d+: .*echo\.so: the process that was to open it was ended by signal 11/)
    await centre.daemon.start()
    assert.equal(await centre.echo(), undefined)
  }),

  scenario("of usherd's environment it sees what everybody needs, and no secrets", {}, async (centre) => {
    const given = { TZ: 'Europe/Vienna', LC_MESSAGES: 'C', HTTPS_PROXY: 'http://proxy.example:3128', TMPDIR: centre.daemon.dir }
    const kept = {
      DATABASE_PASSWORD: 'hunter2',
      NOTIFY_SOCKET: path.join(centre.daemon.dir, 'notify'),
      CREDENTIALS_DIRECTORY: centre.daemon.dir,
      PATH_OF_KEYS: 'not a path',
    }
    centre.daemon.env = { ...given, ...kept }
    await centre.start()
    const text = readFileSync(`/proc/${(await centre.echo()).process.pid}/environ`, 'utf8')
    const seen = new Map(
      text.split('\0').filter(Boolean).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    )
    for (const [name, value] of Object.entries(given)) assert.equal(seen.get(name), value, name)
    for (const name of Object.keys(kept)) assert.ok(!seen.has(name), name)
    assert.ok(!text.includes('hunter2'))
    for (const name of seen.keys()) assert.ok(inherited.includes(name) || name.startsWith('LC_'), name)
    assert.equal(seen.get('GSETTINGS_BACKEND'), 'memory')
  }),

  scenario('it can neither read nor write what is not its own, nor start or end anything', {}, async (centre) => {
    await centre.start()
    const { confined } = (await centre.echo()).process
    const tries = async (text) => (await centre.once(text)).body
    const data = centre.daemon.data
    assert.equal(await tries(`write ${data}/channel-echo/note`), 'done')
    assert.equal(await tries('read /etc/hosts'), 'done')
    if (/ Landlock \(ABI/.test(confined)) {
      assert.equal(await tries(`read ${data}/usher.db`), 'EACCES')
      assert.equal(await tries(`write ${data}/note`), 'EACCES')
      assert.equal(await tries('read /etc/passwd'), 'EACCES')
    } else assert.match(confined, /no Landlock \(/)
    if (/, seccomp/.test(confined)) {
      assert.equal(await tries('fork'), 'EPERM')
      assert.equal(await tries('exec'), 'EPERM')
      assert.equal(await tries('kill'), 'EPERM')
      assert.equal(await tries('own'), 'EPERM')
      assert.equal(await tries(`truncate ${data}/channel-echo/note`), 'EPERM')
    } else assert.match(confined, /no seccomp \(/)
    assert.equal(await tries(`control ${centre.daemon.socket}`), '403')
    assert.equal((await centre.echo()).process.lost, 0)
  }),
])
