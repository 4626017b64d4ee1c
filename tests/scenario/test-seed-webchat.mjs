// SPDX-License-Identifier: GPL-3.0-or-later
//
// The seed's scenarios with the web chat as the channel.
import { play } from './seed.mjs'

await play('webchat')
