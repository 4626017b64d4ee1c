// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole of an agent's day at the desktop: the seed's steps 1 to 10 and its two notes for an existing and for a new
// customer, answers and codes by keyboard, several chats at once, status with reasons, absence, what networks bring.

import assert from 'node:assert/strict';
import { run } from '../lib/tap.mjs';
import { until } from '../lib/daemon.mjs';
import { stage, violations } from './harness.mjs';

const PARCEL = 'Hello {{customer.first_name|there}}, order {{order number}} left us at 4 pm.';

/** What a supervisor has prepared: codes, one of them required, and answers. */
async function prepare({ daemon }, { required = true } = {}) {
  await daemon.ctl('codes.put', { list: 'topic', name: 'Topic', required, codes: ['order=Order status', 'advice=Advice'] });
  await daemon.ctl('codes.put', { list: 'outcome', name: 'Outcome', codes: ['solved=Solved', 'callback=We call back'] });
  for (const [category, question, answer] of [
    ['Delivery', 'Where is my parcel?', PARCEL],
    ['Delivery', 'Do you deliver abroad?', 'We deliver to all of Europe, {{customer.name}}.'],
    ['Plants', 'Why do the leaves turn yellow?', 'Too much water. My name is {{agent.name}}, of {{queue.name}}.'],
    ['日本語', '注文はどこですか', 'ご注文は発送されました。'],
  ])
    await daemon.ctl('faq.put', { category, question, answer });
}

/** A customer whose record is there before they write: a first chat made the identity known. */
async function knownCustomer({ daemon }, shop, desk) {
  await shop.open('Maria', 'First time here');
  await desk.accept();
  const form = desk.context.getByRole('form', { name: 'Customer' });
  await form.getByLabel('First name').fill('Maria');
  await form.getByLabel('Last name').fill('López');
  await form.getByLabel('E-mail').fill('maria@example.org');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await desk.context.getByRole('button', { name: 'Edit' }).waitFor();
  await desk.page.getByRole('button', { name: 'End chat' }).click();
  await desk.page.getByRole('button', { name: 'Finish' }).click();
  await desk.status('Available');
  return (await daemon.ctl('customer.search', { text: 'maria@example.org' })).customers[0];
}

async function again(shop, words) {
  await shop.frame.getByRole('button', { name: 'Start a new chat' }).click();
  await shop.frame.getByLabel('How can we help?').fill(words);
  await shop.frame.getByRole('button', { name: 'Start chat' }).click();
}

/** An agent in a chat with a visitor. */
async function chatting(scene, login = 'anna', words = 'Hello') {
  const desk = await scene.agent(login);
  await desk.choose('Available');
  const visitor = await scene.visitor('Vera');
  await visitor.say(words);
  await desk.accept();
  return { desk, visitor };
}

function tab(desk, name) {
  return desk.context.getByRole('tab', { name });
}

async function focused(locator, what) {
  await until(what, () => locator.evaluate((element) => element === document.activeElement));
}

/** What the customer reads, lines of agents only. */
async function answers(visitor) {
  await visitor.poll(0);
  return visitor.lines.filter((line) => line?.author === 'agent').map((line) => line.text);
}

async function clean(desk, what) {
  assert.deepEqual(await violations(desk.page), [], what);
}

