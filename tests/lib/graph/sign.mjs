// SPDX-License-Identifier: GPL-3.0-or-later
//
// How Meta signs: the webhook's body as the bytes that travel, and the proof that goes with a call to the Graph API.
import { createHmac, timingSafeEqual } from 'node:crypto'

const hmac = (algorithm, key, bytes) => createHmac(algorithm, key).update(bytes).digest('hex')

/** The value of X-Hub-Signature-256 over the raw bytes of a body. */
export const signature = (appSecret, bytes) => `sha256=${hmac('sha256', appSecret, bytes)}`

/** The old X-Hub-Signature, which still comes and is to be ignored. */
export const oldSignature = (appSecret, bytes) => `sha1=${hmac('sha1', appSecret, bytes)}`

/** appsecret_proof of an access token. */
export const proof = (appSecret, token) => hmac('sha256', appSecret, token)

/** Whether two strings are equal, in a time that does not tell where they differ. */
export function same(a, b) {
  const [left, right] = [Buffer.from(String(a)), Buffer.from(String(b))]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** A value as Meta writes it: everything outside ASCII as \uXXXX, and no bare slash. */
export const encode = (value) =>
  Buffer.from(
    JSON.stringify(value)
      .replaceAll('/', '\\/')
      .replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    'ascii',
  )

/** The ways in which a webhook's headers and bytes can be wrong; each returns {headers, bytes}. */
export const forgeries = {
  none: (secret, bytes) => ({ headers: {}, bytes }),
  empty: (secret, bytes) => ({ headers: { 'X-Hub-Signature-256': '' }, bytes }),
  sha1: (secret, bytes) => ({ headers: { 'X-Hub-Signature': oldSignature(secret, bytes) }, bytes }),
  sha1_as_256: (secret, bytes) => ({ headers: { 'X-Hub-Signature-256': oldSignature(secret, bytes) }, bytes }),
  short: (secret, bytes) => ({ headers: { 'X-Hub-Signature-256': signature(secret, bytes).slice(0, -2) }, bytes }),
  other_key: (secret, bytes) => ({ headers: { 'X-Hub-Signature-256': signature(`${secret}x`, bytes) }, bytes }),
  flipped: (secret, bytes) => {
    const changed = Buffer.from(bytes)
    changed[changed.length - 2] ^= 1
    return { headers: { 'X-Hub-Signature-256': signature(secret, bytes) }, bytes: changed }
  },
  spaced: (secret, bytes) => ({
    headers: { 'X-Hub-Signature-256': signature(secret, bytes) },
    bytes: Buffer.from(JSON.stringify(JSON.parse(bytes), null, 1)),
  }),
  decoded: (secret, bytes) => ({
    headers: { 'X-Hub-Signature-256': signature(secret, Buffer.from(JSON.stringify(JSON.parse(bytes)))) },
    bytes,
  }),
}

/** Headers of an honest webhook. `upper`: hex digits in capitals, which is as good. */
export function honest(secret, bytes, upper = false) {
  const value = signature(secret, bytes)
  return {
    'X-Hub-Signature': oldSignature(secret, bytes),
    'X-Hub-Signature-256': upper ? value.replace(/[0-9a-f]+$/, (hex) => hex.toUpperCase()) : value,
  }
}
