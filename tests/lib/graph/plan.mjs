// SPDX-License-Identifier: GPL-3.0-or-later
//
// Misbehaviour on demand: what the next calls meet instead of the usual answer.
const keys = ['on', 'user', 'times', 'error', 'status', 'garbage', 'truncate', 'hang', 'drop', 'slow', 'echo', 'after']
const kinds = ['send', 'action', 'profile', 'subscribe', 'page', 'upload', 'comment', 'any']
const words = {
  hang: ['accepted', 'refused'],
  drop: ['early', 'body', 'accepted'],
  echo: ['first', 'late', 'never', 'twice'],
}

export class Plans {
  constructor() {
    this.list = []
  }

  /**
   * Adds a plan:
   * `on`: send action profile subscribe page upload comment any; `user`: only this id; `times`: how often, default 1
   * `error`: {code, subcode, transient, status, regain}; `status`: a 5xx without JSON
   * `garbage`: 200 with something that is no JSON; `truncate`: the connection ends in the middle of the answer
   * `hang`: the HTTP answer never comes, though the message was "accepted", or was not ("refused")
   * `drop`: the connection is cut "early" (before the body was read), after the "body" was read, or once it was "accepted"
   * `slow`: ms until the answer
   * `echo`: "first" (before the answer), "late" (`after` ms), "never", "twice"
   */
  add(plan) {
    for (const key of Object.keys(plan)) if (!keys.includes(key)) throw new Error(`a plan has no "${key}"`)
    for (const [key, allowed] of Object.entries(words))
      if (key in plan && !allowed.includes(plan[key]))
        throw new Error(`${key}: ${allowed.join(', ')}; not "${plan[key]}"`)
    const made = { on: 'send', times: 1, ...plan }
    if (!kinds.includes(made.on)) throw new Error(`a plan is on ${kinds.join(', ')}; not on "${made.on}"`)
    this.list.push(made)
  }

  /** The first plan for such a call, used up by one; undefined = behave. */
  take(on, user, early = false) {
    const found = this.list.find(
      (plan) =>
        (plan.on === on || plan.on === 'any') &&
        (plan.user === undefined || early || plan.user === user) &&
        (plan.drop === 'early') === early,
    )
    if (found && --found.times <= 0) this.list.splice(this.list.indexOf(found), 1)
    return found
  }

  clear() {
    this.list = []
  }
}
