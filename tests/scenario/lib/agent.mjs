// SPDX-License-Identifier: GPL-3.0-or-later
//
// An agent (or supervisor) at a desk: speaks the desk protocol over a WebSocket, keeps the state that a desktop would keep, and
// offers what a person does as methods. Every wait is bounded and fails with the last events.
import { randomUUID } from 'node:crypto'
import { OperationError } from '../../lib/daemon.mjs'
import { Socket } from './socket.mjs'
import { Stream } from './wait.mjs'

const showEvent = ({ seq, at, type, ...rest }) => `${seq} ${type} ${JSON.stringify(rest)}`

const fits = (event, wanted) => Object.entries(wanted).every(([key, value]) => event[key] === value)

/** One interaction as its agent works on it. */
export class Chat {
  /** `seen`: the interaction as it was when the agent took it. */
  constructor(agent, id, seen) {
    Object.assign(this, { agent, id, seen })
  }

  /** All lines by number: those from before the agent had it, then what came by events. */
  get lines() {
    const lines = new Map(this.seen.messages.map((each) => [each.n, each]))
    for (const each of this.agent.all('message.added', { interaction: this.id })) lines.set(each.n, each)
    return [...lines.values()].sort((a, b) => a.n - b.n)
  }

  /** One line by the message's id, with its state as it is now. */
  line(message) {
    const found = this.lines.find((each) => each.message === message)
    const states = this.agent.all('message.state', { message })
    return found && states.length > 0 ? { ...found, ...states.at(-1) } : found
  }

  /** What the customer wrote, in order. */
  get texts() {
    return this.lines.filter((line) => line.author === 'customer').map((line) => line.text)
  }

  call(name, args = {}) {
    return this.agent.call(name, { interaction: this.id, ...args })
  }

  /** As the transaction panel shows it, with all messages. */
  async look() {
    return (await this.call('interaction.get')).interaction
  }

  /** Resolves to the answer: {message, n}. */
  say(text, more = {}) {
    return this.call('message.send', { text, client_id: randomUUID(), ...more })
  }

  /** Waits until the customer's text is there; resolves to the line. */
  sees(text) {
    return this.agent.events.until(`"${text}" of the customer`, () =>
      this.lines.find((line) => line.author === 'customer' && line.text === text),
    )
  }

  /** Waits until a message of ours has that state or a higher one. */
  state(message, wanted) {
    const ranks = ['queued', 'sent', 'delivered', 'read']
    return this.agent.events.until(`message ${message} to be ${wanted}`, () =>
      this.agent.events.items.find(
        (event) =>
          event.type === 'message.state' &&
          event.message === message &&
          (event.state === wanted || ranks.indexOf(event.state) > ranks.indexOf(wanted)),
      ),
    )
  }

  types(on = true) {
    this.agent.socket.send({ typing: { interaction: this.id, on } })
  }

  seesTyping(on = true) {
    return this.agent.typing.next(
      `the customer ${on ? 'to type' : 'to stop typing'}`,
      (frame) => frame.interaction === this.id && frame.on === on,
    )
  }

  /** Waits until the engine knows who the customer is; resolves to {customer, customer_name, draft}. */
  customer() {
    return this.agent.event('interaction.customer', { interaction: this.id })
  }

  save() {
    return this.call('interaction.save')
  }

  /** Waits until the case is filed; resolves to it. */
  async saved() {
    const { case: id } = await this.agent.event('interaction.save', { interaction: this.id, state: 'saved' })
    return this.agent.case(id)
  }

  async end() {
    await this.call('interaction.end')
    return this.agent.event('interaction.ended', { interaction: this.id, ended_by: 'agent' })
  }

  wrapUpDone() {
    return this.call('interaction.wrap_up_done')
  }

  closed(ms) {
    return this.agent.event('interaction.closed', { interaction: this.id }, ms)
  }
}

export class Agent {
  constructor(centre, login) {
    Object.assign(this, { centre, login, calls: 0, pending: new Map(), interactions: new Map(), me: null })
    this.events = new Stream(login, showEvent)
    this.typing = new Stream(login)
    this.frames = new Stream(login)
  }

  /* ---- the line ---- */

  /** Logs in and opens a desk. */
  async open() {
    const { token, user } = await this.centre.login(this.login)
    this.token = token
    this.user = user.user
    await this.connect()
    return this
  }

  /** Opens (again) a desk with the session; `since`: number of the last event seen. */
  async connect({ since, beats = true } = {}) {
    this.socket = new Socket({
      onFrame: (frame) => this.#take(frame),
      onClose: (code) => {
        for (const { reject } of this.pending.values()) reject(new Error(`the desk was closed with ${code}`))
        this.pending.clear()
      },
    })
    await this.socket.connect(this.centre.port, '/frontend/desk/ws', { Origin: this.centre.base })
    const hello = { token: this.token, client: 'scenario/1', ...(since === undefined ? {} : { since }) }
    this.socket.send({ hello: beats ? { ...hello, beats } : hello })
    this.welcome = await this.frames.next('the welcome', (frame) => frame.type === 'welcome')
    if (this.welcome.snapshot) this.#restore(this.welcome.snapshot)
    return this.welcome
  }

  /** The desk vanishes without a word. */
  vanish() {
    this.socket.cut()
  }

