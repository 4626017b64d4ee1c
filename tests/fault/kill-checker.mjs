// SPDX-License-Identifier: GPL-3.0-or-later
//
// The checker of the kill loops finds what it is there to find: a small flawless world passes, and each way to spoil it is reported
// under its rule. So the loops cannot pass by not looking.
import assert from 'node:assert/strict'
import { run } from '../lib/tap.mjs'
import { check } from './lib/checker.mjs'

const anna = 'usr_anna'
const ben = 'usr_ben'

/* ---- a flawless world ---------------------------------------------------------------------------------- */

/** Ana on Messenger and Vera on the web chat talk with anna; ben is idle. Times are ms after the beginning. */
function journal() {
  const events = []
  const add = (at, type, members) => events.push({ seq: events.length + 1, at, type, ...members })
  const offer = { interaction: 'int_1', agent: anna, offer: 'off_1', deadline: 1100, enqueued_at: 90 }
  const second = { interaction: 'int_2', agent: anna, offer: 'off_2', deadline: 1200 }
  const line = (at, interaction, n, author, text, more) => {
    const page = interaction === 'int_1'
    const place = {
      conversation: page ? 'cnv_1' : 'cnv_2',
      channel: page ? 'page' : 'site',
      identity: page ? 'ana' : 'vera',
    }
    add(at, 'message.added', {
      ...place,
      interaction,
      agent: anna,
      message: `msg_${interaction}_${n}`,
      n,
      author,
      text,
      ...more,
    })
  }
  const state = (at, interaction, n, word, more) =>
    add(at, 'message.state', { agent: anna, message: `msg_${interaction}_${n}`, n, state: word, ...more })
  add(0, 'user.changed', { user: anna, capacity: 2 })
  add(0, 'user.changed', { user: ben, capacity: 1 })
  add(90, 'interaction.queued', { interaction: 'int_1', identity: 'ana', enqueued_at: 90 })
  line(90, 'int_1', 1, 'customer', 'Hello?', { external_id: 'mid_1' })
  add(100, 'interaction.offered', offer)
  add(190, 'interaction.queued', { interaction: 'int_2', identity: 'vera' })
  line(190, 'int_2', 1, 'customer', 'Anybody?', { external_id: 'vera:1' })
  add(200, 'interaction.offered', second)
  add(210, 'offer.ended', { interaction: 'int_1', agent: anna, offer: 'off_1', cause: 'accepted' })
  add(210, 'interaction.accepted', { interaction: 'int_1', agent: anna })
  add(220, 'offer.ended', { interaction: 'int_2', agent: anna, offer: 'off_2', cause: 'accepted' })
  add(220, 'interaction.accepted', { interaction: 'int_2', agent: anna })
  line(300, 'int_1', 2, 'agent', 'Hello Ana.', { client_id: 'c1', state: 'queued' })
  state(310, 'int_1', 2, 'uncertain', { error: 'it is not known whether it arrived' })
  state(320, 'int_1', 2, 'sent')
  line(330, 'int_1', 3, 'customer', 'Thanks.', { external_id: 'mid_2' })
  line(340, 'int_1', 4, 'agent', 'Bye.', { client_id: 'c2', state: 'queued' })
  state(350, 'int_1', 4, 'uncertain', { error: 'it is not known whether it arrived' })
  line(360, 'int_2', 2, 'agent', 'Hello Vera.', { client_id: 'c3', state: 'queued' })
  state(370, 'int_2', 2, 'delivered')
  add(400, 'interaction.save', { interaction: 'int_1', agent: anna, state: 'requested' })
  add(410, 'interaction.save', { interaction: 'int_1', agent: anna, state: 'saved', case: 'cas_1' })
  add(500, 'interaction.ended', { interaction: 'int_1', agent: anna, ended_by: 'agent', deadline: 1500 })
  add(510, 'interaction.ended', { interaction: 'int_2', agent: anna, ended_by: 'agent', deadline: 700 })
  add(2010, 'interaction.closed', { interaction: 'int_2', agent: anna, cause: 'timed_out' })
  add(2020, 'interaction.closed', { interaction: 'int_1', agent: anna, cause: 'timed_out' })
  return events
}

const sees = (user) => (event) => (event.type === 'user.changed' ? event.user : event.agent) === user

