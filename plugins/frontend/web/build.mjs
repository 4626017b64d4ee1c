#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Builds the agent's desktop: build.mjs SRCDIR OUTDIR. SRCDIR is the folder of this file; node_modules is looked
// for from there upwards. The names of what it makes are fixed, because make and the tarball list them.

import { build } from 'esbuild';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

export const FILES = ['chunk.js', 'icon.svg', 'index.html', 'main.css', 'main.js', 'more.js'];

// React Aria speaks thirty languages; the desktop speaks one. Its tables for the others are a fifth of the code.
const oneLanguage = {
  name: 'one-language',
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]intl[\\/](?:.*[\\/])?[a-z]{2}-[A-Z]{2}\.m?js$/ }, ({ path }) =>
      /en-US\.m?js$/.test(path) ? undefined : { contents: 'export default {};', loader: 'js' },
    );
  },
};

export async function buildDesktop(srcdir, outdir) {
  const ui = join(resolve(srcdir), 'ui');
  const out = resolve(outdir);
  await mkdir(out, { recursive: true });
  for (const name of await readdir(out)) if (/\.(js|css|html|svg)$/.test(name)) await rm(join(out, name));
  await build({
    entryPoints: [join(ui, 'main.tsx'), join(ui, 'main.css')],
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2021',
    chunkNames: '[name]',
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['icon.svg'],
    plugins: [oneLanguage],
    logLevel: 'warning',
  });
  for (const name of ['index.html', 'icon.svg']) await copyFile(join(ui, name), join(out, name));
  const made = (await readdir(out)).filter((name) => FILES.includes(name) || /\.(js|css)$/.test(name)).sort();
  if (made.join() !== FILES.join())
    throw new Error(`made ${made.join(' ')}; make and the tarball expect ${FILES.join(' ')}. Change local.mk and FILES together.`);
}

if (basename(process.argv[1] ?? '') === 'build.mjs') {
  const [srcdir, outdir] = process.argv.slice(2);
  if (srcdir === undefined || outdir === undefined) {
    console.error('usage: build.mjs SRCDIR OUTDIR');
    process.exit(2);
  }
  await buildDesktop(srcdir, outdir);
}
