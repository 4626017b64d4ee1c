// SPDX-License-Identifier: GPL-3.0-or-later
//
// The event shapes of the webhook, one function each, and the envelope around them. `field` says which subscription an
// event belongs to.
export const inboxApp = 263902037430900

const event = (field, from, to, at, body) => ({
  field,
  body: { sender: { id: from }, recipient: { id: to }, timestamp: at, ...body },
})

/** Everything in `message` besides `mid` is what the caller gives: text, attachments, quick_reply, reply_to, referral. */
export const message = (page, user, at, content) => event('messages', user, page, at, { message: content })

export const quickReply = (page, user, at, mid, text, payload) =>
  message(page, user, at, { mid, text, quick_reply: { payload } })

export const postback = (page, user, at, mid, title, payload, referral) =>
  event('messaging_postbacks', user, page, at, { postback: { mid, title, payload, ...(referral ? { referral } : {}) } })

export const referral = (page, user, at, content) => event('messaging_referrals', user, page, at, { referral: content })

export const reaction = (page, user, at, mid, emoji, name, action = 'react') =>
  event('message_reactions', user, page, at, {
    reaction: action === 'react' ? { mid, action, emoji, reaction: name } : { mid, action },
  })

export const edit = (page, user, at, mid, text, times = 1) =>
  event('message_edits', user, page, at, { message_edit: { mid, text, num_edit: times } })

/** `app`: who sent it; null = a person in the page's inbox whose app is not told. */
export const echo = (page, user, at, content, app) =>
  event('message_echoes', page, user, at, {
    message: { ...content, is_echo: true, ...(app === null ? {} : { app_id: app }) },
  })

export const delivery = (page, user, at, watermark, mids) =>
  event('message_deliveries', user, page, at, { delivery: { ...(mids ? { mids } : {}), watermark } })

export const read = (page, user, at, watermark) => event('message_reads', user, page, at, { read: { watermark } })

export const optin = (page, user, at, ref) => event('messaging_optins', user, page, at, { optin: { ref } })

export const policyEnforcement = (page, at, action, reason) => ({
  field: 'messaging_policy_enforcement',
  body: { recipient: { id: page }, timestamp: at, policy_enforcement: { action, reason } },
})

export const passThreadControl = (page, user, at, app, metadata = '') =>
  event('messaging_handovers', user, page, at, { pass_thread_control: { new_owner_app_id: app, metadata } })

export const takeThreadControl = (page, user, at, app, metadata = '') =>
  event('messaging_handovers', user, page, at, { take_thread_control: { previous_owner_app_id: app, metadata } })

/** Another app holds the thread: the same event, in the other list. */
export const standby = (inner) => ({ field: 'standby', body: inner.body })

export const comment = (page, at, { comment_id, post_id, from, message: text, verb = 'add', item = 'comment' }) => ({
  field: 'feed',
  change: {
    field: 'feed',
    value: {
      item,
      verb,
      comment_id,
      post_id,
      parent_id: post_id,
      from,
      message: text,
      created_time: Math.floor(at / 1000),
    },
  },
})

/** The event in the form that some documents show. `place`: the list of the entry it stands in. */
export const wrapped = (inner, place = 'messaging') => ({ ...inner, wrapped: place })

/** Time as text and in seconds, as Meta's own test button sends it. */
export const inSeconds = (inner) => ({
  ...inner,
  body: { ...inner.body, timestamp: String(Math.floor(inner.body.timestamp / 1000)) },
})

function listOf(each) {
  if (each.change) return ['changes', each.change]
  if (each.wrapped) return [each.wrapped, { field: each.field, value: each.body }]
  return [each.field === 'standby' ? 'standby' : 'messaging', each.body]
}

/** One entry of a body. */
export function entry(page, at, events) {
  const out = { id: page, time: at }
  for (const each of events) {
    const [list, value] = listOf(each)
    ;(out[list] ??= []).push(value)
  }
  return out
}

export const envelope = (entries) => ({ object: 'page', entry: entries })
