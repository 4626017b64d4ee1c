// SPDX-License-Identifier: GPL-3.0-or-later
//
// The seed as scenarios, S-01 to S-25 and the transition table, on one channel: node seed.mjs CHANNEL [WORD]. The channel is webchat,
// messenger or xmpp; with a word only scenarios with it in their title are played. Each has a centre of its own.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { playAll } from './lib/scenario.mjs'

const channels = {
  webchat: async () => (await import('./lib/webchat.mjs')).Webchat,
  messenger: async () => (await import('./lib/messenger.mjs')).Messenger,
  xmpp: async () => (await import('./lib/xmpp.mjs')).Xmpp,
}

async function scenarios() {
  const here = new URL('.', import.meta.url)
  const files = readdirSync(here).filter((name) => /^(s\d\d|transitions|presence|presets)\b.*\.mjs$/.test(name))
  const parts = await Promise.all(files.sort().map((name) => import(new URL(name, here))))
  return parts.flatMap((part) => part.default)
}

/** Plays everything on a channel that the channel can take part in; prints TAP and ends the process. */
export async function play(name, word = '') {
  if (!(name in channels))
    throw new Error(`there is no channel "${name}"; it is one of ${Object.keys(channels).join(', ')}`)
  const Channel = await channels[name]()
  const { can } = new Channel()
  const fitting = (await scenarios()).filter(
    ({ title, options }) => title.includes(word) && (options.needs ?? []).every((need) => can[need]),
  )
  await playAll(Channel, fitting)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await play(process.argv[2], process.argv[3])
