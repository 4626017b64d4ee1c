// SPDX-License-Identifier: GPL-3.0-or-later
//
// A daemon whose listening socket is opened by somebody else (tests/lib/hold.c, in the place of a service manager) and
// outlives it, so that it can be restarted under load.
import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import path from 'node:path'
import { Daemon, hostEnv } from './daemon.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()

/** One life of the daemon, with what the tests use of a child process. */
class Life extends EventEmitter {
  exitCode = null
  signalCode = null
  pid = null

  constructor(stderr) {
    super()
    this.stderr = stderr
  }

  kill(signal) {
    if (this.pid !== null && this.exitCode === null && this.signalCode === null) process.kill(this.pid, signal)
  }

  said(word, value) {
    if (word === 'pid') this.pid = Number(value)
    else if (word === 'exit') this.exitCode = Number(value)
    else this.signalCode = value
    if (word !== 'pid') this.emit('exit', this.exitCode, this.signalCode)
  }
}

export class HeldDaemon extends Daemon {
  /** Opens the socket; from now on nobody who connects is turned away, whether the daemon runs or not. */
  async open() {
    this.writeConfig()
    this.holder = spawn(path.join(build, 'tests/lib/hold'), ['test', path.join(build, 'usherd'), '--config', this.conf], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { USHER_UI_DIR: path.join(build, 'ui'), ...process.env, ...hostEnv(), ...this.env },
    })
    this.holder.stderr.setMaxListeners(0)
    const lines = createInterface({ input: this.holder.stdout })
    const port = new Promise((resolve) => {
      lines.on('line', (line) => {
        const [word, value] = line.split(' ')
        if (word === 'port') resolve(Number(value))
        else this.child.said(word, value)
      })
    })
    this.port = await port
    this.sections['listen:test'].address = `127.0.0.1:${this.port}`
    return this
  }

  launch() {
    this.holder.stderr.removeAllListeners('data')
    const life = new Life(this.holder.stderr)
    this.holder.stdin.write('start\n')
    return life
  }

  async end() {
    await super.end()
    this.holder?.stdin.end()
  }
}
