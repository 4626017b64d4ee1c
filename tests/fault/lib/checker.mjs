// SPDX-License-Identifier: GPL-3.0-or-later
//
// Compares what three sides have seen after everything has healed: the customers and their networks, the agents' desks, and the
// store. A pure function, so that it can be shown to find every kind of violation (tests/fault/kill-checker.mjs). The rules:
//   I1 an acknowledged message of a customer is in the transcript exactly once
//   I2 an agent's acknowledged message is recorded once and given to the network once; where the network can't tell a repetition,
//      a message whose fate is not known is shown as uncertain and not sent again
//   I3 the order is that of n on every side, without gaps, and a message's state only rises
//   I4 nobody has an interaction that somebody else has
//   I5 nobody has more than his capacity
//   I6 what was saved is one case, and its transcript is that of the chat
//   I7 everything drains, and offers and wrap-ups end at their deadlines, wherever restarts lie
//   R5 a desk misses nothing: events without a gap, or a snapshot that says the same as the journal
import { isDeepStrictEqual } from 'node:util'
import { Fold } from './fold.mjs'

const rank = { queued: 0, uncertain: 1, sent: 2, delivered: 3, read: 4, failed: 9 }

function group(list, key) {
  const groups = new Map()
  for (const each of list) {
    const name = key(each)
    if (!groups.has(name)) groups.set(name, [])
    groups.get(name).push(each)
  }
  return groups
}

const show = (text) => JSON.stringify(text)

class Checker {
  constructor(world) {
    Object.assign(this, { world, journal: world.journal, violations: [] })
    this.added = this.journal.filter(({ type }) => type === 'message.added')
    this.states = group(
      this.journal.filter(({ type }) => type === 'message.state'),
      ({ message }) => message,
    )
    this.ofInteraction = group(this.added, ({ interaction }) => interaction)
    this.figures = { inbound: 0, acked: 0, again: 0, outbound: 0, lost: 0, doubled: 0, uncertain: 0, settled: 0 }
  }

  say(rule, what) {
    this.violations.push({ rule, what })
  }

  lost(rule, what) {
    this.figures.lost++
    this.say(rule, what)
  }

  doubled(rule, what) {
    this.figures.doubled++
    this.say(rule, what)
  }

  /* ---- the journal by itself ----------------------------------------------------------------------------- */

  numbers() {
    this.journal.forEach(({ seq }, i) => {
      if (seq !== i + 1) this.say('I3', `the journal's event ${i + 1} has the number ${seq}`)
    })
    for (const [conversation, lines] of group(this.added, (each) => each.conversation))
      lines.forEach(({ n }, i) => {
        if (n !== i + 1) this.say('I3', `line ${i + 1} of ${conversation} has the number ${n}`)
      })
    for (const [message, list] of this.states)
      list.forEach(({ state }, i) => {
        if (i > 0 && rank[state] < rank[list[i - 1].state])
          this.say('I3', `${message} goes from ${list[i - 1].state} down to ${state}`)
      })
  }

  owners() {
    const fold = new Fold((rule, what) => this.say(rule, what))
    for (const event of this.journal) fold.step(event)
    for (const { login, user, calls } of this.world.desks)
      for (const { name, ok, args } of calls)
        if (
          name === 'interaction.accept' &&
          ok &&
          !fold.acceptances.some((each) => each.agent === user && each.interaction === args.interaction)
        )
          this.say('I4', `${login} was told that ${args.interaction} is accepted; the journal does not know`)
  }

  /* ---- customers to agents ------------------------------------------------------------------------------- */

  inbound() {
    const written = group(
      this.added.filter(({ author }) => author === 'customer'),
      ({ channel, external_id }) => `${channel} ${external_id}`,
    )
    for (const { channel, identity, sent, troubles } of this.world.customers) {
      for (const what of troubles) this.say('I1', `${identity}: ${what}`)
      let last = 0
      for (const one of sent) {
        const found = written.get(`${channel} ${one.key}`) ?? []
        written.delete(`${channel} ${one.key}`)
        this.received(one, found)
        if (found.length === 0) continue
        if (found[0].n <= last) this.say('I3', `${show(one.text)} of ${identity} is before what was written earlier`)
        last = found[0].n
      }
    }
    for (const [key, [{ text }]] of written) this.doubled('I1', `nobody wrote ${show(text)}, ${key}`)
  }