  close() {
    this.socket?.close()
  }

  #restore(snapshot) {
    this.me = snapshot.me
    this.snapshot = snapshot
    this.interactions = new Map(snapshot.interactions.map((each) => [each.interaction, each]))
  }

  #take(frame) {
    if (frame.type === 'heartbeat') this.socket.send({ ping: 1 })
    else if (frame.type === 'result') {
      const { resolve, reject, name } = this.pending.get(frame.id)
      this.pending.delete(frame.id)
      if (frame.ok) resolve(frame.result)
      else reject(new OperationError(name, 0, frame.error))
    } else if (frame.type === 'typing') this.typing.push(frame)
    else if ('seq' in frame && frame.type !== 'welcome') {
      this.#apply(frame)
      this.events.push(frame)
    } else {
      this.frames.push(frame)
      this.events.wake()
    }
  }

  #apply(event) {
    if (event.type === 'agent.status' && event.agent === this.user) Object.assign(this.me, event)
    const known = this.interactions.get(event.interaction)
    if (event.type === 'interaction.offered' && event.agent === this.user)
      this.interactions.set(event.interaction, { ...event, state: 'offered' })
    else if (event.type === 'interaction.accepted' && known) known.state = 'active'
    else if (event.type === 'offer.ended' && event.cause !== 'accepted') this.interactions.delete(event.interaction)
    else if (event.type === 'interaction.closed') this.interactions.delete(event.interaction)
  }

  /* ---- operations and events ---- */

  /** An operation as a frame of the desk; rejects with an OperationError. */
  call(name, args = {}, cmd = randomUUID()) {
    const id = String(++this.calls)
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, name })
      this.socket.send({ call: name, id, cmd, args })
    })
  }

  /** The same operation over HTTP, as programs use it. */
  http(name, args = {}) {
    return this.centre.http(name, args, this.token)
  }

  /**
   * The events of one step are frames of their own. From inside usherd they come in one piece; from an isolated front end they may
   * not, so a round trip waits for those that follow.
   */
  async #wholeStep(event) {
    if (process.env.USHER_ISOLATION) await this.call('session.me').catch(() => undefined)
    return event
  }

  /** The next event of that type with these members that no wait took before. */
  async event(type, members = {}, ms) {
    return this.#wholeStep(
      await this.events.next(
        `${type} ${JSON.stringify(members)}`,
        (event) => event.type === type && fits(event, members),
        ms,
      ),
    )
  }

  /** All events of a type that came so far. */
  all(type, members = {}) {
    return this.events.items.filter((event) => event.type === type && fits(event, members))
  }

  /* ---- what an agent does ---- */

  get status() {
    return this.me.status
  }

  /** What comes after the chats: the status that was asked for. */
  get asked() {
    return this.me.asked
  }

  becomes(status, ms) {
    return this.events.until(`the status ${status} (it is ${this.status})`, () => this.status === status, ms)
  }

  async goes(status, reason) {
    await this.call('agent.set_status', { status, ...(reason ? { reason } : {}) })
  }

  async available() {
    await this.goes('available')
    return this
  }

  /** The next offer to this agent; `from`: of this customer. */
  async offer({ from, ms } = {}) {
    const offer = await this.events.next(
      `an offer${from ? ` of ${from.identity}` : ''}`,
      (event) =>
        event.type === 'interaction.offered' &&
        event.agent === this.user &&
        (from === undefined || event.identity === from.identity),
      ms,
    )
    return this.#wholeStep(offer)
  }

  /** Fails when there is an offer that no test step knows of, after everything in the centre has settled. */
  async hasNoOffer() {
    await this.settle()
    const surplus = this.all('interaction.offered', { agent: this.user }).find((event) => !this.events.taken.has(event))
    if (surplus)
      throw new Error(`${this.login} was offered ${surplus.interaction} of ${surplus.identity}; ${this.events.last}`)
  }

  /** Resolves to why the offer ended: accepted, rejected, timed_out, customer_left, withdrawn, agent_lost. */
  async offerEnded(offer, ms) {
    return (await this.event('offer.ended', { offer: offer.offer }, ms)).cause
  }

  async accept(offer) {
    await this.call('interaction.accept', { interaction: offer.interaction, offer: offer.offer })
    await this.event('interaction.accepted', { interaction: offer.interaction })
    return this.chat(offer.interaction)
  }

  /** The chat of an interaction this agent has. */
  async chat(id) {
    return new Chat(this, id, (await this.call('interaction.get', { interaction: id })).interaction)
  }

  reject(offer, reason) {
    return this.call('interaction.reject', { interaction: offer.interaction, ...(reason ? { reason } : {}) })
  }

  /** Takes the next offer of a customer. */
  async takes(customer) {
    return this.accept(await this.offer({ from: customer }))
  }

  /**
   * After everything the centre has in hand was done, this desk has seen it; then an offer that is not here was not made.
   */
  async settle() {
    await this.centre.settle()
    await this.call('session.me')
  }

  async case(id) {
    return (await this.call('case.get', { case: id })).case
  }

  async cases(query = {}) {
    return (await this.call('case.list', query)).cases
  }

  async customer(id) {
    return (await this.call('customer.get', { customer: id })).customer
  }

  async customers(query = {}) {
    return (await this.call('customer.search', query)).customers
  }
}
