// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scenario: what it shows, and how it is played. `needs` names what the channel must be able to do for it to make sense.
import { Centre } from './centre.mjs'

/**
 * `options`: {queue: members of queue.put, config: sections of the configuration, needs: words of a channel's `can`}. `play` gets
 * the centre.
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
    await within(60000, play(centre))
    channel.check()
    await centre.stop()
  } catch (error) {
    if (centre) error.stack += `\n--- usherd said:\n${centre.daemon.log.split('\n').slice(-12).join('\n')}`
    throw error
  } finally {
    await centre?.daemon.end()
    await channel.stop()
  }
}
