#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes docs/desktop.png and the guide's pictures from the real pages: starts the demo in a temporary folder, lets
// customers chat with Anna, and takes pictures on the way. Run it after changing the desktop:
//   USHER_BUILDDIR=$PWD/_build node docs/guide/pictures.mjs [FOLDER]

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Desktop, PATIENCE } from '../../tests/browser/harness.mjs';
import { Chat, newSession } from '../demo/simulate.mjs';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, '..'));
const data = mkdtempSync(join(tmpdir(), 'usher-picture-'));
const demo = spawn(process.execPath, [join(here, '../demo/demo.mjs'), '--build-dir', process.env.USHER_BUILDDIR ?? join(here, '../../_build'),
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

async function picture(page, name, clip) {
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(out, name), ...(clip === undefined ? {} : { clip }) });
}

async function maria(desk, chat) {
  await chat.say('a1', 'Good morning! My snake plant has yellow leaves. What am I doing wrong?', 0);
  await desk.offer.waitFor();
  await desk.offer.getByText('maria.keller@example.org').first().waitFor();
  await picture(desk.page, 'guide/offer.png');
  await desk.accept();
  await desk.say('Good morning Maria! How often do you water it, and where does it stand?');
  await desk.sees('where does it stand');
  await chat.say('a2', 'Twice a week. It stands on the sill of a north window.', 0);
  await desk.sees('Twice a week');
  await desk.page.keyboard.press('Escape');
  await desk.composer.focus();
  await desk.page.keyboard.press('/');
  await desk.page.getByText('Why do the leaves turn yellow?').first().waitFor();
  await picture(desk.page, 'guide/faq.png');
  await desk.page.keyboard.press('Enter');
  await desk.composer.press('Control+Enter');
  await desk.sees('Mostly it is too much water');
  await chat.say('a3', 'Then I will let it rest. Do you have one that likes to drink?', 0);
  await desk.sees('likes to drink');
  await desk.context.getByText('maria.keller@example.org').first().waitFor();
  await chat.poll();
  await desk.log.getByText('Read').last().waitFor();
  await chat.send({ typing: true });
  await desk.page.getByText(/typing/i).first().waitFor();
  await picture(desk.page, 'desktop.png');
  await picture(desk.page, 'guide/chat.png');
  await desk.context.getByRole('tab', { name: /^Codes/ }).click();
  await desk.context.getByText('Plant advice').first().click();
  await picture(desk.page, 'guide/codes.png');
  await desk.page.getByRole('button', { name: 'Chat menu' }).click();
  await desk.page.getByRole('menuitem', { name: /^Save to CRM/ }).waitFor();
  await picture(desk.page, 'guide/save.png');
  await desk.page.getByRole('menuitem', { name: /^Save to CRM/ }).click();
  await desk.page.getByText('Saved to the CRM', { exact: true }).waitFor();
  await desk.page.getByRole('button', { name: 'End chat' }).click();
  await desk.status('Post Processing');
  await picture(desk.page, 'guide/wrap-up.png');
  await desk.page.getByRole('button', { name: 'Finish' }).click();
  await desk.status('Available');
}

async function newcomer(desk, chat) {
  await chat.say('n1', 'Hello, do you deliver to Bern on Saturdays?', 0);
  await desk.accept();
  await desk.context.getByLabel('First name').waitFor();
  await picture(desk.page, 'guide/new-customer.png');
}

async function afterwards(page, base, passwords) {
  const sue = await new Desktop(page, base).login('sue', passwords.sue);
  await sue.go('Cases');
  await page.getByText('Chat with Maria').first().click();
  await page.getByText('Twice a week').first().waitFor();
  await picture(page, 'guide/case.png');
  await sue.go('Playback');
  await page.getByText('Maria').first().click();
  await page.getByRole('slider').first().waitFor();
  await picture(page, 'guide/playback.png');
}

let browser;
try {
  const base = await address();
  const site = new URL('/channel/site', base).href;
  const state = JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8'));
  const never = new AbortController().signal;
  mkdirSync(join(out, 'guide'), { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.USHER_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const look = { viewport: { width: 1366, height: 800 }, locale: 'en-GB', reducedMotion: 'reduce' };
  const page = await (await browser.newContext(look)).newPage();
  page.setDefaultTimeout(PATIENCE);
  const desk = await new Desktop(page, base).login('anna', state.passwords.anna);
  await page.getByRole('button', { name: /^Change status:/ }).click();
  await page.getByRole('menuitem', { name: /^Available/ }).waitFor();
  await picture(page, 'guide/status.png', { x: 0, y: 0, width: 700, height: 460 });
  await page.keyboard.press('Escape');
  await desk.choose('Available');
  await desk.status('Available');
  await maria(desk, new Chat(site, state.browsers.maria.token, 'Maria', never));
  const { token } = await newSession(site);
  await newcomer(desk, new Chat(site, token, 'Noémie', never));
  const other = await (await browser.newContext(look)).newPage();
  other.setDefaultTimeout(PATIENCE);
  await afterwards(other, base, state.passwords);
} finally {
  await browser?.close();
  demo.kill('SIGTERM');
  await ended;
  rmSync(data, { recursive: true, force: true });
}
