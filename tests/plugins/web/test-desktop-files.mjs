// SPDX-License-Identifier: GPL-3.0-or-later
//
// The files that an agent's browser loads: complete, within their budget, under the strict content policy, laid out by
// logical properties; and the lists of the build are those of the tree.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const BUDGET = 220 * 1000;

const source = process.env.USHER_SRCDIR ?? '.';
const build = process.env.USHER_BUILDDIR ?? '.';
const plugin = join(source, 'plugins/frontend/web');
const { FILES, FIRST_LOAD } = await import(join(plugin, 'build.mjs'));

let count = 0;
let failed = 0;
function check(name, good, detail = '') {
  console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`);
  if (good) return;
  failed++;
  if (detail) console.log(`# ${detail}`);
}

function built(name) {
  const file = [build, source].map((folder) => join(folder, 'ui/web', name)).find(existsSync);
  if (file) return readFileSync(file);
  console.log(`Bail out! ui/web/${name} is not built`);
  process.exit(1);
}

function tree(folder, prefix = '') {
  return readdirSync(folder)
    .flatMap((name) =>
      statSync(join(folder, name)).isDirectory() ? tree(join(folder, name), `${prefix}${name}/`) : [`${prefix}${name}`],
    )
    .sort();
}

// ---- what the browser loads

const packed = (name) => gzipSync(built(name), { level: 9 }).length;
const sizes = FIRST_LOAD.map((name) => [name, packed(name)]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
console.log(`# gzipped: ${sizes.map(([name, size]) => `${name} ${size}`).join(', ')}; first load ${total}`);
check('the first load is at most 220 kB', total <= BUDGET, `${total} bytes`);
for (const name of FILES.filter((one) => /\.(js|css|txt)$/.test(one)))
  check(`${name}.gz is the same file`, gunzipSync(built(`${name}.gz`)).equals(built(name)));

const page = built('index.html').toString();
check('the page has no script or style of its own', !/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=/i.test(page));
check('the page asks for nothing from elsewhere', !/(src|href)="(https?:)?\/\//i.test(page));
check('what the page asks for is there', [...page.matchAll(/(?:src|href)="([^"@]+)"/g)].every(([, name]) => FILES.includes(name)));
const scripts = FILES.filter((name) => name.endsWith('.js')).map((name) => built(name).toString());
for (const word of ['eval(', 'new Function(', 'document.write('])
  check(`no use of ${word}`, scripts.every((text) => !text.includes(word)));
check('React is the production build', scripts.every((text) => !text.includes('react-dom-client.development')));
const notices = built('licenses.txt').toString();
for (const name of ['react', 'react-dom', 'react-aria', 'react-aria-components', '@internationalized/date'])
  check(`licenses.txt has the notice of ${name}`, new RegExp(`^${name} [0-9.]+, (MIT|Apache-2.0)$`, 'm').test(notices));

// ---- how it is written

const ui = tree(join(plugin, 'ui'));
const makefile = readFileSync(join(plugin, 'local.mk'), 'utf8');
const listed = [...makefile.matchAll(/%D%\/ui\/(\S+)/g)].map(([, name]) => name).sort();
check('local.mk lists every source', ui.join() === listed.join(), ui.filter((name) => !listed.includes(name)).join(' '));
const made = [...makefile.matchAll(/ui\/web\/([\w.-]+)/g)].map(([, name]) => name);
check('local.mk lists every file that is made', FILES.every((name) => made.includes(name)));

const text = (name) => readFileSync(join(plugin, 'ui', name), 'utf8');
const markup = ui.filter((name) => /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML/.test(text(name)));
check('nothing sets markup', markup.length === 0, markup.join(' '));

const physical = text('main.css').match(
  /^\s*(left|right|top|bottom|width|height|(min|max)-(width|height)|(margin|padding|border|inset)-(left|right|top|bottom).*|float|text-align:\s*(left|right)).*$/gm,
);
check('the style sheet has logical properties only', physical === null, String(physical));
check('it animates nothing for those who want no motion', text('main.css').includes('prefers-reduced-motion: reduce'));
check('it knows forced colours', text('main.css').includes('forced-colors: active'));

// Words in the markup of a component would escape translation.
const spoken = ui
  .filter((name) => name.endsWith('.tsx'))
  .flatMap((name) => (text(name).match(/>\s*[A-Z][a-z]+[^<>{}=;()]*<\//g) ?? []).map((found) => `${name}: ${found.trim()}`));
check('every word comes from strings.ts', spoken.length === 0, spoken.join(' | '));

console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
