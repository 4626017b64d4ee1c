// SPDX-License-Identifier: GPL-3.0-or-later
//
// Builds the widget: node build.mjs OUTDIR makes widget.js, app.js, app.css and a .gz of each in OUTDIR;
// node build.mjs --units TESTS.ts OUTFILE bundles unit tests for Node; node build.mjs --able tells by its exit status
// whether esbuild and Preact are installed.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const licence = 'SPDX-License-Identifier: GPL-3.0-or-later';

function able() {
  try {
    require.resolve('esbuild');
    require.resolve('preact/package.json');
    return true;
  } catch {
    return false;
  }
}

// The widget's page must run in what visitors have; the oldest of these know all the CSS it uses.
const browsers = ['chrome100', 'firefox100', 'safari15.4'];
const common = { bundle: true, minify: true, target: browsers, charset: 'utf8', legalComments: 'none', logLevel: 'warning' };

async function build(outdir) {
  const esbuild = require('esbuild');
  const preact = require('preact/package.json');
  const widget = (name) => join(here, 'widget', name);
  mkdirSync(outdir, { recursive: true });
  await esbuild.build({
    ...common,
    entryPoints: [widget('loader.ts')],
    outfile: join(outdir, 'widget.js'),
    format: 'iife',
    plugins: [styleAsText(esbuild)],
    banner: { js: `/* usher chat widget. ${licence} */` },
  });
  await esbuild.build({
    ...common,
    entryPoints: [widget('app.tsx')],
    outfile: join(outdir, 'app.js'),
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    banner: {
      js: `/* usher chat widget. ${licence}\n   Contains Preact ${preact.version}, MIT licence, (c) Jason Miller and contributors. */`,
    },
  });
  await esbuild.build({
    ...common,
    entryPoints: [widget('app.css')],
    outfile: join(outdir, 'app.css'),
    banner: { css: `/* usher chat widget. ${licence} */` },
  });
  for (const name of ['widget.js', 'app.js', 'app.css']) {
    const file = join(outdir, name);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
}

/** `import css from './x.css'` gives the minified sheet as a string. */
function styleAsText(esbuild) {
  return {
    name: 'style-as-text',
    setup(build) {
      build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
        const result = await esbuild.build({ ...common, entryPoints: [path], write: false });
        return { contents: result.outputFiles[0].text.trim(), loader: 'text' };
      });
    },
  };
}

async function units(entry, outfile) {
  mkdirSync(dirname(outfile), { recursive: true });
  await require('esbuild').build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node18',
    format: 'esm',
    banner: { js: `// ${licence}` },
    logLevel: 'warning',
  });
}

const [what, ...rest] = process.argv.slice(2);
if (what === '--able') process.exit(able() ? 0 : 1);
else if (what === '--units') await units(rest[0], rest[1]);
else await build(what);
