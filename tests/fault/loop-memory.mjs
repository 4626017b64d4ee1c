// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real daemon while the N-th allocation fails, in whichever library and thread that is, for more and more N until a day goes by
// without a fault: it works on, or ends with a sentence, and in the end everything is there once. GLib ends a program that it can't
// give memory to; a crash would be something else.
import assert from 'node:assert/strict'
import { proofSize } from '../lib/proof.mjs'
import { run } from '../lib/tap.mjs'
import { loop, prepare } from './lib/supervised.mjs'

/** The first ones one by one, where the program starts; then ever more thinly, as there are some hundred thousand. */
const thinly = (n) => n + 1 + Math.floor((n * proofSize(100, 45, 1)) / 100)

await run([
  ['a centre to copy', prepare],
  [
    'the N-th allocation fails: done without, or said so',
    () =>
      loop({
        call: 'memory',
        preload: 'preload-memory',
        next: thinly,
        check: ({ code, signal, log }) => {
          assert.ok(code > 0 || ['SIGABRT', 'SIGTRAP'].includes(signal), `${code ?? signal}: ${log}`)
          assert.match(log, /allocate|allocation|memory|temporarily unavailable/)
        },
      }),
  ],
])
