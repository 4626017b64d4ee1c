// SPDX-License-Identifier: GPL-3.0-or-later
//
// XMPP as a channel of the scenarios: a real Prosody, and customers with a real client library. Servers and clients are slow to
// start, so they are kept and lent to one scenario after another; the centre behind the address is a new one each time.
import { Prosody } from '../../lib/prosody.mjs'
import { eventually } from './wait.mjs'

const nobody = 'nobody'
const accounts = ['anasilva', 'benroth', 'cleodiaz', nobody]
const accountOf = (name) => (name ? name.toLowerCase().replaceAll(' ', '') : nobody)
const isEnd = (text) => /chat (has )?ended/i.test(text)

/** A server with the clients that have logged in there; lent to one scenario at a time. */
class Place {
  static free = []

  static async borrow() {
    return Place.free.pop() ?? (await new Place().start())
  }

  async start() {
    this.prosody = await new Prosody({ users: accounts }).start()
    this.clients = new Map()
    return this
  }

  async client(name) {
    const account = accountOf(name)
    if (!accounts.includes(account))
      throw new Error(`there is no account "${account}"; there are ${accounts.join(', ')}`)
    if (!this.clients.has(account)) {
      const client = await this.prosody.customer(account)
      if (name) await client.act({ do: 'vcard', name })
      this.clients.set(account, client)
    }
    const client = this.clients.get(account)
    // What the server handed over before its answer belongs to the scenario before.
    client.tell({ do: 'ask', what: 'ping', to: 'localhost', tag: `${client.events.length}` })
    await client.event(({ event, what }) => event === 'answer' && what === 'ping')
    return client
  }

  giveBack() {
    Place.free.push(this)
  }
}

let stanzas = 0

class Contact {
  constructor(client, address, name) {
    Object.assign(this, { client, address, name, begin: client.events.length })
    this.identity = `${accountOf(name)}@localhost`
  }

  get #messages() {
    return this.client.events.slice(this.begin).filter(({ event, error }) => event === 'message' && !error)
  }

  get #bodies() {
    return this.#messages.map(({ body }) => body).filter((body) => body !== undefined)
  }

  /** What agents wrote: all that came but the announcement of the end. */
  get texts() {
    return this.#bodies.filter((text) => !isEnd(text))
  }

  #wait(what, probe) {
    const story = () =>
      this.client.events
        .slice(-10)
        .map((event) => JSON.stringify(event))
        .join('\n')
    return eventually(`${this.identity} to ${what}`, probe, story)
  }

  #send(text, id) {
    this.client.tell({ do: 'send', to: this.address, text, id, ...(this.name ? { nick: this.name } : {}) })
  }

  #receipt(text, id, times = 1) {
    return this.#wait(`have "${text}" acknowledged`, () => {
      const refusal = this.client.events.find(({ error, id: about }) => error && about === id)
      if (refusal) throw new Error(`"${text}" was refused: ${JSON.stringify(refusal.error)}`)
      return this.#messages.filter(({ received }) => received === id).length >= times
    })
  }

  async says(text) {
    const id = `s${++stanzas}`
    this.#send(text, id)
    await this.#receipt(text, id)
  }

  /** The client sends the same stanza again, as after a lost connection. */
  async repeats(text) {
    const id = `s${++stanzas}`
    this.#send(text, id)
    this.#send(text, id)
    await this.#receipt(text, id, 2)
  }

  async floods(texts) {
    const sent = texts.map((text) => [text, `s${++stanzas}`])
    for (const [text, id] of sent) this.#send(text, id)
    for (const [text, id] of sent) await this.#receipt(text, id)
  }

  sees(text) {
    return this.#wait(`see "${text}"`, () => this.texts.includes(text))
  }

  reads() {
    const { id } = this.#messages.filter(({ body }) => body !== undefined).at(-1)
    return this.client.act({ do: 'displayed', to: this.address, id })
  }

  types(on = true) {
    this.client.tell({ do: 'state', to: this.address, state: on ? 'composing' : 'paused' })
  }

  seesTyping() {
    return this.#wait('see the agent type', () => this.#messages.some(({ state }) => state === 'composing'))
  }

  toldEnded() {
    return this.#wait('be told that the chat ended', () => this.#bodies.some(isEnd))
  }

  close() {}
}

export class Xmpp {
  static title = 'XMPP'
  network = 'xmpp'
  can = { shortTexts: false, leave: false, typeIn: true, nameAtOnce: true }

  async start() {
    this.place = await Place.borrow()
    return this
  }

  sections() {
    return {
      'channel:line': { ...this.place.prosody.settings(), queue: 'support', announce: 'ended', reconnect_min: '100ms' },
    }
  }

  /** The component is connected when it answers. */
  async ready() {
    const client = await this.place.client()
    const address = `support@${this.place.prosody.domain}`
    await eventually('the component to be connected', async () => {
      const tag = `ready ${++stanzas}`
      client.tell({ do: 'ask', what: 'ping', to: address, tag })
      return !(await client.event((event) => event.event === 'answer' && event.tag === tag)).error
    })
  }

  async customer(name) {
    return new Contact(await this.place.client(name), `support@${this.place.prosody.domain}`, name)
  }

  check() {}

  async stop() {
    this.place.giveBack()
  }
}
