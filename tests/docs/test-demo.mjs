// SPDX-License-Identifier: GPL-3.0-or-later
//
// The demo as somebody uses it: start, look, simulated customers, Ctrl-C, start again.

import { spawn, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

const build = process.env.USHER_BUILDDIR;
const demo = join(process.env.USHER_SRCDIR, 'docs/demo/demo.mjs');
const run = promisify(execFile);
const data = mkdtempSync(join(tmpdir(), 'usher-demo-'));
let count = 0;

function ok(passed, name, why = '') {
  count += 1;
  process.stdout.write(`${passed ? 'ok' : 'not ok'} ${count} - ${name}\n`);
  if (!passed) process.stdout.write(`${why}`.replace(/^/gm, '# ').concat('\n'));
}

function start(...args) {
  const child = spawn(process.execPath, [demo, '--build-dir', build, '--data', data, '--port', '0', '--shop-port', '0', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  const it = { child, text: '', exited: new Promise((done) => { child.once('exit', (code, signal) => done(signal ?? code)); }) };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { it.text += chunk; });
  it.exited.then((how) => { it.how = how; });
  return it;
}

async function until(condition, seconds = 120) {
  for (let tries = 0; tries < seconds * 10; tries++) {
    if (await condition()) return true;
    await sleep(100);
  }
  return false;
}

const announced = (it) => until(() => it.how !== undefined || it.text.includes('Ctrl-C stops'));
const find = (it, pattern) => it.text.match(pattern)?.[1];

async function operation(name, args = {}) {
  const { stdout } = await run(join(build, 'usherctl'), ['--config', join(data, 'usher.conf'), 'call', name, JSON.stringify(args)]);
  return JSON.parse(stdout);
}

async function status(url, options) {
  try {
    return (await fetch(url, options)).status;
  } catch (error) {
    return error.cause?.code ?? error.message;
  }
}

function logIn(desk, login, password) {
  return status(new URL('/api/v1/session.login', desk), { method: 'POST', body: JSON.stringify({ login, password }),
    headers: { 'Content-Type': 'application/json', 'X-Usher-Request': '1' } });
}

// Processes that have our data directory on their command line.
function left() {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(data) ? [line] : [];
    } catch {
      return [];
    }
  });
}

async function firstStart() {
  const it = start('--simulate', '1', '--rate', '600', '--seed', '7');
  await announced(it);
  const desk = find(it, /Agent: +(\S+)/);
  const shop = find(it, /Customer: +(\S+)/);
  const password = find(it, /anna +(\S+)/);
  ok(desk && shop && password, 'it starts and prints addresses and passwords', it.text);
  if (!desk) return { it };
  const page = await (await fetch(shop)).text();
  const widget = page.match(/<script src="([^"]+)"/)?.[1];
  ok(new URL(widget).origin !== new URL(shop).origin, 'the shop is another site than usher');
  ok(await status(widget) === 200, 'the chat widget is served');
  ok(await status(desk) === 200, 'the desktop is served');
  const command = find(it, /^ +(\S+usher-desk .*)$/m);
  if (command) ok(existsSync(command.match(/--socket (\S+)/)[1]), 'the terminal desktop has its socket', it.text);
  ok(await logIn(desk, 'anna', password) === 200, 'an agent logs in with the printed password');
  ok(await logIn(desk, 'anna', `${password}x`) === 401, 'and not with another');
  ok(await until(async () => (await operation('interaction.list')).interactions.length > 0),
    "the simulated customer's conversation is there", it.text);
  const { customers } = await operation('customer.search', { text: 'Keller' });
  ok(customers.length === 1, 'there are customers', JSON.stringify(customers));
  return { it, password, desk };
}

async function stopping({ it, desk }) {
  it.child.kill('SIGINT');
  const how = await Promise.race([it.exited, sleep(60000, 'still running')]);
  ok(how === 0, 'Ctrl-C ends it', `${how}\n${it.text}`);
  ok(it.text.includes(`The data is in ${data}`), 'and it says where the data is', it.text);
  ok(left().length === 0, 'no process is left', left().join('\n'));
  ok(await status(desk) === 'ECONNREFUSED', 'nobody listens any more');
}

async function secondStart({ password }) {
  const it = start();
  await announced(it);
  const desk = find(it, /Agent: +(\S+)/);
  ok(desk !== undefined, 'it starts again with the same data', it.text);
  ok(find(it, /anna +(\S+)/) === password && await logIn(desk, 'anna', password) === 200, 'passwords are the same');
  const { interactions } = await operation('interaction.list');
  ok(interactions.length > 0, 'the conversation is still there');
  const { customers } = await operation('customer.search', { text: 'Keller' });
  ok(customers.length === 1, 'nothing is filled in twice', JSON.stringify(customers));
  const third = start();
  ok(await third.exited === 1 && third.text.includes(`already: ${desk}`), 'a second demo on the same data is refused', third.text);
  ok(!third.text.includes('Customer:'), 'without announcing anything', third.text);
  ok((await operation('interaction.list')).interactions.length > 0, 'and without harming the first', third.text);
  await stopping({ it, desk });
}

try {
  const first = await firstStart();
  await stopping(first);
  await secondStart(first);
  const wrong = start('--simulate', 'many');
  ok(await wrong.exited === 2, 'a wrong argument is refused', wrong.text);
  const nowhere = join(data, 'nothing-is-built');
  for (const [status, ...words] of [[0, '--port', '80', '--rate', '0.5'], [2, '--port', 'abc'], [2, '--port', '8080.5'], [2, '--port', ''],
    [2, '--prot', '80']]) {
    const check = start('--check-arguments', '--build-dir', nowhere, '--data', nowhere, ...words);
    ok(await check.exited === status && !existsSync(nowhere), `before the build, '${words.join(' ')}' is ${status ? 'refused' : 'taken'}`, check.text);
  }
} catch (error) {
  ok(false, 'nothing unforeseen happens', error.stack);
}
for (const line of left()) process.stdout.write(`# still running: ${line}\n`);
process.stdout.write(`1..${count}\n`);
rmSync(data, { recursive: true, force: true });
