// SPDX-License-Identifier: GPL-3.0-or-later
//
// An agent's or supervisor's desk that does not mind that the daemon dies: it connects again with the number of the last event it
// saw, and gives every unanswered command again under the same key. It keeps the state that a desktop keeps, by the rules of
// docs/desk-protocol.md, and a log of every frame and every answer.
import { randomUUID } from 'node:crypto'
import { OperationError, request } from '../../lib/daemon.mjs'
import { Socket } from '../../scenario/lib/socket.mjs'
import { Stream } from '../../scenario/lib/wait.mjs'
import { breathe } from './phoenix.mjs'

const patience = 120000
const ranks = ['queued', 'uncertain', 'sent', 'delivered', 'read', 'failed']

const withMessages = (interaction) => ({
  ...interaction,
  messages: new Map((interaction.messages ?? []).map((each) => [each.message, each])),
})

export class Desk {
  /** `token`, `user`: a session that is there already. */
  constructor(node, login, { password, token, user }) {
    Object.assign(this, { node, login, password, token, user, connections: 0, log: [], calls: [], pending: new Map() })
    this.interactions = new Map()
    this.saves = new Map()
    this.closed = false
    this.news = new Stream(login)
  }

  async open() {
    while (!this.token) await this.#logIn().catch(breathe)
    this.work = this.#stayConnected().catch((error) => this.news.end(error.message))
    await this.until('the first welcome', () => this.me)
    return this
  }

