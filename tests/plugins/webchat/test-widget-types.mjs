// SPDX-License-Identifier: GPL-3.0-or-later
//
// The widget and its unit tests keep the rules of TypeScript. Needs `npm ci`; a release tarball is tested without.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const source = process.env.USHER_SRCDIR ?? '.';
const tsc = join(source, 'node_modules/.bin/tsc');
if (!existsSync(tsc)) {
  console.log('1..0 # SKIP the TypeScript compiler is not installed (npm ci)');
  process.exit(0);
}
let count = 0;
for (const project of ['plugins/channel/webchat', 'tests/plugins/webchat/widget']) {
  const run = spawnSync(tsc, ['-p', join(source, project)], { encoding: 'utf8' });
  console.log(`${run.status === 0 ? 'ok' : 'not ok'} ${++count} - ${project}`);
  if (run.status !== 0) console.log(`${run.stdout}${run.stderr}`.replaceAll(/^/gm, '# '));
}
console.log(`1..${count}`);
