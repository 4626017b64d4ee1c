// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a plugin's author has at the end of the tutorial: docs/example-plugin in a real usherd, a customer over TCP, and an
// agent at the desktop in a real browser. (The tutorial's own commands: tests/tree/tutorial.sh.)

import assert from 'node:assert/strict';
import { run } from '../lib/tap.mjs';
import { Customer, buildExample, channel, pluginPath } from '../docs/example.mjs';
import { stage } from './harness.mjs';

const config = () => ({
  usher: { plugin_path: pluginPath(buildExample()) },
  'channel:line': channel,
  'channel:site': null,
});

await run([
  [
    'a customer over TCP and an agent at the desktop talk, and go on after usherd was killed',
    () =>
      stage('example', { config: config() }, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        await desk.status('Available');
        const ada = new Customer(scene.daemon, 'Ada');
        try {
          // The offer, with who it is and what she wrote before it is accepted.
          await ada.open();
          await ada.say(1, 'good morning 👩‍🔬');
          for (const words of ['Ada', 'New customer', 'good morning 👩‍🔬'])
            await desk.offer.getByText(words).first().waitFor();
          await desk.accept();
          await desk.status('Busy');

          // Both directions, and who types and who has read.
          await desk.sees('good morning 👩‍🔬');
          ada.tell('TYPING on');
          await desk.log.getByText('Ada is typing…').waitFor();
          await desk.composer.pressSequentially('How can');
          await ada.hears(/^TYPING on$/);
          await desk.say('How can <i>I</i> help?');
          const answer = await ada.hears(/^AGENT \d+ Anna: How can <i>I<\/i> help\?$/);
          await ada.say(2, 'Where is my parcel?');
          await desk.sees('Where is my parcel?');
          ada.tell(`SEEN ${answer.split(' ')[1]}`);
          await desk.log.getByText('Read').waitFor();

          // Both write while nobody listens; neither the answer nor the question is lost or doubled.
          await scene.daemon.kill();
          ada.close();
          await desk.say('It left at noon.');
          await desk.log.getByText('Goes out when the line is back').waitFor();
          await scene.daemon.start();
          await desk.live();
          await ada.open();
          await ada.hears(/^AGENT \d+ Anna: It left at noon\.$/);
          // Not acknowledged, as far as she remembers.
          await ada.say(2, 'Where is my parcel?');
          await ada.say(3, 'Thank you!');
          await desk.sees('Thank you!');
          await desk.status('Busy');

          // The end, and everything once, on both sides and in the store.
          await desk.page.getByRole('button', { name: 'End chat' }).click();
          await desk.status('Post Processing');
          await ada.hears(/^INFO \d+ The chat has ended$/);
          const texts = ['good morning 👩‍🔬', 'How can <i>I</i> help?', 'Where is my parcel?', 'It left at noon.', 'Thank you!'];
          const shown = (await desk.conversation()).join('\n');
          for (const text of texts) assert.equal(shown.split(text).length - 1, 1, `${text} is shown once`);
          assert.equal(ada.count(/^AGENT /), 2, ada.lines.last);
          const [chat] = (await scene.daemon.ctl('interaction.list')).interactions;
          const { interaction } = await scene.daemon.ctl('interaction.get', { interaction: chat.interaction });
          const said = interaction.messages.filter(({ author }) => author !== 'system').map(({ text }) => text);
          assert.deepEqual(said, texts);
          await desk.page.getByRole('button', { name: 'Finish' }).click();
          await desk.status('Available');
        } finally {
          ada.close();
        }
      }),
  ],
]);
