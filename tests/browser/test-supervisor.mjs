// SPDX-License-Identifier: GPL-3.0-or-later
//
// What supervisors and administrators do at the desktop: play chats back, write FAQs, set rules, merge records, watch the
// team; with the keyboard, in a narrow window, in both colour schemes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { until } from '../lib/daemon.mjs';
import { run } from '../lib/tap.mjs';
import { stage, violations } from './harness.mjs';

const WORDS = ['Where is my parcel?', 'It is on the way.', 'Thank you!'];

/** A chat that Anna rejects and Ben handles, over operations; nobody saves it unless told to. */
async function pastChat(scene, name = 'Vera', { save = false } = {}) {
  const anna = await scene.daemon.login('anna');
  const ben = await scene.daemon.login('ben');
  const of = (agent, state) =>
    until(`${state} with ${agent.user}`, async () => (await agent.mine()).find((one) => one.state === state));
  await anna.call('agent.set_status', { status: 'available' });
  const visitor = await scene.visitor(name);
  await visitor.say(WORDS[0]);
  const { interaction } = await of(anna, 'offered');
  await anna.call('interaction.reject', { interaction });
  await ben.call('agent.set_status', { status: 'available' });
  await of(ben, 'offered');
  await ben.call('interaction.accept', { interaction });
  await ben.call('message.send', { interaction, text: WORDS[1], client_id: 'one' });
  await visitor.poll(0);
  await visitor.say(WORDS[2]);
  if (save) await ben.call('interaction.save', { interaction });
  await ben.call('interaction.end', { interaction });
  await ben.call('interaction.wrap_up_done', { interaction });
  await until('it is closed', async () => (await ben.mine()).length === 0);
  await ben.call('agent.set_status', { status: 'work_offline' });
  return interaction;
}

async function goTo(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
}

/** No part of the page is wider than the window, and nothing in it scrolls sideways but what says so. */
async function fits(page, what) {
  const wide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('.page, .detail, .master-list, .sheet')]
      .filter((one) => one.scrollWidth > one.clientWidth)
      .map((one) => `${one.className || one.tagName}: ${one.scrollWidth} in ${one.clientWidth}`),
  );
  assert.deepEqual(wide, [], what);
}