await run([
  [
    'the seed, steps 1 to 10, for an existing customer',
    () =>
      stage('seed-existing', {}, async (scene) => {
        const desk = await scene.agent('anna');
        const { page } = desk;
        await desk.choose('Available');
        await desk.status('Available');
        const shop = await scene.customer();
        const maria = await knownCustomer(scene, shop, desk);
        await prepare(scene);

        // 1, 2: the Chat tab blinks red, the record pops for preview before anything is accepted.
        await again(shop, 'My parcel is late');
        await desk.offer.waitFor();
        const tabOfChats = page.locator('.rail-tab.offered');
        assert.equal(await tabOfChats.evaluate((element) => getComputedStyle(element).animationName), 'blink');
        for (const words of ['Known customer', 'maria@example.org', 'My parcel is late'])
          await desk.offer.getByText(words).first().waitFor();
        assert.equal((await scene.daemon.ctl('interaction.list', { state: 'active' })).interactions.length, 0);
        await desk.offer.getByRole('button', { name: 'Reject' }).waitFor();

        // 3, 4, 5: accept, write, and who it is in the transaction panel.
        await desk.accept();
        await desk.status('Busy');
        assert.equal(await page.locator('.rail-tab.offered').count(), 0);
        await desk.say('Good morning');
        await shop.sees('Good morning');
        const transaction = desk.context.getByRole('region', { name: 'Transaction' });
        await transaction.getByText('Maria López').waitFor();
        await transaction.getByText(maria.identities[0].id).waitFor();

        // 6: an answer, filled in and sent.
        await page.getByRole('button', { name: /^Insert an answer/ }).click();
        await page.getByRole('option', { name: /parcel/ }).click();
        assert.equal(await desk.composer.inputValue(), 'Hello Maria, order {{order number}} left us at 4 pm.');
        await page.keyboard.type('4711');
        await desk.composer.press('Control+Enter');
        await shop.sees('Hello Maria, order 4711 left us at 4 pm.');

        // 7: codes, then Save to CRM from the menu above the chat.
        await tab(desk, /^Codes/).click();
        await desk.context.getByRole('option', { name: 'Order status' }).click();
        await desk.context.getByText('1 code chosen').waitFor();
        await desk.saveToCrm();
        await page.getByText('Saved to the CRM', { exact: true }).waitFor();
        const { cases } = await scene.daemon.ctl('case.list', { customer: maria.id });
        assert.deepEqual(
          cases.map((one) => [one.state, one.customer]),
          [['closed', maria.id]],
        );

        // 8: End Chat, Post Processing, ended by hand.
        await page.getByRole('button', { name: 'End chat' }).click();
        await desk.status('Post Processing');

        // 10: the case is edited beside the chat and saved.
        await tab(desk, /^Case$/).click();
        await desk.context.getByRole('button', { name: 'Edit' }).click();
        const form = desk.context.getByRole('form', { name: 'Edit' });
        await form.getByLabel('Subject').fill('Parcel 4711');
        await form.getByLabel('Notes').fill('Sent on Friday');
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await desk.context.getByRole('heading', { name: /Parcel 4711/ }).waitFor();
        await desk.context.getByRole('tab', { name: /^Comments/ }).click();
        await desk.context.getByLabel('New comment').fill('Looked it up');
        await desk.context.getByRole('button', { name: 'Add comment' }).click();
        await desk.context.getByText('Looked it up').waitFor();
        await desk.context.getByRole('tab', { name: /^History/ }).last().click();
        await desk.context.getByText('Sent on Friday').first().waitFor();
        await page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('Available');

        const { case: record } = await scene.daemon.ctl('case.get', { case: cases[0].id });
        assert.deepEqual(
          [record.subject, record.notes, record.state, record.customer],
          ['Parcel 4711', 'Sent on Friday', 'closed', maria.id],
        );
        const { faqs } = await scene.daemon.ctl('faq.list', {});
        assert.equal(faqs.find((one) => one.answer === PARCEL).uses, 1, 'the use of the answer is counted');
        await scene.pictures('done-seed-existing');
      }),
  ],
  [
    'the seed for a new customer, by an agent who may not reject: draft, late save, the case assigned and closed by hand',
    () =>
      stage('seed-new', {}, async (scene) => {
        const desk = await scene.agent('ben');
        const { page } = desk;
        await desk.choose('Available');
        const shop = await scene.customer();
        await shop.open('Noor', 'Hello, I am new');
        await desk.offer.getByText('New customer').waitFor();
        const reject = desk.offer.getByRole('button', { name: 'Reject' });
        assert.equal(await reject.getAttribute('aria-disabled'), 'true');
        await desk.offer.getByText(/needs the permission/).waitFor();
        await desk.accept();

        // The entry form pops and says what it needs.
        const form = desk.context.getByRole('form', { name: 'Customer' });
        await form.getByText(/First and last name are needed/).waitFor();
        await form.getByLabel('First name').fill('Noor');
        await form.getByLabel('Last name').fill('Haddad');
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await desk.context.getByRole('heading', { name: 'Noor Haddad' }).waitFor();

        // 9: ended first, saved afterwards: open, independent, to be assigned and closed by hand.
        await page.getByRole('button', { name: 'End chat' }).click();
        await page.getByText(/independent open case/).first().waitFor();
        await page.getByRole('button', { name: 'Save to CRM' }).click();
        await page.getByText('Saved to the CRM', { exact: true }).waitFor();
        const [made] = (await scene.daemon.ctl('case.list', {})).cases;
        assert.deepEqual([made.state, made.customer], ['open', null]);
        await tab(desk, /^Case$/).click();
        await desk.context.getByText('Not assigned to a customer').waitFor();
        await desk.context.getByRole('button', { name: 'Assign to Noor Haddad' }).click();
        await desk.context.getByRole('link', { name: 'Noor Haddad' }).first().waitFor();
        await desk.context.getByRole('button', { name: 'Close case' }).click();
        await desk.context.getByRole('button', { name: 'Open again' }).waitFor();
        await page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('Available');
        const { cases } = await scene.daemon.ctl('case.list', {});
        const { customers } = await scene.daemon.ctl('customer.search', {});
        assert.deepEqual(
          cases.map((one) => [one.state, one.customer]),
          [['closed', customers[0].id]],
          'one chat made one case',
        );
      }),
  ],
  [
    'an e-mail address that belongs to somebody: the new customer is merged into the old one',
    () =>
      stage('merge', {}, async (scene) => {
        const { customer: olga } = await scene.daemon.ctl('customer.save', {
          first_name: 'Olga',
          last_name: 'Owner',
          email: 'olga@example.org',
        });
        const { desk } = await chatting(scene);
        const form = desk.context.getByRole('form', { name: 'Customer' });
        await form.getByLabel('First name').fill('Olga');
        await form.getByLabel('Last name').fill('Owner');
        await form.getByLabel('E-mail').fill('olga@example.org');
        await form.getByRole('button', { name: 'Save', exact: true }).click();
        await form.getByText(/already belongs to Olga Owner/).waitFor();
        await clean(desk, 'taken e-mail address');
        await form.getByRole('button', { name: /merge into Olga Owner/ }).click();
        await desk.context.getByRole('heading', { name: 'Olga Owner' }).waitFor();
        const { customers } = await scene.daemon.ctl('customer.search', {});
        assert.deepEqual(
          customers.map((one) => [one.id, one.identities.length]),
          [[olga.id, 1]],
        );
        await desk.saveToCrm();
        await desk.page.getByText('Saved to the CRM', { exact: true }).waitFor();
        const { cases } = await scene.daemon.ctl('case.list', { customer: olga.id });
        assert.equal(cases.length, 1);
      }),
  ],
  [
    'answers by keyboard: a slash opens, words of one letter and of another script find, Enter inserts, Tab fills in',
    () =>
      stage('faq', {}, async (scene) => {
        await prepare(scene);
        const { desk, visitor } = await chatting(scene, 'anna', 'Why are the leaves yellow?');
        const { page } = desk;
        const field = page.getByRole('combobox', { name: 'Search questions and answers' });
        const chosen = page.getByRole('option', { selected: true });

        // Nothing typed: what the customer wrote last is the question.
        await desk.composer.click();
        await page.keyboard.press('/');
        await focused(field, 'the search has the focus');
        await chosen.getByText('Why do the leaves turn yellow?').waitFor();
        await clean(desk, 'answers');
        await page.keyboard.press('Escape');
        await focused(desk.composer, 'Escape gives the focus back');
        assert.equal(await desk.composer.inputValue(), '');

        // A slash that is meant as one.
        await page.keyboard.type('//');
        await until('the slash is there', async () => (await desk.composer.inputValue()) === '/');
        await page.keyboard.type('x');
        await page.keyboard.press('/');
        assert.equal(await desk.composer.inputValue(), '/x/');
        await desk.composer.fill('');

        // One and two characters, also of Chinese writing.
        await page.keyboard.press('/');
        await field.fill('注文');
        await chosen.getByText('注文はどこですか').waitFor();
        await field.fill('注');
        await chosen.getByText('注文はどこですか').waitFor();
        await page.getByLabel('Category').selectOption('Plants');
        await page.getByText('No answer matches.').waitFor();
        await page.getByLabel('Category').selectOption('');
        await field.fill('de');
        await page.getByText('2 answers').waitFor();

        // Composing a word: Enter belongs to the input method.
        await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true, keyCode: 229 });
        assert.equal(await desk.composer.inputValue(), '');

        // Arrows choose, the preview follows, Enter inserts at the cursor.
        await field.fill('');
        await desk.page.keyboard.press('Escape');
        await desk.composer.fill('Good morning!\n');
        await page.keyboard.press('/');
        await field.fill('parcel');
        await chosen.getByText('Where is my parcel?').waitFor();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowUp');
        await page.getByRole('group', { name: 'What will be inserted' }).getByText(/^Hello there, order/).waitFor();
        await page.keyboard.press('Enter');
        await focused(desk.composer, 'the composer has the focus again');
        assert.equal(await desk.composer.inputValue(), 'Good morning!\nHello there, order {{order number}} left us at 4 pm.');

        // What is not filled in is not sent.
        await page.getByText(/Fill in {{order number}} before you send/).waitFor();
        await page.keyboard.press('Home');
        await page.keyboard.press('Control+Enter');
        await page.locator('.places-line.blocked').waitFor();
        await clean(desk, 'a placeholder is left');
        assert.deepEqual(await answers(visitor), []);
        await page.keyboard.press('Control+Home');
        await page.keyboard.press('Tab');
        assert.equal(
          await desk.composer.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)),
          '{{order number}}',
        );
        await page.keyboard.type('4711');
        await page.keyboard.press('Tab');
        assert.equal(await desk.composer.evaluate((area) => area === document.activeElement), false, 'Tab is no trap');
        await desk.composer.press('Control+Enter');
        await until('it was sent', async () => (await answers(visitor)).length === 1);
        assert.deepEqual(await answers(visitor), ['Good morning!\nHello there, order 4711 left us at 4 pm.']);

        // A draft and its answer survive a reload; undo takes the answer back.
        await page.keyboard.press('/');
        await field.fill('yellow');
        await chosen.getByText('Why do the leaves turn yellow?').waitFor();
        await page.keyboard.press('Enter');
        const filled = 'Too much water. My name is Anna, of Support.';
        await until('it is filled in', async () => (await desk.composer.inputValue()) === filled);
        await page.reload();
        await desk.composer.waitFor();
        assert.equal(await desk.composer.inputValue(), filled);
        await desk.composer.press('Control+Enter');
        await until('both are counted', async () => {
          const { faqs } = await scene.daemon.ctl('faq.list', {});
          return faqs.filter((one) => one.uses === 1).length === 2;
        });
      }),
  ],
  [
    'codes by keyboard: several at once, required ones hold Finish, an overdue chat says what is missing',
    () =>
      stage('codes', { seed: { post_processing_ms: 2000 } }, async (scene) => {
        await prepare(scene);
        const { desk } = await chatting(scene);
        const { page } = desk;
        await tab(desk, /Codes.*required/).waitFor();
        await page.getByRole('button', { name: 'End chat' }).click();
        await page.getByText('Time is up; a required code is missing').waitFor();
        await page.getByText(/Still missing: Topic/).first().waitFor();
        assert.equal(await page.getByRole('button', { name: 'Finish' }).getAttribute('aria-disabled'), 'true');
        await clean(desk, 'overdue');

        await page.locator('.chat-list').focus();
        await page.keyboard.press('c');
        await focused(desk.context.getByRole('option', { name: 'Order status' }), 'the first code has the focus');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Space');
        await desk.status('Available');
        const { interactions } = await scene.daemon.ctl('interaction.list', {});
        assert.deepEqual(
          interactions[0].codes.map((one) => `${one.list}/${one.code}`),
          ['topic/advice'],
          'the code ends an overdue chat',
        );

        // During the chat: several codes of several lists.
        const second = await scene.visitor('Willem');
        await second.say('Hello');
        await desk.accept();
        await page.locator('.chat-list').focus();
        await page.keyboard.press('c');
        await focused(desk.context.getByRole('option', { name: 'Order status' }), 'the first code has the focus');
        await page.keyboard.press('Space');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Space');
        await page.keyboard.press('Tab');
        await focused(desk.context.getByRole('option', { name: 'Solved' }), 'Tab goes to the next list');
        await page.keyboard.press('Space');
        await desk.context.getByText('3 codes chosen').waitFor();
        await until('all are kept', async () => {
          const { interactions: now } = await scene.daemon.ctl('interaction.list', { state: 'active' });
          return now[0].codes.length === 3;
        });
        await clean(desk, 'codes');
      }),
  ],
  [
    'a chat that was closed without its code waits in the backlog until the code is chosen',
    () =>
      stage('backlog', { seed: { post_processing_ms: 1000 } }, async (scene) => {
        await prepare(scene);
        await scene.daemon.ctl('policy.put', { code_grace_ms: 1000 });
        const { desk } = await chatting(scene);
        const { page } = desk;
        await page.getByRole('button', { name: 'End chat' }).click();
        await desk.status('Available');
        await page.getByText(/closed without a required code/).waitFor();
        const backlog = page.getByRole('region', { name: /Codes missing/ });
        await backlog.getByRole('link', { name: /Vera/ }).click();
        await page.getByRole('option', { name: 'Order status' }).click();
        await until('the code is kept', async () => {
          const { interactions } = await scene.daemon.ctl('interaction.list', {});
          return interactions[0].codes.length === 1 && !interactions[0].uncoded;
        });
        await desk.go('Chats');
        await backlog.waitFor({ state: 'detached' });
      }),
  ],
  [
    'several chats at once: rows keep their place, drafts their chat, each ends by itself',
    () =>
      stage('multi', {}, async (scene) => {
        await scene.daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', permissions: [], capacity: 3 });
        const { desk, visitor: vera } = await chatting(scene);
        const { page } = desk;
        const rows = page.locator('[data-chat]');
        const names = () => rows.evaluateAll((all) => all.map((row) => row.querySelector('strong').textContent));
        const willem = await scene.visitor('Willem');
        await willem.say('Me, too');
        await desk.offer.getByText('Willem').first().waitFor();
        assert.deepEqual(await names(), ['Vera', 'Willem'], 'what is offered comes last');
        await desk.accept();
        await page.getByRole('region', { name: 'Conversation with Willem' }).waitFor();
        await desk.composer.fill('to Willem');
        const xenia = await scene.visitor('Xenia');
        await xenia.say('And I');
        await desk.accept();
        await page.getByRole('region', { name: 'Conversation with Xenia' }).waitFor();
        await vera.say('Are you there?');
        await rows.getByText('Are you there?').waitFor();
        assert.deepEqual(await names(), ['Vera', 'Willem', 'Xenia'], 'nothing jumps');
        await rows.filter({ hasText: 'Willem' }).click();
        assert.equal(await desk.composer.inputValue(), 'to Willem');
        await desk.composer.press('Control+Enter');
        await until('Willem has it', async () => (await answers(willem)).join() === 'to Willem');
        assert.deepEqual(await answers(vera), []);

        // Post processing of one, while the others go on.
        await page.getByRole('button', { name: 'End chat' }).click();
        await page.getByRole('heading', { name: 'Post Processing' }).waitFor();
        await desk.status('Busy');
        await rows.filter({ hasText: 'Vera' }).click();
        await desk.say('Still here');
        await until('Vera has it', async () => (await answers(vera)).join() === 'Still here');

        // Who leaves stays in the list until it is acknowledged.
        await xenia.send({ end: { id: 'bye' } });
        await rows.filter({ hasText: 'Xenia' }).getByText('Customer left').waitFor();
        assert.deepEqual(await names(), ['Vera', 'Willem', 'Xenia']);

        // No new ones, and again.
        await page.getByRole('button', { name: /^Change status:/ }).click();
        await page.getByRole('menuitem', { name: /^Stop new chats/ }).click();
        await page.locator('.status-button').getByText('no new chats').waitFor();
        const yann = await scene.visitor('Yann');
        await rows.filter({ hasText: 'Willem' }).click();
        await page.getByRole('button', { name: 'Finish' }).click();
        await yann.say('Anybody?');
        await page.getByText('1 person waits').waitFor();
        assert.equal(await desk.offer.count(), 0);
        await page.getByRole('button', { name: /^Change status:/ }).click();
        await page.getByRole('menuitem', { name: /^Resume new chats/ }).click();
        await desk.offer.getByText('Yann').first().waitFor();
        await scene.pictures('done-multi');
      }),
  ],
  [
    'status with reasons, rejecting with a reason, coming back by itself, own queues',
    () =>
      stage('reasons', {}, async (scene) => {
        const { daemon } = scene;
        await daemon.ctl('user.put', {
          login: 'anna',
          name: 'Anna',
          role: 'agent',
          permissions: ['interaction.reject', 'queue.self_service'],
        });
        await daemon.ctl('codes.put', {
          list: 'break',
          name: 'Why',
          use: 'status',
          status: 'on_break',
          required: true,
          codes: ['lunch=Lunch', '!nap=Nap'],
        });
        await daemon.ctl('codes.put', { list: 'no', name: 'Why not', use: 'reject', required: true, codes: ['lang=Wrong language'] });
        await daemon.ctl('policy.put', { return_reject_ms: 4000 });
        const desk = await scene.agent('anna');
        const { page } = desk;

        // By keyboard: down to On Break, into its reasons, and take the only one in use.
        await page.getByRole('button', { name: /^Change status:/ }).focus();
        await page.keyboard.press('Enter');
        await focused(page.getByRole('menuitem', { name: /^Available/ }), 'the menu is open');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowRight');
        await focused(page.getByRole('menuitem', { name: 'Lunch' }), 'the reasons are open');
        assert.equal(await page.getByRole('menuitem', { name: 'Nap' }).count(), 0);
        assert.equal(await page.getByRole('menuitem', { name: 'Without a reason' }).count(), 0);
        await clean(desk, 'reasons');
        await page.keyboard.press('Enter');
        await desk.status('On Break');
        await page.locator('.status-button').getByText('Lunch').waitFor();

        await desk.choose('Available');
        await desk.status('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Bonjour');
        await desk.offer.getByText('Rejecting puts you On Break for 4 s.').waitFor();
        await desk.offer.getByRole('button', { name: 'Reject' }).click();
        await page.getByRole('menuitem', { name: 'Wrong language' }).click();
        await desk.status('On Break');
        await page.getByText(/available again in \d s/).waitFor();
        await desk.offer.waitFor();
        await visitor.send({ end: { id: 'bye' } });
        await desk.status('Available');

        // A queue that is switched off brings nothing.
        await page.getByRole('button', { name: /^Change status:/ }).click();
        await page.getByRole('menuitemcheckbox', { name: /^Support/ }).click();
        await page.keyboard.press('Escape');
        await page.locator('.queues').getByText('switched off by you').waitFor();
        const sue = await daemon.login('sue');
        const { agents } = await sue.call('agent.list');
        assert.deepEqual(agents.find((one) => one.login === 'anna').queues.map((one) => one.enabled), [false]);
      }),
  ],
  [
    'an agent who was away for too long is told where the chats went',
    () =>
      stage('away', {}, async (scene) => {
        await scene.daemon.ctl('policy.put', { lease_ms: 500, grace_ms: 1000 });
        const network = await scene.network();
        const desk = await scene.agent('anna', { base: network.base });
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await desk.accept();
        network.cut();
        const sue = await scene.daemon.login('sue');
        await until('the chat went back', async () => {
          const { agents } = await sue.call('agent.list');
          return agents.find((one) => one.login === 'anna').status === 'work_offline';
        });
        network.mend();
        await desk.page.getByText(/went back to its queue/).waitFor();
        await desk.page.getByText(/You were away for too long/).waitFor();
        await desk.status('Work Offline');
        assert.equal(await desk.page.locator('[data-chat]').count(), 0);
      }),
  ],
  [
    'earlier messages, and continuing an earlier case',
    () =>
      stage('earlier', {}, async (scene) => {
        const { desk, visitor } = await chatting(scene, 'anna', 'The first question');
        const { page } = desk;
        await desk.say('The first answer');
        await desk.log.getByText('Sent').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Earlier messages' }).count(), 0, 'nothing was said before');
        await desk.saveToCrm();
        await page.getByText('Saved to the CRM', { exact: true }).waitFor();
        await page.getByRole('button', { name: 'End chat' }).click();
        await page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('Available');
        await visitor.say('Me again');
        await desk.accept();
        await desk.sees('Me again');
        assert.equal(await page.getByText('The first question').count(), 0);
        await page.getByRole('button', { name: 'Earlier messages' }).click();
        await page.getByText('The first question').waitFor();
        await page.getByText('The first answer').waitFor();
        await page.getByText('This is where the conversation began').waitFor();
        assert.equal(await desk.log.getByText('The first question').count(), 0, 'they stand above this chat');

        await page.getByRole('button', { name: 'Chat menu' }).click();
        await page.getByRole('menuitem', { name: /^Continue an earlier case/ }).click();
        const dialog = page.getByRole('dialog', { name: 'Continue an earlier case' });
        await dialog.getByRole('button', { name: /Closed/ }).waitFor();
        await clean(desk, 'continuing a case');
        await dialog.getByRole('button', { name: /Closed/ }).click();
        await desk.context.getByText('This chat continues a case:').waitFor();
        await desk.saveToCrm();
        await page.getByText('Saved to the CRM', { exact: true }).waitFor();
        await page.getByRole('button', { name: 'End chat' }).click();
        await page.getByRole('button', { name: 'Finish' }).click();
        const { cases } = await scene.daemon.ctl('case.list', {});
        const { case: record } = await scene.daemon.ctl('case.get', { case: cases[cases.length - 1].id });
        assert.ok(
          record.follow_ups.length === 1 || cases.some((one) => one.follow_up_of !== null && one.follow_up_of !== undefined),
          'the second chat is a follow-up',
        );
      }),
  ],
  [
    'a line counts as seen when it is in view in a window that is looked at, not before',
    () =>
      stage('seen', {}, async (scene) => {
        await scene.daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', permissions: ['interaction.reject'], capacity: 2 });
        const desk = await scene.desk('anna');
        const told = [];
        desk.page.on('websocket', (socket) =>
          socket.on('framesent', ({ payload }) => {
            const { seen } = JSON.parse(String(payload));
            if (seen) told.push(seen.n);
          }),
        );
        await desk.login('anna', scene.password);
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        const n = await visitor.say('Hello');
        await desk.offer.waitFor();
        assert.deepEqual(told, [], 'an offer is not read');
        await desk.accept();
        await until('the first line is seen', () => told.includes(n));
        await desk.go('Customers');
        const next = await visitor.say('Are you there?');
        await desk.page.locator('.rail-tab .badge').waitFor();
        assert.equal(told.includes(next), false, 'another page is open');
        await desk.go('Chats');
        await until('the second line is seen', () => told.includes(next));
        for (let i = 0; i < 30; i++) await visitor.say(`line ${i}`);
        await desk.sees('line 29');
        await desk.page.locator('.timeline').evaluate((box) => (box.scrollTop = 200));
        await desk.page.getByRole('button', { name: 'To the end' }).waitFor();
        const hidden = await visitor.say('out of sight');
        await desk.sees('out of sight');
        assert.equal(told.includes(hidden), false, 'it is not scrolled into view');
        await desk.page.getByRole('button', { name: 'New messages' }).click();
        await until('now it is seen', () => told.includes(hidden));

        // An offer above the chat takes its room; the end of the chat stays in view.
        const other = await scene.visitor('Olga');
        await other.say('שלום, 4711?');
        await desk.offer.waitFor();
        const first = desk.offer.getByText('שלום, 4711?');
        assert.equal(await first.evaluate((element) => getComputedStyle(element).direction), 'rtl', 'as it is read');
        await desk.page.setViewportSize({ width: 800, height: 600 });
        const box = desk.page.locator('.timeline');
        await until('the end is in view', () =>
          box.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2),
        );
        assert.equal(await desk.page.locator('.to-end').count(), 0, 'nobody left the end');

        // A reject while another chat goes on brings the break after that one, and says so.
        await desk.offer.getByRole('button', { name: 'Reject' }).click();
        await desk.page.getByText('after this chat: On Break').waitFor();
        await desk.page.getByRole('button', { name: 'End chat' }).click();
        await desk.page.getByText('After it you are On Break.').waitFor();
        await desk.page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('On Break');
      }),
  ],
  [
    'what networks bring is shown for what it is, and a reply window that closes closes the composer',
    () =>
      stage('networks', {}, async (scene) => {
        const desk = await scene.desk('anna');
        const window = { until: 0 };
        // What web chat can't send: the line between daemon and desktop adds it.
        await desk.page.routeWebSocket(/\/ws$/, (socket) => {
          const server = socket.connectToServer();
          server.onMessage((text) => {
            const frame = JSON.parse(String(text));
            if (frame.type === 'message.added' && frame.author === 'customer') Object.assign(frame, dress(frame.text, window));
            socket.send(JSON.stringify(frame));
          });
        });
        await desk.login('anna', scene.password);
        await desk.choose('Available');
        const visitor = await scene.visitor('Vera');
        await visitor.say('Hello');
        await desk.accept();
        const { page } = desk;
        for (const words of ['file', 'place', 'bad link', 'picture', 'button', 'heart', 'secret']) await visitor.say(words);
        await desk.log.getByRole('link', { name: /Rechnung.pdf/ }).waitFor();
        assert.equal(await desk.log.getByRole('link', { name: /Rechnung.pdf/ }).getAttribute('href'), '/api/v1/media/med_1');
        await desk.log.getByText('14.2 kB').waitFor();
        const place = desk.log.getByRole('link', { name: /Marktplatz/ });
        assert.equal(await place.getAttribute('rel'), 'noopener noreferrer nofollow');
        assert.equal(await desk.log.locator('a[href^="javascript"]').count(), 0, 'no address that does something');
        await desk.log.getByText('Cat.png can’t be shown').waitFor();
        await desk.log.getByText('Pressed a button').waitFor();
        await desk.log.getByText('Reacted').waitFor();
        await desk.log.getByText(/Encrypted: it can’t be read here/).waitFor();
        await clean(desk, 'attachments');

        window.until = Date.now() + 120_000;
        await visitor.say('closing');
        await page.getByText(/1:\d\d left to answer/).waitFor();
        await clean(desk, 'a window that closes');
        window.until = Date.now() + 1500;
        await visitor.say('closed soon');
        await page.getByText('The time to answer is over.').waitFor();
        assert.equal(await desk.composer.count(), 0);
        await clean(desk, 'a closed window');
      }),
  ],
  [
    'a long text says into how many messages it is parted; files are refused with the reason',
    () =>
      stage('long', { config: { 'channel:site': { max_text: '100' } } }, async (scene) => {
        const { desk, visitor } = await chatting(scene);
        const { page } = desk;
        const text = `${'word '.repeat(15)}end.\n\n${'more '.repeat(15)}end.`;
        await desk.composer.fill(text);
        await page.getByText('goes out as 2 messages').waitFor();
        await desk.composer.press('Control+Enter');
        await until('both arrived', async () => (await answers(visitor)).length === 2);
        assert.equal((await answers(visitor)).join('\n\n'), text);
        await until('none is left over', async () => (await desk.log.locator('.pending').count()) === 0);
        await desk.composer.fill('x'.repeat(2001));
        await page.getByText(/2001 of at most 2000 bytes/).waitFor();
        assert.equal(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled(), true);
        await desk.composer.fill('');
        await desk.composer.evaluate((area) => {
          const data = new DataTransfer();
          data.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
          area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        });
        await page.getByText(/takes no files from usher/).waitFor();
      }),
  ],
  [
    'several records may be the customer: the agent chooses, by keyboard',
    () =>
      stage('matches', {}, async (scene) => {
        const people = [];
        for (const last_name of ['One', 'Two']) {
          const { customer } = await scene.daemon.ctl('customer.save', { first_name: 'Ann', last_name });
          people.push(customer);
        }
        const desk = await scene.desk('anna');
        // A CRM that finds two: until the agent has chosen, the line tells of nobody else.
        let chosen = false;
        await desk.page.routeWebSocket(/\/ws$/, (socket) => {
          const server = socket.connectToServer();
          socket.onMessage((text) => {
            chosen ||= JSON.parse(String(text)).call === 'interaction.choose_customer';
            server.send(text);
          });
          server.onMessage((text) => {
            const frame = JSON.parse(String(text));
            if (frame.result?.interaction && !chosen)
              frame.result.interaction.matches = people.map((one) => ({ customer: one.id, name: one.name, email: null, draft: false }));
            if (frame.type !== 'interaction.customer' || chosen) socket.send(JSON.stringify(frame));
          });
        });
        await desk.login('anna', scene.password);
        await desk.choose('Available');
        const visitor = await scene.visitor('Ann');
        await visitor.say('Hello');
        await desk.offer.getByText('2 records may be this customer').waitFor();
        await clean(desk, 'several records, offered');
        await desk.accept();
        await desk.context.getByRole('heading', { name: '2 records may be this customer' }).waitFor();
        await clean(desk, 'several records, accepted');
        await desk.context.getByRole('button', { name: /Ann Two/ }).focus();
        await desk.page.keyboard.press('Enter');
        await desk.context.getByRole('heading', { name: 'Ann Two' }).waitFor();
        assert.equal(await desk.context.getByText('2 records may be this customer').count(), 0);
        const { interactions } = await scene.daemon.ctl('interaction.list', {});
        assert.equal(interactions[0].customer, people[1].id);
      }),
  ],
  [
    'being noticed: a sound with its volume, notifications only after a click and only when nobody looks',
    () =>
      stage('notify', {}, async (scene) => {
        const desk = await scene.desk('anna');
        const { page } = desk;
        await page.addInitScript(pretend);
        await desk.login('anna', scene.password);
        await desk.choose('Available');
        const heard = () => page.evaluate(() => globalThis.heard);
        const shown = () => page.evaluate(() => globalThis.shown);
        assert.equal(await page.evaluate(() => globalThis.asked), 0, 'nothing is asked for by itself');
        await page.getByRole('button', { name: 'Shortcuts and settings' }).click();
        await page.getByRole('button', { name: 'Test the sound' }).click();
        await until('it sounds', async () => (await heard()).length > 0);
        const loud = Math.max(...(await heard()));
        await page.getByLabel('Volume').fill('20');
        await page.evaluate(() => (globalThis.heard = []));
        await page.getByRole('button', { name: 'Test the sound' }).click();
        await until('it sounds', async () => (await heard()).length > 0);
        assert.ok(Math.max(...(await heard())) < loud, 'and more softly');
        await page.getByRole('button', { name: 'Allow desktop notifications' }).click();
        await page.getByText('Desktop notifications', { exact: true }).waitFor();
        await clean(desk, 'settings');
        await page.keyboard.press('Escape');

        const visitor = await scene.visitor('Vera');
        await page.evaluate(() => (globalThis.heard = []));
        await visitor.say('Hello');
        await desk.offer.waitFor();
        await until('the offer rings', async () => (await heard()).length > 0);
        assert.deepEqual(await shown(), [], 'who looks needs no notification');
        await desk.accept();
        await page.evaluate(() => {
          globalThis.looks = false;
          window.dispatchEvent(new Event('blur'));
        });
        await visitor.say('Still there?');
        await until('it is shown', async () => (await shown()).length === 1);
        assert.deepEqual(await shown(), [['Vera', 'Still there?']]);

        // Kept over a reload, and silent when switched off.
        await page.reload();
        await desk.composer.waitFor();
        await page.getByRole('button', { name: 'Shortcuts and settings' }).click();
        assert.equal(await page.getByLabel('Volume').inputValue(), '20');
        await page.getByText('Sound', { exact: true }).click();
        await page.keyboard.press('Escape');
        await page.evaluate(() => {
          globalThis.heard = [];
          globalThis.looks = false;
        });
        await visitor.say('And now?');
        await until('it is shown', async () => (await shown()).length === 1);
        assert.deepEqual(await heard(), []);
      }),
  ],
  [
    'the centre’s rules show at the desk: records that pop later, chats that are given, a tab that need not blink',
    () =>
      stage('rules', {}, async (scene) => {
        const { daemon } = scene;
        await daemon.ctl('policy.put', { pop_on: ['accepted'] });
        const desk = await scene.agent('anna');
        const { page } = desk;
        await desk.choose('Available');
        const visitor = await scene.visitor('Maria');
        await visitor.say('Hello');
        await desk.accept();
        await page.getByRole('button', { name: 'End chat' }).click();
        await page.getByRole('button', { name: 'Finish' }).click();
        await desk.status('Available');
        await daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', permissions: [], capacity: 2 });
        await visitor.say('Again');
        await desk.offer.getByText('The record opens when you have accepted.').waitFor();
        const tabOfChats = page.locator('.rail-tab.offered');
        const motion = () => tabOfChats.evaluate((element) => getComputedStyle(element).animationName);
        assert.equal(await motion(), 'none', 'who has room for several and looks is not disturbed');
        await desk.go('Customers');
        assert.equal(await motion(), 'blink');
        await desk.accept();

        // Given, not offered: it comes into the list, takes no key and is said.
        await daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', permissions: [], capacity: 2, auto_accept: true });
        await desk.composer.click();
        await page.keyboard.type('I am wri');
        const second = await scene.visitor('Willem');
        await second.say('Me, too');
        await page.locator('[data-chat]').filter({ hasText: 'Willem' }).getByText('Active').waitFor();
        await page.getByText(/A chat was given to you: Willem/).waitFor({ state: 'attached' });
        await page.keyboard.type('ting');
        assert.equal(await desk.composer.inputValue(), 'I am writing');
        assert.equal(await desk.offer.count(), 0);
      }),
  ],
  [
    'another customer than the one that popped can be attached',
    () =>
      stage('attach', {}, async (scene) => {
        const { customer } = await scene.daemon.ctl('customer.save', { first_name: 'Carl', last_name: 'Right' });
        const { desk } = await chatting(scene);
        const { page } = desk;
        await desk.context.getByRole('button', { name: 'Attach another customer' }).click();
        const dialog = page.getByRole('dialog', { name: 'Attach another customer' });
        await dialog.getByLabel('Search customers').fill('Right');
        await dialog.getByRole('button', { name: /Carl Right/ }).waitFor();
        await clean(desk, 'attaching');
        await dialog.getByRole('button', { name: /Carl Right/ }).click();
        await desk.context.getByRole('heading', { name: 'Carl Right' }).waitFor();
        await desk.saveToCrm();
        await page.getByText('Saved to the CRM', { exact: true }).waitFor();
        const { cases } = await scene.daemon.ctl('case.list', { customer: customer.id });
        assert.equal(cases.length, 1);
      }),
  ],
]);

