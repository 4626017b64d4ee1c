// SPDX-License-Identifier: GPL-3.0-or-later
//
// The line between desktop and daemon breaks in every way there is; the view is that of a fresh load, nothing an agent
// or a customer wrote is lost or doubled, and the banner tells the truth.

import assert from 'node:assert/strict';
import { run } from '../lib/tap.mjs';
import { sleep, until } from '../lib/daemon.mjs';
import { stage } from './harness.mjs';

/** anna in a chat with a visitor, her desktop behind a network that can be cut. */
async function chatting(scene) {
  const network = await scene.network();
  const desk = await scene.agent('anna', { base: network.base });
  await desk.choose('Available');
  const visitor = await scene.visitor('Vera');
  await visitor.say('Hello');
  await desk.accept();
  return { network, desk, visitor };
}

/** The page as it is equals the page after a reload, and each of the words is there once. */
async function sameAsFresh(desk, words) {
  for (const word of words) await desk.sees(word);
  // Waiting counts come at most once a second; the page has them when the two agree.
  await until('the view equals a fresh load', async () => {
    const before = await desk.view();
    await desk.page.reload();
    await desk.live();
    for (const word of words) await desk.sees(word);
    assert.deepEqual(before, await desk.view());
    return true;
  });
  const shown = (await desk.conversation()).join('\n');
  for (const word of words) assert.equal(shown.split(word).length - 1, 1, `${word} is shown once`);
}

await run([
  [
    'cut for a second, during traffic both ways',
    () =>
      stage('cut-1s', {}, async (scene) => {
        const { network, desk, visitor } = await chatting(scene);
        const words = [];
        for (let i = 1; i <= 4; i++) {
          await visitor.say(`before ${i}.`);
          network.cut();
          await visitor.say(`while ${i}.`);
          await desk.say(`answer ${i}.`);
          await sleep(1000);
          network.mend();
          await visitor.say(`after ${i}.`);
          await desk.live();
          words.push(`before ${i}.`, `while ${i}.`, `answer ${i}.`, `after ${i}.`);
        }
        for (const word of words) await desk.sees(word);
        await until('the customer has all answers', async () => {
          await visitor.poll(0);
          return visitor.lines.filter((line) => line?.author === 'agent').length === 4;
        });
        await sameAsFresh(desk, words);
      }),
  ],
  [
    'cut for 30 seconds: the banner counts, what is sent waits, and all comes back',
    () =>
      stage('cut-30s', {}, async (scene) => {
        const { network, desk, visitor } = await chatting(scene);
        network.cut();
        await desk.page.getByText(/Reconnecting, attempt \d+/).waitFor();
        await desk.page.getByText(/What you send goes out as soon as the line is back/).waitFor();
        await desk.say('sent into the void');
        await desk.log.getByText('Goes out when the line is back').waitFor();
        for (let i = 1; i <= 10; i++) {
          await visitor.say(`line ${i}.`);
          await sleep(3000);
        }
        await desk.page.getByText(/Reconnecting, attempt [4-9]/).waitFor();
        network.mend();
        await desk.page.getByRole('button', { name: 'Try now' }).click();
        await desk.page.getByText('Connected again').waitFor();
        await sameAsFresh(desk, ['line 1.', 'line 10.', 'sent into the void']);
      }),
  ],
  [
    'a line that is dead without anybody saying so is noticed and replaced',
    () =>
      stage('frozen', {}, async (scene) => {
        const { network, desk, visitor } = await chatting(scene);
        network.freeze();
        await visitor.say('nobody hears me');
        await desk.say('nor me');
        // What a waking laptop or a returning tab does: no wait for two missed heartbeats. The browser may hold several
        // more dead connections, and finds that out of each only by a request that gets no answer.
        await desk.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
        await desk.log.getByText('nobody hears me').waitFor({ timeout: 90_000 });
        await until('the message left', async () => {
          await visitor.poll(0);
          return visitor.lines.some((line) => line?.text === 'nor me');
        });
        await sameAsFresh(desk, ['nobody hears me', 'nor me']);
      }),
  ],
  [
    'the daemon dies and comes back: the chat goes on',
    () =>
      stage('daemon-restart', {}, async (scene) => {
        const { desk, visitor } = await chatting(scene);
        await desk.say('before the crash');
        await desk.log.getByText('Sent').waitFor();
        await scene.daemon.kill();
        await desk.say('during the crash');
        await desk.sees('during the crash');
        await scene.daemon.start();
        await desk.live();
        await visitor.say('after the crash');
        await desk.status('Busy');
        await sameAsFresh(desk, ['before the crash', 'during the crash', 'after the crash']);
      }),
  ],
  [
    'the daemon is stopped and started under a chat: desk and widget go on by themselves, and drafts stay',
    () =>
      stage('planned-restart', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const shop = await scene.customer();
        const writing = shop.frame.getByLabel('Message', { exact: true });
        await shop.open('Vera', 'Hello');
        await desk.accept();
        await desk.say('before the restart');
        await shop.sees('before the restart');
        await desk.composer.fill('half a sentence');
        await writing.fill('half a question');
        await scene.daemon.stop();
        await scene.daemon.start();
        await desk.live();
        assert.equal(await desk.composer.inputValue(), 'half a sentence');
        assert.equal(await writing.inputValue(), 'half a question');
        await shop.frame.getByRole('button', { name: 'Send', exact: true }).click();
        await desk.sees('half a question');
        await desk.composer.press('Control+Enter');
        await shop.sees('half a sentence');
        await desk.status('Busy');
        await sameAsFresh(desk, ['before the restart', 'half a question', 'half a sentence']);
      }),
  ],
  [
    'an offer that ends while the line is cut is gone when it is back, with the reason and without blame',
    () =>
      stage('offer-while-cut', { seed: { acceptance_ms: 3000 } }, async (scene) => {
        const network = await scene.network();
        const desk = await scene.agent('anna', { base: network.base });
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await desk.offer.waitFor();
        network.cut();
        const agent = await scene.daemon.login('sue');
        await until('the offer has lapsed', async () => {
          const { agents } = await agent.call('agent.list');
          return agents.find((one) => one.login === 'anna').status === 'available';
        });
        await visitor.send({ end: { id: 'gone' } });
        await desk.offer.getByText('Time is up').waitFor();
        assert.equal(await desk.offer.getByRole('button', { name: 'Accept chat' }).isDisabled(), true);
        network.mend();
        await desk.offer.waitFor({ state: 'detached' });
        await desk.status('Available');
        await desk.page.getByText(/Your connection was lost, so the chat goes to the next agent/).waitFor();
      }),
  ],
]);
