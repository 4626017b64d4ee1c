// SPDX-License-Identifier: GPL-3.0-or-later
//
// Meta's side of a webhook: verifies the subscription, posts signed bodies, and posts them again with growing pauses
// until they are taken.
import net from 'node:net'
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { encode, forgeries, honest } from './sign.mjs'

/** Ends early when the emulator stops. */
const sleep = (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined)

/** The body of an answer in chunks, null = not all of it is there. */
function unchunk(bytes) {
  const parts = []
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return null
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (size === 0) return Buffer.concat(parts)
    if (bytes.length < end + 2 + size + 2) return null
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

/**
 * The answer in what has come, null = it is not whole yet; so a connection that is kept open delays nothing. `last`: nothing
 * more will come.
 */
function parse(bytes, last) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) {
    if (last) throw new Error('the connection was closed before an answer came')
    return null
  }
  const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1])
  if (!status) throw new Error(`this is not HTTP: ${first}`)
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const rest = bytes.subarray(end + 4)
  let body = last ? rest : null
  if (/chunked/i.test(headers['transfer-encoding'] ?? '')) body = unchunk(rest)
  else if ('content-length' in headers) body = rest.length >= Number(headers['content-length']) ? rest : null
  if (body === null && last) throw new Error('the connection was closed in the middle of an answer')
  return body === null ? null : { status, headers, body: body.toString('utf8') }
}

/** One HTTP request over its own connection. `split`: write so many bytes at a time. */
async function exchange(url, method, headers, bytes, { split = 0, deadline, signal }) {
  const target = new URL(url)
  if (target.protocol !== 'http:') throw new Error(`the emulator posts to http: addresses only, not to ${url}`)
  const lines = [
    `${method} ${target.pathname}${target.search} HTTP/1.1`,
    `Host: ${target.host}`,
    'User-Agent: facebookexternalua',
    'Accept: */*',
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  const request = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
  const socket = net.connect(Number(target.port || 80), target.hostname)
  socket.setNoDelay(true)
  const parts = []
  const answer = new Promise((resolve, reject) => {
    const look = (last) => {
      try {
        const found = parse(Buffer.concat(parts), last)
        if (found === null) return
        resolve(found)
      } catch (error) {
        reject(error)
      }
      socket.destroy()
    }
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${deadline} ms`)), deadline)
    const stopped = () => socket.destroy(new Error('stopped'))
    signal.addEventListener('abort', stopped)
    socket.on('data', (part) => {
      parts.push(part)
      look(false)
    })
    socket.on('end', () => look(true))
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stopped)
      reject(new Error('the connection was closed'))
    })
  })
  answer.catch(() => undefined)
  const size = split > 0 ? split : request.length
  for (let at = 0; at < request.length && !socket.destroyed; at += size) {
    socket.write(request.subarray(at, at + size))
    if (split > 0) await sleep(1)
  }
  return answer
}

/** Where a page's events go. Options of every post may override those of the hook. */
export class Hook {
  constructor({ appSecret, deadline = 5000, firstPause = 100, longestPause = 3000, giveUp = 3600000 }) {
    Object.assign(this, { appSecret, deadline, firstPause, longestPause, giveUp })
    this.url = null
    this.posts = []
    this.stopper = new AbortController()
    setMaxListeners(0, this.stopper.signal)
    this.paused = null
  }

  /** Everything waits until `resume`. */
  pause() {
    this.paused ??= (() => {
      let open
      const gate = new Promise((resolve) => (open = resolve))
      return { gate, open }
    })()
  }

  resume() {
    this.paused?.open()
    this.paused = null
  }

  stop() {
    this.stopper.abort()
    this.resume()
  }

  /** The verification request; resolves to {status, body}. */
  async verify(verifyToken, challenge, { mode = 'subscribe' } = {}) {
    const url = new URL(this.url)
    for (const [key, value] of Object.entries({ mode, verify_token: verifyToken, challenge }))
      if (value !== null) url.searchParams.append(`hub.${key}`, value)
    return exchange(url, 'GET', {}, Buffer.alloc(0), { deadline: this.deadline, signal: this.stopper.signal })
  }

  /**
   * Posts once; resolves to {status, body}. `forge`: one of the forgeries; `upper`: hex in capitals; `split`: bytes per TCP
   * write; `bytes`: instead of the encoded body.
   */
  async post(body, { forge, upper = false, split = 0, bytes = encode(body), headers = {} } = {}) {
    const signed = forge
      ? forgeries[forge](this.appSecret, bytes)
      : { headers: honest(this.appSecret, bytes, upper), bytes }
    const all = {
      'Content-Type': 'application/json',
      'Content-Length': signed.bytes.length,
      ...signed.headers,
      ...headers,
    }
    const record = { at: Date.now(), body, status: 0 }
    this.posts.push(record)
    try {
      const answer = await exchange(this.url, 'POST', all, signed.bytes, {
        split,
        deadline: this.deadline,
        signal: this.stopper.signal,
      })
      record.status = answer.status
      return answer
    } catch (error) {
      record.error = error.message
      throw error
    }
  }

  /** Posts until a 2xx comes; resolves to the number of attempts, or to 0 when the emulator was stopped or gave up. */
  async deliver(body, options = {}) {
    const end = Date.now() + this.giveUp
    let rest = this.firstPause
    for (let attempt = 1; !this.stopper.signal.aborted && Date.now() < end; attempt++) {
      await this.paused?.gate
      if (this.stopper.signal.aborted || this.url === null) return 0
      try {
        const { status } = await this.post(body, options)
        if (status >= 200 && status < 300) return attempt
      } catch {
        /* not reached, or no answer in time: again like any other failure */
      }
      await sleep(rest, this.stopper.signal)
      rest = Math.min(rest * 2, this.longestPause)
    }
    return 0
  }
}
