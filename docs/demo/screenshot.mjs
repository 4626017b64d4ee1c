#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes docs/desktop.png from the real page: starts the demo in a temporary folder, lets a known customer chat with
// Anna, and takes a picture of her desktop. Run it after changing the desktop:
//   USHER_BUILDDIR=$PWD/_build node docs/demo/screenshot.mjs

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Desktop, PATIENCE } from '../../tests/browser/harness.mjs';
import { Chat } from './simulate.mjs';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const here = dirname(fileURLToPath(import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'usher-picture-'));
const demo = spawn(process.execPath, [join(here, 'demo.mjs'), '--build-dir', process.env.USHER_BUILDDIR ?? join(here, '../../_build'),
  '--data', data, '--port', '0', '--shop-port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise((done) => { demo.once('exit', done); });

function address() {
  return new Promise((done, broken) => {
    let text = '';
    demo.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('Ctrl-C stops')) done(text.match(/Agent: +(\S+)/)[1]);
    });
    ended.then(() => broken(new Error('the demo did not start')));
  });
}

async function talk(desk, url, state) {
  const never = new AbortController().signal;
  const maria = new Chat(url, state.browsers.maria.token, 'Maria', never);
  const tom = new Chat(url, state.browsers.tom.token, 'Tom', never);
  await maria.say('a1', 'Good morning! My snake plant has yellow leaves. What am I doing wrong?', 0);
  await desk.accept();
  await desk.say('Good morning Maria! How often do you water it, and where does it stand?');
  await desk.sees('where does it stand');
  await maria.say('a2', 'Twice a week. It stands on the sill of a north window.', 0);
  await desk.sees('Twice a week');
  await desk.say('That is too much water for so little light: once every two weeks is plenty.');
  await desk.sees('once every two weeks');
  await maria.poll();
  await maria.say('a3', 'Then I will let it rest. Do you have one that likes to drink?', 0);
  await desk.sees('likes to drink');
  await tom.say('b1', 'Can I pay by invoice?', 0);
  await desk.context.getByText('maria.keller@example.org').first().waitFor();
  await desk.page.getByText('1 person waits').waitFor();
  await maria.poll();
  await desk.log.getByText('Read').last().waitFor();
  await maria.send({ typing: true });
  await desk.page.getByText(/typing/i).first().waitFor();
}

let browser;
try {
  const base = await address();
  const state = JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8'));
  browser = await chromium.launch({ executablePath: process.env.USHER_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 800 }, locale: 'en-GB', reducedMotion: 'reduce' })).newPage();
  page.setDefaultTimeout(PATIENCE);
  const desk = await new Desktop(page, base).login('anna', state.passwords.anna);
  await desk.choose('Available');
  await desk.status('Available');
  await talk(desk, new URL('/channel/site', base).href, state);
  await page.screenshot({ path: join(here, '../desktop.png') });
} finally {
  await browser?.close();
  demo.kill('SIGTERM');
  await ended;
  rmSync(data, { recursive: true, force: true });
}
