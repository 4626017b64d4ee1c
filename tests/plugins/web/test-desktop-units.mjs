// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the desktop's unit tests, which the build bundled for Node, and passes their TAP on.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const name = 'tests/plugins/web/desktop-units.bundle.mjs';
const folders = [process.env.USHER_BUILDDIR ?? '.', process.env.USHER_SRCDIR ?? '.'];
const file = folders.map((folder) => join(folder, name)).find(existsSync);
if (!file) {
  console.log(`Bail out! ${name} is neither in the build tree nor in the sources`);
  process.exit(1);
}
const run = spawnSync(process.execPath, ['--test-reporter=tap', file], { stdio: 'inherit' });
process.exit(run.status ?? 1);
