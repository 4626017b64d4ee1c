// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real Prosody for tests: registered users, one component with its secret, free ports of the loopback address, and a
// temporary folder; and customers with a real XMPP client library (tests/plugins/xmpp/customer.py). All of it ends with
// the test. Node 18.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// Whatever happens to the test, no process and no folder is left behind.
const children = new Set()
const folders = new Set()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(signal, () => process.exit(code))

function start(command, args, options) {
  const child = spawn(command, args, options)
  children.add(child)
  child.on('exit', () => children.delete(child))
  return child
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

export class Prosody {
  /** users: names of accounts NAME@localhost, all with the password "pw". */
  constructor({ users = ['alice', 'bob'], domain = 'help.localhost', secret = 's3cret' } = {}) {
    Object.assign(this, { users, domain, secret })
    this.dir = mkdtempSync(path.join(tmpdir(), 'usher-prosody-'))
    folders.add(this.dir)
    this.config = path.join(this.dir, 'prosody.cfg.lua')
    this.c2sPort = 0
    this.componentPort = 0
  }

  writeConfig() {
    const accounts = path.join(this.dir, 'data', 'localhost', 'accounts')
    mkdirSync(accounts, { recursive: true })
    for (const user of this.users) writeFileSync(path.join(accounts, `${user}.dat`), 'return { ["password"] = "pw"; };\n')
    writeFileSync(
      this.config,
      `run_as_root = true; pidfile = "${this.dir}/prosody.pid"; data_path = "${this.dir}/data"
modules_enabled = { "roster", "saslauth", "disco", "carbons", "pep", "vcard_legacy", "ping", "posix" }
modules_disabled = { "s2s" }; c2s_require_encryption = false; allow_unencrypted_plain_auth = true
authentication = "internal_plain"; c2s_ports = { ${this.c2sPort} }; c2s_interfaces = { "127.0.0.1" }
c2s_direct_tls_ports = {}; http_ports = {}; https_ports = {}
component_ports = { ${this.componentPort} }; component_interfaces = { "127.0.0.1" }
log = { warn = "${this.dir}/log" }
VirtualHost "localhost"
Component "${this.domain}"
  component_secret = "${this.secret}"
`,
    )
  }

  /** Whether it is ready; false when it ended, because a port was taken meanwhile. */
  async launch() {
    this.child = start('prosody', ['--config', this.config, '-F'], { stdio: 'ignore' })
    let failed = null
    this.child.on('error', (error) => (failed = error))
    this.exited = new Promise((resolve) => this.child.on('close', resolve))
    const end = Date.now() + 60000
    while (!(await answers(this.c2sPort)) || !(await answers(this.componentPort))) {
      if (failed) throw new Error(`Prosody can't be started (Debian package prosody): ${failed.message}`)
      if (this.child.exitCode !== null || this.child.signalCode !== null) return false
      if (Date.now() > end) throw new Error('Prosody is not ready after a minute')
      await sleep(20)
    }
    return true
  }

  /** Starts and waits until it is ready; after a stop on the same ports, with what it stored. */
  async start() {
    if (this.c2sPort !== 0) {
      if (!(await this.launch())) throw new Error('Prosody did not start again')
      return this
    }
    for (let tries = 0; tries < 5; tries++) {
      this.c2sPort = await freePort()
      this.componentPort = await freePort()
      this.writeConfig()
      if (await this.launch()) return this
    }
    throw new Error('Prosody ended at once, five times')
  }

  /** SIGTERM or SIGKILL; waits until it is gone. */
  async stop(signal = 'SIGTERM') {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill(signal)
    await this.exited
  }

  async restart(signal) {
    await this.stop(signal)
    await this.start()
  }

  /** Settings for usher's section [channel:NAME]; the secret is written to a file of this folder. */
  settings() {
    const file = path.join(this.dir, 'secret')
    writeFileSync(file, `${this.secret}\n`, { mode: 0o600 })
    return { plugin: 'xmpp', domain: this.domain, port: String(this.componentPort), secret: `file:${file}` }
  }

  /** A customer, logged in and ready. */
  async customer(name) {
    const customer = new XmppCustomer()
    customer.tell({ do: 'login', jid: `${name}@localhost`, password: 'pw', host: '127.0.0.1', port: this.c2sPort })
    await customer.event((event) => event.event === 'ready')
    return customer
  }

  async end() {
    await this.stop('SIGKILL')
    rmSync(this.dir, { recursive: true, force: true })
    folders.delete(this.dir)
  }
}

/** A person with an XMPP client; the commands and events are those of customer.py. */
export class XmppCustomer {
  constructor() {
    this.events = []
    this.taken = new Set()
    this.waiting = new Set()
    this.child = start('/usr/bin/python3', [path.join(here, '../plugins/xmpp/customer.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.child.stdin.on('error', () => {})
    this.exited = new Promise((resolve) => this.child.on('close', resolve))
    this.exited.then(() => this.wake())
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.events.push(JSON.parse(line))
      this.wake()
    })
  }

  wake() {
    for (const check of [...this.waiting]) check()
  }

  /** A command without waiting for it. */
  tell(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** The first event not yet taken for which `wanted` is true; waits for it and takes it. */
  event(wanted, ms = 30000) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer)
        this.waiting.delete(check)
        settle(value)
      }
      const check = () => {
        const found = this.events.find((event) => !this.taken.has(event) && wanted(event))
        if (found) {
          this.taken.add(found)
          finish(resolve, found)
        } else if (this.child.exitCode !== null)
          finish(reject, new Error("the customer's client ended (Debian package python3-slixmpp)"))
      }
      const timer = setTimeout(
        () => finish(reject, new Error(`no such event within ${ms} ms; the last: ${JSON.stringify(this.events.at(-1))}`)),
        ms,
      )
      this.waiting.add(check)
      check()
    })
  }

  /** A command until it is done. */
  async act(command) {
    this.tell(command)
    await this.event((event) => event.event === 'done')
  }

  /** Says something; resolves to the stanza's id. */
  async say(to, text, more = {}) {
    const id = more.id ?? `c${this.events.length}-${Math.random().toString(36).slice(2)}`
    await this.act({ do: 'send', to, text, ...more, id })
    return id
  }

  /** The next message with this body, or with any. */
  message(body) {
    return this.event(
      (event) => event.event === 'message' && event.body !== undefined && (body === undefined || event.body === body),
    )
  }

  /** Waits until the stanza is acknowledged: usher has stored it. */
  receipt(id) {
    return this.event((event) => event.event === 'message' && event.received === id)
  }

  async end() {
    this.tell({ do: 'quit' })
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3000)
    await this.exited
    clearTimeout(timer)
  }
}
