// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shape of what may be sent: every key known, every length within its limit. Each check throws a Violation that
// names the place.
import { Violation } from './error.mjs'

export const limits = {
  text: 2000,
  metadata: 1000,
  quickReplies: 13,
  quickReplyTitle: 20,
  payload: 1000,
  buttons: 3,
  buttonTitle: 20,
  buttonText: 640,
  elements: 10,
  elementTitle: 80,
}

export const tags = {
  alive: ['HUMAN_AGENT'],
  dead: ['CONFIRMED_EVENT_UPDATE', 'ACCOUNT_UPDATE', 'POST_PURCHASE_UPDATE'],
}

const messagingTypes = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY']
const mediaTypes = ['image', 'audio', 'video', 'file']
const plainActions = ['typing_on', 'typing_off', 'mark_seen']
const reactions = ['react', 'unreact']

/** Characters as people and the API count them: code points. */
export const characters = (text) => [...text].length

function refuse(message) {
  throw new Violation(message)
}

function object(where, value, allowed, required = []) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(`${where} must be an object`)
  for (const key of Object.keys(value)) if (!allowed.includes(key)) refuse(`${where} has the unknown key "${key}"`)
  for (const key of required) if (!(key in value)) refuse(`${where} lacks "${key}"`)
}

function string(where, value, max, min = 1) {
  if (typeof value !== 'string') refuse(`${where} must be a string, it is ${JSON.stringify(value)}`)
  const length = characters(value)
  if (length < min) refuse(`${where} is empty`)
  if (length > max) refuse(`${where} has ${length} characters, the limit is ${max}`)
  if (/[\ud800-\udfff]/u.test(value)) refuse(`${where} has half of a surrogate pair`)
}

function list(where, value, max) {
  if (!Array.isArray(value) || value.length === 0) refuse(`${where} must be a list with something in it`)
  if (value.length > max) refuse(`${where} has ${value.length} entries, the limit is ${max}`)
}

function boolean(where, value) {
  if (typeof value !== 'boolean') refuse(`${where} must be true or false`)
}

function one(where, value, names) {
  const present = names.filter((name) => name in value)
  if (present.length !== 1)
    refuse(`${where} needs exactly one of ${names.join(', ')}; it has ${present.join(' and ') || 'none'}`)
  return present[0]
}

function word(where, value, words) {
  if (!words.includes(value)) refuse(`${where} is ${JSON.stringify(value)}; it must be one of ${words.join(', ')}`)
}

function url(where, value) {
  string(where, value, 2000)
  let parsed
  try {
    parsed = new URL(value)
  } catch {
    refuse(`${where} is not an address: ${value}`)
  }
  // The real thing takes HTTPS only; on this machine there is nothing but plain HTTP.
  if (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && parsed.hostname === '127.0.0.1'))
    refuse(`${where} must be an https address`)
}

function button(where, value) {
  object(where, value, ['type', 'title', 'payload', 'url'], ['type', 'title'])
  word(`${where}.type`, value.type, ['postback', 'web_url'])
  string(`${where}.title`, value.title, limits.buttonTitle)
  if (value.type === 'postback') {
    object(where, value, ['type', 'title', 'payload'], ['payload'])
    string(`${where}.payload`, value.payload, limits.payload)
  } else {
    object(where, value, ['type', 'title', 'url'], ['url'])
    url(`${where}.url`, value.url)
  }
}

function buttons(where, value) {
  list(where, value, limits.buttons)
  value.forEach((each, i) => button(`${where}[${i}]`, each))
}

function element(where, value) {
  object(where, value, ['title', 'subtitle', 'image_url', 'buttons'], ['title'])
  string(`${where}.title`, value.title, limits.elementTitle)
  if ('subtitle' in value) string(`${where}.subtitle`, value.subtitle, limits.elementTitle)
  if ('image_url' in value) url(`${where}.image_url`, value.image_url)
  if ('buttons' in value) buttons(`${where}.buttons`, value.buttons)
}

function template(where, value) {
  object(where, value, ['template_type', 'text', 'buttons', 'elements'], ['template_type'])
  word(`${where}.template_type`, value.template_type, ['button', 'generic'])
  if (value.template_type === 'button') {
    object(where, value, ['template_type', 'text', 'buttons'], ['text', 'buttons'])
    string(`${where}.text`, value.text, limits.buttonText)
    buttons(`${where}.buttons`, value.buttons)
  } else {
    object(where, value, ['template_type', 'elements'], ['elements'])
    list(`${where}.elements`, value.elements, limits.elements)
    value.elements.forEach((each, i) => element(`${where}.elements[${i}]`, each))
  }
}

