// SPDX-License-Identifier: GPL-3.0-or-later
//
// A channel whose access token has expired says so to supervisors on every page, and to nobody else.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pluginDirs } from '../lib/daemon.mjs';
import { Graph } from '../lib/graph.mjs';
import { run } from '../lib/tap.mjs';
import { stage, violations } from './harness.mjs';

const build = process.env.USHER_BUILDDIR ?? process.cwd();

async function withExpired(play) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-attention-'));
  const graph = await new Graph().start();
  const secret = (name, value) => {
    writeFileSync(join(folder, name), `${value}\n`, { mode: 0o600 });
    return `file:${join(folder, name)}`;
  };
  const channel = {
    ...{ plugin: 'messenger', queue: 'support', page_id: graph.page.id, base_url: graph.base },
    page_access_token: secret('token', graph.token),
    app_secret: secret('app-secret', graph.appSecret),
    verify_token: secret('verify-token', graph.verifyToken),
  };
  graph.endToken();
  try {
    const plugin_path = [...pluginDirs, join(build, 'plugins/channel/messenger')].join(',');
    await play({ config: { usher: { plugin_path }, 'channel:facebook': channel } }, graph);
  } finally {
    await graph.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await run([
  [
    'an expired token is said on every page of a supervisor, with its sentence and a way to the list',
    () =>
      withExpired((options, graph) =>
        stage('attention', options, async (scene) => {
          const sue = await scene.agent('sue');
          const banner = sue.page.getByRole('status', { name: 'Connections that need attention' });
          await banner.getByText(/Channel facebook needs attention/).waitFor();
          const words = await banner.textContent();
          assert.match(words, /token/i);
          assert.ok(!words.includes(graph.token), 'the token itself is told to nobody');
          assert.deepEqual(await violations(sue.page), []);
          await sue.go('Customers');
          await banner.getByText(/facebook/).waitFor();
          await sue.rail.getByRole('link', { name: /Team.*1.*connection needs attention/ }).waitFor();
          await banner.getByRole('link', { name: 'Look' }).click();
          const row = sue.page.getByRole('row', { name: /^facebook/ });
          await row.getByText('needs attention').waitFor();
          await sue.page.getByRole('row', { name: /^site/ }).getByText('is running').waitFor();

          const anna = await scene.agent('anna');
          await anna.page.getByText('You work offline').waitFor();
          assert.equal(await anna.page.getByText(/facebook/).count(), 0);
        }),
      ),
  ],
]);
