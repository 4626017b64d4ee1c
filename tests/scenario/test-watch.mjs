// SPDX-License-Identifier: GPL-3.0-or-later
//
// The administrator's view from outside: alarms in `usherctl status`, who waits and why, figures over the control socket and on
// a listener of their own.
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Customer, Daemon, request } from '../lib/daemon.mjs'
import { run } from '../lib/tap.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()

async function withDaemon(config, play) {
  const daemon = new Daemon({ config })
  const ctl = (...words) => spawnSync(path.join(build, 'usherctl'), ['--socket', daemon.socket, ...words], { encoding: 'utf8' })
  const say = (...words) => {
    const { status, stdout, stderr } = ctl(...words)
    assert.equal(status, 0, stderr)
    return stdout
  }
  try {
    await daemon.start()
    await daemon.seed()
    await play({ daemon, ctl, say })
    await daemon.stop()
  } finally {
    await daemon.end()
  }
}

await run([
  [
    'an alarm stands in usherctl status, whose exit status stays 0, and among the figures',
    () =>
      withDaemon({ store: { space_warn: '9000000G' } }, async ({ say }) => {
        assert.match(say('status'), /^ALARM disk since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: .*make the disk larger/m)
        assert.match(say('metrics'), /^usher_alarm\{name="disk"\} 1$/m)
      }),
  ],
  [
    'usherctl why lists who waits, and says of one why nobody takes it',
    () =>
      withDaemon({}, async ({ daemon, ctl, say }) => {
        assert.equal(say('why'), 'Nobody waits.\n')
        const anna = await daemon.login('anna')
        await anna.call('agent.set_status', { status: 'on_break' })
        const vera = await new Customer(daemon, 'Vera').open()
        await vera.say('Hello?')
        const [, id] = /^(int_\w+) +support +since .*\d\d:\d\d:\d\d +Vera$/m.exec(say('why'))
        const lines = say('why', id).trim().split('\n')
        assert.match(lines[0], new RegExp(`^${id}: it waits at place 1 of 1 in the queue Support, since .*\\d\\d:\\d\\d:\\d\\d$`))
        assert.match(lines[1], /^Anna: on break since .*\d\d:\d\d:\d\d$/)
        assert.match(lines[2], /^Ben: logged out/)
        assert.equal(lines[3], '2 more users do not work its queue.')

        const raw = JSON.parse(say('--json', 'why', id))
        assert.deepEqual(
          raw.agents.map(({ name, verdict }) => [name, verdict]).slice(0, 2),
          [
            ['Anna', 'on_break'],
            ['Ben', 'logged_out'],
          ],
        )
        assert.equal(raw.agents.length, 4, 'JSON names everybody')

        const unknown = ctl('why', 'int_nobody')
        assert.equal(unknown.status, 1)
        assert.match(unknown.stderr, /there is no such interaction/)
      }),
  ],
  [
    // A channel may hand over names as its network has them. What usher itself takes has no such characters: somebody plays usherd.
    "no name steers the administrator's terminal",
    async () => {
      const dir = mkdtempSync(path.join(tmpdir(), 'usher-test-'))
      const waiting = { interaction: 'int_1', queue: 'support', enqueued_at: 1, customer_name: 'B\u001b[2J\u009bn\\u001b' }
      const server = http.createServer((_, answer) =>
        answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result: { interactions: [waiting], waiting: 1 } })),
      )
      try {
        await new Promise((done) => server.listen(path.join(dir, 's'), done))
        const { stdout } = await promisify(execFile)(path.join(build, 'usherctl'), ['--socket', path.join(dir, 's'), 'why'])
        assert.match(stdout, /^int_1 +support +since .* B\ufffd\[2J\ufffdn\\u001b\n$/)
      } finally {
        server.close()
        rmSync(dir, { recursive: true, force: true })
      }
    },
  ],
  [
    'figures are on the control socket and where the configuration says so, and nowhere else',
    () =>
      withDaemon({ 'listen:scrape': { address: '127.0.0.1:0', metrics: 'only' } }, async ({ daemon, say }) => {
        const { addresses } = await daemon.ctl('system.status')
        const port = Number(addresses[1].split(':').pop())
        const get = (from, what) => request({ port: from, method: 'GET', path: what })
        const scraped = await get(port, '/metrics')
        assert.equal(scraped.status, 200)
        assert.match(scraped.headers['content-type'], /^text\/plain; version=0\.0\.4/)
        const names = (text) => text.match(/^# TYPE .*$/gm)
        assert.deepEqual(names(scraped.text), names(say('metrics')))
        assert.equal((await get(port, '/frontend/desk/')).status, 404)
        assert.equal((await get(port, '/healthz')).status, 404)
        assert.equal((await get(daemon.port, '/metrics')).status, 404)
      }),
  ],
])