  received(one, found) {
    this.figures.inbound++
    if (one.attempts > 1) this.figures.again++
    if (one.ackedAt) this.figures.acked++
    if (found.length === 0 && one.ackedAt)
      this.lost('I1', `${show(one.text)}, ${one.key}, was acknowledged and is lost`)
    if (found.length > 1) this.doubled('I1', `${show(one.text)}, ${one.key}, is there ${found.length} times`)
    for (const { text, n } of found) {
      if (text !== one.text) this.say('I1', `${show(one.text)} has become ${show(text)}`)
      if (one.n !== undefined && one.n !== n)
        this.say('I3', `${show(one.text)} was acknowledged as line ${one.n}, it is ${n}`)
    }
  }

  /* ---- agents to customers ------------------------------------------------------------------------------- */

  outbound() {
    const recorded = group(
      this.added.filter(({ author, client_id }) => author === 'agent' && client_id),
      ({ client_id }) => client_id,
    )
    for (const { login, calls } of this.world.desks)
      for (const { name, args, ok, result } of calls) {
        if (name !== 'message.send') continue
        const found = recorded.get(args.client_id) ?? []
        recorded.delete(args.client_id)
        if (found.length > 1) this.doubled('I2', `${login}'s ${show(args.text)} is recorded ${found.length} times`)
        if (ok && found.length === 0) this.lost('I2', `${login}'s ${show(args.text)} was acknowledged and is lost`)
        if (ok && found.length > 0 && (found[0].message !== result.message || found[0].n !== result.n))
          this.say('I2', `${login} was told another place of ${show(args.text)} than the journal has`)
        if (found.some(({ text }) => text !== args.text)) this.say('I2', `${login}'s ${show(args.text)} was changed`)
      }
    for (const [, [{ text }]] of recorded) this.doubled('I2', `no agent wrote ${show(text)}`)
    for (const customer of this.world.customers) this.delivered(customer)
  }

  /** Every line of ours to this customer. */
  delivered(customer) {
    const { channel, identity, accepted, lines } = customer
    const ours = this.added.filter((each) => each.channel === channel && each.identity === identity)
    const said = ours.filter(({ author }) => author === 'agent')
    this.figures.outbound += said.length
    if (lines) this.shown(customer, ours)
    let last = 0
    for (const { message, text } of accepted ?? []) {
      const line = said.find((each) => each.message === message)
      if (!line || line.text !== text) this.say('I2', `${identity} was sent ${show(text)}, which no agent wrote`)
      else if (line.n < last) this.say('I3', `${identity} was sent ${show(text)} after later lines`)
      last = Math.max(last, line?.n ?? 0)
    }
    for (const line of said)
      this.fate(line, accepted ? accepted.filter(({ message }) => message === line.message).length : null)
  }

  /** Lines by number, as often as they come: each time the same, the first time in order, in the end all. */
  shown({ identity, lines }, ours) {
    let upto = 0
    for (const { n, author, text } of lines) {
      const line = ours[n - 1]
      if (n > upto + 1) this.say('I3', `${identity} saw line ${n} after line ${upto}`)
      if (!line || line.author !== author || (author !== 'system' && line.text !== text))
        this.say('I3', `${identity} saw ${show(text)} as line ${n}; it is ${show(line?.text)}`)
      upto = Math.max(upto, n)
    }
    for (const { author, text } of ours.slice(upto))
      this.lost(author === 'agent' ? 'I2' : 'I3', `${identity} never saw ${show(text)}`)
  }

  /** `times`: how often the network has taken it; null = it keeps lines by number, so that a repetition shows nothing twice. */
  fate({ message, text }, times) {
    const states = this.states.get(message) ?? []
    const state = states.at(-1)?.state ?? 'queued'
    const unsure = states.filter((each) => each.state === 'uncertain')
    const arrived = rank[state] >= rank.sent && state !== 'failed'
    if (unsure.length > 0) this.figures.uncertain++
    if (unsure.length > 0 && arrived) this.figures.settled++
    if (times > 1) this.doubled('I2', `the network was given ${show(text)} ${times} times`)
    if (state === 'queued') this.say('I7', `${show(text)} is still queued`)
    if (state === 'failed') this.say('I2', `${show(text)} failed: ${states.at(-1).error}`)
    if (times === null && !arrived) this.say('I2', `${show(text)} is ${state}, and this network can tell`)
    if (times === 0 && arrived) this.lost('I2', `${show(text)} is ${state}, but the network never had it`)
    if (times > 0 && !arrived) this.say('I2', `the network has ${show(text)}, but it is ${state}`)
    if (unsure.some(({ error }) => !error)) this.say('I2', `${show(text)} is uncertain without a reason`)
    if (state === 'uncertain' && !this.wasShown(message))
      this.say('I2', `nobody was shown that ${show(text)} is uncertain`)
  }

