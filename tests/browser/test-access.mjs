// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desktop for everybody: WCAG 2.2 A and AA as far as axe can tell, on each page in light and dark; with the keyboard
// alone; in a window of 320 pixels; without motion; under forced colours; from right to left.

import assert from 'node:assert/strict';
import { run } from '../lib/tap.mjs';
import { stage, violations } from './harness.mjs';

async function clean(page, what) {
  assert.deepEqual(await violations(page), [], what);
}

/** No part of the page is wider than the window. */
async function fits(page, what) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, `${what}: ${wide} pixels wide in a window of ${window}`);
}

async function tabTo(page, locator, what) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await locator.evaluate((element) => element === document.activeElement)) {
      const ring = await locator.evaluate((element) => getComputedStyle(element).outlineStyle);
      assert.notEqual(ring, 'none', `${what} shows that it has the focus`);
      return;
    }
  }
  assert.fail(`${what} is not reached with Tab`);
}

await run([
  [
    'axe finds nothing on any page, light or dark',
    () =>
      stage('axe', {}, async (scene) => {
        const desk = await scene.desk('sue');
        const { page } = await desk.open();
        await page.getByLabel('Login name').waitFor();
        await clean(page, 'log-in');
        await page.getByRole('button', { name: 'Log in' }).click();
        await clean(page, 'log-in with an error');
        await scene.daemon.ctl('membership.put', { user: 'sue', queue: 'support' });
        await desk.login('sue', scene.password);
        await clean(page, 'no chats');
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await desk.offer.waitFor();
        await clean(page, 'offer');
        await page.getByRole('button', { name: /^Change status:/ }).click();
        await clean(page, 'status menu');
        await page.keyboard.press('Escape');
        await desk.accept();
        await desk.say('An answer');
        await desk.context.getByRole('form', { name: 'Customer' }).waitFor();
        await clean(page, 'chat with a draft record');
        await desk.context.getByRole('button', { name: 'Save', exact: true }).click();
        await clean(page, 'form with errors');
        await desk.saveToCrm();
        await page.getByRole('link', { name: 'Open the case' }).waitFor();
        await page.getByRole('button', { name: 'End chat' }).click();
        await desk.status('Post Processing');
        await clean(page, 'post processing');
        await page.getByRole('button', { name: 'Finish' }).click();
        for (const name of ['Customers', 'Cases', 'History']) {
          await desk.go(name);
          await page.getByRole('list').getByRole('link', { name: /Vera/ }).first().click();
          await page.locator('.detail .card, .detail .tabs').first().waitFor();
          await clean(page, name);
        }
        await desk.go('Team');
        await page.getByRole('table').first().waitFor();
        await clean(page, 'team');
        await page.keyboard.press('?');
        await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
        await clean(page, 'help');
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+k');
        await page.getByRole('dialog', { name: 'Find an action' }).waitFor();
        await clean(page, 'command menu');
      }),
  ],
  [
    'the widget is clean, too',
    () =>
      stage('axe-widget', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const shop = await scene.customer();
        await shop.page.getByRole('button', { name: /^Open chat/ }).click();
        await shop.frame.getByRole('button', { name: 'Start chat' }).waitFor();
        await clean(shop.page, 'form');
        await shop.page.getByRole('button', { name: /^Close chat/ }).last().click();
        await shop.open('Tom', 'Hello');
        await desk.accept();
        await desk.say('An answer');
        await shop.sees('An answer');
        await clean(shop.page, 'chat');
      }),
  ],
  [
    'a whole chat with the keyboard alone',
    () =>
      stage('keyboard', {}, async (scene) => {
        const desk = await scene.desk('anna');
        const { page } = await desk.open();
        await page.getByLabel('Login name').waitFor();
        await page.keyboard.type('anna');
        await page.keyboard.press('Tab');
        await page.keyboard.type(scene.password);
        await page.keyboard.press('Enter');
        await desk.status('Work Offline');

        await page.keyboard.press('Control+k');
        await page.keyboard.type('status available');
        await page.getByRole('menuitem', { name: 'Status: Available' }).waitFor();
        await page.keyboard.press('Enter');
        await desk.status('Available');

        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await desk.offer.waitFor();
        await page.keyboard.press('F2');
        await tabTo(page, desk.offer.getByRole('button', { name: 'Accept chat' }), 'Accept');
        await page.keyboard.press('Enter');
        await desk.composer.waitFor();
        await page.waitForFunction(() => document.activeElement?.id === 'composer');
        await page.keyboard.type('With the keyboard');
        await page.keyboard.press('Control+Enter');
        await desk.sees('With the keyboard');

        await tabTo(page, page.getByRole('button', { name: 'Chat menu' }), 'Chat menu');
        await page.keyboard.press('Enter');
        await page.getByRole('menuitem', { name: /^Save to CRM/ }).waitFor();
        await page.keyboard.press('Enter');
        await page.getByText('Saved to the CRM', { exact: true }).waitFor();
        await tabTo(page, page.getByRole('button', { name: 'End chat' }), 'End chat');
        await page.keyboard.press('Enter');
        await desk.status('Post Processing');
        await tabTo(page, page.getByRole('button', { name: 'Finish' }), 'Finish');
        await page.keyboard.press('Enter');
        await desk.status('Available');

        // Single keys, unless they are switched off or somebody writes.
        await page.keyboard.press('2');
        await page.getByRole('heading', { name: 'Customers' }).waitFor();
        await page.getByLabel('Search customers').focus();
        await page.keyboard.type('1');
        assert.match(page.url(), /customers/);
        await page.keyboard.press('F6');
        await page.keyboard.press('?');
        await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Single-key shortcuts').last().click();
        await page.keyboard.press('Escape');
        await page.keyboard.press('F6');
        await page.keyboard.press('1');
        assert.match(page.url(), /customers/);
      }),
  ],
  [
    '320 pixels: everything is reached and nothing scrolls sideways',
    () =>
      stage('narrow', {}, async (scene) => {
        const desk = await scene.agent('anna', { viewport: { width: 320, height: 640 } });
        const { page } = desk;
        await fits(page, 'no chats');
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera with a very long name that goes on and on');
        await visitor.say('https://example.org/' + 'long'.repeat(60));
        await desk.offer.waitFor();
        await fits(page, 'offer');
        await desk.accept();
        await fits(page, 'chat');
        await page.getByRole('button', { name: 'Customer and transaction' }).click();
        await page.getByRole('dialog').getByText('Social id').waitFor();
        await fits(page, 'drawer');
        await page.getByRole('button', { name: 'Close' }).click();
        await desk.say('An answer');
        await desk.sees('An answer');
        await page.getByRole('button', { name: 'Back' }).click();
        await page.getByRole('navigation', { name: 'My chats' }).waitFor();
        for (const name of ['Customers', 'Cases', 'History']) {
          await desk.go(name);
          await page.getByRole('heading', { name }).waitFor();
          await fits(page, name);
        }
        await clean(page, 'history in a narrow window');
      }),
  ],
  [
    'without motion nothing blinks; the tab stays red and the title still says it',
    () =>
      stage('motion', {}, async (scene) => {
        const desk = await scene.agent('anna', { reducedMotion: 'reduce' });
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await desk.offer.waitFor();
        const tab = desk.page.locator('.rail-tab.offered');
        const look = () => tab.evaluate((element) => [getComputedStyle(element).animationName, getComputedStyle(element).backgroundColor]);
        assert.deepEqual(await look(), ['none', 'rgb(196, 22, 31)']);
        assert.match(await desk.page.title(), /^\(1\) Chat offered/);
        await desk.page.emulateMedia({ reducedMotion: 'no-preference' });
        assert.equal((await look())[0], 'blink');
        const period = await tab.evaluate((element) => getComputedStyle(element).animationDuration);
        assert.ok(Number.parseFloat(period) >= 1, `blinks once in ${period}`);
      }),
  ],
  [
    'from right to left the panes change sides and nothing is cut off',
    () =>
      stage('rtl', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const visitor = await scene.visitor('مريم');
        await visitor.say('مرحبا');
        await desk.accept();
        const left = (locator) => locator.boundingBox().then((box) => box.x);
        assert.ok((await left(desk.rail)) < (await left(desk.context)));
        await desk.page.evaluate(() => (document.documentElement.dir = 'rtl'));
        assert.ok((await left(desk.rail)) > (await left(desk.context)));
        await fits(desk.page, 'right to left');
        const direction = await desk.log.getByText('مرحبا').evaluate((element) => getComputedStyle(element).direction);
        assert.equal(direction, 'rtl');
        await clean(desk.page, 'right to left');
      }),
  ],
]);
