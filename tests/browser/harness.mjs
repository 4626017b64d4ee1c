// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two kinds of page in a real Chromium against a real usherd: a shop of another origin with the chat widget, and the
// agent's desktop. Everything is made in a temporary folder on free ports and is gone when `stage` returns. Node 18.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Customer, Daemon } from '../lib/daemon.mjs';

const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const build = process.env.USHER_BUILDDIR ?? process.cwd();
const source = process.env.USHER_SRCDIR ?? join(build, '..');
const browserPaths = [process.env.USHER_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Nothing here waits for a fixed time; this is how long something may take before it counts as missing. */
export const PATIENCE = 20000;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page of somebody else that shows the widget. */
function shopServer(daemon) {
  const server = http.createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(
      `<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1><script src="${daemon.base}/channel/site/widget.js" async></script></html>`,
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/**
 * The network between an agent's browser and the daemon: a TCP relay that can be cut, or go dead without telling.
 */
class Network {
  constructor(daemon) {
    this.pairs = new Set();
    this.works = true;
    this.server = net.createServer((near) => {
      if (!this.works) {
        near.destroy();
        return;
      }
      const far = net.connect(daemon.port, '127.0.0.1');
      const pair = [near, far];
      this.pairs.add(pair);
      near.pipe(far);
      far.pipe(near);
      for (const one of pair) {
        one.on('error', () => undefined);
        one.on('close', () => {
          this.pairs.delete(pair);
          for (const other of pair) other.destroy();
        });
      }
    });
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  cut() {
    this.works = false;
    for (const pair of this.pairs) for (const one of pair) one.destroy();
  }

  /** Nothing passes any more, and nobody is told. */
  freeze() {
    for (const [near, far] of this.pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.on('data', () => undefined);
      far.on('data', () => undefined);
    }
  }

  mend() {
    this.works = true;
  }

  close() {
    this.cut();
    this.server.close();
  }
}

/** A customer in front of the shop page. */
export class Shop {
  constructor(page) {
    this.page = page;
    this.frame = page.frameLocator('iframe#panel');
    this.lines = this.frame.getByRole('log');
  }

  async open(name, words) {
    await this.page.getByRole('button', { name: /^Open chat/ }).click();
    await this.frame.getByLabel(/^Your name/).fill(name);
    await this.frame.getByLabel('How can we help?').fill(words);
    await this.frame.getByRole('button', { name: 'Start chat' }).click();
  }

  async say(words) {
    await this.frame.getByLabel('Message', { exact: true }).fill(words);
    await this.frame.getByRole('button', { name: 'Send', exact: true }).click();
  }

  async sees(words) {
    await this.lines.getByText(words).first().waitFor();
  }
}

/** An agent in front of the desktop. */
export class Desktop {
  constructor(page, base) {
    this.page = page;
    this.base = base;
    this.offer = page.getByRole('alertdialog', { name: 'Chat offered' });
    this.log = page.getByRole('log');
    this.composer = page.locator('#composer');
    this.context = page.getByRole('complementary', { name: 'Customer and transaction' });
    this.rail = page.getByRole('navigation', { name: 'Control panel' });
  }

  async open() {
    await this.page.goto(this.base);
    return this;
  }

  async login(login, password) {
    await this.open();
    await this.page.getByLabel('Login name').fill(login);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
    await this.rail.waitFor();
    return this;
  }

  async choose(name) {
    await this.page.getByRole('button', { name: /^Change status:/ }).click();
    await this.page.getByRole('menuitem', { name: new RegExp(`^${name}`) }).click();
  }

  async status(name) {
    await this.page.locator('.status-button .status-name').getByText(name, { exact: true }).waitFor();
  }

  /** Connected to the daemon, as it shows. */
  async live() {
    await this.page.locator('.line-pill').getByText('Live').waitFor();
  }

  async accept() {
    await this.offer.getByRole('button', { name: 'Accept chat' }).click();
    await this.offer.waitFor({ state: 'detached' });
    await this.composer.waitFor();
  }

  async say(words) {
    await this.composer.fill(words);
    await this.composer.press('Control+Enter');
  }

  async sees(words) {
    await this.log.getByText(words).first().waitFor();
  }

  async saveToCrm() {
    await this.page.getByRole('button', { name: 'Chat menu' }).click();
    await this.page.getByRole('menuitem', { name: /^Save to CRM/ }).click();
  }

  async go(page) {
    await this.rail.getByRole('link', { name: new RegExp(`^${page}`) }).click();
  }

  /** Everything durable that the page shows: chats, conversation, transaction, status. Times that run are left out. */
  async view() {
    const chats = await this.page.locator('[data-chat]').evaluateAll((rows) =>
      rows.map((row) => {
        const copy = row.cloneNode(true);
        for (const running of copy.querySelectorAll('.waits')) running.remove();
        return copy.textContent.trim();
      }),
    );
    const status = await this.page.locator('.status-button .status-name').textContent();
    const queues = await this.page.locator('.queues').textContent();
    return { chats, status, queues, conversation: await this.conversation() };
  }

  /** What the conversation shows, one line per entry, without the times. */
  async conversation() {
    await this.log.waitFor();
    return this.log.locator('li').evaluateAll((items) =>
      items.map((item) => {
        const copy = item.cloneNode(true);
        for (const time of copy.querySelectorAll('time')) time.remove();
        return copy.textContent.trim();
      }),
    );
  }
}

/** Violations of WCAG 2.2 A and AA on a page, in both colour schemes. */
export async function violations(page) {
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours are judged as they are, not on their way from one scheme to the other.
    await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
    for (const frame of page.frames().filter((one) => one.url().startsWith('http')))
      found.push(...(await violationsIn(frame)).map((what) => `${colorScheme}: ${what}`));
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return found;
}

async function violationsIn(frame) {
  // Through the debugger: the page's own content policy allows no script of ours.
  await frame.evaluate(axe);
  return frame.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
    return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  });
}

class Stage {
  constructor(daemon, browser, shop, password) {
    Object.assign(this, { daemon, browser, shop, password, contexts: [], complaints: [], networks: [] });
  }

  /** A new browser profile with one page; what its console complains of is remembered. */
  async page(who, options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1366, height: 800 }, locale: 'en-GB', ...options });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(`${who}: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Warning:/i.test(message.text())) this.complaints.push(`${who}: ${message.text()}`);
    });
    this.contexts.push({ who, page });
    return page;
  }

  async customer(options) {
    const page = await this.page('customer', options);
    await page.goto(`http://127.0.0.1:${this.shop.address().port}/`);
    return new Shop(page);
  }

  /** A desktop that has not logged in. `base`: through which network. */
  async desk(who, { base = this.daemon.base, ...options } = {}) {
    return new Desktop(await this.page(who, options), `${base}/frontend/desk/`);
  }

  async agent(login, options) {
    const desk = await this.desk(login, options);
    return desk.login(login, this.password);
  }

  /** A customer without a browser, over the public protocol. */
  visitor(name) {
    return new Customer(this.daemon, name).open();
  }

  async network() {
    const network = await new Network(this.daemon).listen();
    this.networks.push(network);
    return network;
  }

  /** Pictures for whoever looks for the fault; $USHER_SCREENSHOTS names the folder. */
  async pictures(name) {
    const folder = process.env.USHER_SCREENSHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    for (const [at, { who, page }] of this.contexts.entries())
      await page.screenshot({ path: join(folder, `${name}-${at}-${who}.png`) }).catch(() => undefined);
  }
}

