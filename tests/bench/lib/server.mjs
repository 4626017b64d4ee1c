// SPDX-License-Identifier: GPL-3.0-or-later
//
// A daemon for measures that need no prepared people: with a web chat, and with a Messenger channel whose Graph API is a
// few lines in this process that know everybody's name.
import http from 'node:http'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Daemon, request } from '../../lib/daemon.mjs'

export const page = '107284395512034'
export const appSecret = '5f8c1e0b7d3a49c2a6e4910d7bb3f2c8'

const profile = { id: page, name: 'The shop', first_name: 'Ariadne', last_name: 'Vogt' }

export class Server extends Daemon {
  /** `channels`: sections of channels, by name. `messenger`: settings of a channel "page" on top of those it needs. */
  constructor(ctx, { channels = {}, messenger } = {}) {
    const dir = path.join(ctx.workdir, 'server')
    mkdirSync(dir, { recursive: true })
    const plugins = ['channel/webchat', 'channel/messenger', 'crm/local', 'frontend/web']
    const plugin_path = plugins.map((name) => path.join(ctx.builddir, 'plugins', name)).join(',')
    super({ dir, config: { usher: { plugin_path, log_level: 'warning' }, ...channels } })
    this.ctx = ctx
    this.messenger = messenger
  }

  launch() {
    return this.ctx.spawn(path.join(this.ctx.builddir, 'usherd'), ['--config', this.conf], {
      core: 0,
      env: { USHER_UI_DIR: process.env.USHER_UI_DIR ?? path.join(this.ctx.builddir, 'ui') },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  get pid() {
    return this.child.pid
  }

  secret(name, text) {
    const file = path.join(this.dir, name)
    writeFileSync(file, text, { mode: 0o600 })
    return `file:${file}`
  }

  async start() {
    if (this.messenger) {
      this.graph = http.createServer((req, res) => {
        req.resume()
        res.setHeader('content-type', 'application/json')
        res.end(JSON.stringify(profile))
      })
      this.graph.listen(0, '127.0.0.1')
      await once(this.graph, 'listening')
      this.sections['channel:page'] = {
        plugin: 'messenger',
        queue: 'support',
        base_url: `http://127.0.0.1:${this.graph.address().port}`,
        page_id: page,
        page_access_token: this.secret('token', 'page-token'),
        app_secret: this.secret('app', appSecret),
        verify_token: this.secret('verify', 'verify-token'),
        ...this.messenger,
      }
    }
    await super.start()
    await this.ctl('queue.put', { queue: 'support', name: 'Support', post_processing_ms: 0 })
    return this
  }

  /** The sum of a metric's figures over all labels that `labels` is part of. */
  async metric(name, labels = '') {
    const { text } = await request({ socketPath: this.socket, method: 'GET', path: '/metrics' })
    return text
      .split('\n')
      .filter((line) => line.startsWith(name) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** Ends it in good order, so that a fault in it does not go unseen, and removes everything. */
  async end() {
    try {
      await this.stop()
    } finally {
      this.graph?.close()
      this.graph?.closeAllConnections?.()
      await super.end()
    }
  }
}
