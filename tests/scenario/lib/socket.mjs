// SPDX-License-Identifier: GPL-3.0-or-later
//
// A WebSocket client on a plain socket, because Debian's Node.js 18 has none: text frames of JSON, whole messages, no
// extensions. It is made for tests and talks to 127.0.0.1 only.
import net from 'node:net'
import { createHash, randomBytes } from 'node:crypto'

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 }

/** One frame as a client sends it: masked. */
function frame(opcode, payload) {
  const mask = randomBytes(4)
  const head = [0x80 | opcode]
  if (payload.length < 126) head.push(0x80 | payload.length)
  else if (payload.length < 65536) head.push(0x80 | 126, payload.length >> 8, payload.length & 255)
  else throw new Error(`a frame of ${payload.length} bytes is too long for this client`)
  const masked = Buffer.from(payload)
  for (let i = 0; i < masked.length; i++) masked[i] ^= mask[i % 4]
  return Buffer.concat([Buffer.from(head), mask, masked])
}

/** The first whole frame of `bytes` as {opcode, fin, payload, rest}; null = not all of it has come. */
function unframe(bytes) {
  if (bytes.length < 2) return null
  let length = bytes[1] & 127
  let at = 2
  if (length === 126) {
    if (bytes.length < 4) return null
    length = bytes.readUInt16BE(2)
    at = 4
  } else if (length === 127) {
    if (bytes.length < 10) return null
    length = Number(bytes.readBigUInt64BE(2))
    at = 10
  }
  if (bytes.length < at + length) return null
  return {
    opcode: bytes[0] & 15,
    fin: (bytes[0] & 128) !== 0,
    payload: bytes.subarray(at, at + length),
    rest: bytes.subarray(at + length),
  }
}

export class Socket {
  /** Calls `onFrame` with each parsed message and `onClose` with the close code once. */
  constructor({ onFrame, onClose = () => undefined }) {
    Object.assign(this, { onFrame, onClose, open: false, bytes: Buffer.alloc(0), parts: [] })
  }

  connect(port, path, headers = {}) {
    const key = randomBytes(16).toString('base64')
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ]
    this.accept = createHash('sha1')
      .update(key + guid)
      .digest('base64')
    this.socket = net.connect(port, '127.0.0.1', () => this.socket.write(`${lines.join('\r\n')}\r\n\r\n`))
    this.socket.setNoDelay(true)
    return new Promise((resolve, reject) => {
      this.socket.on('error', (error) => reject(error))
      this.socket.on('close', () => {
        reject(new Error(`${path}: the connection was closed`))
        if (this.open) this.onClose(this.code ?? 1006)
        this.open = false
      })
      this.socket.on('data', (part) => {
        this.bytes = Buffer.concat([this.bytes, part])
        if (!this.open && !this.#upgraded(path, resolve, reject)) return
        this.#take()
      })
    })
  }

  #upgraded(path, resolve, reject) {
    const end = this.bytes.indexOf('\r\n\r\n')
    if (end < 0) return false
    const head = this.bytes.subarray(0, end).toString('latin1')
    if (!/^HTTP\/1\.1 101 /.test(head) || !head.includes(this.accept)) {
      reject(new Error(`${path}: no WebSocket: ${head.split('\r\n')[0]}`))
      this.socket.destroy()
      return false
    }
    this.bytes = this.bytes.subarray(end + 4)
    this.open = true
    resolve(this)
    return true
  }

  #take() {
    for (let one; (one = unframe(this.bytes));) {
      this.bytes = one.rest
      if (one.opcode === opcodes.ping) this.#write(opcodes.pong, one.payload)
      else if (one.opcode === opcodes.close) {
        this.code = one.payload.length >= 2 ? one.payload.readUInt16BE(0) : 1005
        this.socket.end(frame(opcodes.close, one.payload.subarray(0, 2)))
      } else if (one.opcode <= opcodes.text) {
        this.parts.push(Buffer.from(one.payload))
        if (!one.fin) continue
        const text = Buffer.concat(this.parts.splice(0)).toString('utf8')
        this.onFrame(JSON.parse(text))
      }
    }
  }

  #write(opcode, payload) {
    if (this.socket.writable) this.socket.write(frame(opcode, payload))
  }

  send(value) {
    if (!this.open) throw new Error('the WebSocket is closed')
    this.#write(opcodes.text, Buffer.from(JSON.stringify(value)))
  }

  /** Closes as a page does that is left. */
  close() {
    if (!this.open) return
    this.#write(opcodes.close, Buffer.from([0x03, 0xe8]))
    this.socket.end()
  }

  /** Cuts the line without a word. */
  cut() {
    this.socket.destroy()
  }
}