/** anna's desk saw the beginning, was away from event 14 to 17, and came back with a snapshot. */
function logOf(events) {
  const frames = events.filter(sees(anna)).map((frame) => ({ connection: frame.seq <= 13 ? 1 : 2, frame }))
  const message = (n) => ({ message: `msg_int_1_${n}`, n, state: 'sent' })
  const interactions = [
    { interaction: 'int_1', state: 'active', deadline: 0, messages: [1, 2, 3, 4].map(message) },
    { interaction: 'int_2', state: 'active', deadline: 0, messages: [{ message: 'msg_int_2_1', n: 1, state: 'sent' }] },
  ]
  return [
    { connection: 1, frame: { type: 'welcome', resumed: false, seq: 0, snapshot: { interactions: [] } } },
    ...frames.filter(({ frame }) => frame.seq <= 13),
    { connection: 2, frame: { type: 'welcome', resumed: false, seq: 17, snapshot: { interactions } } },
    ...frames.filter(({ frame }) => frame.seq > 17),
  ]
}

function world() {
  const events = journal()
  const call = (name, args, result = {}) => ({ name, args, ok: true, result })
  const said = (interaction, n, text, client) =>
    call('message.send', { interaction, text, client_id: client }, { message: `msg_${interaction}_${n}`, n, parts: 1 })
  const welcome = { type: 'welcome', resumed: false, seq: 0, snapshot: { interactions: [] } }
  const transcript = events.filter((each) => each.type === 'message.added' && each.interaction === 'int_1')
  return {
    journal: events,
    customers: [
      {
        channel: 'page',
        identity: 'ana',
        troubles: [],
        sent: [
          { key: 'mid_1', text: 'Hello?', attempts: 1, ackedAt: 91 },
          { key: 'mid_2', text: 'Thanks.', attempts: 2, ackedAt: 331 },
          { key: 'mid_3', text: 'Never taken.', attempts: 1 },
        ],
        accepted: [{ message: 'msg_int_1_2', text: 'Hello Ana.' }],
      },
      {
        channel: 'site',
        identity: 'vera',
        troubles: [],
        sent: [{ key: 'vera:1', text: 'Anybody?', attempts: 1, ackedAt: 191, n: 1 }],
        lines: [
          { n: 1, author: 'customer', text: 'Anybody?' },
          { n: 2, author: 'agent', text: 'Hello Vera.' },
          { n: 2, author: 'agent', text: 'Hello Vera.' },
        ],
      },
    ],
    desks: [
      {
        login: 'anna',
        user: anna,
        supervises: false,
        log: logOf(events),
        calls: [
          call('interaction.accept', { interaction: 'int_1' }),
          call('interaction.accept', { interaction: 'int_2' }),
          said('int_1', 2, 'Hello Ana.', 'c1'),
          said('int_1', 4, 'Bye.', 'c2'),
          said('int_2', 2, 'Hello Vera.', 'c3'),
          { name: 'message.send', args: { text: 'Never taken.', client_id: 'c4' } },
        ],
      },
      {
        login: 'sue',
        user: 'usr_sue',
        supervises: true,
        log: [{ frame: welcome }, ...events.map((frame) => ({ frame }))],
        calls: [],
      },
    ],
    cases: [{ interaction: 'int_1', transcript: transcript.map(({ author, text }) => ({ author, text })) }],
    records: ['messenger ana', 'webchat vera'],
    deaths: [{ at: 600, upAt: 2000 }],
    pending: { commits: 0, outbox: 0 },
    now: 3000,
    tolerance: 100,
  }
}

/* ---- ways to spoil it ---------------------------------------------------------------------------------- */

const find = (w, type, members = {}) =>
  w.journal.find(
    (event) => event.type === type && Object.entries(members).every(([key, value]) => event[key] === value),
  )
const added = (w, message) => find(w, 'message.added', { message })
/** Takes an event away; the numbers of the others close up, and the desks saw it like that. */
function without(w, ...events) {
  w.journal = w.journal.filter((event) => !events.includes(event))
  renumber(w)
}
function insert(w, before, event) {
  w.journal.splice(w.journal.indexOf(before), 0, event)
  renumber(w)
}
function renumber(w) {
  w.journal.forEach((event, i) => (event.seq = i + 1))
  const [desk, sue] = w.desks
  desk.log = [{ frame: { type: 'welcome', resumed: false, seq: 0, snapshot: { interactions: [] } } }]
  desk.log.push(...w.journal.filter(sees(anna)).map((frame) => ({ frame })))
  sue.log = [sue.log[0], ...w.journal.map((frame) => ({ frame }))]
}
const ana = (w) => w.customers[0]
const vera = (w) => w.customers[1]

