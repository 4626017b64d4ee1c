// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who types only the name of the host gets to the desktop, as long as it is clear which one is meant.
import assert from 'node:assert/strict'
import { Daemon, request } from '../../lib/daemon.mjs'
import { run } from '../../lib/tap.mjs'

async function withDaemon(config, play) {
  const daemon = new Daemon({ config })
  const ask = (path, method = 'GET') => request({ port: daemon.port, path, method })
  try {
    await daemon.start()
    await play(ask, daemon)
    await daemon.stop()
  } finally {
    await daemon.end()
  }
}

async function leadsTo(ask, place) {
  const answer = await ask('/?from=a-bookmark')
  assert.equal(answer.status, 303)
  assert.equal(answer.headers.location, place)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.equal((await ask('/', 'HEAD')).status, 303)
  assert.match((await ask(place)).headers['content-type'], /^text\/html/)
}

const web = { plugin: 'web' }

await run([
  [
    'the bare address leads to the only desktop; a POST and other paths find nothing as ever',
    () =>
      withDaemon({}, async (ask) => {
        await leadsTo(ask, '/frontend/desk/')
        for (const [path, method] of [['/', 'POST'], ['/other', 'GET'], ['/frontend', 'GET']]) {
          const answer = await ask(path, method)
          assert.equal(answer.status, 404, `${method} ${path}`)
          assert.equal(answer.body.error.code, 'not_found')
        }
      }),
  ],
  [
    'to its mount, and one in a process of its own, too; one that is switched off does not count',
    () =>
      withDaemon(
        { 'frontend:desk': { mount: '/agents', isolation: 'process' }, 'frontend:old': { ...web, enabled: 'false' } },
        (ask) => leadsTo(ask, '/agents/'),
      ),
  ],
  [
    'with two of them nobody can know which is meant; both run',
    () =>
      withDaemon({ 'frontend:second': web }, async (ask) => {
        assert.equal((await ask('/')).status, 404)
        for (const name of ['desk', 'second']) assert.equal((await ask(`/frontend/${name}/`)).status, 200)
      }),
  ],
  [
    'what is mounted at / has it for itself',
    () =>
      withDaemon({ 'frontend:desk': { mount: '/' }, 'frontend:second': web }, async (ask) => {
        const answer = await ask('/')
        assert.equal(answer.status, 200)
        assert.match(answer.text, /<!doctype html>/i)
      }),
  ],
  ['without a front end there is nothing', () => withDaemon({ 'frontend:desk': null }, async (ask) => assert.equal((await ask('/')).status, 404))],
])
