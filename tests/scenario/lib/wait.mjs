// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bounded waiting for things that come as frames or events: what came, in order; each is taken once; and a failure shows the last ones.
const patience = 15000

export class Stream {
  /** `who`: for messages; `show`: how one item is written in them. */
  constructor(who, show = (item) => JSON.stringify(item)) {
    Object.assign(this, { who, show, items: [], taken: new Set(), waiting: new Set(), ended: null })
  }

  push(item) {
    this.items.push(item)
    this.wake()
  }

  /** Looks again at everything that is waited for. */
  wake() {
    for (const look of [...this.waiting]) look()
  }

  /** No more will come: whoever waits is told why. */
  end(why) {
    this.ended = why
    this.wake()
  }

  get last() {
    const lines = this.items.slice(-15).map((item) => `    ${this.show(item).slice(0, 300)}`)
    return lines.length > 0 ? `the last things ${this.who} saw:\n${lines.join('\n')}` : `${this.who} saw nothing at all`
  }

  /** Resolves to the first true value of `probe`, which is asked whenever something came. */
  until(what, probe, ms = patience) {
    return new Promise((resolve, reject) => {
      const settle = (how, value) => {
        clearTimeout(timer)
        this.waiting.delete(look)
        how(value)
      }
      const fail = (why) => settle(reject, new Error(`${this.who} waited for ${what}: ${why}; ${this.last}`))
      const look = () => {
        let value
        try {
          value = probe()
        } catch (error) {
          settle(reject, error)
          return
        }
        if (value) settle(resolve, value)
        else if (this.ended) fail(this.ended)
      }
      const timer = setTimeout(() => fail(`not within ${ms} ms`), ms)
      this.waiting.add(look)
      look()
    })
  }

  /** The first item that matches and was not taken before. */
  next(what, matches, ms) {
    return this.until(
      what,
      () => {
        const found = this.items.find((item) => !this.taken.has(item) && matches(item))
        if (found) this.taken.add(found)
        return found
      },
      ms,
    )
  }
}

/** For the rare thing that is only looked up: asks `probe` until it gives something true. `story`: shown when it does not. */
export async function eventually(what, probe, story = () => '', ms = patience) {
  const end = Date.now() + ms
  for (;;) {
    const value = await probe()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited for ${what}: not within ${ms} ms\n${story()}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}
