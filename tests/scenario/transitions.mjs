// SPDX-License-Identifier: GPL-3.0-or-later
//
// The transition table 1.8, row by row: from a status by an event to a status, and what becomes of the chat. Capacity 1.
import assert from 'node:assert/strict'
import { scenario } from './lib/scenario.mjs'

/** Anna, Ana, and what leads to each status. */
class Table {
  async prepare(centre, { user = {}, required = false } = {}) {
    this.centre = centre
    if (required)
      await centre.ctl('codes.put', {
        list: 'outcome',
        name: 'Outcome',
        use: 'disposition',
        required,
        codes: ['OK=Fine'],
      })
    this.anna = await centre.agent('anna', user)
    this.ana = await centre.customer('Ana Silva')
    return this
  }

  async available() {
    await this.anna.available()
    return this
  }

  async offered() {
    await this.available()
    await this.ana.says('Hello?')
    this.offer = await this.anna.offer({ from: this.ana })
    this.place = (await this.interaction()).enqueued_at
    return this
  }

  async busy() {
    await this.offered()
    this.chat = await this.anna.accept(this.offer)
    return this
  }

  async wrapping() {
    await this.busy()
    await this.chat.end()
    return this
  }

  async interaction() {
    return (await this.centre.interactions(this.ana))[0]
  }

  async is(status, state) {
    await this.anna.becomes(status)
    await this.anna.settle()
    assert.equal(this.anna.status, status)
    if (state) assert.equal((await this.interaction()).state, state)
  }

  async requeued() {
    const { state, enqueued_at: place } = await this.interaction()
    assert.deepEqual([state, place], ['waiting', this.place])
  }
}

const granted = { permissions: ['interaction.reject'] }
const brief = { queue: { post_processing_ms: 1000 } }

const row = (number, title, options, play) =>
  scenario(`1.8 row ${String(number).padStart(2, '0')}: ${title}`, options, async (centre) => {
    await play(await new Table().prepare(centre, options), centre)
  })

export default [
  row(1, 'Logged out, log in -> Work Offline', {}, (table) => table.is('work_offline')),
  row(1, 'Logged out, log in -> On Break, where the policy says so', {}, async (table, centre) => {
    await centre.policy({ on_login: 'on_break' })
    const ben = await centre.agent('ben')
    assert.equal(ben.status, 'on_break')
  }),
  row(2, 'any idle, go Available -> Available, a waiting chat is offered', {}, async (table) => {
    for (const status of ['work_offline', 'on_break']) {
      await table.anna.goes(status)
      await table.available()
      await table.is('available')
    }
    await table.anna.goes('on_break')
    await table.ana.says('Hello?')
    await table.available()
    await table.anna.offer({ from: table.ana })
  }),
  row(3, 'Available, offer -> Offered', {}, async (table) => {
    await table.offered()
    await table.is('offered', 'offered')
  }),
  row(4, 'Offered, accept -> Busy', {}, async (table) => {
    await table.busy()
    await table.is('busy', 'active')
  }),
  row(5, 'Offered, reject with the grant -> On Break, requeued at its place', { user: granted }, async (table) => {
    await table.offered()
    await table.anna.reject(table.offer)
    await table.is('on_break')
    await table.requeued()
  }),
  row(6, 'Offered, reject without the grant -> Offered, unchanged', {}, async (table) => {
    await table.offered()
    await assert.rejects(table.anna.reject(table.offer), { code: 'denied' })
    await table.is('offered', 'offered')
  }),
  row(
    7,
    'Offered, the interval lapses -> On Break, requeued at its place',
    { user: { acceptance_ms: 1000 } },
    async (table) => {
      await table.offered()
      await table.is('on_break')
      await table.requeued()
    },
  ),
  row(8, 'Offered, the customer leaves -> Available, abandoned', { needs: ['leave'] }, async (table) => {
    await table.offered()
    await table.ana.leaves()
    await table.is('available', 'closed')
  }),
  row(9, 'Busy, End Chat with wrap-up -> Post Processing', {}, async (table) => {
    await table.wrapping()
    await table.is('post_processing', 'wrap_up')
  }),
  row(10, 'Busy, End Chat without wrap-up -> Available', { queue: { post_processing_ms: 0 } }, async (table) => {
    await table.wrapping()
    await table.is('available', 'closed')
  }),
  row(11, 'Busy, the customer ends -> Busy until the agent acknowledges', { needs: ['leave'] }, async (table) => {
    await table.busy()
    await table.ana.leaves()
    await table.anna.event('interaction.ended', { ended_by: 'customer' })
    await table.is('busy', 'active')
    await table.chat.call('interaction.end')
    await table.is('post_processing', 'wrap_up')
  }),
  row(12, 'Post Processing, by hand -> Available', {}, async (table) => {
    await table.wrapping()
    await table.chat.wrapUpDone()
    await table.is('available', 'closed')
  }),
  row(12, 'Post Processing, by hand -> the status that was asked for', {}, async (table) => {
    await table.wrapping()
    await table.anna.goes('on_break')
    await table.chat.wrapUpDone()
    await table.is('on_break', 'closed')
  }),
  row(12, 'Post Processing, timer -> Available', brief, async (table) => {
    await table.wrapping()
    await table.is('available', 'closed')
  }),
  row(
    13,
    'Post Processing, timer without the required code -> overdue',
    { ...brief, required: true },
    async (table) => {
      await table.wrapping()
      await table.anna.event('interaction.overdue', { interaction: table.chat.id })
      await table.is('post_processing', 'wrap_up')
    },
  ),
  row(14, 'Available -> On Break, Work Offline, Logged out', {}, async (table, centre) => {
    const sue = await centre.supervisor()
    for (const status of ['on_break', 'work_offline']) {
      await table.available()
      await table.anna.goes(status)
      await table.is(status)
    }
    await table.available()
    await table.anna.goes('logged_out')
    await sue.event('agent.status', { agent: table.anna.user, status: 'logged_out' })
  }),
  row(15, 'Busy, asks for a break -> Busy, On Break after it', {}, async (table) => {
    await table.busy()
    await table.anna.goes('on_break')
    await table.is('busy', 'active')
    assert.equal(table.anna.asked, 'on_break')
    await table.chat.end()
    await table.chat.wrapUpDone()
    await table.is('on_break', 'closed')
  }),
]
