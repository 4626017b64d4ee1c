// SPDX-License-Identifier: GPL-3.0-or-later
//
// The files that visitors load: small, complete, without anything a strict policy forbids, and laid out by logical
// properties only.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const LOADER_MAX = 3 * 1024;
const TOTAL_MAX = 25 * 1024;

const source = process.env.USHER_SRCDIR ?? '.';
const build = process.env.USHER_BUILDDIR ?? '.';
let count = 0;
function check(name, good, detail = '') {
  console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`);
  if (!good && detail) console.log(`# ${detail}`);
}

function built(name) {
  const file = [build, source].map((folder) => join(folder, 'ui/webchat', name)).find(existsSync);
  if (file) return readFileSync(file);
  console.log(`Bail out! ui/webchat/${name} is not built`);
  process.exit(1);
}

const names = ['widget.js', 'app.js', 'app.css'];
const sizes = Object.fromEntries(names.map((name) => [name, gzipSync(built(name), { level: 9 }).length]));
const total = names.reduce((sum, name) => sum + sizes[name], 0);
console.log(`# gzipped: ${names.map((name) => `${name} ${sizes[name]}`).join(', ')}; all ${total}`);
check('the loader is at most 3 kB', sizes['widget.js'] <= LOADER_MAX, `${sizes['widget.js']} bytes`);
check('all of it is at most 25 kB', total <= TOTAL_MAX, `${total} bytes`);
for (const name of names) {
  check(`${name}.gz is the same file`, gunzipSync(built(`${name}.gz`)).equals(built(name)));
  check(`${name} names its licence`, built(name).subarray(0, 200).includes('SPDX-License-Identifier'));
}

// Without unsafe-eval these would fail in the visitor's browser; markup made from text is how customers get hacked.
const scripts = built('app.js').toString() + built('widget.js').toString();
for (const word of ['eval(', 'new Function', 'document.write']) check(`no use of ${word}`, !scripts.includes(word));
const folder = join(source, 'plugins/channel/webchat/widget');
const markup = readdirSync(folder).filter((name) =>
  /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet/.test(readFileSync(join(folder, name), 'utf8')),
);
check("the widget's sources set no markup", markup.length === 0, markup.join(' '));

for (const sheet of ['app.css', 'loader.css']) {
  const text = readFileSync(join(folder, sheet), 'utf8');
  const physical = text.match(/^\s*(left|right|top|bottom|width|height|(margin|padding|border|inset)-(left|right|top|bottom)|float|text-align:\s*(left|right)).*$/gm);
  check(`${sheet} has logical properties only`, physical === null, String(physical));
  check(`${sheet} animates only for those who want it`, !/animation|transition/.test(text) || text.includes('prefers-reduced-motion: no-preference'));
}
console.log(`1..${count}`);