/** What is done to the world, under which rule it must be reported, and in which words. */
const spoils = [
  ['an acknowledged message of a customer is gone', 'I1', /is lost/, (w) => without(w, added(w, 'msg_int_1_3'))],
  [
    "a customer's message is there twice",
    'I1',
    /2 times/,
    (w) => insert(w, find(w, 'interaction.save'), { ...added(w, 'msg_int_1_1'), n: 5, message: 'msg_again' }),
  ],
  ['a message nobody wrote', 'I1', /nobody wrote/, (w) => ana(w).sent.splice(1, 1)],
  ["a customer's text was changed", 'I1', /has become/, (w) => (added(w, 'msg_int_1_3').text = 'Thank')],
  ['a page had trouble', 'I1', /cursor/, (w) => vera(w).troubles.push('the server does not know the cursor')],
  [
    'an acknowledged message of an agent is gone',
    'I2',
    /is lost/,
    (w) => without(w, added(w, 'msg_int_1_4'), find(w, 'message.state', { n: 4 })),
  ],
  [
    "an agent's message is recorded twice",
    'I2',
    /recorded 2 times/,
    (w) => insert(w, find(w, 'interaction.save'), { ...added(w, 'msg_int_1_4'), n: 5, message: 'msg_again' }),
  ],
  ['the network was given a message twice', 'I2', /2 times/, (w) => ana(w).accepted.push(ana(w).accepted[0])],
  ['a message that never left counts as sent', 'I2', /never had it/, (w) => (ana(w).accepted.length = 0)],
  [
    'a message that arrived stays uncertain',
    'I2',
    /but it is uncertain/,
    (w) => without(w, find(w, 'message.state', { state: 'sent' })),
  ],
  [
    'nobody was shown that a message is uncertain',
    'I2',
    /nobody was shown/,
    (w) => w.desks.forEach((desk) => (desk.log = desk.log.filter(({ frame }) => frame.state !== 'uncertain'))),
  ],
  [
    'a message is uncertain without a reason',
    'I2',
    /without a reason/,
    (w) => delete find(w, 'message.state', { n: 4 }).error,
  ],
  ['a message failed', 'I2', /failed/, (w) => (find(w, 'message.state', { n: 4 }).state = 'failed')],
  [
    'a network that can tell has an uncertain message',
    'I2',
    /can tell/,
    (w) => (find(w, 'message.state', { state: 'delivered' }).state = 'uncertain'),
  ],
  [
    'a customer was sent what no agent wrote',
    'I2',
    /no agent wrote/,
    (w) => ana(w).accepted.push({ message: 'msg_x', text: 'Buy!' }),
  ],
  ['a page never showed a line', 'I2', /never saw/, (w) => vera(w).lines.splice(1, 2)],
  ['an agent was told another number', 'I2', /another place/, (w) => (w.desks[0].calls[2].result.n = 7)],
  ['the journal has a gap', 'I3', /has the number/, (w) => w.journal.splice(5, 1)],
  ['a conversation has a gap', 'I3', /line 3 of cnv_1/, (w) => (added(w, 'msg_int_1_3').n = 9)],
  ['a state goes down', 'I3', /down to/, (w) => (find(w, 'message.state', { state: 'sent' }).state = 'queued')],
  ["a customer's messages changed places", 'I3', /before what was written earlier/, (w) => ana(w).sent.reverse()],
  [
    'the network got lines out of order',
    'I3',
    /after later lines/,
    (w) => ana(w).accepted.unshift({ message: 'msg_int_1_4', text: 'Bye.' }),
  ],
  ['a page showed a line too early', 'I3', /saw line 2 after line 0/, (w) => vera(w).lines.shift()],
  ['a page showed another text', 'I3', /it is "Hello Vera."/, (w) => (vera(w).lines[2].text = 'Hello.')],
  ['an acknowledgement named another line', 'I3', /acknowledged as line 2/, (w) => (vera(w).sent[0].n = 2)],
  [
    'a chat is offered to a second agent',
    'I4',
    /while usr_anna has it/,
    (w) =>
      insert(w, find(w, 'interaction.save'), {
        type: 'interaction.offered',
        at: 390,
        interaction: 'int_1',
        agent: ben,
        offer: 'off_3',
        deadline: 1390,
      }),
  ],
  [
    'a second agent accepts',
    'I4',
    /accepted|of usr_ben/,
    (w) =>
      insert(w, find(w, 'interaction.save'), {
        type: 'interaction.accepted',
        at: 390,
        interaction: 'int_1',
        agent: ben,
      }),
  ],
  [
    'a chat is accepted twice',
    'I4',
    /a second time/,
    (w) => insert(w, find(w, 'interaction.save'), { ...find(w, 'interaction.accepted') }),
  ],
  [
    'an agent was told of an acceptance that is not there',
    'I4',
    /does not know/,
    (w) => (w.desks[0].calls[0].args.interaction = 'int_9'),
  ],
  [
    'an agent has more than he can take',
    'I5',
    /2 interactions, his capacity is 1/,
    (w) => (find(w, 'user.changed').capacity = 1),
  ],
  ['a saved chat has no case', 'I6', /has no case/, (w) => w.cases.pop()],
  ['a saved chat has two cases', 'I6', /2 cases/, (w) => w.cases.push(w.cases[0])],
  ['a case nobody asked for', 'I6', /nobody asked for/, (w) => w.cases.push({ interaction: 'int_2', transcript: [] })],
  ['a case lacks a line', 'I6', /has 3 lines/, (w) => w.cases[0].transcript.splice(2, 1)],
  ['a case has a line twice', 'I6', /has 5 lines/, (w) => w.cases[0].transcript.push(w.cases[0].transcript[3])],
  ['a customer has two records', 'I6', /2 customers/, (w) => w.records.push('messenger ana')],
  [
    'a save failed',
    'I6',
    /could not be saved/,
    (w) => (find(w, 'interaction.save', { state: 'saved' }).state = 'failed'),
  ],
  ['a save hangs', 'I7', /still being saved/, (w) => without(w, find(w, 'interaction.save', { state: 'saved' }))],
  ['a message hangs', 'I7', /still queued/, (w) => without(w, find(w, 'message.state', { n: 4 }))],
  [
    'an offer ends before its deadline',
    'I7',
    /100 ms too early/,
    (w) => Object.assign(find(w, 'offer.ended'), { cause: 'timed_out', at: 1000 }),
  ],
  ['an offer stays after its deadline', 'I7', /after its deadline/, (w) => (find(w, 'offer.ended').at = 2500)],
  ['a wrap-up ends before its deadline', 'I7', /too early/, (w) => (find(w, 'interaction.closed').at = 690)],
  [
    'a wrap-up ends long after the restart',
    'I7',
    /after its deadline/,
    (w) => (find(w, 'interaction.closed').at = 2200),
  ],
  ['a wrap-up never ends', 'I7', /still stands/, (w) => without(w, find(w, 'interaction.closed'))],
  ['a chat loses its place in line', 'I7', /lost its place/, (w) => (find(w, 'interaction.offered').enqueued_at = 100)],
  ['a queue does not drain', 'I7', /3 outbox/, (w) => (w.pending.outbox = 3)],
  ['a desk missed an event', 'R5', /anna missed event/, (w) => w.desks[0].log.splice(4, 1)],
  ['a desk missed the last event', 'R5', /to the end/, (w) => w.desks[1].log.pop()],
  [
    'a desk saw another event',
    'R5',
    /the journal has/,
    (w) => (w.desks[1].log[5] = { frame: { ...w.desks[1].log[5].frame, at: 1 } }),
  ],
  [
    'a snapshot is older than what was seen',
    'R5',
    /after event 13/,
    (w) => (w.desks[0].log.find(({ connection }) => connection === 2).frame.seq = 12),
  ],
  ['a snapshot lacks a chat', 'R5', /int_2 is missing/, (w) => snapshotOf(w).pop()],
  ['a snapshot lacks a line', 'R5', /line 3 of int_1/, (w) => snapshotOf(w)[0].messages.splice(2, 1)],
  [
    'a snapshot has another state',
    'R5',
    /is offered, it should be active/,
    (w) => (snapshotOf(w)[0].state = 'offered'),
  ],
]

function snapshotOf(w) {
  return w.desks[0].log.find(({ connection }) => connection === 2).frame.snapshot.interactions
}

await run([
  [
    'a flawless world passes, and is counted',
    () => {
      const { violations, figures } = check(world())
      assert.deepEqual(violations, [])
      assert.deepEqual(figures, {
        inbound: 4,
        acked: 3,
        again: 1,
        outbound: 3,
        lost: 0,
        doubled: 0,
        uncertain: 2,
        settled: 1,
      })
    },
  ],
  ...spoils.map(([title, rule, words, spoil]) => [
    `${rule}: ${title}`,
    () => {
      const spoilt = structuredClone(world())
      spoil(spoilt)
      const { violations } = check(spoilt)
      const found = violations.some((each) => each.rule === rule && words.test(each.what))
      assert.ok(found, `reported were only:\n${violations.map((each) => `${each.rule}: ${each.what}`).join('\n')}`)
    },
  ]),
])
