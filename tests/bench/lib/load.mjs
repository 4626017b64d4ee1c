// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the load generator against a server, and the bare relay as such a server.
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Lines } from './process.mjs'

/** What must be zero at the end of any run. */
const faults = ['lost', 'doubled', 'out_of_order', 'astray', 'unacked', 'failed', 'closed', 'errors']

/**
 * One run of the load generator; resolves to its figures, rejects when anything was lost, doubled, out of order or astray.
 * `conns`: lines "ROLE PROTOCOL PATH TOKEN"; `options`: those of tests/bench/load without dashes; `between`: what has to
 * happen once all are connected, before the first message.
 */
export async function load(ctx, { port, pid, conns, ...options }, between = () => {}) {
  const file = path.join(ctx.workdir, 'conns')
  writeFileSync(file, `${conns.join('\n')}\n`)
  const args = Object.entries({ port, pid, conns: file, ...options }).flatMap(([key, value]) => [`--${key}`, value])
  const child = ctx.spawn(ctx.program('load'), [...args, '--hold'], { core: 1 })
  const lines = new Lines(child, 'the load generator')
  await lines.next()
  await between()
  child.stdin.write('go\n')

  const figures = await lines.next()
  const wrong = faults.filter((key) => figures[key] !== 0).map((key) => `${figures[key]} ${key}`)
  if (wrong.length > 0) throw new Error(`of ${figures.sent} messages: ${wrong.join(', ')}`)
  await lines.end()
  return figures
}

/** The bare relay; `durable`: it commits what it relays first. */
export class Bare {
  async start(ctx, { durable }) {
    this.file = path.join(ctx.workdir, 'bare.db')
    this.child = ctx.spawn(ctx.program('bare'), durable ? ['--db', this.file] : [], { core: 0 })
    this.lines = new Lines(this.child, 'the bare relay')
    this.port = (await this.lines.next()).port
    this.pid = this.child.pid
    return this
  }

  /** Ends it in good order: its database is then one file. */
  async stop() {
    this.child.kill('SIGTERM')
    await this.lines.end()
  }

  remove() {
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.file + suffix, { force: true })
  }
}

/** Connections of so many pairs for the bare relay: receivers first. */
export const barePairs = (pairs) => [
  ...Array.from({ length: pairs }, (_, i) => `receiver bare /ws?i=${2 * i + 1} -`),
  ...Array.from({ length: pairs }, (_, i) => `sender bare /ws?i=${2 * i} -`),
]
