// SPDX-License-Identifier: GPL-3.0-or-later
//
// A person on Messenger who writes to the page. Each method is something people do; it becomes a webhook and resolves when the
// webhook was taken. The webhooks of one person go out one after another, as the real ones do; {now: true} overtakes.
import { randomBytes } from 'node:crypto'
import * as events from './events.mjs'

export const day = 24 * 3600 * 1000

export const newMid = () => `m_${randomBytes(33).toString('base64url')}`

/** Options of every method that are meant for the webhook and not for the event. */
const postOptions = ['now', 'twice', 'forge', 'split', 'upper', 'entries', 'headers']

const pick = (options, names) =>
  Object.fromEntries(names.filter((name) => name in options).map((name) => [name, options[name]]))

export class Person {
  /**
   * `profile`: "public"; "nameless" (the answer has an id only); "refused" (no profile for this person); "forbidden" (the app
   * lacks the feature). `picture`: false = none, or options of a media file.
   */
  constructor(
    graph,
    id,
    { first_name = 'Ana', last_name = 'B', picture = {}, profile = 'public', locale, timezone } = {},
  ) {
    Object.assign(this, { graph, id, first_name, last_name, profile, locale, timezone })
    this.pictureUrl = picture ? graph.media.add({ name: 'picture.png', ...picture }) : undefined
    this.received = []
    this.actions = []
    this.mids = new Set()
    this.lastAt = 0
    this.windowUntil = 0
    this.blocked = false
    this.typingUntil = 0
    this.seenUpto = 0
    this.chain = Promise.resolve()
  }

  get page() {
    return this.graph.page.id
  }

  /** What the page wrote, in the order in which it was accepted. */
  get texts() {
    return this.received.map((each) => each.text).filter((text) => text !== undefined)
  }

  /** Whether the page is shown typing. */
  get typing() {
    return this.typingUntil > this.graph.now()
  }

  /** Sends an event that was made before. */
  post(event, options = {}) {
    const run = () => this.graph.send([event], pick(options, postOptions))
    if (options.now) return run()
    return (this.chain = this.chain.then(run))
  }

  /** A message as an event that was not sent yet; it counts for the reply window at once. */
  message(content, { at = this.graph.tick(), mid = newMid(), days = 1, wrapped, seconds } = {}) {
    this.mids.add(mid)
    this.opened(at, days)
    const event = events.message(this.page, this.id, at, { mid, ...content })
    return this.#formed(Object.assign(event, { mid, at }), { wrapped, seconds })
  }

  #formed(event, { wrapped, seconds }) {
    const { mid, at } = event
    let out = seconds ? events.inSeconds(event) : event
    if (wrapped) out = events.wrapped(out, wrapped === true ? 'messaging' : wrapped)
    return Object.assign(out, { mid, at })
  }

  opened(at, days = 1) {
    this.lastAt = Math.max(this.lastAt, at)
    this.windowUntil = Math.max(this.windowUntil, at + days * day)
  }

  async #write(content, options) {
    const event = this.message(content, options)
    const attempts = await this.post(event, options)
    return { mid: event.mid, at: event.at, attempts }
  }

  says(text, options = {}) {
    const { reply_to, referral } = options
    const content = { text, ...(reply_to ? { reply_to: { mid: reply_to, is_self_reply: false } } : {}) }
    // A first message after an advertisement opens the window for a week.
    if (referral) return this.#write({ ...content, referral }, { days: referral.source === 'ADS' ? 7 : 1, ...options })
    return this.#write(content, options)
  }

  /** `attachments`: as they stand in the event; `text` beside them if given. */
  attaches(attachments, options = {}) {
    return this.#write({ ...(options.text ? { text: options.text } : {}), attachments }, options)
  }

  /** One picture, video, voice message or file; `file`: options of the media file, `url`: an address instead of it. */
  sends(type, { file = {}, url = this.graph.media.add(file), ...options } = {}) {
    return this.attaches([{ type, payload: { url } }], options)
  }

  sticker(id = 369239263222822, { old = false, url = this.graph.media.add({ name: 'sticker.png' }), ...options } = {}) {
    return this.attaches([{ type: old ? 'image' : 'sticker', payload: { url, sticker_id: id } }], options)
  }

  location(lat, long, options = {}) {
    return this.attaches([{ type: 'location', payload: { coordinates: { lat, long } } }], options)
  }

  /** An album: `count` pictures, each in a webhook of its own, all at the same time and in no particular order. */
  async album(count, { file = {}, ...options } = {}) {
    const made = Array.from({ length: count }, (_, i) =>
      this.message(
        { attachments: [{ type: 'image', payload: { url: this.graph.media.add({ name: `${i + 1}.png`, ...file }) } }] },
        options,
      ),
    )
    const shuffled = made.map((event, i) => [(i * 7919) % count, event]).sort(([a], [b]) => a - b)
    await Promise.all(shuffled.map(([, event]) => this.post(event, { ...options, now: true })))
    return made
  }

  /** Taps a quick reply. */
  taps(title, payload, options = {}) {
    return this.#write({ text: title, quick_reply: { payload } }, options)
  }

  /** Presses a button: not a message. */
  async presses(title, payload, options = {}) {
    const { at = this.graph.tick(), mid = newMid(), referral } = options
    this.opened(at)
    const event = Object.assign(events.postback(this.page, this.id, at, mid, title, payload, referral), { mid, at })
    const attempts = await this.post(this.#formed(event, options), options)
    return { mid, at, attempts }
  }

  /** Opens the conversation by a link: no message yet. */
  opens(ref, { source = 'SHORTLINK', at = this.graph.tick(), ad_id, ...options } = {}) {
    const content = { ref, source, type: 'OPEN_THREAD', ...(ad_id ? { ad_id } : {}) }
    return this.post(events.referral(this.page, this.id, at, content), options)
  }

  reacts(mid, emoji = '\u2764', name = 'love', { at = this.graph.tick(), ...options } = {}) {
    return this.post(events.reaction(this.page, this.id, at, mid, emoji, name), options)
  }

  unreacts(mid, { at = this.graph.tick(), ...options } = {}) {
    return this.post(events.reaction(this.page, this.id, at, mid, undefined, undefined, 'unreact'), options)
  }

  edits(mid, text, { at = this.graph.tick(), times = 1, ...options } = {}) {
    return this.post(events.edit(this.page, this.id, at, mid, text, times), options)
  }

  /** The device shows everything sent until now. `mids`: tell them as well. */
  gets({ at = this.graph.tick(), watermark = at, mids = false, ...options } = {}) {
    const told = mids ? this.received.filter((each) => each.at <= watermark).map((each) => each.mid) : undefined
    return this.post(events.delivery(this.page, this.id, at, watermark, told), options)
  }

  /** The person has seen everything sent until now. */
  reads({ at = this.graph.tick(), watermark = at, ...options } = {}) {
    return this.post(events.read(this.page, this.id, at, watermark), options)
  }

  optsIn(ref, { at = this.graph.tick(), ...options } = {}) {
    return this.post(events.optin(this.page, this.id, at, ref), options)
  }

  /** Somebody answers from the page's own inbox. `app`: null = the echo does not tell it. */
  async inbox(text, { at = this.graph.tick(), mid = newMid(), app = events.inboxApp, ...options } = {}) {
    this.mids.add(mid)
    await this.post(events.echo(this.page, this.id, at, { mid, text }, app), options)
    return { mid, at }
  }
}