/** `file`: what was uploaded beside it, null = nothing. */
export function checkAttachment(where, value, file = null) {
  object(where, value, ['type', 'payload'], ['type', 'payload'])
  word(`${where}.type`, value.type, [...mediaTypes, 'template'])
  if (value.type === 'template') {
    if (file) refuse(`${where}: a template takes no file`)
    template(`${where}.payload`, value.payload)
    return
  }
  object(`${where}.payload`, value.payload, ['url', 'attachment_id', 'is_reusable'])
  if ('is_reusable' in value.payload) boolean(`${where}.payload.is_reusable`, value.payload.is_reusable)
  if (file) {
    object(`${where}.payload`, value.payload, ['is_reusable'])
    return
  }
  if (one(`${where}.payload`, value.payload, ['url', 'attachment_id']) === 'url')
    url(`${where}.payload.url`, value.payload.url)
  else string(`${where}.payload.attachment_id`, value.payload.attachment_id, 100)
}

function quickReply(where, value) {
  object(where, value, ['content_type', 'title', 'payload'], ['content_type', 'title', 'payload'])
  word(`${where}.content_type`, value.content_type, ['text'])
  string(`${where}.title`, value.title, limits.quickReplyTitle)
  string(`${where}.payload`, value.payload, limits.payload)
}

function checkMessage(value, file) {
  object('message', value, ['text', 'metadata', 'attachment', 'quick_replies', 'sticker_id'])
  const kind = one('message', value, ['text', 'attachment', 'sticker_id'])
  if (kind === 'text') {
    string('message.text', value.text, limits.text)
    if (value.text.trim() === '') refuse('message.text is blank')
    if (file) refuse('a file needs message.attachment')
  } else if (kind === 'attachment') checkAttachment('message.attachment', value.attachment, file)
  else if (!Number.isInteger(value.sticker_id)) refuse('message.sticker_id must be a whole number')
  if ('metadata' in value) string('message.metadata', value.metadata, limits.metadata)
  if ('quick_replies' in value) {
    list('message.quick_replies', value.quick_replies, limits.quickReplies)
    value.quick_replies.forEach((each, i) => quickReply(`message.quick_replies[${i}]`, each))
  }
  return kind
}

function checkType(body, private_) {
  if (private_ && !('messaging_type' in body)) {
    if ('tag' in body) refuse('"tag" belongs to messaging_type MESSAGE_TAG')
    return
  }
  if (!('messaging_type' in body)) refuse('the body lacks "messaging_type"')
  word('messaging_type', body.messaging_type, messagingTypes)
  if (body.messaging_type !== 'MESSAGE_TAG') {
    if ('tag' in body) refuse(`"tag" belongs to messaging_type MESSAGE_TAG, not to ${body.messaging_type}`)
    if (body.messaging_type === 'UTILITY') refuse('messaging_type UTILITY needs an approved template, there is none')
    return
  }
  if (!('tag' in body)) refuse('messaging_type MESSAGE_TAG needs "tag"')
  if (tags.dead.includes(body.tag)) refuse(`the tag ${body.tag} stopped working on 27 April 2026`)
  word('tag', body.tag, tags.alive)
}

function checkAction(body) {
  object('the body', body, ['recipient', 'sender_action', 'payload'], ['recipient'])
  word('sender_action', body.sender_action, [...plainActions, ...reactions])
  if (plainActions.includes(body.sender_action)) {
    if ('payload' in body) refuse(`${body.sender_action} takes no payload`)
    return
  }
  object('payload', body.payload, ['message_id', 'reaction'], ['message_id'])
  string('payload.message_id', body.payload.message_id, 500)
  if (body.sender_action === 'react' || 'reaction' in body.payload)
    string('payload.reaction', body.payload.reaction, 40)
}

/**
 * Checks the body of POST /PAGE/messages. Returns {to, id, kind}: `to` is "id" or "comment_id", `kind` is text, attachment,
 * sticker_id or action.
 */
export function checkSend(body, file = null) {
  object('the body', body, ['recipient', 'messaging_type', 'tag', 'message', 'sender_action', 'payload', 'reply_to'])
  if (!('recipient' in body)) refuse('the body lacks "recipient"')
  object('recipient', body.recipient, ['id', 'comment_id'])
  const to = one('recipient', body.recipient, ['id', 'comment_id'])
  string(`recipient.${to}`, body.recipient[to], 200)
  const what = one('the body', body, ['message', 'sender_action'])
  if (what === 'sender_action') {
    if (to !== 'id') refuse('sender_action needs recipient.id')
    checkAction(body)
    return { to, id: body.recipient.id, kind: 'action' }
  }
  if ('payload' in body) refuse('"payload" belongs to sender_action')
  checkType(body, to === 'comment_id')
  if ('reply_to' in body) {
    object('reply_to', body.reply_to, ['mid'], ['mid'])
    string('reply_to.mid', body.reply_to.mid, 500)
  }
  return { to, id: body.recipient[to], kind: checkMessage(body.message, file) }
}