  async #logIn() {
    await this.node.up()
    const { status, body } = await request({
      port: this.node.port,
      path: '/api/v1/session.login',
      headers: { 'x-usher-request': '1' },
      body: { login: this.login, password: this.password },
    })
    if (status !== 200) throw new Error(`session.login: ${status}`)
    this.token = body.result.token
    this.user = body.result.user.user
  }

  async #stayConnected() {
    while (!this.closed) {
      await this.node.up()
      this.connections++
      const ended = new Promise((resolve) => {
        this.socket = new Socket({ onFrame: (frame) => this.#take(frame), onClose: resolve })
      })
      try {
        await this.socket.connect(this.node.port, '/frontend/desk/ws', { Origin: this.node.base })
        const since = this.seen === undefined ? {} : { since: this.seen }
        this.socket.send({ hello: { token: this.token, client: 'fault/1', beats: true, ...since } })
        await ended
      } catch {
        /* it died: again */
      }
      this.live = false
      await breathe()
    }
  }

  /* ---- frames -------------------------------------------------------------------------------------------- */

  #take(frame) {
    if (frame.type === 'heartbeat') {
      this.socket.send({ ping: 1 })
      return
    }
    this.log.push({ at: Date.now(), connection: this.connections, frame })
    if (frame.type === 'welcome') this.#welcome(frame)
    else if (frame.type === 'result') this.#answered(frame)
    else if ('seq' in frame) {
      this.seen = Math.max(this.seen ?? 0, frame.seq)
      this.#apply(frame)
    }
    this.news.push(frame)
  }

  #welcome(frame) {
    this.live = true
    if (!frame.resumed) {
      this.seen = frame.seq
      this.me = frame.snapshot.me
      this.supervises = 'agents' in frame.snapshot
      this.interactions = new Map(frame.snapshot.interactions.map((each) => [each.interaction, withMessages(each)]))
      for (const { interaction, save } of frame.snapshot.interactions) this.saves.set(interaction, save.state)
    }
    for (const call of this.pending.values()) this.#give(call)
  }

  #apply(event) {
    const known = this.interactions.get(event.interaction)
    const mine = event.agent === this.user
    if (event.type === 'agent.status' && mine) Object.assign(this.me, event)
    else if (event.type === 'interaction.offered' && mine)
      this.interactions.set(event.interaction, withMessages({ ...event, messages: [], state: 'offered' }))
    else if (event.type === 'interaction.queued' && mine) this.interactions.delete(event.interaction)
    else if (event.type === 'interaction.closed') this.interactions.delete(event.interaction)
    else if (event.type === 'offer.ended' && event.cause !== 'accepted') this.interactions.delete(event.interaction)
    else if (event.type === 'message.state') this.#rise(event)
    else if (event.type === 'interaction.save') this.saves.set(event.interaction, event.state)
    else if (known) this.#applyTo(known, event)
  }

  /** A receipt may come after the interaction: it names the conversation. */
  #rise({ message, state }) {
    for (const { messages } of this.interactions.values()) {
      const line = messages.get(message)
      if (line && ranks.indexOf(state) > ranks.indexOf(line.state)) line.state = state
    }
  }

  #applyTo(known, event) {
    if (event.type === 'interaction.accepted') known.state = 'active'
    else if (event.type === 'message.added') known.messages.set(event.message, { ...event })
    else if (event.type === 'interaction.ended' && event.ended_by === 'agent')
      Object.assign(known, { state: 'wrap_up', deadline: event.deadline })
  }

  /* ---- commands ------------------------------------------------------------------------------------------ */

  #give(call) {
    call.attempts++
    this.socket.send({ call: call.name, id: call.id, cmd: call.cmd, args: call.args })
  }

  #answered(frame) {
    const call = this.pending.get(frame.id)
    if (!call) return
    const code = frame.error?.code
    if (code === 'busy' || code === 'unavailable') {
      setTimeout(() => this.live && this.pending.has(call.id) && this.#give(call), 50)
      return
    }
    this.pending.delete(frame.id)
    Object.assign(call, { doneAt: Date.now(), ok: frame.ok, result: frame.result, error: frame.error })
    if (frame.ok) call.resolve(frame.result)
    else call.reject(new OperationError(call.name, 0, frame.error))
  }

  /** Gives a command until it is answered, always under the same key. */
  call(name, args = {}) {
    const call = { name, args, id: String(this.calls.length + 1), cmd: randomUUID(), at: Date.now(), attempts: 0 }
    this.calls.push(call)
    this.pending.set(call.id, call)
    const answer = new Promise((resolve, reject) => Object.assign(call, { resolve, reject }))
    if (this.live) this.#give(call)
    return answer
  }

  /** Waits for something in what this desk knows. */
  until(what, probe, ms = patience) {
    return this.news.until(what, probe, ms)
  }

  /* ---- what an agent does -------------------------------------------------------------------------------- */

  /** Takes an offer and looks at what was said before, as a desktop does. False: it was over already. */
  async accept({ interaction, offer }) {
    if (!(await this.#unlessOver('interaction.accept', { interaction, offer }))) return false
    const { interaction: whole } = await this.call('interaction.get', { interaction })
    const known = this.interactions.get(interaction)?.messages
    for (const each of whole.messages) if (known && !known.has(each.message)) known.set(each.message, each)
    this.news.wake()
    return true
  }

  rejects({ interaction }) {
    return this.#unlessOver('interaction.reject', { interaction })
  }

  /** Ends the wrap-up by hand, unless its timer was faster. */
  wrapsUp(interaction) {
    return this.#unlessOver('interaction.wrap_up_done', { interaction })
  }

  /** What a deadline may have ended a moment ago. */
  async #unlessOver(name, args) {
    try {
      await this.call(name, args)
      return true
    } catch (error) {
      if (error instanceof OperationError && ['gone', 'conflict', 'not_found'].includes(error.code)) return false
      throw error
    }
  }

  /** Waits for the offer of a customer and takes it; resolves to the interaction. */
  async takes(customer) {
    const offered = await this.until(`an offer of ${customer.identity}`, () =>
      [...this.interactions.values()].find((each) => each.identity === customer.identity),
    )
    await this.accept(offered)
    return offered.interaction
  }

  /** Says something; resolves when it is known what became of it, or that this is not known. */
  async says(interaction, text, more = {}) {
    const { message } = await this.call('message.send', { interaction, text, client_id: randomUUID(), ...more })
    await this.until(`"${text}" to go out`, () => {
      const known = this.interactions.get(interaction)?.messages.get(message)
      return known && known.state !== 'queued'
    })
  }

  /** Waits until the customer's text is there. */
  sees(interaction, text) {
    return this.until(`"${text}"`, () =>
      [...(this.interactions.get(interaction)?.messages.values() ?? [])].some(
        (each) => each.author === 'customer' && each.text === text,
      ),
    )
  }

  /** Waits until the chat is filed. */
  files(interaction) {
    return this.until('the case', () => this.saves.get(interaction) === 'saved')
  }

  /** For the checker: up to event `last`. */
  record(last) {
    const { login, user, supervises } = this
    const log = this.log.filter(({ frame }) => !(frame.seq > last))
    const calls = this.calls.map(({ resolve, reject, ...call }) => call)
    return { login, user, supervises, log, calls }
  }

  async close() {
    this.closed = true
    this.socket?.close()
    this.socket?.cut()
    await this.work
  }
}
