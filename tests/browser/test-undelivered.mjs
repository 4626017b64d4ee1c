// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message that the network refuses: its agent sends it again or leaves it, and so does a supervisor, who sees all of
// them in one list.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pluginDirs } from '../lib/daemon.mjs';
import { Graph } from '../lib/graph.mjs';
import { run } from '../lib/tap.mjs';
import { stage, violations } from './harness.mjs';

const build = process.env.USHER_BUILDDIR ?? process.cwd();

async function withNetwork(name, play) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-undelivered-'));
  const graph = await new Graph().start();
  const secret = (file, value) => {
    writeFileSync(join(folder, file), `${value}\n`, { mode: 0o600 });
    return `file:${join(folder, file)}`;
  };
  const channel = {
    ...{ plugin: 'messenger', queue: 'support', page_id: graph.page.id, base_url: graph.base },
    page_access_token: secret('token', graph.token),
    app_secret: secret('app-secret', graph.appSecret),
    verify_token: secret('verify-token', graph.verifyToken),
  };
  const plugin_path = [...pluginDirs, join(build, 'plugins/channel/messenger')].join(',');
  try {
    await stage(name, { config: { usher: { plugin_path }, 'channel:facebook': channel } }, async (scene) => {
      graph.webhook = `${scene.daemon.base}/channel/facebook/webhook`;
      await graph.verify();
      await play(scene, graph);
      await scene.pictures(`${name}-end`);
    });
  } finally {
    await graph.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ana writes on the network, and anna takes her. */
async function talk(scene, graph) {
  const ana = graph.person('psid-1', { first_name: 'Ana', last_name: 'Silva' });
  const anna = await scene.agent('anna');
  await anna.choose('Available');
  const { attempts } = await ana.says('Is anybody there?');
  assert.ok(attempts > 0, graph.story());
  // The network tells her name a moment later; who accepts before that gets a record without it.
  await anna.page.getByText('Ana Silva').first().waitFor();
  await anna.accept();
  return { ana, anna };
}

const times = (person, words) => person.texts.filter((text) => text === words).length;

await run([
  [
    'the agent sees why, sends it again, and it arrives once; another one is left as it is',
    () =>
      withNetwork('undelivered-agent', async (scene, graph) => {
        const { ana, anna } = await talk(scene, graph);
        graph.plan({ on: 'send', user: 'psid-1', error: { code: 551 } });
        await anna.say('Your parcel is on its way.');
        const again = anna.log.getByRole('button', { name: 'Send again' });
        await again.waitFor();
        await anna.log.getByText(/Not delivered: .*/).waitFor();
        await scene.pictures('undelivered-agent-failed');
        assert.deepEqual(await violations(anna.page), []);
        await again.click();
        await again.waitFor({ state: 'detached' });
        await anna.log.getByText(/Sent|Delivered|Read/).first().waitFor();
        assert.equal(times(ana, 'Your parcel is on its way.'), 1);

        graph.plan({ on: 'send', user: 'psid-1', error: { code: 551 } });
        await anna.say('Never mind.');
        await anna.log.getByRole('button', { name: 'Leave it' }).click();
        await anna.log.getByRole('button', { name: 'Leave it' }).waitFor({ state: 'detached' });
        await anna.log.getByText(/Not delivered: .*/).waitFor();
        // It stays decided.
        await anna.page.reload();
        await anna.log.getByText(/Not delivered: .*/).waitFor();
        assert.equal(await anna.log.getByRole('button', { name: 'Send again' }).count(), 0);
        assert.equal(times(ana, 'Never mind.'), 0);
      }),
  ],
  [
    'a supervisor has them in one list, with who, what and why, and decides',
    () =>
      withNetwork('undelivered-list', async (scene, graph) => {
        const { ana, anna } = await talk(scene, graph);
        graph.plan({ on: 'send', user: 'psid-1', times: 2, error: { code: 551 } });
        await anna.say('First of two.');
        await anna.log.getByRole('button', { name: 'Send again' }).waitFor();
        await anna.say('Second of two.');
        await anna.log.getByRole('button', { name: 'Send again' }).nth(1).waitFor();

        const sue = await scene.agent('sue');
        await sue.go('Team');
        const table = sue.page.getByRole('table', { name: 'Not delivered' });
        const first = table.getByRole('row', { name: /First of two\./ });
        await first.getByText('Ana Silva').waitFor();
        await first.getByText(/facebook/).waitFor();
        await first.getByText('Not delivered', { exact: true }).waitFor();
        await table.scrollIntoViewIfNeeded();
        await scene.pictures('undelivered-list-two');
        assert.deepEqual(await violations(sue.page), []);
        await first.getByRole('button', { name: /^Send again/ }).click();
        await first.waitFor({ state: 'detached' });
        await anna.log.getByText(/Sent|Delivered|Read/).first().waitFor();
        assert.equal(times(ana, 'First of two.'), 1);
        await table
          .getByRole('row', { name: /Second of two\./ })
          .getByRole('button', { name: /^Leave it/ })
          .click();
        await sue.page.getByText('Everything was delivered.').waitFor();
        await anna.log.getByRole('button', { name: 'Send again' }).waitFor({ state: 'detached' });
        assert.equal(times(ana, 'Second of two.'), 0);
      }),
  ],
  [
    'a list of more than one page stays as long as it was made when it is asked for again',
    () =>
      withNetwork('undelivered-pages', async (scene, graph) => {
        const { anna } = await talk(scene, graph);
        const many = 54;
        graph.plan({ on: 'send', user: 'psid-1', times: many, error: { code: 551 } });
        const hands = await scene.daemon.login('anna');
        const [{ interaction }] = await hands.mine();
        for (let n = 1; n <= many; n++) await hands.call('message.send', { interaction, text: `Number ${n} of many.` });
        await anna.log.getByRole('button', { name: 'Send again' }).nth(many - 1).waitFor();

        const sue = await scene.agent('sue');
        await sue.go('Team');
        const table = sue.page.getByRole('table', { name: 'Not delivered' });
        const row = (n) => table.getByRole('row', { name: new RegExp(`Number ${n} of many\\.`) });
        await row(1).waitFor();
        assert.equal(await row(many).count(), 0);
        await sue.page.getByRole('button', { name: 'More messages' }).click();
        await row(many).waitFor();
        // A decision has the list asked for again, as time does.
        await row(1).getByRole('button', { name: /^Leave it/ }).click();
        await row(1).waitFor({ state: 'detached' });
        await row(many).waitFor();
        assert.equal(await table.getByRole('row', { name: /of many\./ }).count(), many - 1);
      }),
  ],
]);
