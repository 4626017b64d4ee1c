// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Prosody that other tests lean on: it starts, restarts with what it knew, refuses a component with another secret,
// and leaves nothing behind.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { Prosody } from '../../lib/prosody.mjs'
import { run } from '../../lib/tap.mjs'

/** XEP-0114 by hand, as far as the server's answer to the handshake. */
async function handshake(server, secret) {
  const socket = net.connect(server.componentPort, '127.0.0.1')
  let text = ''
  socket.on('data', (part) => (text += part))
  socket.on('error', () => {})
  const seen = async (pattern) => {
    while (!pattern.test(text)) await once(socket, 'data')
    return pattern.exec(text)
  }
  socket.write(
    `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${server.domain}'>`,
  )
  const [, id] = await seen(/ id=['"]([^'"]+)['"]/)
  socket.write(`<handshake>${createHash('sha1').update(id + secret).digest('hex')}</handshake>`)
  const [answer] = await seen(/<handshake *\/>|<not-authorized/)
  socket.destroy()
  return answer
}

await run([
  [
    'customers talk through it, before and after a restart',
    async () => {
      const server = await new Prosody().start()
      const port = server.componentPort
      const alice = await server.customer('alice')
      const bob = await server.customer('bob')
      const id = await alice.say('bob@localhost', 'hello <&> \u05e9')
      assert.equal((await bob.message()).body, 'hello <&> \u05e9')
      await alice.receipt(id)
      await server.restart('SIGKILL')
      assert.equal(server.componentPort, port)
      for (const customer of [alice, bob]) await customer.event((event) => event.event === 'ready')
      await bob.say('alice@localhost', 'again')
      await alice.message('again')
      await alice.end()
      await bob.end()
      await server.end()
      assert.ok(!existsSync(server.dir))
      assert.notEqual(server.child.signalCode ?? server.child.exitCode, null)
    },
  ],
  [
    'a component is let in with its secret only',
    async () => {
      const server = await new Prosody({ domain: 'desk.localhost', secret: 'one & two' }).start()
      assert.match(await handshake(server, server.secret), /handshake/)
      assert.match(await handshake(server, 'guess'), /not-authorized/)
      const settings = server.settings()
      assert.equal(settings.domain, 'desk.localhost')
      assert.equal(settings.port, String(server.componentPort))
      await server.end()
    },
  ],
])
