// SPDX-License-Identifier: GPL-3.0-or-later
//
// The calls of the Graph API that a Messenger channel makes: who may, to which path, in which shape, and what comes of it.
import http from 'node:http'
import { randomBytes } from 'node:crypto'
import { GraphError, Violation, errorOfRecipient } from './error.mjs'
import { parseMultipart } from './multipart.mjs'
import { day, newMid } from './person.mjs'
import { checkAttachment, checkSend } from './shape.mjs'
import { proof, same } from './sign.mjs'

const megabyte = 1024 * 1024
const profileFields = ['id', 'first_name', 'last_name', 'name', 'profile_pic', 'locale', 'timezone']
export const subscribable = [
  'messages',
  'messaging_postbacks',
  'message_deliveries',
  'message_reads',
  'message_echoes',
  'message_reactions',
  'message_edits',
  'messaging_referrals',
  'messaging_optins',
  'messaging_policy_enforcement',
  'messaging_handovers',
  'standby',
  'feed',
]

/** Downloads what an attachment's address leads to, as Meta does. */
function fetchFile(url, limit, patience) {
  return new Promise((resolve, reject) => {
    const unreachable = (why) => reject(new GraphError(100, { subcode: 2018108, message: `(#100) ${url}: ${why}` }))
    const req = http.get(url, { agent: false, timeout: patience }, (res) => {
      if (res.statusCode !== 200) {
        res.destroy()
        return unreachable(`answered ${res.statusCode}`)
      }
      const parts = []
      let size = 0
      res.on('data', (part) => {
        parts.push(part)
        if ((size += part.length) > limit) {
          res.destroy()
          reject(new GraphError(100, { subcode: 2018109 }))
        }
      })
      res.on('end', () => resolve({ bytes: Buffer.concat(parts), type: res.headers['content-type'] ?? '' }))
      res.on('error', (error) => unreachable(error.message))
    })
    req.on('timeout', () => req.destroy(new Error('timed out')))
    req.on('error', (error) => unreachable(error.message))
  })
}

function parseJson(bytes) {
  let text
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Violation('the body is not UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Violation(`the body is not JSON: ${error.message}`)
  }
}

function jsonField(parts, name) {
  const found = parts.find((part) => part.name === name)
  return found ? parseJson(found.bytes) : undefined
}

/** Body and file of a call that may come as JSON or as an upload. */
function readBody(type, bytes) {
  if (/^application\/json\s*(;|$)/i.test(type)) return { body: parseJson(bytes), file: null }
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new Violation(`the Content-Type is ${type || 'missing'}; it must be application/json`)
  let parts
  try {
    parts = parseMultipart(type, bytes)
  } catch (error) {
    throw new Violation(error.message)
  }
  const known = ['recipient', 'message', 'messaging_type', 'tag', 'filedata']
  for (const { name } of parts)
    if (!known.includes(name)) throw new Violation(`the upload has the unknown field "${name}"`)
  const body = {}
  for (const name of ['recipient', 'message']) {
    const value = jsonField(parts, name)
    if (value !== undefined) body[name] = value
  }
  for (const name of ['messaging_type', 'tag']) {
    const part = parts.find((each) => each.name === name)
    if (part) body[name] = part.bytes.toString('utf8')
  }
  const file = parts.find((part) => part.name === 'filedata')
  if (!file?.type) throw new Violation('an upload needs "filedata" with a type')
  return { body, file }
}

export class Api {
  constructor(graph) {
    this.graph = graph
    this.inFlight = new Map()
    this.sent = { text: [], media: [], day: [] }
  }

  /* ---- who may ---- */

  authorise(url, headers) {
    const { graph } = this
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    const query = url.searchParams.get('access_token')
    if (headers.authorization && !bearer)
      throw new Violation('the Authorization header is not "Bearer TOKEN"', { code: 104, status: 400 })
    if (bearer && query && bearer !== query)
      throw new Violation('query and Authorization header carry different tokens')
    const token = bearer ?? query
    if (!token) throw new Violation('An access token is required to request this resource.', { code: 104, status: 400 })
    if (graph.deadTokens.has(token)) throw new GraphError(190, { subcode: graph.deadTokens.get(token) })
    if (!same(token, graph.token)) throw new GraphError(190)
    const given = url.searchParams.get('appsecret_proof')
    if (given === null && graph.demandProof)
      throw new Violation('API calls from the server require an appsecret_proof argument')
    if (given !== null && !same(given, proof(graph.appSecret, token)))
      throw new Violation('Invalid appsecret_proof provided in the API argument')
  }

