#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The load generator notices what it is there to notice: a relay that loses, doubles, reorders or misdirects a single
// message, or hangs up, fails the run with the right count; one that does nothing wrong passes.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { barePairs } from './lib/load.mjs'
import { run } from '../lib/tap.mjs'

const program = path.join(process.env.USHER_BUILDDIR ?? process.cwd(), 'tests/bench/load')
const pairs = 4
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The whole text frames at the start of `data` (masked, below 64 KiB), and the rest. */
function unframe(data) {
  const texts = []
  for (;;) {
    if (data.length < 8) return { texts, rest: data }
    const extended = (data[1] & 127) === 126
    const head = extended ? 8 : 6
    const length = extended ? data.readUInt16BE(2) : data[1] & 127
    if (data.length < head + length) return { texts, rest: data }
    const mask = data.subarray(head - 4, head)
    texts.push(Buffer.from(data.subarray(head, head + length).map((byte, i) => byte ^ mask[i & 3])))
    data = data.subarray(head + length)
  }
}

const frame = (text) =>
  Buffer.concat([
    text.length < 126 ? Buffer.from([0x81, text.length]) : Buffer.from([0x81, 126, text.length >> 8, text.length & 255]),
    text,
  ])

/** A relay such as tests/bench/bare; `fault (send, text, to)` does with the fiftieth message what it likes. */
class Relay {
  async start(fault) {
    this.sockets = new Map()
    this.count = 0
    this.server = http.createServer().on('upgrade', (request, socket) => {
      const index = Number(new URL(request.url, 'http://localhost').searchParams.get('i'))
      const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + guid).digest('base64')
      let kept = Buffer.alloc(0)
      this.sockets.set(index, socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
      socket.on('data', (part) => {
        const { texts, rest } = unframe(Buffer.concat([kept, part]))
        kept = rest
        for (const text of texts) this.take(fault, text, index ^ 1)
      })
    })
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.port = this.server.address().port
    return this
  }

  take(fault, text, to) {
    const send = (what, where = to) => this.sockets.get(where)?.write(frame(what))
    if (++this.count === 50 && fault) fault(send, text, to, this)
    else send(text)
  }

  end() {
    for (const socket of this.sockets.values()) socket.destroy()
    this.server.close()
  }
}

/** Exit status and figures of a short run against such a relay. */
async function measure(fault) {
  const folder = mkdtempSync(path.join(tmpdir(), 'usher-test-load-'))
  const relay = await new Relay().start(fault)
  try {
    const conns = path.join(folder, 'conns')
    writeFileSync(conns, `${barePairs(pairs).join('\n')}\n`)
    const options = { port: relay.port, conns, rate: 400, warmup: 0, duration: 0.5, drain: 0.5, timeout: 30 }
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    child.stdout.on('data', (part) => (text += part))
    const [status] = await once(child, 'close')
    return { status, figures: JSON.parse(text.trim().split('\n').at(-1)) }
  } finally {
    relay.end()
    rmSync(folder, { recursive: true })
  }
}

const faults = {
  lost: () => {},
  doubled: (send, text) => {
    send(text)
    send(text)
  },
  // With the last digit of its number another one: as if it came before its time.
  out_of_order: (send, text) => send(Buffer.from(text.toString('latin1').replace(/^(@W.{31})(.)/, '$1f'), 'latin1')),
  astray: (send, text, to) => send(text, (to + 2) % (2 * pairs)),
  closed: (send, text, to, relay) => {
    send(text)
    relay.sockets.get(to).destroy()
  },
}

await run([
  [
    'a relay that does nothing wrong passes',
    async () => {
      const { status, figures } = await measure()
      assert.equal(status, 0, JSON.stringify(figures))
      assert.ok(figures.sent > 50 && figures.delivered === figures.sent, JSON.stringify(figures))
    },
  ],
  ...Object.entries(faults).map(([name, fault]) => [
    `one message is ${name.replaceAll('_', ' ')}: the run fails and says so`,
    async () => {
      const { status, figures } = await measure(fault)
      assert.equal(status, 1, JSON.stringify(figures))
      assert.ok(figures[name] > 0, JSON.stringify(figures))
    },
  ]),
])
