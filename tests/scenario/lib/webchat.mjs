// SPDX-License-Identifier: GPL-3.0-or-later
//
// The web chat as a channel of the scenarios: customers on the WebSocket of plugins/channel/webchat/protocol.md.
import { randomUUID } from 'node:crypto'
import { request } from '../../lib/daemon.mjs'
import { Socket } from './socket.mjs'
import { Stream } from './wait.mjs'

class Visitor {
  constructor(centre, name) {
    Object.assign(this, { centre, name, lines: [], state: 'none' })
    this.frames = new Stream(name ?? 'the customer')
  }

  async open() {
    const answer = await request({
      port: this.centre.port,
      path: '/channel/line/session',
      headers: { origin: this.centre.base },
      body: this.name ? { name: this.name } : {},
    })
    if (answer.status !== 200) throw new Error(`session: ${answer.status} ${answer.text}`)
    this.token = answer.body.token
    this.identity = answer.body.visitor
    return this.connect()
  }

  async connect() {
    this.socket = new Socket({ onFrame: (frame) => this.#take(frame) })
    await this.socket.connect(this.centre.port, '/channel/line/ws', { Origin: this.centre.base })
    this.socket.send({ hello: { token: this.token, after: this.lines.length } })
    await this.frames.next('the welcome', (frame) => frame.welcome)
    return this
  }

  #take(frame) {
    if (frame.line) this.lines[frame.line.n - 1] = frame.line
    if (frame.state) this.state = frame.state.state
    this.frames.push(frame)
  }

  /** What agents wrote, in the order in which it is shown. */
  get texts() {
    return this.lines.filter((line) => line.author === 'agent').map((line) => line.text)
  }

  /** Resolves when the message is stored. The same `id` is the same message. */
  async says(text, { id = randomUUID() } = {}) {
    this.socket.send({ message: { id, text, ...(this.name ? { name: this.name } : {}) } })
    const answer = await this.frames.next(
      `the receipt of "${text}"`,
      (frame) => (frame.ack ?? frame.refused)?.id === id,
    )
    if (answer.refused) throw new Error(`"${text}" was refused: ${answer.refused.message}`)
  }

  /** The network delivers the same message again. */
  async repeats(text) {
    const id = randomUUID()
    await this.says(text, { id })
    await this.says(text, { id })
  }

  /** Several messages at once, as fast as the line takes them. */
  async floods(texts) {
    await Promise.all(texts.map((text) => this.says(text)))
  }

  sees(text) {
    return this.frames.until(`"${text}"`, () => this.texts.includes(text))
  }

  reads() {
    this.socket.send({ read: this.lines.length })
  }

  types(on = true) {
    this.socket.send({ typing: on })
  }

  seesTyping() {
    return this.frames.next('the agent to type', (frame) => frame.typing === true)
  }

  toldEnded() {
    return this.frames.until('to be told that the chat ended', () =>
      this.lines.some((line) => line.author === 'system' && line.code === 'ended'),
    )
  }

  /** Ends the chat on purpose. */
  async leaves() {
    const id = randomUUID()
    this.socket.send({ end: { id } })
    await this.frames.next('the end to be stored', (frame) => frame.ack?.id === id)
  }

  close() {
    this.socket.close()
  }
}

export class Webchat {
  static title = 'web chat'
  network = 'webchat'
  can = { shortTexts: true, leave: true, typeIn: true, nameAtOnce: true }

  async start() {
    return this
  }

  sections() {
    return {
      'channel:line': {
        plugin: 'webchat',
        queue: 'support',
        allowed_origins: '*',
        name_required: 'false',
        rate_messages: '10000',
        sessions_per_address: '0',
      },
    }
  }

  async ready(centre) {
    this.centre = centre
  }

  customer(name) {
    return new Visitor(this.centre, name).open()
  }

  check() {}

  async stop() {}
}
