// SPDX-License-Identifier: GPL-3.0-or-later
//
// A strict stand-in for Facebook's Graph API as a Messenger channel sees it, on a free port of 127.0.0.1. It refuses what the real
// one refuses, keeps its clock and its windows, sends signed webhooks, misbehaves on demand, and remembers everything. As a
// program it lets a person try the channel by hand: node tests/lib/graph.mjs --help
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { realpathSync } from 'node:fs'
import { Api, subscribable } from './graph/api.mjs'
import { GraphError, Violation } from './graph/error.mjs'
import * as events from './graph/events.mjs'
import { Hook } from './graph/hook.mjs'
import { Media } from './graph/media.mjs'
import { Person } from './graph/person.mjs'
import { Plans } from './graph/plan.mjs'

export { events, GraphError, Violation }
export { day } from './graph/person.mjs'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function readAll(req) {
  return new Promise((resolve, reject) => {
    const parts = []
    req.on('data', (part) => parts.push(part))
    req.on('end', () => resolve(Buffer.concat(parts)))
    req.on('error', reject)
    req.on('close', () => reject(new Error('the client went away in the middle of its request')))
  })
}

export class Graph {
  /**
   * `page`: {id, name}; `appId`: a number; `versions`: those alive; `demandProof`: calls need appsecret_proof; `humanAgent`: the app has
   * the feature; `fetchMedia`: download what attachments point to; `subscribed`: whether the app's dashboard subscribed the page
   * already; `auto`: what people's devices do by themselves: {echo, delivery, mids, read}; `rates`: calls per second {text, media} and
   * per day and person {day}; `hook`: options of the webhook's sender (deadline, firstPause, longestPause, giveUp).
   */
  constructor({
    page = { id: '100200300400500', name: 'The shop' },
    token = 'page-token',
    appSecret = 'app-secret',
    verifyToken = 'verify-token',
    appId = 987654321012345,
    versions = ['v22.0', 'v23.0', 'v24.0', 'v25.0', 'v26.0'],
    demandProof = false,
    humanAgent = true,
    fetchMedia = true,
    subscribed = true,
    auto = {},
    rates = {},
    hook = {},
  } = {}) {
    Object.assign(this, { page, token, appSecret, verifyToken, appId, versions, demandProof, humanAgent, fetchMedia })
    this.auto = { echo: true, delivery: true, mids: true, read: false, ...auto }
    this.rates = { text: 300, media: 10, day: 200, ...rates }
    this.installed = subscribed
    this.fields = new Set(subscribed ? subscribable : [])
    this.people = new Map()
    this.comments = new Map()
    this.uploads = new Map()
    this.deadTokens = new Map()
    this.accepted = []
    this.actions = []
    this.lookups = []
    this.requests = []
    this.violations = []
    this.plans = new Plans()
    this.offset = 0
    this.last = 0
    this.tasks = new Set()
    this.media = new Media({ base: () => this.base, now: () => this.now(), trapped: (what) => this.violated(what) })
    this.hook = new Hook({ appSecret, ...hook })
    this.api = new Api(this)
    this.server = http.createServer({ keepAliveTimeout: 60000 }, (req, res) => this.#serve(req, res))
  }

  /* ---- life ---- */

  async start(port = 0) {
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(port, '127.0.0.1', resolve))
    await this.media.start()
    return this
  }

  async stop() {
    this.hook.stop()
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
    await this.media.stop()
    await Promise.allSettled(this.tasks)
  }

  get base() {
    return `http://127.0.0.1:${this.server.address().port}`
  }

  get webhook() {
    return this.hook.url
  }

  set webhook(url) {
    this.hook.url = url
  }

  /** The emulator's clock: that of the machine plus what `advance` added. */
  now() {
    return Date.now() + this.offset
  }

  advance(ms) {
    this.offset += ms
  }

  /** A time later than any it told before, so that no two events have the same. */
  tick() {
    return (this.last = Math.max(this.last + 1, this.now()))
  }

  /** The token is refused from now on: 463 = expired, 460 = revoked by a new password. */
  endToken(subcode = 463) {
    this.deadTokens.set(this.token, subcode)
  }

  /** Another token is the right one now. */
  renewToken(token) {
    this.token = token
    this.deadTokens.delete(token)
  }