  /** Whether a desk was told that it is not known what became of a message. */
  wasShown(message) {
    const uncertain = (each) => each.message === message && each.state === 'uncertain'
    return this.world.desks.some(({ log }) =>
      log.some(
        ({ frame }) =>
          (frame.type === 'message.state' && uncertain(frame)) ||
          frame.snapshot?.interactions.some(({ messages }) => messages.some(uncertain)),
      ),
    )
  }

  /* ---- the CRM ------------------------------------------------------------------------------------------- */

  filed() {
    const saves = new Map()
    for (const event of this.journal) if (event.type === 'interaction.save') saves.set(event.interaction, event)
    const cases = group(this.world.cases, (each) => each.interaction)
    for (const [interaction, { state, error }] of saves) {
      const found = cases.get(interaction) ?? []
      cases.delete(interaction)
      if (state === 'failed') this.say('I6', `${interaction} could not be saved: ${error}`)
      else if (state !== 'saved') this.say('I7', `${interaction} is still being saved: ${state}`)
      if (found.length > 1) this.doubled('I6', `${interaction} has ${found.length} cases`)
      if (found.length === 0 && state === 'saved') this.lost('I6', `${interaction} is said to be saved and has no case`)
      if (found.length === 1) this.copied(interaction, found[0])
    }
    for (const interaction of cases.keys()) this.say('I6', `${interaction} has a case that nobody asked for`)
    for (const [identity, records] of group(this.world.records, (each) => each))
      if (records.length > 1) this.doubled('I6', `${identity} is ${records.length} customers`)
  }

  copied(interaction, { transcript }) {
    const said = (this.ofInteraction.get(interaction) ?? []).map(({ author, text }) => ({ author, text }))
    const copy = transcript.map(({ author, text }) => ({ author, text }))
    if (isDeepStrictEqual(said, copy)) return
    const at = said.findIndex((line, i) => !isDeepStrictEqual(line, copy[i]))
    const which = at < 0 ? said.length : at
    this.say(
      'I6',
      `the case of ${interaction} has ${copy.length} lines, the chat ${said.length}; line ${which + 1} is ${show(copy[which]?.text)}, not ${show(said[which]?.text)}`,
    )
  }

  /* ---- time ---------------------------------------------------------------------------------------------- */

  /** Until when something due at `deadline` must have happened: nothing happens while the daemon is away. */
  latest(deadline) {
    let t = deadline
    for (const { at, upAt } of this.world.deaths) if (t >= at - 50 && t < upAt) t = upAt
    return t + this.world.tolerance
  }

  due(what, { deadline }, { at, cause, seq }) {
    if (cause === 'timed_out' && at < deadline)
      this.say('I7', `event ${seq}: ${what} ends ${deadline - at} ms too early`)
    if (at > this.latest(deadline)) this.say('I7', `event ${seq}: ${what} ends ${at - deadline} ms after its deadline`)
  }

  timers() {
    const running = new Map()
    const places = new Map()
    for (const event of this.journal) {
      const { type, interaction, deadline, enqueued_at: place } = event
      if (place !== undefined && places.has(interaction) && places.get(interaction) !== place)
        this.say(
          'I7',
          `event ${event.seq}: ${interaction} lost its place in line, ${places.get(interaction)}: ${place}`,
        )
      if (place !== undefined) places.set(interaction, place)
      const timer = running.get(interaction)
      if (type === 'interaction.offered') running.set(interaction, { deadline, what: `the offer of ${interaction}` })
      else if (type === 'interaction.ended' && event.ended_by === 'agent' && deadline > 0)
        running.set(interaction, { deadline, what: `the wrap-up of ${interaction}` })
      else if (type === 'interaction.overdue' && timer) {
        this.due(timer.what, timer, { ...event, cause: 'timed_out' })
        if (deadline > 0) timer.deadline = deadline
        else running.delete(interaction)
      } else if ((type === 'offer.ended' || type === 'interaction.closed') && timer) {
        this.due(timer.what, timer, event)
        running.delete(interaction)
      }
    }
    for (const { what, deadline } of running.values())
      if (this.world.now > this.latest(deadline))
        this.say('I7', `${what} was over ${this.world.now - deadline} ms ago and still stands`)
    for (const [queue, count] of Object.entries(this.world.pending))
      if (count > 0) this.say('I7', `${count} ${queue} are still pending`)
  }

