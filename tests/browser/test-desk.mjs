// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an agent and a supervisor do at the desktop beside the main job: log in and out, status, drafts, refusals, records
// that somebody else changes, history.

import assert from 'node:assert/strict';
import { run } from '../lib/tap.mjs';
import { stage } from './harness.mjs';

async function acceptOne(scene, desk, name, words) {
  await desk.choose('Available');
  const visitor = await scene.visitor(name);
  await visitor.say(words);
  await desk.accept();
  return visitor;
}

await run([
  [
    'log in: what is wrong is said, a password can be pasted and shown, the session outlives a reload, log out ends it',
    () =>
      stage('login', {}, async (scene) => {
        const desk = await scene.desk('anna');
        const { page } = await desk.open();
        const name = page.getByLabel('Login name');
        const password = page.getByLabel('Password', { exact: true });
        await name.waitFor();
        assert.equal(await name.getAttribute('autocomplete'), 'username');
        assert.equal(await password.getAttribute('autocomplete'), 'current-password');
        await page.getByRole('button', { name: 'Log in' }).click();
        await page.getByText('Enter your login name.').waitFor();
        await name.fill('anna');
        await password.fill('wrong');
        await page.keyboard.press('Enter');
        await page.getByText(/login name or the password is wrong/).waitFor();
        assert.equal(await password.evaluate((field) => field === document.activeElement), true);
        await page.getByText('Show password').click();
        assert.equal(await password.getAttribute('type'), 'text');
        await password.evaluate((field, text) => {
          field.select();
          document.execCommand('insertText', false, text);
        }, scene.password);
        await page.keyboard.press('Enter');
        await desk.status('Work Offline');
        assert.equal(await page.evaluate(() => document.cookie), '', 'scripts see no cookie');
        await page.reload();
        await desk.status('Work Offline');
        await desk.choose('Log out');
        await page.getByText('You are logged out.').waitFor();
        await page.reload();
        await name.waitFor();
        assert.equal(await desk.rail.count(), 0);
      }),
  ],
  [
    'a chat in progress: log-out is disabled and says why, a break is asked for after it and kept',
    () =>
      stage('status', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await acceptOne(scene, desk, 'Vera', 'Hello');
        await desk.page.getByRole('button', { name: /^Change status:/ }).click();
        const logout = desk.page.getByRole('menuitem', { name: /^Log out/ });
        assert.equal(await logout.getAttribute('aria-disabled'), 'true');
        await logout.getByText('Finish your chats first').waitFor();
        await desk.page.keyboard.press('Escape');
        await desk.choose('On Break');
        await desk.page.getByText('after this chat: On Break').waitFor();
        await desk.page.reload();
        await desk.page.getByText('after this chat: On Break').waitFor();
        await desk.page.getByRole('button', { name: 'End chat' }).click();
        await desk.page.getByText('After it you are On Break.').waitFor();
        await desk.page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('On Break');
        await desk.page.getByText(/was not saved to the CRM/).waitFor();
      }),
  ],
  [
    'post processing that is not finished by hand ends by itself',
    () =>
      stage('wrap-up', { seed: { post_processing_ms: 3000 } }, async (scene) => {
        const desk = await scene.agent('anna');
        await acceptOne(scene, desk, 'Vera', 'Hello');
        await desk.page.getByRole('button', { name: 'End chat' }).click();
        await desk.page.getByRole('heading', { name: 'Post Processing' }).waitFor();
        await desk.page.getByText(/^0:0[1-3] left$/).first().waitFor();
        await desk.status('Available');
        await desk.page.getByText('You are available').waitFor();
        assert.equal(await desk.page.getByRole('button', { name: 'Finish' }).count(), 0);
      }),
  ],
  [
    'what is half written stays with its chat, also over a reload; what is refused keeps its text and can be mended',
    () =>
      stage('drafts', {}, async (scene) => {
        const desk = await scene.agent('anna');
        const visitor = await acceptOne(scene, desk, 'Vera', 'Hello');
        await desk.composer.fill('half a thought');
        await desk.page.reload();
        await desk.composer.waitFor();
        assert.equal(await desk.composer.inputValue(), 'half a thought');
        // Only the server knows that this can't be seen.
        await desk.say('\u200b');
        await desk.log.getByText(/Not sent: .*needs something to read/).waitFor();
        assert.equal(await desk.composer.inputValue(), '');
        await desk.log.getByRole('button', { name: 'Edit' }).click();
        assert.equal(await desk.composer.inputValue(), '\u200b');
        await desk.say('short enough');
        await desk.log.getByText('Sent').waitFor();
        await visitor.poll(0);
        assert.deepEqual(
          visitor.lines.filter((line) => line?.author === 'agent').map((line) => line.text),
          ['short enough'],
        );
      }),
  ],
  [
    'an offer never takes the keyboard: what is typed stays where it is typed, Enter accepts nothing',
    () =>
      stage('focus', {}, async (scene) => {
        await scene.daemon.ctl('user.put', {
          login: 'anna',
          name: 'Anna',
          role: 'agent',
          permissions: ['interaction.reject'],
          capacity: 2,
        });
        const desk = await scene.agent('anna');
        await acceptOne(scene, desk, 'Vera', 'Hello');
        await desk.page.getByText('Enter sends', { exact: true }).click();
        await desk.composer.click();
        await desk.page.keyboard.type('one ');
        const second = await scene.visitor('Willem');
        await second.say('Me, too');
        await desk.offer.waitFor();
        await desk.page.keyboard.type('two');
        assert.equal(await desk.composer.inputValue(), 'one two');
        await desk.page.keyboard.press('Enter');
        await desk.sees('one two');
        await desk.offer.getByText('Willem').first().waitFor();
        await desk.page.keyboard.type('still here');
        await desk.page.keyboard.press('F2');
        assert.equal(await desk.offer.evaluate((element) => element === document.activeElement), true);
        await desk.page.keyboard.press('Tab');
        await desk.page.keyboard.press('Enter');
        await desk.offer.waitFor({ state: 'detached' });
        await desk.page.getByRole('region', { name: 'Conversation with Willem' }).waitFor();
        assert.equal(await desk.composer.inputValue(), '');
        await desk.page.locator('[data-chat]').getByText('Vera').click();
        await desk.page.getByRole('region', { name: 'Conversation with Vera' }).waitFor();
        assert.equal(await desk.composer.inputValue(), 'still here');
        assert.equal(await desk.log.getByText('Me, too').count(), 0, 'chats do not mix');
      }),
  ],
  [
    'typing is shown both ways, and the customer leaving is said',
    () =>
      stage('typing', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const shop = await scene.customer();
        await shop.open('Tom', 'Hello');
        await desk.accept();
        await shop.frame.getByLabel('Message', { exact: true }).pressSequentially('I am wri');
        await desk.log.getByText('Tom is typing…').waitFor();
        await desk.composer.pressSequentially('So am I');
        await shop.frame.getByText('Anna is typing…').waitFor();
        await shop.frame.getByRole('button', { name: 'End chat' }).click();
        await shop.frame.getByRole('dialog').getByRole('button', { name: 'End chat' }).click();
        await desk.page.getByText('The customer has left.').waitFor();
        assert.equal(await desk.composer.count(), 0);
        await desk.page.getByRole('button', { name: 'End chat' }).click();
        await desk.status('Post Processing');
      }),
  ],
  [
    'a record that somebody else changed meanwhile is not overwritten, a taken e-mail address names its owner',
    () =>
      stage('conflict', {}, async (scene) => {
        const { customer: owner } = await scene.daemon.ctl('customer.save', {
          first_name: 'Olga',
          last_name: 'Owner',
          email: 'olga@example.org',
        });
        const { customer } = await scene.daemon.ctl('customer.save', { first_name: 'Carl', last_name: 'Changed' });
        const desk = await scene.agent('anna');
        await desk.go('Customers');
        await desk.page.getByRole('link', { name: /Carl Changed/ }).click();
        await desk.page.getByRole('button', { name: 'Edit' }).click();
        const form = desk.page.getByRole('form', { name: 'Customer' });
        await form.getByLabel('Company').fill('Mine Ltd');
        await scene.daemon.ctl('customer.save', { customer: customer.id, company: 'Theirs Ltd' });
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await form.getByText(/Somebody else changed this record/).waitFor();
        await form.getByText('now: Theirs Ltd').waitFor();
        await form.getByRole('button', { name: 'Save mine over it' }).click();
        await desk.page.getByText('Mine Ltd').waitFor();

        await desk.page.getByRole('button', { name: 'Edit' }).click();
        await form.getByLabel('E-mail').fill('not an address');
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await form.getByText(/This is not an e-mail address/).waitFor();
        await form.getByLabel('E-mail').fill('olga@example.org');
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await form.getByText(/already belongs to Olga Owner/).waitFor();
        await form.getByRole('link', { name: 'Open Olga Owner' }).click();
        await desk.page.getByText('olga@example.org').first().waitFor();
        assert.match(desk.page.url(), new RegExp(`customers/${owner.id}`));
      }),
  ],
  [
    'history: agents see their own chats, supervisors all of them and the team',
    () =>
      stage('history', {}, async (scene) => {
        const anna = await scene.agent('anna');
        const visitor = await acceptOne(scene, anna, 'Vera', 'A question for Anna');
        await anna.say('An answer');
        await anna.log.getByText('Sent').waitFor();
        await anna.page.getByRole('button', { name: 'End chat' }).click();
        await anna.page.getByRole('button', { name: 'Finish' }).click();
        await anna.status('Available');
        await visitor.poll(0);

        const ben = await scene.agent('ben');
        await ben.go('History');
        await ben.page.getByText('No chats yet.').waitFor();
        assert.equal(await ben.rail.getByRole('link', { name: 'Team' }).count(), 0);

        const sue = await scene.agent('sue');
        await sue.go('History');
        await sue.page.getByRole('link', { name: /Vera/ }).click();
        await sue.page.getByText('A question for Anna').waitFor();
        await sue.page.getByText('An answer').waitFor();
        assert.equal(await sue.page.getByRole('button', { name: 'Save to CRM' }).count(), 0);
        await sue.go('Team');
        await sue.page.getByRole('row', { name: /Anna.*Available/ }).waitFor();
        await anna.choose('On Break');
        await sue.page.getByRole('row', { name: /Anna.*On Break/ }).waitFor();

        // Afterwards, too, a chat can be saved, once.
        await anna.go('History');
        await anna.page.getByRole('link', { name: /Vera/ }).click();
        await anna.page.getByRole('button', { name: 'Save to CRM' }).click();
        await anna.page.getByText('Saved to the CRM', { exact: true }).waitFor();
        const { cases } = await scene.daemon.ctl('case.list', {});
        assert.deepEqual(
          cases.map((one) => [one.state, one.customer]),
          [['open', null]],
        );
      }),
  ],
  [
    'a permission that is taken away, and a session that is ended elsewhere, count at once',
    () =>
      stage('permission', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        const reject = desk.offer.getByRole('button', { name: 'Reject' });
        await reject.waitFor();
        assert.equal(await reject.getAttribute('aria-disabled'), null);
        await scene.daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', permissions: [] });
        await desk.offer.getByText(/needs the permission/).waitFor();
        assert.equal(await reject.getAttribute('aria-disabled'), 'true');
        await scene.daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', enabled: false });
        await desk.page.getByRole('button', { name: 'Log in' }).waitFor();
      }),
  ],
]);
