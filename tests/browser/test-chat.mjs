// SPDX-License-Identifier: GPL-3.0-or-later
//
// The main job, end to end: a customer's chat reaches an agent and ends as a closed case on the customer's record.

import assert from 'node:assert/strict';
import { run } from '../lib/tap.mjs';
import { stage } from './harness.mjs';

const known = { first_name: 'Maria', last_name: 'López', email: 'maria@example.org', company: 'Flores SL' };

/** A customer whose record is there before they write: a first chat made the identity known. */
async function knownCustomer({ daemon }, shop, desk) {
  await shop.open('Maria', 'First time here');
  await desk.accept();
  await desk.context.getByLabel('First name').fill(known.first_name);
  await desk.context.getByLabel('Last name').fill(known.last_name);
  await desk.context.getByLabel('E-mail').fill(known.email);
  await desk.context.getByLabel('Company').fill(known.company);
  await desk.context.getByRole('button', { name: 'Save', exact: true }).click();
  await desk.context.getByRole('button', { name: 'Edit' }).waitFor();
  await desk.page.getByRole('button', { name: 'End chat' }).click();
  await desk.page.getByRole('button', { name: 'Finish' }).click();
  await desk.status('Available');
  const { customers } = await daemon.ctl('customer.search', { text: 'maria@example.org' });
  assert.equal(customers.length, 1);
  assert.equal(customers[0].draft, false);
  return customers[0];
}

