// SPDX-License-Identifier: GPL-3.0-or-later
//
// A terminal that a test types into and reads: tmux with a server of its own. Waiting is by what stands on the screen.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { sleep } from '../../../lib/daemon.mjs'

const run = promisify(execFile)
const PATIENCE = 30000

export class Tmux {
  constructor() {
    this.dir = mkdtempSync(path.join(tmpdir(), 'usher-tmux-'))
    this.socket = path.join(this.dir, 'tmux')
  }

  async tmux(...args) {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', TMUX: undefined }
    return (await run('tmux', ['-u', '-f', '/dev/null', '-S', this.socket, ...args], { env, maxBuffer: 1 << 24 })).stdout
  }

  /** A new terminal with a command in it, as words. It stays when the command ends, so that its last words can be read. */
  async open(name, command, cols = 80, rows = 24) {
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    await this.tmux('new-session', '-d', '-s', name, '-x', String(cols), '-y', String(rows), 'sh', '-c', `${quoted}; echo "ended with $?"; exec cat`)
    return new Terminal(this, name)
  }

  async end() {
    await this.tmux('kill-server').catch(() => undefined)
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export class Terminal {
  constructor(tmux, name) {
    this.server = tmux
    this.name = name
  }

  /** Keys by tmux's names: F2, Enter, C-y, Escape, Down. */
  async keys(...names) {
    for (const name of names) await this.server.tmux('send-keys', '-t', this.name, name)
  }

  /** Text as it is. */
  async type(text) {
    await this.server.tmux('send-keys', '-t', this.name, '-l', '--', text)
  }

  async paste(text) {
    await this.server.tmux('set-buffer', '-b', 'paste', '--', text)
    await this.server.tmux('paste-buffer', '-p', '-b', 'paste', '-t', this.name)
  }

  async resize(cols, rows) {
    await this.server.tmux('resize-window', '-t', this.name, '-x', String(cols), '-y', String(rows))
  }

  /** What stands on the screen. `history`: with lines that have scrolled away. */
  async screen(history = false) {
    return this.server.tmux('capture-pane', '-p', '-t', this.name, ...(history ? ['-S', '-'] : []))
  }

  /** Waits until the screen has all of these (strings or regular expressions); answers the screen. */
  async sees(...wanted) {
    const end = Date.now() + PATIENCE
    for (;;) {
      const screen = await this.screen(this.scrolls)
      const missing = wanted.filter((one) => (one instanceof RegExp ? !one.test(screen) : !screen.includes(one)))
      if (missing.length === 0) return screen
      if (Date.now() > end) throw new Error(`not on the screen within ${PATIENCE} ms: ${missing.join(' and ')}\n${screen}`)
      await sleep(50)
    }
  }

  /** Waits until none of these is there any more. */
  async misses(...unwanted) {
    const end = Date.now() + PATIENCE
    for (;;) {
      const screen = await this.screen()
      const there = unwanted.filter((one) => (one instanceof RegExp ? one.test(screen) : screen.includes(one)))
      if (there.length === 0) return screen
      if (Date.now() > end) throw new Error(`still on the screen after ${PATIENCE} ms: ${there.join(' and ')}\n${screen}`)
      await sleep(50)
    }
  }
}
