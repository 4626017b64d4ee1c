// SPDX-License-Identifier: GPL-3.0-or-later
//
// The seed's scenarios with XMPP as the channel, against a real Prosody and a real client library.
import { play } from './seed.mjs'

await play('xmpp')
