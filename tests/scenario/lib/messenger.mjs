// SPDX-License-Identifier: GPL-3.0-or-later
//
// Facebook Messenger as a channel of the scenarios: customers are people of the stand-in for the Graph API, and everything
// that a careful client never does makes the scenario fail.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Graph } from '../../lib/graph.mjs'
import { eventually } from './wait.mjs'

let people = 0

const isEnd = (text) => /chat (has )?ended/i.test(text)

class Person {
  constructor(graph, name, id = `psid-${++people}`) {
    this.graph = graph
    this.name = name
    this.identity = id
    const [first_name, last_name] = (name ?? '').split(' ')
    this.person = graph.person(this.identity, name ? { first_name, last_name } : { profile: 'nameless' })
  }

  /** What agents wrote: all that came but the announcement of the end. */
  get texts() {
    return this.person.texts.filter((text) => !isEnd(text))
  }

  async says(text) {
    const { attempts } = await this.person.says(text)
    if (attempts === 0) throw new Error(`"${text}" was not delivered:\n${this.graph.story()}`)
  }

  async repeats(text) {
    await this.person.says(text, { twice: true })
  }

  /** Each in a webhook of its own, all at the same time. */
  async floods(texts) {
    const events = texts.map((text) => this.person.message({ text }))
    await Promise.all(events.reverse().map((event) => this.person.post(event, { now: true })))
  }

  sees(text) {
    return eventually(
      `${this.identity} to see "${text}"`,
      () => this.texts.includes(text),
      () => this.graph.story(),
    )
  }

  reads() {
    return this.person.reads()
  }

  seesTyping() {
    return eventually(
      `${this.identity} to see the agent type`,
      () => this.person.typing,
      () => this.graph.story(),
    )
  }

  toldEnded() {
    return eventually(
      `${this.identity} to be told that the chat ended`,
      () => this.person.texts.some(isEnd),
      () => this.graph.story(),
    )
  }

  close() {}
}

export class Messenger {
  static title = 'Messenger'
  network = 'messenger'
  can = { shortTexts: true, leave: false, typeIn: false, nameAtOnce: false }

  async start() {
    this.graph = await new Graph({ hook: { firstPause: 20, longestPause: 200, giveUp: 15000 } }).start()
    return this
  }

  #secret(name, value) {
    const file = path.join(this.dir, name)
    writeFileSync(file, `${value}\n`, { mode: 0o600 })
    return `file:${file}`
  }

  /** The token of the page as it is now, as an administrator writes it to its file. */
  writeToken() {
    return this.#secret('token', this.graph.token)
  }

  sections(dir) {
    this.dir = dir
    return {
      'channel:line': {
        plugin: 'messenger',
        queue: 'support',
        page_id: this.graph.page.id,
        page_access_token: this.writeToken(),
        app_secret: this.#secret('app-secret', this.graph.appSecret),
        verify_token: this.#secret('verify-token', this.graph.verifyToken),
        announce: 'ended',
        base_url: this.graph.base,
      },
    }
  }

  async ready(centre) {
    this.graph.webhook = `${centre.base}/channel/line/webhook`
    const { status, body } = await this.graph.verify({ challenge: '4711' })
    if (status !== 200 || body !== '4711') throw new Error(`the webhook was not verified: ${status} ${body}`)
  }

  async customer(name, id) {
    return new Person(this.graph, name, id)
  }

  check() {
    this.graph.check()
  }

  async stop() {
    await this.graph.stop()
  }
}