  /** Splits /vN.0/a/b; refuses versions that do not live. */
  route(url) {
    const [, version, ...rest] = url.pathname.split('/')
    if (!/^v\d+\.\d+$/.test(version))
      throw new Violation(`the path ${url.pathname} does not begin with a version`, { code: 2500, status: 400 })
    if (!this.graph.versions.includes(version))
      throw new Violation(`the version ${version} is not alive; ${this.graph.versions.join(', ')} are`, {
        code: 2635,
        status: 400,
      })
    return rest.map((part) => decodeURIComponent(part))
  }

  queryKeys(url, allowed) {
    const seen = new Set()
    for (const key of url.searchParams.keys()) {
      if (!['access_token', 'appsecret_proof', ...allowed].includes(key))
        throw new Violation(`the query has the unknown key "${key}"`)
      if (seen.has(key)) throw new Violation(`the query has "${key}" twice`)
      seen.add(key)
    }
  }

  /* ---- dispatch ---- */

  /** Resolves to {on, user, run}: what kind of call it is and what it does when nothing is planned against it. */
  call(method, url, headers, bytes) {
    const path = this.route(url)
    this.authorise(url, headers)
    const [node, edge] = path
    const page = node === 'me' || node === this.graph.page.id
    const type = headers['content-type'] ?? ''
    const is = (m, wanted) => method === m && path.length === 2 && edge === wanted
    if (page && is('POST', 'messages')) return this.messages(url, type, bytes)
    if (page && is('POST', 'message_attachments')) return this.upload(url, type, bytes)
    if (page && path.length === 2 && edge === 'subscribed_apps') return this.subscribedApps(method, url, type, bytes)
    if (page && method === 'GET' && path.length === 1) return this.pageNode(url)
    if (is('POST', 'comments') && this.graph.comments.has(node)) return this.publicAnswer(node, url, type, bytes)
    if (method === 'GET' && path.length === 1) return this.profile(node, url)
    throw new Violation(`Unsupported ${method} request: ${url.pathname}`, { code: 100, status: 400 })
  }

  /* ---- the Send API ---- */

  messages(url, type, bytes) {
    this.queryKeys(url, [])
    if (bytes.length > 26 * megabyte) throw new GraphError(100, { subcode: 2018109 })
    const { body, file } = readBody(type, bytes)
    const { to, id, kind } = checkSend(body, file)
    if (kind === 'action') return { on: 'action', user: id, run: () => this.action(this.person(id), body) }
    const user = to === 'id' ? id : null
    return {
      on: 'send',
      user,
      conversation: to === 'id' ? id : `comment ${id}`,
      run: async () => {
        const person = to === 'id' ? this.person(id) : this.commenter(id)
        this.mayWrite(person, body, to)
        this.rate(kind === 'attachment' ? body.message.attachment.type : 'text')
        const fetched = kind === 'attachment' ? await this.attached(body.message.attachment, file) : undefined
        return this.accept(person, body, fetched, to === 'comment_id' ? id : null)
      },
    }
  }

  person(id) {
    const error = errorOfRecipient(id)
    if (error) throw error
    const found = this.graph.people.get(id)
    if (!found) throw new GraphError(100, { subcode: 2018001 })
    if (found.blocked) throw new GraphError(551)
    return found
  }

  commenter(id) {
    const found = this.graph.comments.get(id)
    if (!found) throw new GraphError(100, { message: `(#100) There is no comment ${id}` })
    if (found.answered) throw new Violation(`the comment ${id} has its private answer already; there is one for each`)
    if (this.graph.now() > found.at + 7 * day)
      throw new GraphError(100, { message: `(#100) The comment ${id} is older than 7 days` })
    return found.person
  }

