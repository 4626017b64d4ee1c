// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the real usherd from the build tree for tests: its configuration in a temporary folder, its operations over the
// control socket and over HTTP, and customers over the public webchat protocol's HTTP form. Node 18.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { randomUUID } from 'node:crypto'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
export const pluginDirs = ['plugins/channel/webchat', 'plugins/crm/local', 'plugins/frontend/web'].map((dir) =>
  path.join(build, dir),
)

/** What usherd needs to run plugins of a build tree in processes of their own. USHER_ISOLATION=process: all of them. */
export const hostEnv = () => ({
  USHER_PLUGIN_HOST: path.join(build, 'usher-plugin-host'),
  USHER_PLUGIN_HOST_READ: [build, process.env.USHER_UI_DIR ?? ''].join(':'),
})

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Calls `probe` until it returns something true; the last error or a clear message after `ms`. */
export async function until(what, probe, ms = 15000) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms${last ? ` (${last.message})` : ''}`)
    await sleep(20)
  }
}

/** One HTTP request; resolves to {status, headers, body} with body parsed when it is JSON. */
export function request({ port, socketPath, method = 'POST', path: url, headers = {}, body, timeout = 30000 }) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const req = http.request(
      {
        ...(socketPath ? { socketPath } : { host: '127.0.0.1', port }),
        method,
        path: url,
        agent: false,
        headers: { ...(data ? { 'content-type': 'application/json', 'content-length': data.length } : {}), ...headers },
        timeout,
      },
      (res) => {
        const parts = []
        res.on('data', (part) => parts.push(part))
        res.on('error', reject)
        res.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          let parsed = text
          try {
            parsed = JSON.parse(text)
          } catch {
            /* not JSON: the text itself */
          }
          resolve({ status: res.statusCode, headers: res.headers, body: parsed, text })
        })
        res.on('close', () => reject(new Error('the connection was cut')))
      },
    )
    req.on('timeout', () => req.destroy(new Error('timeout')))
    req.on('error', reject)
    req.end(data)
  })
}

export class OperationError extends Error {
  constructor(name, status, error) {
    super(`${name}: ${error?.code}: ${error?.message}`)
    this.status = status
    this.code = error?.code
    this.details = error?.details
  }
}

function unwrap(name, answer) {
  if (answer.status === 200 && answer.body && 'result' in answer.body) return answer.body.result
  throw new OperationError(name, answer.status, answer.body?.error ?? { code: 'none', message: answer.text })
}

export class Daemon {
  constructor({ config = {}, env = {}, dir } = {}) {
    this.dir = dir ?? mkdtempSync(path.join(tmpdir(), 'usher-test-'))
    this.data = path.join(this.dir, 'data')
    this.conf = path.join(this.dir, 'usher.conf')
    this.socket = path.join(this.data, 'control.sock')
    this.port = 0
    this.env = env
    this.log = ''
    this.sections = {
      usher: { data_dir: this.data, plugin_path: pluginDirs.join(','), log_level: 'info', drain_time: '0s' },
      'listen:test': { address: '127.0.0.1:0' },
      'channel:site': {
        plugin: 'webchat',
        queue: 'support',
        allowed_origins: '*',
        rate_messages: '10000',
        sessions_per_address: '0',
      },
      'crm:main': { plugin: 'local' },
      'frontend:desk': { plugin: 'web' },
    }
    for (const [name, keys] of Object.entries(config))
      if (keys === null) delete this.sections[name]
      else this.sections[name] = { ...this.sections[name], ...keys }
  }

  get base() {
    return `http://127.0.0.1:${this.port}`
  }

  writeConfig() {
    let text = ''
    for (const [name, keys] of Object.entries(this.sections)) {
      text += `[${name}]\n`
      if (process.env.USHER_ISOLATION && /^(channel|crm|frontend):/.test(name) && !('isolation' in keys))
        text += `isolation = ${process.env.USHER_ISOLATION}\n`
      for (const [key, value] of Object.entries(keys)) if (value !== null) text += `${key} = ${value}\n`
    }
    writeFileSync(this.conf, text)
  }

  launch() {
    return spawn(path.join(build, 'usherd'), ['--config', this.conf], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { USHER_UI_DIR: path.join(build, 'ui'), ...process.env, ...hostEnv(), ...this.env },
    })
  }

  /** Starts and waits until it answers. */
  async start() {
    this.writeConfig()
    this.child = this.launch()
    this.exited = once(this.child, 'exit')
    let gone = null
    this.child.on('exit', (code, signal) => (gone = { code, signal }))
    this.child.stderr.on('data', (part) => (this.log += part))
    await until(
      'usherd answers',
      async () => {
        if (gone) return true
        if (!existsSync(this.socket)) return false
        const status = await this.ctl('system.status')
        this.port = Number(status.addresses[0].split(':').pop())
        // A plugin that still starts answers 503; wait until each runs or has said why not.
        const { instances } = await this.ctl('plugin.status')
        if (instances.some((i) => i.state === 'new' || i.state === 'starting')) return false
        return true
      },
      20000,
    )
    if (gone) throw new Error(`usherd ended with ${gone.code ?? gone.signal}:\n${this.log}`)
    this.sections['listen:test'].address = `127.0.0.1:${this.port}`
    return this
  }

  /** kill -9. */
  async kill() {
    this.child.kill('SIGKILL')
    await this.exited
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 20000)
    const [code, signal] = await this.exited
    clearTimeout(timer)
    if (code !== 0) throw new Error(`usherd ended with ${code ?? signal}:\n${this.log}`)
  }

  /** Stops whatever still runs and removes the folder. */
  async end() {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) await this.kill()
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** An operation over the control socket. */
  async ctl(name, args = {}) {
    return unwrap(name, await request({ socketPath: this.socket, path: `/api/v1/${name}`, body: args }))
  }

  /** A usual small centre: queue support, agents anna (may reject) and ben, supervisor sue, administrator root. */
  async seed({ post_processing_ms = 60000, acceptance_ms = 30000 } = {}) {
    const password = 'correct horse'
    await this.ctl('queue.put', { queue: 'support', name: 'Support', post_processing_ms })
    for (const [login, role, permissions] of [
      ['anna', 'agent', ['interaction.reject']],
      ['ben', 'agent', []],
      ['sue', 'supervisor', []],
      ['root', 'administrator', []],
    ]) {
      const name = login[0].toUpperCase() + login.slice(1)
      await this.ctl('user.put', { login, name, role, permissions, acceptance_ms })
      await this.ctl('user.password', { user: login, password })
      if (role === 'agent') await this.ctl('membership.put', { user: login, queue: 'support' })
    }
    return password
  }

  async login(login, password = 'correct horse') {
    const result = unwrap(
      'session.login',
      await request({
        port: this.port,
        path: '/api/v1/session.login',
        headers: { 'x-usher-request': '1' },
        body: { login, password },
      }),
    )
    return new Agent(this, result)
  }
}

