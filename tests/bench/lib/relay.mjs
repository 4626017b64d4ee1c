// SPDX-License-Identifier: GPL-3.0-or-later
//
// The same work for usher and for the bare relay: messages of so many customers, each to one agent.
import { statSync } from 'node:fs'
import path from 'node:path'
import { Centre } from './centre.mjs'
import { Bare, barePairs, load } from './load.mjs'

/** CPU microseconds of the server per message. */
export const perMessage = ({ server_cpu_s, delivered_in_time }) => (server_cpu_s / delivered_in_time) * 1e6

const sizeOf = (file) => statSync(file).size

/** The load generator's figures on the bare relay; `stored`: bytes of its database when it has ended. */
export async function onBare(ctx, pairs, options) {
  const relay = await new Bare().start(ctx, { durable: true })
  const figures = await load(ctx, { port: relay.port, pid: relay.pid, conns: barePairs(pairs), ...options })
  await relay.stop()
  const stored = sizeOf(relay.file)
  relay.remove()
  return { ...figures, stored }
}

/**
 * The same on the daemon; `more`: further lines for the load generator, from the centre. `stored`: bytes by which its
 * database has grown.
 */
export async function onUsher(ctx, pairs, options, more = () => []) {
  const centre = await new Centre().start(ctx)
  const file = path.join(centre.daemon.data, 'usher.db')
  const before = sizeOf(file)
  const conns = [...centre.pairs(pairs), ...more(centre)]
  // The CRM still makes records of the new customers.
  const settled = () => centre.daemon.settled()
  const figures = await load(ctx, { port: centre.port, pid: centre.pid, conns, ...options }, settled)
  await centre.stop()
  const stored = sizeOf(file) - before
  centre.remove()
  return { ...figures, stored }
}