  mayWrite(person, body, to) {
    if (to === 'comment_id') return
    const now = this.graph.now()
    const closed = new GraphError(10, { subcode: 2018278 })
    if (person.lastAt === 0) throw closed
    if (body.messaging_type === 'MESSAGE_TAG') {
      if (!this.graph.humanAgent) throw new GraphError(10, { message: '(#10) The app lacks the feature Human Agent' })
      if (now > person.lastAt + 7 * day) throw closed
    } else if (now > person.windowUntil) throw closed
    if (body.reply_to && !person.mids.has(body.reply_to.mid))
      throw new Violation(`reply_to.mid ${body.reply_to.mid} is in no message of this conversation`)
  }

  /** 300 texts and 10 voice messages or videos a second; 200 calls a day for each person who wrote. */
  rate(type) {
    const { graph } = this
    const now = graph.now()
    const heavy = type === 'audio' || type === 'video'
    const name = heavy ? 'media' : 'text'
    const recent = (this.sent[name] = this.sent[name].filter((at) => at > now - 1000))
    if (recent.length >= graph.rates[name]) throw new GraphError(613)
    const today = (this.sent.day = this.sent.day.filter((at) => at > now - day))
    const engaged = [...graph.people.values()].filter((each) => each.lastAt > now - day).length
    if (today.length >= graph.rates.day * Math.max(engaged, 1)) throw new GraphError(80006, { regain: 60 })
    recent.push(now)
    today.push(now)
  }

  async attached(attachment, file) {
    if (attachment.type === 'template') return undefined
    if (file) {
      if (file.bytes.length > 25 * megabyte) throw new GraphError(100, { subcode: 2018109 })
      return this.typed(attachment.type, { bytes: file.bytes, type: file.type, name: file.filename })
    }
    const { url, attachment_id: id } = attachment.payload
    if (id !== undefined) {
      if (!this.graph.uploads.has(id)) throw new GraphError(100, { message: `(#100) There is no attachment ${id}` })
      return this.graph.uploads.get(id)
    }
    if (!this.graph.fetchMedia) return { url }
    const limit = (attachment.type === 'image' ? 8 : 25) * megabyte
    return this.typed(attachment.type, {
      url,
      ...(await fetchFile(url, limit, attachment.type === 'video' ? 75000 : 10000)),
    })
  }

  typed(wanted, found) {
    if (wanted !== 'file' && !found.type.startsWith(`${wanted}/`))
      throw new GraphError(100, {
        message: `(#100) The attachment is ${found.type || 'without a type'}, not of the type ${wanted}`,
      })
    return found
  }

  accept(person, body, fetched, comment) {
    const { graph } = this
    const { message } = body
    const record = {
      user: person.id,
      mid: newMid(),
      at: graph.tick(),
      type: body.messaging_type,
      tag: body.tag,
      text: message.text,
      metadata: message.metadata,
      file: fetched,
      message,
      reply_to: body.reply_to?.mid,
      comment,
    }
    if (record.metadata !== undefined && person.received.some((each) => each.metadata === record.metadata))
      graph.violated(`the message with metadata ${record.metadata} was sent to ${person.id} twice`)
    if (comment) graph.comments.get(comment).answered = true
    person.received.push(record)
    person.mids.add(record.mid)
    person.typingUntil = 0
    graph.accepted.push(record)
    return { answer: { recipient_id: person.id, message_id: record.mid }, person, record }
  }

  action(person, body) {
    const { graph } = this
    const action = body.sender_action
    if (graph.now() > person.windowUntil && !action.endsWith('react')) throw new GraphError(10, { subcode: 2018278 })
    if (body.payload && !person.mids.has(body.payload.message_id))
      throw new Violation(`payload.message_id ${body.payload.message_id} is in no message of this conversation`)
    const record = { user: person.id, action, at: graph.now(), ...body.payload }
    if (action === 'typing_on') person.typingUntil = graph.now() + 20000
    if (action === 'typing_off') person.typingUntil = 0
    if (action === 'mark_seen') person.seenUpto = person.lastAt
    person.actions.push(record)
    graph.actions.push(record)
    return { answer: { recipient_id: person.id } }
  }

  upload(url, type, bytes) {
    this.queryKeys(url, [])
    const { body, file } = readBody(type, bytes)
    for (const key of Object.keys(body))
      if (key !== 'message') throw new Violation(`an upload takes "message" only, not "${key}"`)
    for (const key of Object.keys(body.message ?? {}))
      if (key !== 'attachment') throw new Violation(`message has the unknown key "${key}"`)
    checkAttachment('message.attachment', body.message?.attachment, file)
    return {
      on: 'upload',
      run: async () => {
        const id = String(BigInt(`0x${randomBytes(7).toString('hex')}`))
        this.graph.uploads.set(id, await this.attached(body.message.attachment, file))
        return { answer: { attachment_id: id } }
      },
    }
  }

