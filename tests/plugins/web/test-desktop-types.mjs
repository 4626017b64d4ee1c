// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desktop and its unit tests keep the rules of TypeScript. Runs where `npm ci` has been run.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const source = process.env.USHER_SRCDIR ?? '.';
const compiler = join(source, 'node_modules/typescript/bin/tsc');
let count = 0;
let failed = 0;
for (const project of ['plugins/frontend/web', 'tests/plugins/web/ui']) {
  const run = spawnSync(process.execPath, [compiler, '--noEmit', '-p', join(source, project)], { encoding: 'utf8' });
  console.log(`${run.status === 0 ? 'ok' : 'not ok'} ${++count} - ${project}`);
  if (run.status === 0) continue;
  failed++;
  console.log(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error ?? ''}`.replaceAll(/^/gm, '# '));
}
console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
