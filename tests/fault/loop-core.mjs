// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real daemon while the N-th write, fsync or open of its files fails, N = 1, 2, 3 ... until a day goes by without a fault: it works
// on or ends with a sentence, and in the end everything is there once. A failed fsync ends it with a message that says so.
import assert from 'node:assert/strict'
import { proofSize } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { loop, prepare } from './lib/supervised.mjs'

const by = (stride) => (n) => n + stride
const isOfTheDisk = ({ code, log }) => {
  assert.ok(code > 0, `exit status ${code}`)
  assert.match(log, /can't tell whether a change is durable|the disk fails; look into the kernel's log/)
}

const isSaid = ({ code, log }) => {
  assert.ok(code > 0, `exit status ${code}`)
  assert.match(log, /^usherd: .{40}/m)
}
const open = { call: 'open', errno: 'EMFILE', files: '*/data/*', next: by(proofSize(5, 1, 1)) }

await run([
  ['a centre to copy', prepare],
  [
    'the N-th fsync fails: fatal and said so, and after the restart all is well',
    () => loop({ call: 'sync', next: by(proofSize(9, 1, 1)), check: isOfTheDisk }),
  ],
  [
    'the N-th write fails: refused or fatal, never half',
    () => loop({ call: 'write', next: by(proofSize(60, 9, 1)), check: isOfTheDisk }),
  ],
  [
    'the N-th file is not opened: done without, or said so',
    () => loop({ ...open, check: isSaid }),
  ],
  [
    'no file is opened from the N-th on: the same',
    () => loop({ ...open, action: 'fail-from', check: isSaid }),
  ],
])