/** An agent who works over HTTP. */
export class Agent {
  constructor(daemon, { token, user }) {
    this.daemon = daemon
    this.token = token
    this.user = user.user
  }

  async call(name, args = {}, cmd) {
    return unwrap(
      name,
      await request({
        port: this.daemon.port,
        path: `/api/v1/${name}`,
        headers: { authorization: `Bearer ${this.token}`, ...(cmd ? { 'idempotency-key': cmd } : {}) },
        body: args,
      }),
    )
  }

  async me() {
    return (await this.call('session.me')).user
  }

  async status() {
    return (await this.me()).status
  }

  async mine() {
    const { interactions } = await this.call('interaction.list', { agent: this.user, limit: 200 })
    return interactions.filter((i) => i.state !== 'closed')
  }
}

/** A customer on the HTTP form of the webchat protocol. */
export class Customer {
  constructor(daemon, name) {
    this.daemon = daemon
    this.name = name
    this.lines = []
  }

  async post(url, body) {
    return request({ port: this.daemon.port, path: `/channel/site${url}`, headers: { origin: this.daemon.base }, body })
  }

  async open(token) {
    const answer = await this.post('/session', { name: this.name, ...(token ? { token } : {}) })
    if (answer.status !== 200) throw new Error(`session: ${answer.status} ${answer.text}`)
    this.token = answer.body.token
    this.visitor = answer.body.visitor
    return this
  }

  /** Sends frames; returns the answering frames. */
  async send(...frames) {
    const answer = await this.post('/send', { token: this.token, frames })
    if (answer.status !== 200) throw new Error(`send: ${answer.status} ${answer.text}`)
    return answer.body.frames
  }

  /** Sends one message until it is acknowledged; its number. */
  async say(text, id = randomUUID()) {
    const frames = await this.send({ message: { id, text, name: this.name } })
    const ack = frames.find((frame) => frame.ack?.id === id)
    if (!ack) throw new Error(`not acknowledged: ${JSON.stringify(frames)}`)
    return ack.ack.n
  }

  async poll(after = this.lines.length) {
    const answer = await request({
      port: this.daemon.port,
      method: 'GET',
      path: `/channel/site/poll?after=${after}`,
      headers: { authorization: `Bearer ${this.token}`, origin: this.daemon.base },
    })
    if (answer.status !== 200) throw new Error(`poll: ${answer.status} ${answer.text}`)
    for (const frame of answer.body.frames) if (frame.line) this.lines[frame.line.n - 1] = frame.line
    return answer.body.frames
  }
}
