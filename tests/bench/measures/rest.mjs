// SPDX-License-Identifier: GPL-3.0-or-later
//
// The memory of a daemon that has nothing to do: the demo, filled and left alone.
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The daemon that the demo runs. */
function daemonOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')
  const found = children.find((child) => readFileSync(`/proc/${child}/comm`, 'latin1').trim() === 'usherd')
  if (!found) throw new Error('the demo runs no usherd')
  return Number(found)
}

async function announced(child) {
  let text = ''
  child.stdout.on('data', (part) => (text += part))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the demo ended:\n${text}`)
  })
  ended.catch(() => {})
  while (!text.includes('Ctrl-C')) await Promise.race([once(child.stdout, 'data'), ended])
}

async function restingMemory(ctx, round) {
  const demo = path.join(ctx.srcdir, 'docs/demo/demo.mjs')
  const data = path.join(ctx.workdir, `demo-${round}`)
  const child = ctx.spawn(process.execPath, [demo, '--build-dir', ctx.builddir, '--data', data, '--port', 0, '--shop-port', 0])
  const exited = once(child, 'exit')
  try {
    await announced(child)
    await sleep(ctx.short ? 200 : 3000)
    return ctx.rss(daemonOf(child.pid))
  } finally {
    // The demo ends its daemon.
    child.kill('SIGTERM')
    await exited
  }
}

export default {
  name: 'rest',
  title: 'the daemon at rest',
  async run(ctx) {
    const bytes = []
    for (let round = 0; round < ctx.rounds; round++) bytes.push(await restingMemory(ctx, round))
    return [
      {
        line: 'the demo, filled and left alone',
        unit: 'MB of RSS',
        better: 'lower',
        usher: bytes.map((value) => value / 1e6),
        baseline: null,
        goal: { value: '<= 30' },
      },
    ]
  },
}
