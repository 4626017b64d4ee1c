// SPDX-License-Identifier: GPL-3.0-or-later
//
// A file system of a few pages, in memory, mounted by root or in a name space of our own; unmounted whatever happens.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const mounted = new Set()
const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })

process.on('exit', () => mounted.forEach((folder) => unmount(folder)))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

/** Runs the rest of the program where it may mount: here as root, else once more as root of a name space. */
export function whereMountsWork() {
  if (process.getuid() === 0 && spawnSync('mount', ['--version']).status === 0) {
    const [, , capabilities] = /CapEff:(\s+)(\w+)/.exec(readFileSync('/proc/self/status', 'latin1'))
    if ((BigInt(`0x${capabilities}`) >> 21n) & 1n) return
  }
  if (process.env.USHER_UNSHARED !== '1') {
    const again = spawnSync('unshare', ['-Urm', process.execPath, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, USHER_UNSHARED: '1' },
    })
    if (again.status !== null) process.exit(again.status)
  }
  throw new Error('this test mounts a small tmpfs: run it as root, or where `unshare -Urm` works (user name spaces)')
}

export function mount(folder, size) {
  run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'usher-test', folder)
  mounted.add(folder)
}

export const resize = (folder, size) => run('mount', '-o', `remount,size=${size}`, folder)

export function unmount(folder) {
  if (mounted.delete(folder)) run('umount', '-l', folder)
}
