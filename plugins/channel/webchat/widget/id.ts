// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ids of messages: random, so that no two tabs or devices of a visitor make the same. crypto.randomUUID would do, but
// browsers have it on https pages only.

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