  subscribe(names) {
    this.installed = true
    this.fields = new Set(names)
  }

  unsubscribe() {
    this.installed = false
    this.fields = new Set()
  }

  /* ---- people and events ---- */

  person(id, options) {
    if (!this.people.has(id) || options) this.people.set(id, new Person(this, id, options))
    return this.people.get(id)
  }

  /** What the next calls meet; see graph/plan.mjs. */
  plan(plan) {
    this.plans.add(plan)
  }

  /**
   * Sends events in one webhook. `entries`: each in an entry of its own; `twice`: once more afterwards, or "together" with the
   * first; `forge`, `upper`, `split`, `headers`: see graph/hook.mjs, `forge` is posted once only. Resolves to the number of
   * attempts it took, 0 = nobody subscribed to such events or the emulator stopped; with `forge` to the answer.
   */
  async send(list, { entries = false, twice = false, ...options } = {}) {
    const wanted = list.filter((event) => this.fields.has(event.field))
    if (wanted.length === 0) return 0
    // Many events in one millisecond got times a little ahead; nothing is told before it happened.
    const ahead = this.last - this.now()
    if (ahead > 0) await sleep(Math.min(ahead, 1000))
    const at = this.now()
    const groups = entries ? wanted.map((event) => [event]) : [wanted]
    const body = events.envelope(groups.map((group) => events.entry(this.page.id, at, group)))
    if (options.forge) return this.hook.post(body, options)
    const first = this.hook.deliver(body, options)
    if (twice === 'together') await this.hook.deliver(body, options)
    const attempts = await first
    if (twice === true) await this.hook.deliver(body, options)
    return attempts
  }

  /** Asks the webhook whether it is ours; resolves to {status, body}. */
  verify({ verifyToken = this.verifyToken, challenge = '1158201444', mode } = {}) {
    return this.hook.verify(verifyToken, challenge, { mode })
  }

  /** Somebody comments under a post of the page. Resolves when the webhook was taken. */
  async comment(person, text, { id = `${this.page.id}_${this.tick()}`, at = this.tick() } = {}) {
    this.comments.set(id, { person, at, answers: [], answered: false })
    const from = { id: `user-of-${person.id}`, name: person.first_name }
    await this.send([
      events.comment(this.page.id, at, { comment_id: id, post_id: `${this.page.id}_1`, from, message: text }),
    ])
    return id
  }

  /* ---- records ---- */

  violated(what) {
    this.violations.push({ at: this.now(), what })
  }

  /** Throws when anything happened that a careful client never does. */
  check() {
    if (this.violations.length > 0)
      throw new Error(`the Graph API was misused:\n${this.violations.map(({ what }) => `- ${what}`).join('\n')}`)
  }

  /** What was asked and posted lately, for people. */
  story(lines = 20) {
    const asked = this.requests.map((each) => [
      each.at,
      `${each.method} ${each.path} -> ${each.status}${each.why ? ` ${each.why}` : ''}`,
    ])
    const posted = this.hook.posts.map((each) => [
      each.at,
      `webhook -> ${each.error ?? each.status} ${JSON.stringify(each.body).slice(0, 200)}`,
    ])
    return [...asked, ...posted]
      .sort(([a], [b]) => a - b)
      .slice(-lines)
      .map(([at, what]) => `${new Date(at).toISOString().slice(11, 23)} ${what}`)
      .join('\n')
  }

  /* ---- the server ---- */

