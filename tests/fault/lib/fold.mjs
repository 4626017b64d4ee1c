// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the journal says about who has which interaction, event by event: written anew and simply, so that it can be held against
// what the engine did. `say (rule, what)` is called for what must never be.
export class Fold {
  constructor(say = () => undefined) {
    Object.assign(this, { say, seq: 0, capacity: new Map(), held: new Map(), load: new Map(), messages: new Map() })
    /** Every acceptance: {interaction, agent, seq}. */
    this.acceptances = []
  }

  step(event) {
    this.seq = event.seq
    const { interaction, agent } = event
    switch (event.type) {
      case 'user.changed':
        this.capacity.set(event.user, event.capacity)
        break
      case 'interaction.offered':
        this.#take(event)
        break
      case 'offer.ended':
        if (event.cause !== 'accepted') this.#give(event, 'offered')
        break
      case 'interaction.accepted':
        this.#accept(event)
        break
      case 'interaction.ended':
        if (event.ended_by === 'agent' && this.#of(interaction, agent, event))
          Object.assign(this.held.get(interaction), { state: 'wrap_up', deadline: event.deadline })
        break
      case 'interaction.overdue':
        if (this.held.has(interaction)) this.held.get(interaction).deadline = event.deadline
        break
      case 'interaction.queued':
        if (agent && this.held.has(interaction)) this.#give(event)
        break
      case 'interaction.closed':
        if (this.held.has(interaction)) this.#give(event)
        break
      case 'message.added':
        if (!this.messages.has(interaction)) this.messages.set(interaction, [])
        this.messages.get(interaction).push(event.n)
        break
    }
  }

  #take({ seq, interaction, agent, offer, deadline }) {
    const holder = this.held.get(interaction)
    if (holder) this.say('I4', `event ${seq} offers ${interaction} to ${agent} while ${holder.agent} has it`)
    this.held.set(interaction, { agent, offer, deadline, state: 'offered' })
    const load = (this.load.get(agent) ?? 0) + 1
    this.load.set(agent, load)
    if (load > this.capacity.get(agent))
      this.say('I5', `event ${seq} gives ${agent} ${load} interactions, his capacity is ${this.capacity.get(agent)}`)
  }

  #of(interaction, agent, { seq, type }) {
    const holder = this.held.get(interaction)
    if (holder?.agent === agent) return true
    this.say('I4', `event ${seq}, ${type}, is of ${agent}, but ${holder?.agent ?? 'nobody'} has ${interaction}`)
    return false
  }

  #accept(event) {
    const { seq, interaction, agent } = event
    this.acceptances.push({ interaction, agent, seq })
    if (!this.#of(interaction, agent, event)) return
    const holder = this.held.get(interaction)
    if (holder.state !== 'offered') this.say('I4', `event ${seq}: ${agent} accepts ${interaction} a second time`)
    Object.assign(holder, { state: 'active', deadline: 0 })
  }

  #give(event, state) {
    const { seq, interaction, agent } = event
    const holder = this.held.get(interaction)
    if (agent && !this.#of(interaction, agent, event)) return
    if (state && holder.state !== state)
      this.say('I4', `event ${seq}, ${event.type}, ends what is ${holder.state} already: ${interaction}`)
    this.held.delete(interaction)
    this.load.set(holder.agent, this.load.get(holder.agent) - 1)
  }

  /** What an agent has, by interaction. */
  of(agent) {
    return new Map([...this.held].filter(([, holder]) => holder.agent === agent))
  }
}
