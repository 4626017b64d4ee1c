// SPDX-License-Identifier: GPL-3.0-or-later
//
// Builds the agent's desktop. node build.mjs OUTDIR makes the files named below, each with a .gz where that helps;
// node build.mjs --units TESTS.ts OUTFILE bundles unit tests for Node; node build.mjs --able tells by its exit status
// whether the packages of package.json are installed. The names are fixed, because make and the tarball list them.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** main-records.js: what main.js and records.js share, and so on (empty when nothing is); chunk.js is shared by all. */
export const FILES = [
  'chunk.js',
  'icon.svg',
  'index.html',
  'licenses.txt',
  'main-records.js',
  'main-supervise.js',
  'main.css',
  'main.js',
  'records-supervise.js',
  'records.js',
  'supervise.js',
];
/** What the browser fetches before the first page is there. */
export const FIRST_LOAD = FILES.filter((name) => /^(index|main|chunk|icon)/.test(name));
const zipped = (name) => /\.(js|css|txt)$/.test(name);

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const licence = '/* usher desktop. SPDX-License-Identifier: GPL-3.0-or-later. Third parties: licenses.txt */';

function able() {
  try {
    for (const name of ['esbuild', 'react', 'react-dom', 'react-aria-components']) require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

// React Aria speaks thirty languages; the desktop speaks one, and the tables of the others would weigh more than it does.
const oneLanguage = {
  name: 'one-language',
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]intl[\\/](?:.*[\\/])?[a-z]{2}-[A-Z]{2}\.m?js$/ }, ({ path }) =>
      /en-US\.m?js$/.test(path) ? undefined : { contents: 'export default {};', loader: 'js' },
    );
  },
};

/** The notices of the packages that are in the bundle, as their licences ask for. */
function notices(metafile) {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) folders.add(found[1]);
  }
  return [...folders]
    .sort()
    .map((folder) => {
      const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
      const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
      return `${about.name} ${about.version}, ${about.license}\n${text}`;
    })
    .join(`\n${'-'.repeat(78)}\n\n`);
}

/**
 * Fixed names for what esbuild split off, because make and the tarball list them: a bundle that is fetched later is
 * called as its source, a file that bundles share after those who share it.
 */
function fixedNames(outputs) {
  const scripts = Object.keys(outputs).filter((path) => path.endsWith('.js'));
  const short = (path) => outputs[path].entryPoint.replace(/^.*\/|\.[a-z]+$/g, '');
  const entries = scripts.filter((path) => outputs[path].entryPoint !== undefined);
  const reach = (path, seen = new Set()) => {
    seen.add(path);
    for (const { path: next, kind } of outputs[path].imports)
      if (kind === 'import-statement' && outputs[next] !== undefined && !seen.has(next)) reach(next, seen);
    return seen;
  };
  const reached = entries.map((path) => [short(path), reach(path)]);
  const name = (path) => {
    if (entries.includes(path)) return short(path);
    const sharers = reached.filter(([, seen]) => seen.has(path)).map(([who]) => who);
    return sharers.length === entries.length ? 'chunk' : sharers.sort().join('-');
  };
  return new Map(scripts.map((path) => [basename(path), `${name(path)}.js`]));
}

function writeScripts(result, outdir) {
  const names = fixedNames(result.metafile.outputs);
  for (const { path, text } of result.outputFiles) {
    const known = names.get(basename(path));
    const body = [...names].reduce((all, [from, to]) => all.replaceAll(`./${from}"`, `./${to}"`), text);
    writeFileSync(join(outdir, known ?? basename(path)), known === undefined ? text : body);
  }
  for (const name of FILES.filter((one) => /-.*\.js$/.test(one) && ![...names.values()].includes(one)))
    writeFileSync(join(outdir, name), `${licence}\nexport {};\n`);
}

async function build(outdir) {
  const esbuild = require('esbuild');
  const ui = (name) => join(here, 'ui', name);
  mkdirSync(outdir, { recursive: true });
  for (const name of readdirSync(outdir)) if (/\.(js|css|gz)$/.test(name)) rmSync(join(outdir, name));
  const result = await esbuild.build({
    entryPoints: [ui('main.tsx'), ui('main.css')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['chrome123', 'firefox121', 'safari17.5'],
    chunkNames: '[name]-[hash]',
    write: false,
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    banner: { js: licence, css: licence },
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['icon.svg'],
    plugins: [oneLanguage],
    metafile: true,
    logLevel: 'warning',
  });
  writeScripts(result, outdir);
  for (const name of ['index.html', 'icon.svg']) copyFileSync(ui(name), join(outdir, name));
  writeFileSync(join(outdir, 'licenses.txt'), notices(result.metafile));
  const made = readdirSync(outdir).filter((name) => /\.(js|css|html|svg|txt)$/.test(name)).sort();
  if (made.join() !== FILES.join())
    throw new Error(`build.mjs made ${made.join(' ')}, but make and the tarball list ${FILES.join(' ')}: change both lists`);
  for (const name of FILES.filter(zipped))
    writeFileSync(join(outdir, `${name}.gz`), gzipSync(readFileSync(join(outdir, name)), { level: 9 }));
}

async function units(tests, outfile) {
  await require('esbuild').build({
    entryPoints: [tests],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node18',
    format: 'esm',
    banner: { js: '// SPDX-License-Identifier: GPL-3.0-or-later' },
    nodePaths: [join(here, '../../../node_modules')],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

const [what, ...rest] = process.argv.slice(2);
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (what === '--able') process.exit(able() ? 0 : 1);
  else if (what === '--units' && rest.length === 2) await units(rest[0], rest[1]);
  else if (what !== undefined && !what.startsWith('-') && rest.length === 0) await build(what);
  else {
    console.error('usage: build.mjs OUTDIR | --units TESTS.ts OUTFILE | --able');
    process.exit(2);
  }
}
