// SPDX-License-Identifier: GPL-3.0-or-later
//
// A daemon on the database of a big centre that grow.c made, and a desk of somebody in it. USHER_BENCH_GROWN=FOLDER keeps
// what was grown there for the next run: ten million events take ten minutes and ten gigabytes.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../lib/daemon.mjs'
import { Socket } from '../../scenario/lib/socket.mjs'
import { Stream } from '../../scenario/lib/wait.mjs'
import { Lines } from './process.mjs'

export const password = 'correct horse'

/** Grows a centre, or finds it there; resolves to {dir, ...what grow says}. */
export async function grown(ctx, name, args) {
  const kept = process.env.USHER_BENCH_GROWN
  const dir = path.join(kept ?? ctx.workdir, `${name}-${ctx.short ? 'short' : 'full'}`)
  const facts = path.join(dir, 'grown.json')
  if (!existsSync(facts)) {
    const half = `${dir}.new`
    rmSync(half, { recursive: true, force: true })
    mkdirSync(path.join(half, 'data'), { recursive: true })
    ctx.log(`growing a centre: ${args.join(' ')}`)
    const child = ctx.spawn(ctx.program('grow'), ['--database', path.join(half, 'data/usher.db'), ...args])
    const lines = new Lines(child, 'grow')
    const said = await lines.next()
    await lines.end()
    writeFileSync(path.join(half, 'grown.json'), JSON.stringify(said))
    renameSync(half, dir)
  }
  return { dir, ...JSON.parse(readFileSync(facts, 'utf8')) }
}

/** Takes the file out of the kernel's memory: the next to read it waits for the disk. */
export function forget(file) {
  const args = [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']
  const { status, stderr } = spawnSync('dd', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${file} stays in memory: ${stderr}`)
}

/** The daemon on a grown centre, on core 0. */
export class BigDaemon extends Daemon {
  constructor(ctx, dir) {
    super({
      dir,
      config: { usher: { session_idle: '12h' }, 'channel:site': { queue: 'queue00', rate_messages: '10000' } },
    })
    this.ctx = ctx
  }

  get database() {
    return path.join(this.data, 'usher.db')
  }

  launch() {
    return this.ctx.spawn(path.join(this.ctx.builddir, 'usherd'), ['--config', this.conf], {
      core: 0,
      env: { USHER_UI_DIR: process.env.USHER_UI_DIR ?? path.join(this.ctx.builddir, 'ui') },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  /** Starts without waiting for anything. */
  begin() {
    this.writeConfig()
    this.log = ''
    this.child = this.launch()
    this.exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve([code, signal])))
    this.child.stderr.on('data', (part) => (this.log += part))
  }

  /** Somebody with a session that lasts over restarts. */
  async hire(login, role, queues = []) {
    await this.ctl('user.put', { login, name: login, role, capacity: 1, acceptance_ms: 600000 })
    await this.ctl('user.password', { user: login, password })
    for (const queue of queues) await this.ctl('membership.put', { user: login, queue })
    return (await this.login(login, password)).token
  }
}

/** A desk: docs/desk-protocol.md. */
export class Desk {
  constructor(port, token) {
    Object.assign(this, { port, token, frames: new Stream('desk'), calls: 0, answers: new Map() })
  }

  /** Rejects when nobody is there. */
  async open() {
    this.socket = new Socket({ onFrame: (frame) => this.#take(frame), onClose: () => this.frames.end('closed') })
    await this.socket.connect(this.port, '/frontend/desk/ws', { Origin: `http://127.0.0.1:${this.port}` })
    this.socket.send({ hello: { token: this.token, client: 'bench/1' } })
    this.welcome = await this.until('welcome', () => this.seen?.welcome)
    return this
  }

  #take(frame) {
    this.seen ??= {}
    this.seen[frame.type] ??= frame
    if (frame.type === 'result') this.answers.get(frame.id)?.(frame)
    this.frames.push(frame)
  }

  until(what, probe) {
    return this.frames.until(what, probe, 120000)
  }

  /** The first frame of a type. */
  first(type) {
    return this.until(type, () => this.seen?.[type])
  }

  async call(name, args = {}) {
    const id = String(++this.calls)
    const answer = await new Promise((resolve) => {
      this.answers.set(id, resolve)
      this.socket.send({ call: name, id, cmd: `${name}-${id}-${Date.now()}`, args })
    })
    this.answers.delete(id)
    if (!answer.ok) throw new Error(`${name}: ${answer.error.code}: ${answer.error.message}`)
    return answer.result
  }

  close() {
    this.socket.close()
    this.socket.cut()
  }
}
