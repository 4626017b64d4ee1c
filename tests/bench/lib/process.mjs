// SPDX-License-Identifier: GPL-3.0-or-later
//
// Programs that are measured, and those that measure: pinned to a core each, so that neither takes time from the other,
// ended whatever happens, and what the kernel knows of them.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { createInterface } from 'node:readline'

/** The cores this process may use, or [] when they can't be told. */
function cores() {
  const { status, stdout } = spawnSync('taskset', ['-pc', String(process.pid)], { encoding: 'latin1' })
  const list = status === 0 ? /list: (.*)/.exec(stdout)?.[1] : undefined
  return (list?.split(',') ?? []).flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** `nice` runs the program in any case; it complains when it may not. */
const mayHurry = () => spawnSync('nice', ['-n', '-10', 'true'], { encoding: 'latin1' }).stderr === ''

/** Where the kernel shares the CPU among sessions first, being nice counts within one's own session only. */
function hurrySession(pid) {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, '-20')
  } catch {
    /* there are no such groups here, or it is not allowed */
  }
}

const tick = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'latin1' }).stdout) || 100
const page = Number(spawnSync('getconf', ['PAGESIZE'], { encoding: 'latin1' }).stdout) || 4096

const usable = cores()

export class Processes {
  /** `interrupted`: called once everything has been killed because somebody wants the run to end. */
  constructor({ nice, interrupted = () => {} }) {
    this.children = new Set()
    this.prefix = nice && mayHurry() ? ['nice', '-n', '-10'] : []
    // An interrupted run leaves nothing behind.
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => {
        this.endAll().then(() => {
          interrupted()
          process.exit(1)
        })
      })
  }

  /** Like child_process.spawn; `core`: 0 for what is measured, 1 for what measures it, absent: anywhere. */
  spawn(cmd, args, { core, env = {}, stdio = ['pipe', 'pipe', 'inherit'] } = {}) {
    const pinned = core !== undefined && usable.length >= 2
    const words = [
      ...(pinned ? ['taskset', '-c', String(usable[core])] : []),
      ...(core === undefined ? [] : this.prefix),
      cmd,
      ...args.map(String),
    ]
    const hurries = core !== undefined && this.prefix.length > 0
    // Detached is a session of its own, and a group that can be ended with whatever it has started.
    const child = spawn(words[0], words.slice(1), { stdio, env: { ...process.env, ...env }, detached: true })
    if (hurries && child.pid) hurrySession(child.pid)
    this.children.add(child)
    child.once('exit', () => this.children.delete(child))
    child.once('error', () => this.children.delete(child))
    child.stdin?.on('error', () => {})
    return child
  }

  async endAll() {
    const children = [...this.children]
    await Promise.all(
      children.map((child) => {
        const exited = once(child, 'exit')
        process.kill(-child.pid, 'SIGKILL')
        return exited
      }),
    )
  }

  /** Seconds of CPU, of all threads, so far. */
  cpu(pid) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / tick
  }

  /** Bytes of memory it has at the moment. */
  rss(pid) {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * page
  }
}

/** Reads what a program prints, a line of JSON each. */
export class Lines {
  constructor(child, name) {
    this.name = name
    this.child = child
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve(code ?? signal))
    })
    this.exited.catch(() => {})
  }

  /** The next line. */
  async next() {
    const { value, done } = await this.lines.next()
    if (done) throw new Error(`${this.name} ended with ${await this.exited}`)
    return JSON.parse(value)
  }

  /** Waits for its end, which must be a good one. */
  async end() {
    const status = await this.exited
    if (status !== 0) throw new Error(`${this.name} ended with ${status}`)
  }
}

/** Where it is measured, and how busy that is. */
export const machine = () => ({
  cpu: os.cpus()[0]?.model ?? 'unknown',
  cores: os.cpus().length,
  pinned: usable.length >= 2 ? usable.slice(0, 2) : null,
  load: os.loadavg()[0],
  memory: os.totalmem(),
  kernel: `${os.type()} ${os.release()}`,
})
