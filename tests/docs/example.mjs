// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/example-plugin for tests: built as the tutorial builds it, and a customer who speaks its protocol over TCP and comes back
// by itself when usherd was away.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { until } from '../lib/daemon.mjs'
import { Stream } from '../scenario/lib/wait.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
export const source = process.env.USHER_SRCDIR ?? process.cwd()
export const example = path.join(source, 'docs/example-plugin')

/** The channel's section of usher.conf. */
export const channel = { plugin: 'linechat', queue: 'support', port: '0' }

/** The plugins of a centre whose only channel is the example, which was built in `dir`. */
export const pluginPath = (dir) =>
  [dir, ...['crm/local', 'frontend/web'].map((folder) => path.join(build, 'plugins', folder))].join(',')

/** Builds a copy with the tree's compiler and its sanitizers, as the daemon has them, too; its folder, which goes with the test. */
export function buildExample() {
  const dir = mkdtempSync(path.join(tmpdir(), 'usher-example-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const variable = (name) => readFileSync(path.join(build, 'Makefile'), 'utf8').match(new RegExp(`^${name} = (.*)$`, 'm'))[1]
  cpSync(example, dir, { recursive: true })
  execFileSync(
    'make',
    [
      '-C',
      dir,
      `CC=${variable('CC')}`,
      `CFLAGS=-g -O1 -Werror ${variable('SAN_CFLAGS')}`,
      'LDFLAGS=-Wl,-z,undefs',
      `PKG_CONFIG_PATH=${build}/include`,
      `CPPFLAGS=-I${source}/include -I${build}/include`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  return dir
}

/** Where the channel listens since the daemon's last start, as the log tells. */
const portOf = (daemon) => Number([...daemon.log.matchAll(/listens on 127\.0\.0\.1 port (\d+)/g)].at(-1)?.[1])

export class Customer {
  constructor(daemon, name) {
    this.daemon = daemon
    this.name = name
    this.lines = new Stream(name, ({ line }) => line)
    this.last = 0
  }

  /** Connects and says HELLO; comes back when it has a key. */
  async open() {
    // The log may be behind: just after a restart it still names the port from before.
    await until(`${this.name} is connected`, async () => {
      this.socket = net.connect(portOf(this.daemon), '127.0.0.1')
      await once(this.socket, 'connect')
      return true
    })
    this.socket.on('error', () => {})
    this.listen()
    this.tell(this.key ? `HELLO ${this.name} ${this.key} ${this.last}` : `HELLO ${this.name}`)
    this.key = (await this.hears(/^WELCOME/)).slice(8)
    return this
  }

  listen() {
    let rest = ''
    this.socket.setEncoding('utf8')
    this.socket.on('data', (part) => {
      rest += part
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const [, n] = rest.slice(0, end).match(/^(?:AGENT|INFO) (\d+) /) ?? []
        if (n) this.last = Number(n)
        this.lines.push({ line: rest.slice(0, end) })
        rest = rest.slice(end + 1)
      }
    })
  }

  tell(line) {
    this.socket.write(`${line}\n`)
  }

  async hears(pattern) {
    return (await this.lines.next(`${this.name} to hear ${pattern}`, ({ line }) => pattern.test(line))).line
  }

  async say(id, text) {
    this.tell(`SAY ${id} ${text}`)
    await this.hears(new RegExp(`^OK ${id}$`))
  }

  count(pattern) {
    return this.lines.items.filter(({ line }) => pattern.test(line)).length
  }

  close() {
    this.socket?.destroy()
  }
}
