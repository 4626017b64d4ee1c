// SPDX-License-Identifier: GPL-3.0-or-later
//
// The seed's scenarios with Facebook Messenger as the channel, against the stand-in for the Graph API.
import { play } from './seed.mjs'

await play('messenger')
