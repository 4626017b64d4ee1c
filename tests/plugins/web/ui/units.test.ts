// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desktop's logic without a browser, all of it; bundled for Node by plugins/frontend/web/build.mjs.

import './clock.test';
import './composer.test';
import './connection.test';
import './news.test';
import './outbox.test';
import './records.test';
import './replay.test';
import './state.test';
import './views.test';
