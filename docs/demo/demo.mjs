#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A contact centre to play with: starts usherd on loopback with a data directory of its own, fills it once, serves a
// shop page with the chat widget from a second port (so it is another site, as in real life), and on request lets
// simulated customers chat. `./bootstrap demo` runs it. Runs on Node 18.

import { spawn, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSession, simulate } from './simulate.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);
const USERS = ['anna', 'ben', 'sue', 'admin'];
const REGULARS = { maria: 'Maria', tom: 'Tom', lin: 'Lin' };

const USAGE = `Usage: ./bootstrap demo [--simulate N] [--port P] [--shop-port P] [--data DIR] [--seed S] [--rate R]

  --simulate N   let N simulated customers chat at the same time
  --port P       port of the agents' desktop (default: 8080 if it is free; 0: any)
  --shop-port P  port of the shop page (default: 8081 if it is free; 0: any)
  --data DIR     where everything is kept (default: _build/demo-data); a second start goes on with it
  --seed S       what simulated customers say follows from it (default 1)
  --rate R       new conversations per minute, all simulated customers together (default 6)

Ctrl-C stops everything.
`;

class Problem extends Error {}

function fail(message, status = 1) {
  process.stderr.write(`demo: ${message}\n`);
  process.exit(status);
}

function number(values, key, low, high, whole = true) {
  const text = values[key]?.trim();
  if (text === undefined) return undefined;
  const value = text === '' ? NaN : Number(text);
  if (!(value >= low && value <= high) || (whole && !Number.isInteger(value)))
    fail(`--${key} '${text}': not a ${whole ? 'whole ' : ''}number from ${low} to ${high}`, 2);
  return value;
}

function readArguments() {
  const string = { type: 'string' };
  let values;
  try {
    ({ values } = parseArgs({ options: { 'build-dir': string, simulate: string, port: string, 'shop-port': string,
      data: string, seed: string, rate: string, help: { type: 'boolean' }, 'check-arguments': { type: 'boolean' } } }));
  } catch (error) {
    fail(`${error.message}\n\n${USAGE}`, 2);
  }
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const build = resolve(values['build-dir'] ?? join(here, '../../_build'));
  return { build, data: resolve(values.data ?? join(build, 'demo-data')),
    checkOnly: values['check-arguments'], customers: number(values, 'simulate', 0, 1000) ?? 0, port: number(values, 'port', 0, 65535),
    shopPort: number(values, 'shop-port', 0, 65535), seed: number(values, 'seed', 0, 2 ** 32) ?? 1,
    rate: number(values, 'rate', 0.01, 6000, false) ?? 6 };
}

// ---- ports, files

function tryPort(port) {
  return new Promise((done) => {
    const socket = createSocket();
    socket.once('error', () => done(0));
    socket.listen(port, '127.0.0.1', () => {
      const free = socket.address().port;
      socket.close(() => done(free));
    });
  });
}

// A port that was asked for must be free; otherwise the usual one, or any.
async function choosePort(asked, usual) {
  const port = await tryPort(asked ?? usual);
  if (port) return port;
  if (asked) throw new Problem(`port ${asked} is in use; choose another one, or none`);
  return tryPort(0);
}

