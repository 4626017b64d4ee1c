// SPDX-License-Identifier: GPL-3.0-or-later
//
// Customers who do not mind that the daemon dies: what was not acknowledged is sent again under the same id, as the widget and the
// provider do it. Each keeps a log of what was sent, what was acknowledged, and what arrived.
import { randomUUID } from 'node:crypto'
import { request, sleep } from '../../lib/daemon.mjs'
import { Socket } from '../../scenario/lib/socket.mjs'
import { Stream } from '../../scenario/lib/wait.mjs'
import { breathe } from './phoenix.mjs'

/** How long anything may take that the daemon's deaths come between. */
const patience = 120000

/** On the web chat: plugins/channel/webchat/protocol.md. */
export class Visitor {
  constructor(node, name) {
    Object.assign(this, { node, name, channel: 'site', sent: [], received: [], waiting: [], troubles: [] })
    this.closed = false
    this.frames = new Stream(name)
    this.lines = []
  }

  async open() {
    while (!this.token) await this.#session().catch(breathe)
    this.work = this.#stayConnected().catch((error) => this.frames.end(error.message))
    return this
  }

  async #session() {
    await this.node.up()
    const { status, body } = await request({
      port: this.node.port,
      path: '/channel/site/session',
      headers: { origin: this.node.base },
      body: { name: this.name },
    })
    if (status !== 200) throw new Error(`session: ${status}`)
    this.token = body.token
    this.identity = body.visitor
  }

  async #stayConnected() {
    while (!this.closed) {
      await this.node.up()
      const ended = new Promise((resolve) => {
        this.socket = new Socket({ onFrame: (frame) => this.#take(frame), onClose: resolve })
      })
      try {
        await this.socket.connect(this.node.port, '/channel/site/ws', { Origin: this.node.base })
        this.socket.send({ hello: { token: this.token, after: this.lines.length } })
        await ended
      } catch {
        /* it died: again */
      }
      this.welcome = false
      await breathe()
    }
  }

  #take(frame) {
    if (frame.welcome) {
      this.welcome = true
      this.#send()
    } else if (frame.ack) this.#acked(frame.ack)
    else if (frame.refused) this.#refused(frame.refused)
    else if (frame.line) this.#line(frame.line)
    else if (frame.reset)
      this.troubles.push(`the server does not know ${this.name}'s cursor ${this.lines.length} any more`)
    else if (frame.error) this.troubles.push(`${this.name} was told ${frame.error.code}: ${frame.error.message}`)
    this.frames.push(frame)
  }

  #line(line) {
    this.received.push({ ...line, seenAt: Date.now() })
    if (line.n === this.lines.length + 1) this.lines.push(line)
  }

  /** One at a time: the first that has no receipt. */
  #send() {
    const [next] = this.waiting
    if (!next || !this.welcome) return
    next.attempts++
    this.socket.send({ message: { id: next.id, text: next.text, name: this.name } })
  }

  #acked({ id, n }) {
    const [next] = this.waiting
    if (next?.id !== id) return
    this.waiting.shift()
    Object.assign(next, { ackedAt: Date.now(), n })
    this.#send()
  }

  #refused({ id, code, message, retry_after_ms }) {
    const [next] = this.waiting
    if (next?.id !== id) return
    if (code !== 'busy' && code !== 'too_fast') this.troubles.push(`"${next.text}" was refused: ${code}: ${message}`)
    else setTimeout(() => this.#send(), retry_after_ms ?? 100)
  }

  /** Resolves when it is stored. */
  async says(text) {
    const id = randomUUID()
    const one = { key: `${this.identity}:${id}`, id, text, at: Date.now(), attempts: 0 }
    this.sent.push(one)
    this.waiting.push(one)
    if (this.waiting.length === 1) this.#send()
    await this.frames.until(`"${text}" to be stored`, () => one.ackedAt, patience)
  }

  sees(text) {
    return this.frames.until(`to see "${text}"`, () => this.lines.some((line) => line.text === text), patience)
  }

  /** Once nothing more happens: everything up to line n has arrived. */
  has(n) {
    return this.frames.until(`line ${n}`, () => this.lines.length >= n, patience)
  }

  get log() {
    const { channel, identity, sent, received, troubles } = this
    return { channel, identity, sent, lines: received, troubles }
  }

  async close() {
    this.closed = true
    this.socket?.close()
    this.socket?.cut()
    await this.work
  }
}

/** With this before its id the channel marks an agent's message, so that an echo can be told from others' lines. */
const ours = 'usher:out:'

let people = 0

/** On Messenger: a person of the stand-in, which delivers a webhook again until it is taken. */
export class Person {
  constructor(graph, name) {
    Object.assign(this, { graph, name, channel: 'page', sent: [] })
    this.identity = `psid-${++people}`
    this.person = graph.person(this.identity, { first_name: name, last_name: 'M' })
  }

  async open() {
    return this
  }

  async says(text) {
    const event = this.person.message({ text })
    const one = { key: event.mid, text, at: Date.now() }
    this.sent.push(one)
    one.attempts = await this.person.post(event)
    if (one.attempts === 0) throw new Error(`"${text}" was not taken by the webhook:\n${this.graph.story()}`)
    one.ackedAt = Date.now()
  }

  async sees(text) {
    for (const end = Date.now() + patience; !this.person.texts.includes(text); await sleep(15))
      if (Date.now() > end) throw new Error(`${this.name} did not get "${text}":\n${this.graph.story()}`)
  }

  async has() {}

  get log() {
    const accepted = this.person.received
      .filter(({ metadata }) => metadata?.startsWith(ours))
      .map(({ metadata, text, at }) => ({ message: metadata.slice(ours.length), text, at }))
    return { channel: this.channel, identity: this.identity, sent: this.sent, accepted, troubles: [] }
  }

  async close() {}
}
