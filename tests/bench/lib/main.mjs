// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command line of the bench: finds the measures, runs them one after the other, prints their rows. A measure that
// fails, because something was lost or a program broke, fails the run; a goal that is missed does not.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Processes, machine } from './process.mjs'
import { checkRows } from './rows.mjs'
import { print } from './table.mjs'

const srcdir = process.env.USHER_SRCDIR
const builddir = process.env.USHER_BUILDDIR
const folder = path.join(srcdir, 'tests/bench/measures')

const usage = `usage: tests/bench/run [--short] [--rounds N] [--only NAME[,NAME]] [--json FILE] [--list]
Run it in the build folder, or set USHER_BUILDDIR. It works below /var/tmp, or in USHER_BENCH_DIR, which must be on a disk.
USHER_BENCH_CENTRE=FOLDER keeps the centre that is prepared with 500 agents there for six hours of runs.`

function options(args) {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.short ? 1 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: it is a number from 1 on`)
  return { ...values, rounds }
}

async function findMeasures(only) {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => name.slice(0, -4))
    .sort()
  const wanted = only?.split(',') ?? names
  for (const name of wanted)
    if (!names.includes(name)) throw new Error(`--only ${name}: there are ${names.join(', ')}`)
  return Promise.all(wanted.map(async (name) => (await import(path.join(folder, `${name}.mjs`))).default))
}

async function measure(one, ctx, processes, root) {
  ctx.workdir = path.join(root, one.name)
  mkdirSync(ctx.workdir)
  try {
    const rows = await one.run(ctx)
    checkRows(one, rows, ctx)
    return rows
  } finally {
    await processes.endAll()
    rmSync(ctx.workdir, { recursive: true, force: true })
  }
}

function context(opts, processes, root) {
  return {
    short: opts.short,
    rounds: opts.rounds,
    builddir,
    srcdir,
    /** Lives as long as the run: what several measures use. */
    shared: root,
    log: (text) => console.error(`# ${text}`),
    spawn: (cmd, args, how) => processes.spawn(cmd, args, how),
    cpu: (pid) => processes.cpu(pid),
    rss: (pid) => processes.rss(pid),
    program(name) {
      const file = path.join(builddir, 'tests/bench', name)
      if (!existsSync(file)) throw new Error(`${file} is not there; run: make bench-programs`)
      return file
    },
  }
}

async function runAll(measures, opts, root) {
  const processes = new Processes({ nice: !opts.short, interrupted: () => rmSync(root, { recursive: true, force: true }) })
  const ctx = context(opts, processes, root)
  const results = []
  for (const one of measures) {
    ctx.log(`${one.name}: ${one.title}`)
    try {
      results.push({ name: one.name, title: one.title, rows: await measure(one, ctx, processes, root) })
    } catch (error) {
      console.error(`# ${one.name} FAILED: ${error.stack ?? error}`)
      results.push({ name: one.name, title: one.title, rows: [], failed: String(error.message ?? error) })
    }
  }
  return results
}

/** The exit status: 0, 1 when a measure failed, 2 on wrong use. */
async function main(args) {
  let opts
  let measures
  try {
    opts = options(args)
    measures = await findMeasures(opts.only)
  } catch (error) {
    console.error(`${error.message}\n${usage}`)
    return 2
  }
  if (opts.help) console.log(usage)
  else if (opts.list) for (const { name, title } of measures) console.log(`${name.padEnd(12)} ${title}`)
  if (opts.help || opts.list) return 0

  opts.machine = machine()
  const root = mkdtempSync(path.join(process.env.USHER_BENCH_DIR ?? '/var/tmp', 'usher-bench-'))
  try {
    const results = await runAll(measures, opts, root)
    print(results, opts)
    if (opts.json)
      writeFileSync(opts.json, `${JSON.stringify({ ...opts, measures: results }, null, 2)}\n`)
    return results.some(({ failed }) => failed) ? 1 : 0
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

process.exitCode = await main(process.argv.slice(2))