  /* ---- desks --------------------------------------------------------------------------------------------- */

  desk({ login, user, log, supervises }) {
    const seen = (event) =>
      supervises ||
      ['queue.changed', 'policy.changed', 'codes.changed'].includes(event.type) ||
      (['user.changed', 'membership.changed'].includes(event.type) ? event.user : event.agent) === user
    const visible = this.journal.filter(seen)
    const fold = new Fold()
    let upto = null
    let next = 0
    // Everything up to `seq` ought to be known; what is not was missed.
    const expect = (seq, why) => {
      for (; next < visible.length && visible[next].seq < seq; next++)
        this.say('R5', `${login} missed event ${visible[next].seq}, ${visible[next].type}, ${why}`)
    }
    for (const { frame } of log) {
      if (frame.type === 'welcome' && !frame.resumed) {
        if (upto !== null && frame.seq < upto)
          this.say('R5', `${login} got a snapshot of event ${frame.seq} after event ${upto}`)
        for (; next < visible.length && visible[next].seq <= frame.seq; next++);
        upto = frame.seq
        this.snapshot(login, user, frame, fold)
      } else if ('seq' in frame && frame.type !== 'welcome') {
        if (!isDeepStrictEqual(frame, this.journal[frame.seq - 1]))
          this.say(
            'R5',
            `${login} saw event ${frame.seq} as ${show(frame)}; the journal has ${show(this.journal[frame.seq - 1])}`,
          )
        if (frame.seq <= upto) continue
        expect(frame.seq, `before event ${frame.seq}`)
        if (visible[next]?.seq === frame.seq) next++
        upto = frame.seq
      }
    }
    expect(Infinity, 'to the end')
  }

  snapshot(login, user, { seq, snapshot }, fold) {
    while (fold.seq < seq && fold.seq < this.journal.length) fold.step(this.journal[fold.seq])
    const mine = fold.of(user)
    const wrong = (what) => this.say('R5', `${login}'s snapshot of event ${seq}: ${what}`)
    for (const { interaction, state, deadline, messages } of snapshot.interactions) {
      const holder = mine.get(interaction)
      mine.delete(interaction)
      if (holder?.state !== state) wrong(`${interaction} is ${state}, it should be ${holder?.state ?? 'nothing'}`)
      else if (state !== 'active' && deadline !== holder.deadline)
        wrong(`the deadline of ${interaction} is ${deadline}, not ${holder.deadline}`)
      const known = new Set(messages.map(({ n }) => n))
      for (const n of fold.messages.get(interaction) ?? [])
        if (!known.has(n)) wrong(`line ${n} of ${interaction} is missing`)
    }
    for (const interaction of mine.keys()) wrong(`${interaction} is missing`)
  }

  all() {
    this.numbers()
    this.owners()
    this.inbound()
    this.outbound()
    this.filed()
    this.timers()
    for (const desk of this.world.desks) this.desk(desk)
    return { violations: this.violations, figures: this.figures }
  }
}

/**
 * `world`: {journal: all events; customers: [{channel, identity, sent: [{key, text, attempts, ackedAt, n}], troubles, and what
 * arrived: `accepted`: [{message, text}] by the network, or `lines`: [{n, author, text}] on the customer's page}]; desks: [{login,
 * user, supervises, log: [{frame}], calls: [{name, args, ok, result}]}]; cases: [{interaction, transcript}]; records: identities
 * of the CRM's customers; deaths: [{at, upAt}]; pending: {name: count}; now; tolerance: ms}. Resolves to {violations: [{rule,
 * what}], figures}.
 */
export const check = (world) => new Checker(world).all()
