// SPDX-License-Identifier: GPL-3.0-or-later
//
// usherctl backup, restore and journal verify, with the real daemon: a backup while customers write has everything that
// was acknowledged before it began; restored elsewhere, a daemon starts from it and goes on. And usherd --verify-journal
// after kills.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Customer, Daemon, sleep, until } from '../../lib/daemon.mjs'
import { proofSize } from '../../lib/proof.mjs'
import { run } from '../../lib/tap.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()

function program(name, ...args) {
  return new Promise((resolve) => {
    const child = spawn(path.join(build, name), args)
    let out = ''
    let err = ''
    child.stdout.on('data', (part) => (out += part))
    child.stderr.on('data', (part) => (err += part))
    child.on('exit', (code) => resolve({ code, out, err }))
  })
}

const usherctl = (daemon, ...args) => program('usherctl', '--config', daemon.conf, ...args)

async function withDaemon(action, config = {}) {
  const daemon = new Daemon({ config: { 'frontend:desk': null, ...config } })
  try {
    await daemon.start()
    await daemon.seed({ post_processing_ms: 0 })
    await action(daemon)
  } finally {
    await daemon.end()
  }
}

/** Customers who write until told to stop; `said` has what was acknowledged. */
function chatter(daemon, customers) {
  const load = { said: [], stopped: false }
  const one = async (name) => {
    const customer = await new Customer(daemon, name).open()
    for (let i = 0; !load.stopped; i++) {
      const text = `${name} ${i}`
      try {
        await customer.say(text, `${name}-${i}`)
        load.said.push(text)
      } catch (error) {
        if (!/send: 429/.test(error.message)) throw error
        await sleep(20)
      }
    }
  }
  load.done = Promise.all(Array.from({ length: customers }, (_, i) => one(`c${i}`)))
  load.stop = async () => {
    load.stopped = true
    await load.done
  }
  return load
}

async function allTexts(daemon) {
  const texts = new Set()
  for (let after = 0; ; ) {
    const page = await daemon.ctl('event.list', { after, limit: 1000 })
    for (const event of page.events) {
      assert.equal(event.seq, ++after)
      if (event.type === 'message.added' && event.author === 'customer') texts.add(event.text)
    }
    if (!page.more) return texts
  }
}

async function backupUnderLoad(daemon) {
  const folder = path.join(daemon.dir, 'backup')
  const load = chatter(daemon, 4)
  const wanted = proofSize(40, 200, 5000)
  await until('there is something to back up', () => load.said.length >= wanted || null, 120000)

  const before = [...load.said]
  const made = await usherctl(daemon, 'backup', folder)
  assert.equal(made.code, 0, made.err)
  console.log(`# ${made.out.trim()}`)
  const during = load.said.length - before.length
  await load.stop()
  console.log(`# ${before.length} messages acknowledged before it began, ${during} while it was made`)
  assert.deepEqual(readdirSync(daemon.dir).filter((name) => name.includes('.part-')), [], 'nothing else is left behind')
  assert.equal(statSync(path.join(folder, 'usher.db')).mode & 0o077, 0, 'nobody else may read it')

  const checked = await usherctl(daemon, '--json', 'journal', 'verify', folder)
  assert.equal(checked.code, 0, checked.out + checked.err)
  const facts = JSON.parse(readFileSync(path.join(folder, 'backup.json'), 'utf8'))
  assert.equal(JSON.parse(checked.out).last, facts.event)
  assert.ok((await usherctl(daemon, 'journal', 'verify')).code === 0, 'the live journal, beside the daemon')

  // Elsewhere.
  const other = new Daemon({ config: { 'frontend:desk': null } })
  try {
    other.writeConfig()
    const restored = await usherctl(other, 'restore', folder)
    assert.equal(restored.code, 0, restored.err)
    await other.start()
    const texts = await allTexts(other)
    for (const text of before) assert.ok(texts.has(text), `"${text}" was acknowledged and is in the backup`)
    const dora = await new Customer(other, 'Dora').open()
    await dora.say('it goes on')
    await other.stop()
    assert.equal((await program('usherd', '--verify-journal', '--config', other.conf)).code, 0)
  } finally {
    await other.end()
  }
}

