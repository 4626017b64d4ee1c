// SPDX-License-Identifier: GPL-3.0-or-later
//
// What supervisors see of the centre's health: alarms of the daemon on every page, who waits, and why nobody takes a chat.

import assert from 'node:assert/strict';
import { until } from '../lib/daemon.mjs';
import { run } from '../lib/tap.mjs';
import { stage, violations } from './harness.mjs';

/** Always more than there is: an alarm that nothing else follows from. */
const DISK_ALARM = { config: { store: { space_warn: '9000000G' } } };

const QUESTION = 'Why is nobody taking this?';

await run([
  [
    'an alarm of the daemon is said on every page of a supervisor, and to nobody else',
    () =>
      stage('alarms', DISK_ALARM, async (scene) => {
        const sue = await scene.agent('sue');
        const banner = sue.page.getByRole('alert', { name: 'Alarms' });
        await banner.getByText(/^Alarm disk:/).waitFor();
        assert.match(await banner.textContent(), /make the disk larger.*since /);
        assert.deepEqual(await violations(sue.page), []);
        await scene.pictures('alarms');
        await sue.go('Customers');
        await banner.getByText(/^Alarm disk:/).waitFor();

        const anna = await scene.agent('anna');
        await anna.page.getByText('You work offline').waitFor();
        assert.equal(await anna.page.getByText(/Alarm disk/).count(), 0);
      }),
  ],
  [
    'a supervisor sees who waits, and reads why nobody takes a chat',
    () =>
      stage('why', {}, async (scene) => {
        const { page, ...sue } = await scene.agent('sue');
        await sue.rail.getByRole('link', { name: /^Team/ }).click();
        await page.getByText('Nobody waits.').waitFor();
        const anna = await scene.daemon.login('anna');
        await anna.call('agent.set_status', { status: 'on_break' });
        const vera = await scene.visitor('Vera');
        await vera.say('Hello?');
        const willem = await scene.visitor('Willem');
        await willem.say('Hello?');

        // The list renews itself, in the order of the places.
        const rows = page.getByRole('region', { name: 'Waiting chats' }).getByRole('row');
        await rows.getByText('Willem').waitFor();
        assert.deepEqual(await rows.locator('th bdi').allTextContents(), ['Vera', 'Willem']);

        // With the keyboard alone: the dialog takes the focus and gives it back.
        const why = page.getByRole('button', { name: `${QUESTION} Willem` });
        await why.focus();
        await page.keyboard.press('Enter');
        const dialog = page.getByRole('dialog', { name: `${QUESTION} Willem` });
        await dialog.getByText('It waits at place 2 of 2 in the queue Support.').waitFor();
        const lines = dialog.getByRole('listitem');
        assert.match(await lines.nth(0).textContent(), /Anna on break since \d\d:\d\d/);
        assert.match(await lines.nth(1).textContent(), /Ben logged out/);
        await dialog.getByText('2 more users do not work its queue.').waitFor();
        assert.deepEqual(await violations(page), []);
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          await scene.pictures(`why-${colorScheme}`);
        }
        await page.emulateMedia({ colorScheme: null });
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
        await until('the focus is back', () => why.evaluate((button) => button === document.activeElement));

        // It follows what happens while it is open, and a chat that is taken takes no focus along.
        await page.getByRole('button', { name: `${QUESTION} Vera` }).click();
        await page.getByText('It waits at place 1 of 2 in the queue Support.').waitFor();
        await anna.call('agent.set_status', { status: 'available' });
        await page.getByText('It is being offered to Anna.').waitFor();
        const [offer] = await anna.mine();
        await anna.call('interaction.accept', { interaction: offer.interaction });
        await page.getByText('Anna has it.').waitFor();
        await rows.getByText('Vera').waitFor({ state: 'detached' });
        await page.getByRole('dialog').getByText('Close').click();
        await until('the focus is kept', () => page.evaluate(() => document.activeElement !== document.body));
      }),
  ],
]);