  /* ---- nodes ---- */

  fields(url, known, required = false) {
    this.queryKeys(url, ['fields'])
    const text = url.searchParams.get('fields')
    if (text === null && !required) return ['id', 'name']
    const names = (text ?? '').split(',')
    for (const name of names)
      if (!known.includes(name)) throw new Violation(`Tried accessing nonexisting field (${name})`)
    return names
  }

  pageNode(url) {
    const fields = this.fields(url, ['id', 'name'])
    const { page } = this.graph
    return {
      on: 'page',
      run: () => ({
        answer: Object.fromEntries([
          ...fields.filter((name) => name in page).map((name) => [name, page[name]]),
          ['id', page.id],
        ]),
      }),
    }
  }

  profile(id, url) {
    const fields = this.fields(url, profileFields, true)
    return { on: 'profile', user: id, run: () => ({ answer: this.look(id, fields) }) }
  }

  look(id, fields) {
    const person = this.graph.people.get(id)
    if (!person || person.lastAt === 0)
      throw new GraphError(100, {
        subcode: 33,
        message: `Unsupported get request. Object with ID '${id}' does not exist or cannot be loaded`,
      })
    if (person.profile === 'forbidden')
      throw new GraphError(10, { message: '(#10) The app lacks the feature Business Asset User Profile Access' })
    if (person.profile === 'refused')
      throw new GraphError(100, { subcode: 2018218, message: '(#100) No profile available for this user.' })
    this.graph.lookups.push(id)
    if (person.profile === 'nameless') return { id }
    const all = {
      first_name: person.first_name,
      last_name: person.last_name,
      name: [person.first_name, person.last_name].filter(Boolean).join(' '),
      profile_pic: person.pictureUrl,
      locale: person.locale,
      timezone: person.timezone,
    }
    return Object.fromEntries([
      ...fields.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]),
      ['id', id],
    ])
  }

  subscribedApps(method, url, type, bytes) {
    const { graph } = this
    this.queryKeys(url, method === 'POST' ? ['subscribed_fields'] : ['fields'])
    if (method === 'GET') {
      const data = graph.installed
        ? [{ id: String(graph.appId), name: 'usher', subscribed_fields: [...graph.fields] }]
        : []
      return { on: 'subscribe', run: () => ({ answer: { data } }) }
    }
    if (method === 'DELETE') return { on: 'subscribe', run: () => (graph.unsubscribe(), { answer: { success: true } }) }
    if (method !== 'POST') throw new Violation(`Unsupported ${method} request: ${url.pathname}`)
    let value = url.searchParams.get('subscribed_fields')
    if (bytes.length > 0) {
      const { body } = readBody(type, bytes)
      for (const key of Object.keys(body))
        if (key !== 'subscribed_fields') throw new Violation(`the body has the unknown key "${key}"`)
      value ??= Array.isArray(body.subscribed_fields) ? body.subscribed_fields.join(',') : body.subscribed_fields
    }
    const names = typeof value === 'string' ? value.split(',') : []
    if (names.length === 0 || names[0] === '') throw new Violation('subscribed_fields is missing')
    for (const name of names)
      if (!subscribable.includes(name)) throw new Violation(`subscribed_fields has no "${name}"`)
    return { on: 'subscribe', run: () => (graph.subscribe(names), { answer: { success: true } }) }
  }

  publicAnswer(id, url, type, bytes) {
    this.queryKeys(url, [])
    const { body } = readBody(type, bytes)
    for (const key of Object.keys(body))
      if (key !== 'message') throw new Violation(`the body has the unknown key "${key}"`)
    if (typeof body.message !== 'string' || body.message.trim() === '') throw new Violation('message must be a text')
    return {
      on: 'comment',
      run: () => {
        const answer = { id: `${id.split('_')[0]}_${randomBytes(4).readUInt32BE()}` }
        this.graph.comments.get(id).answers.push({ id: answer.id, message: body.message })
        return { answer }
      },
    }
  }
}