  #serve(req, res) {
    if (req.method === 'GET' && this.media.serve(req, res)) return
    const url = new URL(req.url, this.base)
    const record = { at: Date.now(), method: req.method, path: url.pathname, status: 0 }
    this.requests.push(record)
    const task = this.#handle(req, res, url, record).catch((error) => {
      record.why = error.message
      res.destroy()
    })
    this.tasks.add(task)
    task.finally(() => this.tasks.delete(task))
  }

  async #handle(req, res, url, record) {
    const early =
      req.method === 'POST' && this.plans.take(/\/messages$/.test(url.pathname) ? 'send' : 'any', undefined, true)
    if (early) {
      record.why = 'cut before the body was read'
      req.socket.destroy()
      return
    }
    const bytes = await readAll(req)
    record.bytes = bytes
    let call
    let plan
    let done = () => undefined
    try {
      call = this.api.call(req.method, url, req.headers, bytes)
      if (call.conversation) done = await this.#oneAtATime(call.conversation, res)
      plan = this.plans.take(call.on, call.user) ?? {}
      if (plan.slow) await sleep(plan.slow)
      if (plan.error) throw new GraphError(plan.error.code, plan.error)
      const taken = plan.status || plan.drop === 'body' || plan.hang === 'refused' ? null : await call.run()
      await this.#answer(req, res, record, plan, taken, done)
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      if (error instanceof Violation) this.violated(`${record.method} ${record.path}: ${error.what}`)
      record.why = error.message
      done()
      this.#json(res, record, error.status, error.body, error.headers(this.page.id))
    }
  }

  /**
   * No provider orders two calls at once, so a careful client has one message of a conversation under way. One that it gave
   * up is not under way any more; the news of that may come a moment after the next message.
   */
  async #oneAtATime(conversation, res) {
    const { inFlight } = this.api
    const earlier = inFlight.get(conversation)
    const mine = { state: 'open' }
    inFlight.set(conversation, mine)
    const end = (state) => {
      if (mine.state === 'open') mine.state = state
      if (inFlight.get(conversation) === mine) inFlight.delete(conversation)
    }
    res.on('close', () => end('given up'))
    if (earlier) {
      if (earlier.state === 'open') await sleep(50)
      if (earlier.state !== 'given up') this.violated(`two messages to ${conversation} were under way at the same time`)
    }
    return () => end('answered')
  }

  async #answer(req, res, record, plan, taken, done) {
    const echoes = () => taken?.record && this.#after(taken, plan)
    if (plan.echo === 'first' && taken?.record) await this.#echo(taken)
    if (plan.drop) {
      record.why = taken ? 'cut after it was accepted' : 'cut after the body was read'
      req.socket.destroy()
      echoes()
      return
    }
    if (plan.hang) {
      record.why = `never answered, ${plan.hang}`
      echoes()
      return
    }
    done()
    if (plan.status)
      this.#raw(
        res,
        record,
        plan.status,
        '<html><body><h1>Sorry, something went wrong.</h1></body></html>',
        'text/html',
      )
    else if (plan.garbage) this.#raw(res, record, 200, '{"recipient_id":"1","message', 'application/json')
    else if (plan.truncate) {
      record.why = 'cut in the middle of the answer'
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 500 })
      res.write('{"recipient_id":', () => req.socket.destroy())
    } else this.#json(res, record, 200, taken.answer)
    echoes()
  }

  #raw(res, record, status, text, type, headers = {}) {
    record.status = status
    res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...headers })
    res.end(text)
  }

  #json(res, record, status, body, headers) {
    this.#raw(res, record, status, JSON.stringify(body), 'application/json; charset=UTF-8', headers)
  }

  #echo({ person, record }, options = {}) {
    if (!this.auto.echo) return undefined
    const { text, attachment, sticker_id } = record.message
    const content = {
      mid: record.mid,
      ...(text === undefined ? {} : { text }),
      ...(attachment ? { attachments: [{ type: attachment.type, payload: attachment.payload }] } : {}),
      ...(sticker_id === undefined ? {} : { sticker_id }),
      ...(record.metadata === undefined ? {} : { metadata: record.metadata }),
    }
    return person.post(events.echo(this.page.id, person.id, record.at, content, this.appId), options)
  }

  /** What follows an accepted message: our echo, then the person's device tells that it has it. */
  #after(taken, { echo = 'soon', after = 500 }) {
    const { person, record } = taken
    const follow = async () => {
      if (echo === 'late') await sleep(after)
      if (echo === 'soon' || echo === 'late' || echo === 'twice') await this.#echo(taken, { twice: echo === 'twice' })
      if (this.auto.delivery) await person.gets({ watermark: record.at, mids: this.auto.mids })
      if (this.auto.read) await person.reads({ watermark: record.at })
    }
    const task = follow()
    this.tasks.add(task)
    task.finally(() => this.tasks.delete(task))
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { main } = await import('./graph/cli.mjs')
  await main(Graph, process.argv.slice(2))
}
