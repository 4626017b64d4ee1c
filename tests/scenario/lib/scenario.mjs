// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scenario: what it shows, and how it is played. `needs` names what the channel must be able to do for it to make sense.
import { run } from '../../lib/tap.mjs'
import { Centre } from './centre.mjs'

/**
 * `options`: {queue: members of queue.put, config: sections of the configuration, needs: words of a channel's `can`,
 * limit: ms that all of it may take}. `play` gets the centre.
 */
export const scenario = (title, options, play) =>
  typeof options === 'function' ? { title, options: {}, play: options } : { title, options, play }

/** Every wait in a scenario is bounded; this bounds their sum. */
function within(ms, playing) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the scenario did not end within ${ms / 1000} s`)), ms)
  })
  return Promise.race([playing, late]).finally(() => clearTimeout(timer))
}

/** Plays one on a fresh centre; failures carry the end of the daemon's log. */
export async function perform(Channel, { options, play }) {
  const channel = await new Channel().start()
  let centre
  try {
    centre = new Centre(channel, options)
    await centre.start(options)
    await within(options.limit ?? 60000, play(centre))
    channel.check()
    await centre.stop()
  } catch (error) {
    if (centre) error.stack += `\n--- usherd said:\n${centre.daemon.log.split('\n').slice(-12).join('\n')}`
    throw error
  } finally {
    await centre?.end()
    await channel.stop()
  }
}

/** Starts the jobs in their order, at most `most` at a time; returns a promise for each. */
function pool(jobs, most) {
  const waiting = jobs.map((job) => {
    const one = { job }
    one.done = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }))
    one.done.catch(() => undefined)
    return one
  })
  let next = 0
  const work = async () => {
    while (next < waiting.length) {
      const one = waiting[next++]
      await one.job().then(one.resolve, one.reject)
    }
  }
  for (let i = 0; i < most; i++) work()
  return waiting.map(({ done }) => done)
}

/** Plays scenarios on a channel, several at a time: they share nothing and mostly wait. Prints TAP and ends the process. */
export async function playAll(Channel, list) {
  const played = pool(
    list.map((each) => () => perform(Channel, each)),
    3,
  )
  await run(list.map(({ title }, i) => [`${title} (${Channel.title})`, () => played[i]]))
}