await run([
  [
    'a chat that nobody saved is in Playback, and is seen again as it was at any instant',
    () =>
      stage('playback', {}, async (scene) => {
        await pastChat(scene);
        await pastChat(scene, 'Willem');
        const { page, ...sue } = await scene.agent('sue');
        await sue.rail.getByRole('link', { name: 'Playback' }).click();
        const row = page.getByRole('row', { name: /Vera/ });
        await row.getByText('Not saved').waitFor();
        await row.getByText('Ben').waitFor();
        await page.getByText('2 chats').waitFor();

        // Newest first, unless another column is chosen.
        const names = () => page.locator('tbody th bdi').allTextContents();
        assert.deepEqual(await names(), ['Willem', 'Vera']);
        await page.getByRole('button', { name: 'Customer', exact: true }).click();
        await until('sorted by name', async () => (await names()).join() === 'Vera,Willem');
        assert.equal(await page.getByRole('columnheader', { name: 'Customer' }).getAttribute('aria-sort'), 'ascending');

        // Filters, alone and together; the zone of the times is said.
        await page.getByText(/^Times are yours: /).waitFor();
        await page.getByLabel('Agent').selectOption('Anna');
        await page.getByText('No chat matches these filters.').waitFor();
        await page.getByLabel('Agent').selectOption('Ben');
        await page.getByLabel('When').selectOption('Yesterday');
        await page.getByText('No chat matches these filters.').waitFor();
        await page.getByLabel('When').selectOption('Last 7 days');
        await page.getByLabel('Text').fill('PARCEL');
        await page.locator('.excerpt mark').getByText('parcel').first().waitFor();
        await page.getByLabel('Text').fill('no such word');
        await page.getByText('No chat matches these filters.').waitFor();
        await page.getByLabel('Text').fill('parcel');

        // The arrow keys go from row to row, Enter opens.
        await page.getByRole('link', { name: /Vera/ }).focus();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowUp');
        await page.keyboard.press('Enter');
        const talk = page.getByRole('region', { name: 'Conversation as it was' }).first();
        await talk.getByText(WORDS[2]).waitFor();
        await talk.locator('mark').getByText('parcel').waitFor();

        // At the beginning nothing was answered and it rang at Anna.
        await page.getByLabel('Position in time').focus();
        await page.keyboard.press('Home');
        await talk.getByText(WORDS[1]).waitFor({ state: 'detached' });
        const then = page.getByRole('region', { name: 'At this moment' });
        await then.getByText('Rings at').getByText('Anna').waitFor();
        await then.getByText('Not looked up yet').waitFor();
        const next = page.getByRole('button', { name: 'Next event' });
        for (let i = 0; i < 40 && (await talk.getByText(WORDS[1]).count()) === 0; i++) await next.click();
        assert.equal(await talk.getByText(WORDS[2]).count(), 0, 'and no more than was said by then');
        await then.getByText('Busy').waitFor();
        await then.locator('.chip').getByText('Active').waitFor();

        // The list says it all in order, and goes to a time.
        const list = page.getByRole('list', { name: 'What happened' });
        const said = (await list.getByRole('listitem').allTextContents()).map((one) => one.replace(/^[\d:]+/, ''));
        const order = ['Anna rejected the offer', 'Ben accepted', `Ben: ${WORDS[1]}`, 'Ben ended the chat'].map((one) =>
          said.findIndex((line) => line.includes(one)),
        );
        assert.ok(!order.includes(-1) && order.join() === [...order].sort((a, b) => a - b).join(), said.join('\n'));
        await list.getByText('Anna rejected the offer').click();
        await then.getByText('On Break').waitFor();

        // The mouse goes anywhere on the time line, too.
        const lanes = page.locator('.replay-lanes');
        await lanes.click({ position: { x: (await lanes.boundingBox()).width - 2, y: 10 } });
        await talk.getByText(WORDS[2]).waitFor();
        await lanes.click({ position: { x: 1, y: 10 } });
        await talk.getByText(WORDS[2]).waitFor({ state: 'detached' });

        // Played at ten times the speed it comes to its end.
        await page.getByLabel('Position in time').press('Home');
        await page.getByRole('radio', { name: '10×' }).check();
        await page.getByRole('button', { name: 'Play', exact: true }).click();
        await page.getByRole('button', { name: 'Play again' }).waitFor();
        await then.locator('.chip').getByText('Closed').waitFor();

        // One file takes it along.
        for (const [kind, expected] of [['As text', /Ben: It is on the way\./], ['As a web page', /<!doctype html>[^]*It is on the way\./]]) {
          await page.getByRole('button', { name: 'Download' }).click();
          const file = page.waitForEvent('download');
          await page.getByRole('menuitem', { name: kind }).click();
          assert.match(readFileSync(await (await file).path(), 'utf8'), expected);
        }
      }),
  ],
  [
    'without the permission there is no Playback: no page, no answer',
    () =>
      stage('playback-denied', {}, async (scene) => {
        const interaction = await pastChat(scene);
        const { page, rail } = await scene.agent('anna');
        for (const name of ['Playback', 'Team', 'FAQs', 'Rules']) assert.equal(await rail.getByRole('link', { name }).count(), 0);
        await goTo(page, `#/playback/${interaction}`);
        await page.getByText(/This page is not for you/).waitFor();
        const anna = await scene.daemon.login('anna');
        for (const [name, args] of [['playback.list', {}], ['playback.get', { interaction }], ['faq.put', { category: 'a', question: 'b', answer: 'c' }]])
          await assert.rejects(anna.call(name, args), { code: 'denied' }, name);
      }),
  ],
  [
    'an FAQ that the supervisor writes is found by agents, and not once it is switched off',
    () =>
      stage('faqs', {}, async (scene) => {
        const sue = await scene.agent('sue');
        const anna = await scene.daemon.login('anna');
        const found = async () => (await anna.call('faq.search', { text: 'parcel' })).faqs.map((one) => one.question);
        await sue.go('FAQs');
        await sue.page.getByText(/No FAQs yet/).waitFor();
        await sue.page.getByRole('button', { name: 'New FAQ' }).click();
        const form = sue.page.getByRole('form', { name: 'New FAQ' });
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await form.getByText('Enter a category.').waitFor();
        assert.ok(await form.getByLabel('Category').evaluate((field) => field === document.activeElement));
        await form.getByLabel('Category').fill('Delivery');
        await form.getByLabel('Question').fill('Where is my parcel?');
        await form.getByLabel('Answer').fill('Hello , it is on its way.');
        await form.getByLabel('Answer').evaluate((area) => area.setSelectionRange(6, 6));
        await form.getByText('Placeholders', { exact: true }).click();
        await form.getByRole('button', { name: 'Insert {{customer.first_name|…}}' }).click();
        assert.equal(await form.getByLabel('Answer').inputValue(), 'Hello {{customer.first_name}}, it is on its way.');
        await form.getByRole('region', { name: 'Preview' }).getByText('Hello Vera, it is on its way.').waitFor();
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await sue.page.getByText('Saved.').waitFor();
        assert.deepEqual(await found(), ['Where is my parcel?']);

        const edit = sue.page.getByRole('form', { name: 'Edit FAQ' });
        await edit.getByText('Agents find it').click();
        await edit.getByRole('button', { name: 'Save', exact: true }).click();
        await sue.page.getByRole('link', { name: /Where is my parcel.*Off/ }).waitFor();
        assert.deepEqual(await found(), []);
        await edit.getByRole('button', { name: 'Remove' }).click();
        await sue.page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
        await sue.page.getByText(/No FAQs yet/).waitFor();
        assert.deepEqual((await scene.daemon.ctl('faq.list', { all: true })).faqs, []);
      }),
  ],
  [
    'rules: a preset is taken over, a member is changed, a refusal stands at its field; codes are kept in order',
    () =>
      stage('rules', {}, async (scene) => {
        const root = await scene.agent('root');
        const { page } = root;
        const policy = async () => (await scene.daemon.ctl('policy.get')).policy;
        await root.go('Rules');
        await page.getByRole('listitem').filter({ hasText: '8x8' }).getByText('In use').waitFor();
        await page.getByRole('button', { name: 'Take over connect' }).click();
        await page.getByRole('listitem').filter({ hasText: 'connect' }).getByText('In use').waitFor();
        const taken = await policy();
        assert.deepEqual([taken.preset, taken.on_reject, taken.acceptance_ms], ['connect', 'available', 20000]);

        const time = page.getByRole('textbox', { name: 'Time to accept' });
        assert.equal(await time.inputValue(), '20');
        await time.fill('0');
        await page.getByRole('button', { name: 'Save changes' }).click();
        await page.getByText('Enter from 1 seconds to 15 minutes.').waitFor();
        assert.equal(await time.getAttribute('aria-invalid'), 'true');
        assert.ok(await time.evaluate((field) => field === document.activeElement));
        await time.fill('1,5');
        await page.getByLabel('Unit of “Time to accept”').selectOption('minutes');
        await page.getByText('when it has ended').click();
        await page.getByRole('button', { name: 'Save changes' }).click();
        await page.getByText('Changed by hand').waitFor();
        const changed = await policy();
        assert.deepEqual([changed.preset, changed.acceptance_ms, changed.pop_on], [null, 90000, ['offered', 'completed']]);

        await page.getByRole('tab', { name: 'Codes' }).click();
        await page.getByRole('button', { name: 'New list' }).click();
        const form = page.getByRole('form', { name: 'New list' });
        await form.getByLabel('Id').fill('topic');
        await form.getByLabel('Name', { exact: true }).fill('Topic');
        await form.getByText('One must be chosen').click();
        for (const [code, name] of [['a', 'Alpha'], ['b', 'Beta']]) {
          await form.getByRole('button', { name: 'Add a code' }).click();
          await page.keyboard.type(code);
          await page.keyboard.press('Tab');
          await page.keyboard.type(name);
        }
        await form.getByRole('button', { name: 'Move Beta up' }).click();
        await form.getByRole('button', { name: 'Save list' }).click();
        await page.getByText('List saved.').waitFor();
        const { codes } = await scene.daemon.ctl('codes.list');
        assert.deepEqual(
          codes.map((one) => [one.list, one.required, one.codes.map((code) => code.code).join()]),
          [['topic', true, 'b,a']],
        );
      }),
  ],
  [
    'two records of a person are merged with the result before the eyes, and parted again',
    () =>
      stage('merge', {}, async (scene) => {
        await pastChat(scene, 'Vera', { save: true });
        const known = { first_name: 'Vera', last_name: 'Vogel', email: 'vera@example.org' };
        const { customer } = await scene.daemon.ctl('customer.save', known);
        const sue = await scene.agent('sue');
        const { page } = sue;
        await sue.go('Customers');
        await page.getByLabel('Show').selectOption('Incomplete');
        await page.getByRole('link', { name: /Vera.*Draft/ }).click();
        const line = page.getByRole('region', { name: 'Everything with this customer' });
        await line.getByRole('link', { name: /Chat · Support/ }).waitFor();
        await line.getByRole('link', { name: /Case · C-/ }).waitFor();
        await page.getByRole('button', { name: 'Merge…' }).click();
        const dialog = page.getByRole('dialog', { name: /Merge two records/ });
        await dialog.getByRole('button', { name: /Vera Vogel/ }).click();
        await dialog.getByRole('row', { name: /E-mail.*vera@example\.org/ }).waitFor();
        await dialog.getByRole('button', { name: 'Merge Vera into Vera Vogel' }).click();
        await page.getByRole('region', { name: 'Merged into this record' }).getByText('Vera', { exact: true }).waitFor();
        assert.match(page.url(), new RegExp(`customers/${customer.id}`));
        await line.getByRole('link', { name: /Chat · Support/ }).waitFor();
        assert.equal((await scene.daemon.ctl('customer.search', {})).customers.length, 1);

        await page.getByRole('button', { name: 'Undo the merge of Vera' }).click();
        await page.getByText('Vera is a record of its own again.').waitFor();
        await page.getByRole('region', { name: 'Merged into this record' }).waitFor({ state: 'detached' });
        assert.equal((await scene.daemon.ctl('customer.search', {})).customers.length, 2);

        // From the record to its chats in Playback.
        await page.getByLabel('Show').selectOption('All records');
        await page.getByRole('link', { name: /Vera.*Draft/ }).click();
        await page.getByRole('link', { name: 'In Playback' }).click();
        await page.getByRole('row', { name: /Vera/ }).getByText('Saved').waitFor();
      }),
  ],
  [
    'team: who does what; a supervisor sets a status, with the reason that is asked for',
    () =>
      stage('team', {}, async (scene) => {
        const codes = ['lunch=Lunch', 'meeting=Meeting'];
        await scene.daemon.ctl('codes.put', { list: 'pause', name: 'Pause', use: 'status', status: 'on_break', required: true, codes });
        const anna = await scene.agent('anna');
        await anna.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await anna.accept();
        const sue = await scene.agent('sue');
        await sue.go('Team');
        const row = sue.page.getByRole('row', { name: /Anna/ });
        await row.getByText('Busy').waitFor();
        await row.getByText('1 of 1').waitFor();
        await row.getByText('connected').waitFor();
        await sue.page.getByRole('button', { name: 'Change the status of Anna' }).click();
        const dialog = sue.page.getByRole('dialog', { name: /Change the status of Anna/ });
        await dialog.getByLabel('Status').selectOption('On Break');
        assert.ok(await dialog.getByRole('button', { name: 'Change status' }).isDisabled(), 'a reason is required');
        await dialog.getByLabel('Reason').selectOption('Lunch');
        await dialog.getByRole('button', { name: 'Change status' }).click();
        await sue.page.getByText('Anna is On Break after the chats in hand.').waitFor();
        await anna.page.getByText('after this chat: On Break').waitFor();
        await row.getByText('On Break').waitFor();
        await sue.page.getByRole('region', { name: 'Channels and other connections' }).first().getByText('webchat').waitFor();
      }),
  ],
  [
    'all of it is clean in both colour schemes, fits 320 pixels and turns around from right to left',
    () =>
      stage('supervisor-access', {}, async (scene) => {
        const interaction = await pastChat(scene, 'Vera with a very long name that goes on and on and on', { save: true });
        await scene.daemon.ctl('faq.put', { category: 'Delivery', question: 'Where is my parcel?', answer: 'Hello {{customer.name}}, {{order}}' });
        await scene.daemon.ctl('codes.put', { list: 'topic', name: 'Topic', required: true, codes: ['a=Alpha', '!b=Beta'] });
        const { faqs } = await scene.daemon.ctl('faq.list', {});
        const { customers } = await scene.daemon.ctl('customer.search', {});
        const { page } = await scene.agent('root');
        const places = [
          ['#/playback', 'table'],
          [`#/playback/${interaction}`, '.replay'],
          ['#/team', 'table'],
          [`#/faqs/${faqs[0].faq}`, 'form'],
          ['#/rules/policy', '.rules-form'],
          ['#/rules/codes', '.codes-editor'],
          [`#/customers/${customers[0].id}`, '.customer-page .link-list'],
        ];
        for (const [hash, part] of places) {
          await goTo(page, hash);
          await page.locator(part).first().waitFor();
          if (hash === '#/rules/codes') await page.getByRole('button', { name: /Topic/ }).click();
          assert.deepEqual(await violations(page), [], hash);
          await page.setViewportSize({ width: 320, height: 640 });
          await page.locator(part).first().waitFor();
          await fits(page, `${hash} in 320 pixels`);
          assert.deepEqual(await violations(page), [], `${hash} in 320 pixels`);
          await page.evaluate(() => (document.documentElement.dir = 'rtl'));
          await fits(page, `${hash} from right to left`);
          await page.evaluate(() => document.documentElement.removeAttribute('dir'));
          await page.setViewportSize({ width: 1366, height: 800 });
        }
        // From right to left the time line runs the other way, too.
        await goTo(page, `#/playback/${interaction}`);
        const slider = page.getByLabel('Position in time');
        await slider.focus();
        await page.keyboard.press('Home');
        const head = () => page.locator('.replay-head').boundingBox();
        const left = (await head()).x;
        await page.evaluate(() => (document.documentElement.dir = 'rtl'));
        assert.ok((await head()).x > left + 300);
      }),
  ],
]);