function chromiumPath() {
  const found = browserPaths.find((path) => path && existsSync(path));
  if (!found) throw new Error(`no Chromium at ${browserPaths.filter(Boolean).join(', ')}; set USHER_CHROMIUM`);
  return found;
}

/** Runs `play` with a seeded daemon, a shop and a browser, and clears everything away whatever happens. */
export async function stage(name, { config = {}, seed = {} } = {}, play) {
  const ui = [build, source].map((folder) => join(folder, 'ui')).find((folder) => existsSync(join(folder, 'web/index.html')));
  const daemon = new Daemon({ config, env: { USHER_UI_DIR: ui } });
  let shop;
  let browser;
  let scene;
  try {
    await daemon.start();
    const password = await daemon.seed(seed);
    shop = await shopServer(daemon);
    browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS, headless: true });
    scene = new Stage(daemon, browser, shop, password);
    await play(scene);
    if (scene.complaints.length > 0) throw new Error(`the pages complained:\n${scene.complaints.join('\n')}`);
  } catch (error) {
    await scene?.pictures(name);
    error.stack += `\n--- usherd said:\n${daemon.log.split('\n').slice(-25).join('\n')}`;
    throw error;
  } finally {
    await browser?.close();
    for (const network of scene?.networks ?? []) network.close();
    shop?.closeAllConnections();
    shop?.close();
    await daemon.end();
  }
}