function writeSecret(path, text) {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

// Passwords, and the tokens of browsers that are known: made once for a data directory.
function loadState(data) {
  const path = join(data, 'demo.json');
  const state = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { passwords: {}, browsers: {}, filled: false };
  for (const user of USERS) state.passwords[user] ??= randomBytes(5).toString('hex');
  state.save = () => writeSecret(path, `${JSON.stringify(state, null, 2)}\n`);
  state.save();
  return state;
}

function fill(template, values) {
  return readFileSync(join(here, template), 'utf8').replace(/@([A-Z]+(?::[a-z]+)?)@/g, (mark, key) => {
    if (values[key] === undefined) throw new Error(`${template}: nothing to put for ${mark}`);
    return values[key];
  });
}

function pluginFolders(build) {
  const folders = [];
  for (const kind of ['channel', 'crm', 'frontend'])
    for (const name of existsSync(join(build, 'plugins', kind)) ? readdirSync(join(build, 'plugins', kind)) : [])
      if (existsSync(join(build, 'plugins', kind, name, `${name}.la`))) folders.push(join(build, 'plugins', kind, name));
  return folders;
}

// ---- the shop

async function serveShop(port, page) {
  const server = createServer((request, response) => {
    const found = request.url === '/' && (request.method === 'GET' || request.method === 'HEAD');
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
    response.end(found && request.method === 'GET' ? page : undefined);
  });
  await new Promise((done, broken) => server.once('error', broken).listen(port, '127.0.0.1', done));
  return server;
}

// ---- usherd

class Daemon {
  constructor(build, data) {
    Object.assign(this, { build, data, log: join(data, 'usherd.log'), config: join(data, 'usher.conf') });
  }

  start() {
    const out = openSync(this.log, 'a', 0o600);
    // A release tarball brings the built pages along.
    const ui = [join(this.build, 'ui'), join(here, '../../ui')].find(existsSync);
    this.child = spawn(join(this.build, 'usherd'), ['--config', this.config],
      { stdio: ['ignore', out, out], env: ui ? { ...process.env, USHER_UI_DIR: ui } : process.env });
    closeSync(out);
    this.exited = new Promise((done) => {
      this.child.once('error', (error) => done(error.message));
      this.child.once('exit', (code, signal) => done(signal ?? `exit status ${code}`));
    });
    this.exited.then((how) => { this.how = how; });
  }

  async call(name, args = {}) {
    const { stdout } = await run(join(this.build, 'usherctl'),
      ['--config', this.config, 'call', name, JSON.stringify(args)], { maxBuffer: 16 * 1024 * 1024 });
    return JSON.parse(stdout);
  }

  // One that was started before with the same data: its configuration is not to be written over.
  async refuseSecond() {
    const { addresses } = await this.call('system.status').catch(() => ({}));
    if (addresses === undefined) return;
    throw new Problem(`a demo runs with ${this.data} already: http://${addresses[0]}/frontend/desk/\n`
      + 'Stop it with Ctrl-C where it was started, or give this one data of its own with --data DIR');
  }

  // Until it answers, and all plugins run.
  async ready() {
    let last = '';
    for (let tries = 0; tries < 300 && this.how === undefined; tries++) {
      try {
        const { instances } = await this.call('plugin.status');
        const waiting = instances.filter((instance) => instance.state !== 'running');
        if (waiting.length === 0) return;
        last = waiting.map((instance) => `${instance.name} is ${instance.state}: ${instance.message ?? ''}`).join('; ');
      } catch (error) {
        last = error.stderr?.trim() || error.message;
      }
      await sleep(100);
    }
    throw new Problem(`usherd ${this.how === undefined ? 'does not get ready' : `stopped (${this.how})`}; ${last}\n${this.tail()}`);
  }

  tail() {
    const lines = existsSync(this.log) ? readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-15) : [];
    return `the end of ${this.log}:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
  }

  async stop() {
    if (this.how !== undefined) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 20000);
    await this.exited;
    clearTimeout(late);
  }
}

// ---- filling the centre

async function knownBrowsers(state, channel) {
  for (const [login, name] of Object.entries(REGULARS)) {
    if (state.browsers[login]) continue;
    const { token, visitor } = await newSession(channel, name);
    state.browsers[login] = { name, token, visitor };
    state.save();
  }
}

// May be run again after it was interrupted: records that are there are left out.
async function fillCentre(daemon, state) {
  const values = {};
  for (const [user, password] of Object.entries(state.passwords)) values[`PASSWORD:${user}`] = password;
  for (const [login, browser] of Object.entries(state.browsers)) values[`VISITOR:${login}`] = browser.visitor;
  const lines = [];
  for (const line of fill('centre.batch', values).split('\n')) {
    const identity = line.startsWith('customer.save ') && JSON.parse(line.slice('customer.save '.length)).identity;
    if (identity && (await daemon.call('customer.search', { text: identity })).customers.length > 0) continue;
    lines.push(line);
  }
  const file = join(daemon.data, 'centre.batch');
  writeSecret(file, lines.join('\n'));
  await run(join(daemon.build, 'usherctl'), ['--config', daemon.config, 'batch', file]);
  state.filled = true;
  state.save();
}

// ---- all of it

// The desktop in a terminal, if it was built; the path of a socket must be short.
function terminal(build, data) {
  const socket = join(data, 'desk.sock');
  const built = existsSync(join(build, 'usher-desk')) && Buffer.byteLength(socket) <= 96;
  return built ? { section: `\n[frontend:terminal]\nplugin = terminal\npath = ${socket}\n`,
    command: `${join(build, 'usher-desk')} --socket ${socket} --login anna` } : { section: '', command: '' };
}

function announce({ build, port, shopPort, data, customers }, state) {
  const { command } = terminal(build, data);
  const users = { anna: 'agent, may reject offers', ben: 'agent', sue: 'supervisor', admin: 'administrator' };
  process.stdout.write(`
  Customer:  http://127.0.0.1:${shopPort}/              the shop; open the chat and write
  Agent:     http://127.0.0.1:${port}/frontend/desk/    the desktop; log in and become Available
${command ? `             ${command}\n` : ''}
${USERS.map((user) => `             ${user.padEnd(8)} ${state.passwords[user]}   ${users[user]}`).join('\n')}

  ${customers > 0 ? `${customers} simulated customer${customers > 1 ? 's' : ''} will write.` : 'Add --simulate 3 for customers who write by themselves.'}
  Everything is kept in ${data}
  Ctrl-C stops the demo.

`);
}

async function main() {
  const options = readArguments();
  // For ./bootstrap, which has much to do before it comes here again.
  if (options.checkOnly) return;
  const stop = new AbortController();
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      interrupted = true;
      stop.abort();
    });
  if (!existsSync(join(options.build, 'usherd'))) fail(`there is no usherd in ${options.build}; run ./bootstrap build`);
  mkdirSync(options.data, { recursive: true, mode: 0o700 });
  chmodSync(options.data, 0o700);
  const state = loadState(options.data);
  const daemon = new Daemon(options.build, options.data);
  let shop;
  let status = 0;
  try {
    await daemon.refuseSecond();
    options.port = await choosePort(options.port, 8080);
    options.shopPort = await choosePort(options.shopPort, 8081);
    const usher = `http://127.0.0.1:${options.port}`;
    const channel = `${usher}/channel/site`;
    writeSecret(daemon.config, fill('usher.conf.in', { DATA: options.data, PORT: options.port,
      TERMINAL: terminal(options.build, options.data).section,
      PLUGINS: pluginFolders(options.build).join(','),
      SHOP: `http://127.0.0.1:${options.shopPort},http://localhost:${options.shopPort}` }));
    shop = await serveShop(options.shopPort, fill('shop.html', { USHER: usher }));
    daemon.start();
    await daemon.ready();
    await knownBrowsers(state, channel);
    if (!state.filled) await fillCentre(daemon, state);
    announce(options, state);
    if (options.customers > 0)
      simulate({ url: channel, customers: options.customers, seed: options.seed, rate: options.rate,
        browsers: Object.values(state.browsers), signal: stop.signal,
        log: (line) => process.stdout.write(`  ${new Date().toLocaleTimeString()}  ${line}\n`) })
        .catch((error) => process.stderr.write(`demo: the simulation broke off: ${error.stack}\n`));
    const halted = new Promise((done) => { stop.signal.addEventListener('abort', done); });
    await Promise.race([daemon.exited, stop.signal.aborted ? undefined : halted]);
    if (!interrupted) throw new Problem(`usherd stopped by itself (${daemon.how})\n${daemon.tail()}`);
  } catch (error) {
    if (!interrupted) {
      status = 1;
      process.stderr.write(`demo: ${error instanceof Problem ? error.message : error.stderr || error.stack}\n`);
    }
  }
  stop.abort();
  if (daemon.child) await daemon.stop();
  shop?.close();
  shop?.closeAllConnections?.();
  if (daemon.child) process.stdout.write(`\n  Stopped. The data is in ${options.data}; the next start goes on with it.\n`);
  process.exit(status);
}

await main();
