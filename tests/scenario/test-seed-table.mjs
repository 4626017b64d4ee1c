// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/seed.md against what is there: every number has a row, every operation and event exists, and every scenario that is named is
// about its number.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../lib/tap.mjs'

const source = process.env.USHER_SRCDIR ?? fileURLToPath(new URL('../..', import.meta.url))
const read = (file) => readFileSync(path.join(source, file), 'utf8')
const rows = read('docs/seed.md')
  .split('\n')
  .filter((line) => /^\| (S-\d\d|1\.8|presence|presets) \|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, number, what, operations, events, scenario]) => ({ number, what, operations, events, scenario }))

const words = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word)
const files = (cell) => [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => path.join('docs', target))

/** What the sources define in a line like `{ "name", ...`. */
function defined(folder, filter) {
  const text = readdirSync(path.join(source, folder))
    .filter(filter)
    .map((file) => read(path.join(folder, file)))
    .join('\n')
  return new Set([...text.matchAll(/\{\s*"([a-z]+\.[a-z_]+)",/g)].map(([, name]) => name))
}

const numbers = Array.from({ length: 25 }, (_, i) => `S-${String(i + 1).padStart(2, '0')}`)

await run([
  [
    'every number has one row, in order',
    () =>
      assert.deepEqual(
        rows.map(({ number }) => number),
        [...numbers, '1.8', 'presence', 'presets'],
      ),
  ],
  [
    'every operation exists',
    () => {
      const known = defined('core/service', (file) => /^ops.*\.c$/.test(file))
      assert.ok(known.size > 20, 'the sources are read')
      for (const { number, operations } of rows) {
        assert.ok(words(operations).length > 0, `${number} names an operation`)
        for (const name of words(operations)) assert.ok(known.has(name), `${number}: there is no operation ${name}`)
      }
    },
  ],
  [
    'every event exists',
    () => {
      const known = defined('core/base', (file) => file === 'event.c')
      assert.ok(known.size > 20, 'the sources are read')
      for (const { number, events } of rows)
        for (const name of words(events)) assert.ok(known.has(name), `${number}: there is no event ${name}`)
    },
  ],
  [
    'every scenario exists, and plays its number',
    () => {
      for (const { number, scenario } of rows) {
        assert.ok(files(scenario).length > 0, `${number} names a file`)
        for (const file of files(scenario)) {
          assert.ok(existsSync(path.join(source, file)), `${file} exists`)
          const plays = number === '1.8' ? /\brow\(15, / : new RegExp(`scenario\\(\\s*['\`]${number}`)
          assert.match(read(file), plays, `${file} plays ${number}`)
        }
      }
    },
  ],
  [
    'every scenario is in the table and in the distribution',
    () => {
      const named = new Set(rows.flatMap(({ scenario }) => files(scenario)))
      const list = read('tests/scenario/local.mk')
      for (const file of readdirSync(path.join(source, 'tests/scenario'))) {
        if (!/^(s\d\d-|transitions|presence|presets).*\.mjs$/.test(file)) continue
        assert.ok(named.has(`tests/scenario/${file}`), `${file} is in docs/seed.md`)
        assert.ok(list.includes(`%D%/${file}`), `${file} is in local.mk`)
      }
    },
  ],
])
