// SPDX-License-Identifier: GPL-3.0-or-later
//
// To which field of a form the server's refusal belongs: its sentences name the member. Pure.

/** The member that the message names, the longest name first; null = none, it belongs to the whole form. */
export function fieldOf<T extends string>(message: string, names: readonly T[]): T | null {
  const byLength = [...names].sort((a, b) => b.length - a.length);
  return byLength.find((name) => new RegExp(`(^|[^A-Za-z0-9_])${name}([^A-Za-z0-9_]|$)`).test(message)) ?? null;
}
