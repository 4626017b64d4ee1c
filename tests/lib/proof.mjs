// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a proof runs, and its random numbers. See proof.h.

/** One of three values by USHER_PROOF: quick, check (the default) or long. */
export function proofSize(quick, check, long) {
  const size = process.env.USHER_PROOF || 'check'
  if (size === 'quick') return quick
  if (size === 'check') return check
  if (size === 'long') return long
  throw new Error(`USHER_PROOF=${size}: it is quick, check or long`)
}

/** USHER_SEED, or one of its own; print it. */
export function proofSeed() {
  return Number(process.env.USHER_SEED || Date.now() % 1000000)
}

/** Small generator of numbers in [0, 1), so that a printed seed repeats a run (mulberry32). */
export function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
