// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pictures and files that events point to. They can be slow, larger than told, redirected, expired, or lie about what
// they are; and one address can lead to a place inside the network that a careful client never visits.
import http from 'node:http'
import { randomBytes } from 'node:crypto'

/** The smallest picture: one red pixel. */
export const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
)

const block = Buffer.alloc(65536, 'usher ')

function drained(res) {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}

async function drip(res, bytes, size, pause) {
  for (let sent = 0; sent < size && !res.destroyed;) {
    const part = bytes
      ? bytes.subarray(sent, sent + (pause ? 8 : size))
      : block.subarray(0, Math.min(block.length, size - sent))
    sent += part.length
    if (!res.write(part)) await drained(res)
    if (pause) await new Promise((done) => setTimeout(done, pause))
  }
  res.end()
}

export class Media {
  /** `base` and `now` are functions, because both change; `trapped` is called with each visit that must not be. */
  constructor({ base, now, trapped }) {
    Object.assign(this, { base, now, files: new Map(), fetched: [] })
    this.trap = http.createServer((req, res) => {
      trapped(`${req.method} ${req.url} was fetched from a private address that only a redirect or an event named`)
      res.writeHead(200, { 'Content-Type': 'image/png' })
      res.end(pixel)
    })
  }

  async start() {
    await new Promise((done) => this.trap.listen(0, '127.0.0.1', done))
  }

  async stop() {
    this.trap.closeAllConnections()
    await new Promise((done) => this.trap.close(done))
  }

  /** An address that no plugin may visit: private, and not the one it was told to trust. */
  get privateUrl() {
    return `http://127.0.0.1:${this.trap.address().port}/latest/meta-data/`
  }

  /**
   * Adds a file; returns its address. `bytes` and `type`; or `size`: so many made-up bytes. `told`: the Content-Length to claim,
   * null = none; `pause`: ms between pieces; `redirect`: an address, or "private"; `status`; `expires`: ms by the
   * emulator's clock; `hang`: never answers.
   */
  add({ bytes, type = 'image/png', name, ...rest } = {}) {
    const id = randomBytes(8).toString('hex')
    const content = bytes ?? (rest.size === undefined ? pixel : undefined)
    this.files.set(id, { type, bytes: content, size: content?.length ?? rest.size, ...rest })
    const path = name ? `${id}/${encodeURIComponent(name)}` : id
    return `${this.base()}/media/${path}?oh=${randomBytes(8).toString('hex')}&oe=${Math.floor(Date.now() / 1000).toString(16)}`
  }

  /** Answers GET /media/...; false when the path is not its own. */
  serve(req, res) {
    const [, id] = /^\/media\/([0-9a-f]+)(?:\/|\?|$)/.exec(req.url) ?? []
    if (!id) return false
    const file = this.files.get(id)
    this.fetched.push({ id, url: req.url, headers: req.headers })
    if (!file || (file.expires !== undefined && this.now() > file.expires)) {
      res.writeHead(file ? 403 : 404, { 'Content-Type': 'text/plain' })
      res.end(file ? 'URL signature expired' : 'Not found')
    } else if (file.redirect) {
      res.writeHead(302, { Location: file.redirect === 'private' ? this.privateUrl : file.redirect })
      res.end()
    } else if (file.status && file.status !== 200) {
      res.writeHead(file.status, { 'Content-Type': 'text/plain' })
      res.end('no')
    } else if (!file.hang) {
      const told = file.told === undefined ? file.size : file.told
      res.writeHead(200, { 'Content-Type': file.type, ...(told === null ? {} : { 'Content-Length': told }) })
      drip(res, file.bytes, file.size, file.pause ?? 0)
    }
    return true
  }
}