/** In the page: a loudspeaker and a notification centre that remember, and somebody who may look away. */
function pretend() {
  Object.assign(globalThis, { heard: [], shown: [], asked: 0, looks: true });
  document.hasFocus = () => globalThis.looks;
  const parameter = {
    setValueAtTime: () => undefined,
    linearRampToValueAtTime: (value) => globalThis.heard.push(value),
    exponentialRampToValueAtTime: () => undefined,
  };
  globalThis.AudioContext = class {
    state = 'running';
    currentTime = 0;
    destination = {};
    resume = async () => undefined;
    createGain = () => ({ gain: parameter, connect: () => undefined });
    createOscillator = () => ({ frequency: {}, connect: (next) => next, start: () => undefined, stop: () => undefined });
  };
  globalThis.Notification = class {
    static get permission() {
      return localStorage.getItem('test.permission') ?? 'default';
    }
    static async requestPermission() {
      globalThis.asked++;
      localStorage.setItem('test.permission', 'granted');
      return 'granted';
    }
    constructor(title, { body }) {
      globalThis.shown.push([title, body]);
    }
    close() {}
  };
}

/** What another network would have sent with this text. */
function dress(text, window) {
  const windows = window.until > 0 ? { window_until: window.until, tagged_until: 0 } : {};
  const attachments = {
    file: [{ kind: 'file', media: 'med_1', name: 'Rechnung.pdf', mime: 'application/pdf', size: 14200 }],
    place: [{ kind: 'location', name: 'Marktplatz', url: 'https://maps.example.org/?q=1,2' }],
    'bad link': [{ kind: 'link', name: 'Click me', url: 'javascript:alert(1)' }],
    picture: [{ kind: 'image', media: 'med_none', name: 'Cat.png', mime: 'image/png', size: 9 }],
  };
  const forms = { button: 'postback', heart: 'reaction', secret: 'encrypted' };
  return { ...windows, ...(attachments[text] ? { attachments: attachments[text] } : {}), ...(forms[text] ? { form: forms[text] } : {}) };
}