await run([
  [
    'known customer: queue, pop, accept, three lines each way, save, end, post processing, closed case',
    () =>
      stage('chat', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.status('Work Offline');
        await desk.choose('Available');
        await desk.status('Available');
        const shop = await scene.customer();
        const maria = await knownCustomer(scene, shop, desk);

        // Queue and offer, with the record before accepting.
        await desk.choose('On Break');
        await desk.status('On Break');
        await shop.frame.getByRole('button', { name: 'Start a new chat' }).click();
        await shop.frame.getByLabel('How can we help?').fill('My parcel is late');
        await shop.frame.getByRole('button', { name: 'Start chat' }).click();
        await desk.page.getByText('1 person waits').waitFor();
        await desk.choose('Available');
        await desk.offer.waitFor();
        assert.match(await desk.page.title(), /^\(1\)/);
        await desk.rail.getByRole('link', { name: /Chat offered, \d+ seconds? left/ }).waitFor();
        for (const words of ['Known customer', 'maria@example.org', 'Flores SL', 'My parcel is late', 'Support'])
          await desk.offer.getByText(words).first().waitFor();
        await desk.status('Offered');

        // The chat.
        await desk.accept();
        await desk.status('Busy');
        await desk.context.getByText(maria.identities[0].id).first().waitFor();

        // The customer goes to another page of the shop: the chat is there, and a line fits into the box.
        await shop.page.reload();
        await shop.page.getByRole('button', { name: /^Open chat/ }).click();
        await shop.sees('My parcel is late');
        const box = await shop.frame.getByLabel('Message', { exact: true }).boundingBox();
        assert.ok(box.height >= 30, `the box is ${box.height} px high`);
        for (const n of [1, 2, 3]) {
          await desk.say(`Answer ${n} <b>&amp; more</b>`);
          await shop.sees(`Answer ${n} <b>&amp; more</b>`);
          await shop.say(`Question ${n}`);
          await desk.sees(`Question ${n}`);
        }
        await desk.log.getByText('Read').last().waitFor();

        // Save during the chat: a closed case on her record.
        await desk.saveToCrm();
        await desk.page.getByText('Saved to the CRM', { exact: true }).waitFor();
        await desk.say('One more thing');
        await shop.sees('One more thing');

        // End, post processing, available again.
        await desk.page.getByRole('button', { name: 'End chat' }).click();
        await desk.status('Post Processing');
        await desk.page.getByRole('heading', { name: 'Post Processing' }).waitFor();
        await shop.sees('The chat has ended.');
        await desk.page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('Available');

        // The case, read by the agent on the customer's record.
        await desk.go('Customers');
        await desk.page.getByRole('link', { name: /Maria López/ }).click();
        const link = desk.page.locator('.detail a[href^="#/cases/"]').filter({ hasText: 'Closed' });
        await link.waitFor();
        await link.click();
        const transcript = desk.page.getByRole('list', { name: 'Transcript' });
        for (const words of ['My parcel is late', 'Answer 1', 'Question 1', 'Answer 3', 'Question 3', 'One more thing'])
          await transcript.getByText(words).first().waitFor();
        await desk.page.getByRole('link', { name: 'Maria López' }).waitFor();

        // And as the store has it.
        const { cases } = await scene.daemon.ctl('case.list', { customer: maria.id });
        assert.deepEqual(
          cases.map((one) => one.state),
          ['closed'],
        );
        const { case: record } = await scene.daemon.ctl('case.get', { case: cases[0].id });
        assert.deepEqual(
          record.transcript.filter((line) => line.author !== 'system').map((line) => line.text),
          [
            'My parcel is late',
            ...[1, 2, 3].flatMap((n) => [`Answer ${n} <b>&amp; more</b>`, `Question ${n}`]),
            'One more thing',
          ],
        );
      }),
  ],
  [
    'new customer: a draft pops for completion after accepting; saved after the end, the case is open and free',
    () =>
      stage('new-customer', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const shop = await scene.customer();
        await shop.open('Noor', 'Hello, I am new');
        await desk.offer.getByText('New customer').waitFor();
        assert.deepEqual((await scene.daemon.ctl('customer.search', {})).customers, [], 'no record before accepting');
        await desk.accept();

        const form = desk.context.getByRole('form', { name: 'Customer' });
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await form.getByText('Enter the first name.').waitFor();
        await form.getByLabel('First name').fill('Noor');
        await form.getByLabel('Last name').fill('Haddad');
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await desk.page.getByRole('heading', { name: 'Noor Haddad' }).first().waitFor();
        await desk.page.getByRole('button', { name: 'End chat' }).click();

        // Late save, as the rule on the page says: open, without a customer, to be assigned and closed by hand.
        await desk.page.getByText(/independent open case/).first().waitFor();
        await desk.page.getByRole('button', { name: 'Save to CRM' }).click();
        await desk.page.getByRole('link', { name: 'Open the case' }).first().click();
        await desk.page.getByText('Not assigned to a customer').waitFor();
        await desk.page.getByRole('button', { name: 'Assign to Noor Haddad' }).click();
        await desk.page.getByRole('link', { name: 'Noor Haddad' }).waitFor();
        await desk.page.getByRole('button', { name: 'Close case' }).click();
        await desk.page.getByRole('button', { name: 'Open again' }).waitFor();
        await desk.go('Chats');
        await desk.page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('Available');
        const { cases } = await scene.daemon.ctl('case.list', {});
        assert.equal(cases.length, 1);
        const { customers } = await scene.daemon.ctl('customer.search', {});
        assert.deepEqual([cases[0].state, cases[0].customer], ['closed', customers[0].id]);
      }),
  ],
  [
    'an offer that lapses puts the agent On Break and goes to the second agent',
    () =>
      stage('lapse', { seed: { acceptance_ms: 4000 } }, async (scene) => {
        const anna = await scene.agent('anna');
        await anna.choose('Available');
        await anna.status('Available');
        const shop = await scene.customer();
        await shop.open('Tom', 'Is anybody there?');
        await anna.offer.waitFor();
        const ben = await scene.agent('ben');
        await ben.choose('Available');
        await anna.status('On Break');
        await anna.page.getByText(/Not answered in time. You are On Break/).waitFor();
        assert.equal(await anna.offer.count(), 0);
        await ben.offer.waitFor();

        // Ben may not reject; the button is there, explains itself, and does nothing.
        const reject = ben.offer.getByRole('button', { name: 'Reject' });
        assert.equal(await reject.getAttribute('aria-disabled'), 'true');
        await ben.offer.getByText(/needs the permission/).waitFor();
        await reject.click({ force: true });
        await ben.accept();
        await ben.say('I am here');
        await shop.sees('I am here');

        await anna.page.getByRole('button', { name: 'Go Available' }).first().click();
        await anna.status('Available');
      }),
  ],
  [
    'a reject puts the agent On Break, a customer who leaves first does not',
    () =>
      stage('reject', {}, async (scene) => {
        const desk = await scene.agent('anna');
        await desk.choose('Available');
        const shop = await scene.customer();
        await shop.open('Tom', 'Never mind');
        await desk.offer.waitFor();
        await shop.frame.getByRole('button', { name: 'End chat' }).click();
        await shop.frame.getByRole('dialog').getByRole('button', { name: 'End chat' }).click();
        await desk.page.getByText(/The customer left before anyone answered/).waitFor();
        await desk.status('Available');

        await shop.frame.getByRole('button', { name: 'Start a new chat' }).click();
        await shop.frame.getByLabel('How can we help?').fill('I am back');
        await shop.frame.getByRole('button', { name: 'Start chat' }).click();
        await desk.offer.getByRole('button', { name: 'Reject' }).click();
        await desk.status('On Break');
        await desk.page.getByText(/You rejected it and are On Break/).waitFor();
      }),
  ],
]);
