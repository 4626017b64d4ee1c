// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real usherd that is killed and comes back by itself, as under a service manager: whoever ends it, it is started again on the
// same address until it answers. It may be started with a fault of tests/fault/preload.c; the next life has none.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Daemon, sleep } from '../../lib/daemon.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const library = path.join(build, 'tests/fault/.libs/preload.so')

/** The environment that lets a process meet a fault on files below `dir`; `count`: a file for the number of such calls. */
export function faultEnv(fault, dir, count) {
  const before = process.env.LD_PRELOAD
  return {
    LD_PRELOAD: before ? `${before}:${library}` : library,
    USHER_FAULT: fault,
    USHER_FAULT_PATH: `${dir}/*`,
    ...(count ? { USHER_FAULT_COUNT: count } : {}),
    // The sanitizer wants to be the first library, but the one that preloads it is not.
    ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'verify_asan_link_order=0'].filter(Boolean).join(':'),
  }
}

/** What such a process has counted. */
export const faultCount = (file) => Number(readFileSync(file).readBigUInt64LE(0))

export class Phoenix {
  /** `listener`: {down (), up ()}: told whenever it dies and answers again. */
  constructor(options, listener = {}) {
    this.daemon = new Daemon(options)
    this.listener = listener
    /** Each death: {at, upAt, took}: when it was seen, when it answered again, ms from the start of the process to that. */
    this.deaths = []
    this.starts = []
    this.wanted = false
    this.story = ''
  }

  get port() {
    return this.daemon.port
  }

  get base() {
    return this.daemon.base
  }

  /** The end of its log, over all lives. */
  get said() {
    return `${this.story}${this.daemon.log}`.slice(-20000)
  }

  /** Starts it, with `env` in its first life, and keeps it alive. Resolves when it answers. */
  start(env = {}) {
    this.wanted = true
    this.running = this.#life(env)
    this.running.catch(() => undefined)
    return this.running
  }

  /** Resolves when it answers; rejects when it can't be kept alive. */
  async up() {
    for (let seen; seen !== this.running;) {
      seen = this.running
      await seen
    }
  }

  async #life(env) {
    for (; this.wanted; env = {}) {
      const begun = Date.now()
      const error = await this.#begin(env)
      if (!error) {
        const now = Date.now()
        this.starts.push(now - begun)
        for (const death of this.deaths) death.upAt ??= now
        this.daemon.child.once('exit', (code, signal) => this.#ended(code, signal))
        this.listener.up?.()
        return
      }
      if (this.daemon.child.signalCode === 'SIGKILL') this.deaths.push({ at: Date.now() })
      // Somebody took the port while nobody listened on it.
      else if (/already in use/i.test(this.daemon.log)) this.daemon.sections['listen:test'].address = '127.0.0.1:0'
      else throw error
    }
  }

  /** Resolves to null when it answers, else to why it does not. */
  async #begin(env) {
    this.story = this.said
    this.daemon.log = ''
    this.daemon.env = env
    try {
      await this.daemon.start()
    } catch (error) {
      return error
    }
    return this.#lives() ? null : new Error(`usherd ended while it started:\n${this.daemon.log}`)
  }

  #lives() {
    const { exitCode, signalCode } = this.daemon.child
    return exitCode === null && signalCode === null
  }

  #ended(code, signal) {
    this.listener.down?.()
    if (signal === 'SIGKILL') this.deaths.push({ at: Date.now() })
    if (!this.wanted) return
    if (signal === 'SIGKILL') this.running = this.#life({})
    else this.running = Promise.reject(new Error(`usherd ended with ${code ?? signal}:\n${this.daemon.log}`))
    this.running.catch(() => undefined)
  }

  /** kill -9, whatever it is doing; nothing when it is not there just now. */
  kill() {
    const { child } = this.daemon
    if (child && this.#lives()) child.kill('SIGKILL')
  }

  /** Ends it as an administrator does. It may be killed meanwhile. */
  async stop() {
    this.wanted = false
    await this.running
    const { child } = this.daemon
    if (!this.#lives()) return
    child.kill('SIGTERM')
    const slow = setTimeout(() => child.kill('SIGABRT'), 60000)
    const [code, signal] = await this.daemon.exited
    clearTimeout(slow)
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`usherd ended with ${code ?? signal}:\n${this.daemon.log}`)
  }

  /** Ends it however it stands and removes its folder. */
  async end() {
    this.wanted = false
    await this.running?.catch(() => undefined)
    await this.daemon.end()
  }
}

/** Small pause before the next attempt at something that failed because the daemon was away. */
export const breathe = () => sleep(5)