async function refusals(daemon) {
  const folder = path.join(daemon.dir, 'backup')
  const refused = async (words, ...args) => {
    const { code, err } = await usherctl(daemon, ...args)
    assert.equal(code, 1, err)
    for (const word of words) assert.ok(err.includes(word), `"${err}" has "${word}"`)
  }
  assert.equal((await usherctl(daemon, 'backup', folder)).code, 0)
  await refused([folder, 'nothing is overwritten'], 'backup', folder)
  await refused(['there is no folder', path.join(daemon.dir, 'none')], 'backup', path.join(daemon.dir, 'none', 'b'))
  await assert.rejects(daemon.ctl('store.backup', { path: 'here' }), /must be absolute/)
  await refused(['in use by process', 'stop that process'], 'restore', folder)
  const root = await daemon.login('root')
  await assert.rejects(root.call('store.backup', { path: `${folder}2` }), /own machine/)
  await daemon.stop()

  await refused(['is no backup', 'backup.json'], 'restore', daemon.data)
  const database = path.join(folder, 'usher.db')
  const whole = readFileSync(database)
  const facts = readFileSync(path.join(folder, 'backup.json'), 'utf8')
  writeFileSync(path.join(folder, 'backup.json'), facts.replace(/"event":\d+/, '"event":1'))
  await refused(['not as it was made', 'event 1 '], 'restore', folder)
  writeFileSync(path.join(folder, 'backup.json'), facts)
  const torn = Buffer.from(whole)
  torn.fill(7, Math.floor(whole.length / 2), Math.floor(whole.length / 2) + 4096)
  writeFileSync(database, torn)
  await refused([database], 'restore', folder)
  writeFileSync(database, whole)

  // What was there is kept.
  const again = await usherctl(daemon, 'restore', folder)
  assert.equal(again.code, 0, again.err)
  assert.ok(readdirSync(daemon.data).some((name) => name.startsWith('usher.db.before-')))
  assert.ok(!readdirSync(daemon.data).some((name) => name.endsWith('.restoring')))
}

async function killsVerify(daemon) {
  const kills = proofSize(2, 5, 100)
  const database = path.join(daemon.data, 'usher.db')
  for (let k = 0; k < kills; k++) {
    const customer = await new Customer(daemon, `k${k}`).open()
    const anna = await daemon.login('anna')
    await anna.call('agent.set_status', { status: 'available' }).catch(() => undefined)
    await customer.say(`hello ${k}`)
    const mine = await anna.mine()
    if (mine[0]?.state === 'offered') await anna.call('interaction.accept', { interaction: mine[0].interaction })
    if (mine[0]?.state === 'active') {
      await anna.call('message.send', { interaction: mine[0].interaction, text: 'hi', client_id: `m${k}` })
      await anna.call('interaction.end', { interaction: mine[0].interaction })
    }
    await daemon.kill()
    const checked = await program('usherctl', '--json', 'journal', 'verify', database)
    assert.equal(checked.code, 0, checked.out + checked.err)
    await daemon.start()
  }
  await daemon.stop()
  const last = await program('usherctl', '--json', 'journal', 'verify', database)
  assert.equal(last.code, 0, last.out)
  const { starts, events } = JSON.parse(last.out)
  assert.ok(starts > kills)
  console.log(`# ${kills} kills, ${events} events of ${starts} runs replayed`)

  // A wrong one is told by the exit status.
  const bytes = readFileSync(database)
  const at = bytes.indexOf('annaAnnaagent') // as the row of the table has it: login, name, role
  assert.ok(at > 0)
  bytes.write('annaAnneagent', at)
  writeFileSync(database, bytes)
  const wrong = await program('usherd', '--verify-journal', '--config', daemon.conf)
  assert.equal(wrong.code, 4, wrong.out)
  assert.match(wrong.out, /WRONG: .*table user.*Anna.*Anne/s)
}

await run([
  ['a backup under load, restored elsewhere, has all that was acknowledged before it', () => withDaemon(backupUnderLoad)],
  ['what is refused, and that nothing is overwritten', () => withDaemon(refusals)],
  ['kills and starts replay', () => withDaemon(killsVerify)],
])
