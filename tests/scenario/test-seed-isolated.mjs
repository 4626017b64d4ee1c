// SPDX-License-Identifier: GPL-3.0-or-later
//
// A part of the seed's scenarios (sending), with every plugin in a process of its own; `make check-isolated` plays all of them so.
process.env.USHER_ISOLATION = 'process'
const { play } = await import('./seed.mjs')

await play('webchat', 'S-14')
