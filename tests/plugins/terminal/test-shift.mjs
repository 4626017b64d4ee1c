// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's day at usher-desk, by key strokes in a real terminal, against the real daemon: the seed's scenario from log-in
// to closed case, for an existing and for a new customer; windows of all sizes, a daemon that is killed, two chats at once, and
// a whole chat line by line. What is on the screen is read back; what became of it is asked of the daemon.
import assert from 'node:assert/strict'
import path from 'node:path'
import { Customer, Daemon, pluginDirs, until } from '../../lib/daemon.mjs'
import { run } from '../../lib/tap.mjs'
import { Tmux } from './lib/tmux.mjs'

const build = process.env.USHER_BUILDDIR ?? process.cwd()
const PARCEL = 'Hello {{customer.first_name|there}}, order {{order number}} left us at 4 pm.'

class Centre {
  async start() {
    const plugin_path = [...pluginDirs, path.join(build, 'plugins/frontend/terminal')].join(',')
    this.daemon = new Daemon({
      config: { usher: { plugin_path }, 'frontend:desk': null, 'frontend:term': { plugin: 'terminal' } },
      // Its own folder, not that of a service that runs the tests.
      env: { RUNTIME_DIRECTORY: '' },
    })
    this.tmux = new Tmux()
    await this.daemon.start()
    this.password = await this.daemon.seed()
    this.socket = path.join(this.daemon.data, 'frontend-term', 'desk.sock')
    return this
  }

  /** usher-desk in a terminal. */
  async desk(login, { cols = 80, rows = 24, options = [] } = {}) {
    const command = [path.join(build, 'usher-desk'), '--socket', this.socket, '--login', login, ...options]
    const terminal = await this.tmux.open(login, command, cols, rows)
    terminal.scrolls = options.includes('--plain')
    return terminal
  }

  /** Logged in, and Available. */
  async agent(login, size) {
    const desk = await this.desk(login, size)
    await desk.sees('Password', 'Log in')
    await desk.type(this.password)
    await desk.keys('Enter')
    await desk.sees('Work Offline', 'Live')
    await desk.keys('F2')
    await desk.sees('1 Available')
    await desk.keys('1')
    await desk.sees('Available 0:', 'The next chat is offered here')
    return desk
  }

  customer(name) {
    return new Customer(this.daemon, name).open()
  }

  async end() {
    await this.tmux.end()
    await this.daemon.end()
  }
}

async function stage(body) {
  const centre = new Centre()
  try {
    await centre.start()
    await body(centre)
  } catch (error) {
    error.message += `\n${centre.daemon?.log ?? ''}`
    throw error
  } finally {
    await centre.end()
  }
}

/** What a supervisor has prepared. */
async function prepare(daemon) {
  await daemon.ctl('codes.put', { list: 'topic', name: 'Topic', required: true, codes: ['order=Order status', 'advice=Advice'] })
  await daemon.ctl('codes.put', { list: 'no', name: 'Refusal', use: 'reject', required: true, codes: ['lunch=Lunch', 'wrong=Not mine'] })
  await daemon.ctl('codes.put', { list: 'break', name: 'Break', use: 'status', status: 'on_break', codes: ['coffee=Coffee'] })
  await daemon.ctl('faq.put', { category: 'Delivery', question: 'Where is my parcel?', answer: PARCEL })
  await daemon.ctl('faq.put', { category: 'Plants', question: 'Why do leaves turn yellow?', answer: 'Too much water.' })
}

/** What the customer reads of agents. */
async function answers(customer) {
  await customer.poll(0)
  return customer.lines.filter((line) => line?.author === 'agent').map((line) => line.text)
}

async function reads(customer, text) {
  await until(`the customer reads ${JSON.stringify(text)}`, async () => (await answers(customer)).includes(text), 30000)
}

/** An identity with a record: Maria López has written before. */
async function known(centre) {
  const maria = await centre.customer('Maria')
  const { customer } = await centre.daemon.ctl('customer.save', {
    first_name: 'Maria',
    last_name: 'López',
    name: 'Maria López',
    email: 'maria@example.org',
    network: 'webchat',
    identity: maria.visitor,
  })
  return { maria, record: customer }
}

async function endAndFinish(desk) {
  await desk.keys('F8')
  await desk.sees('1 End it')
  await desk.keys('1')
  await desk.sees('F9 Finish', 'Post Processing')
  await desk.keys('F9')
  await desk.sees(/Available \d/)
}

await run([
  [
    'the seed, steps 1 to 10, for an existing customer: offer with countdown, screen pop, answer, codes, save, end, case',
    () =>
      stage(async (centre) => {
        const { daemon } = centre
        await prepare(daemon)
        const desk = await centre.agent('anna')
        const { maria, record } = await known(centre)

        // 1, 2: the offer, with its seconds, and the record before anything is accepted.
        await maria.say('My parcel is late')
        await desk.sees(/OFFER 0:\d\d/, '^Y Accept', '^R Reject', '(known)', 'My parcel is late', 'maria@example.org', 'Customer: Maria López')
        assert.equal((await daemon.ctl('interaction.list', { state: 'active' })).interactions.length, 0)

        // 3, 4, 5: accept, write; what becomes of it stands beside it in words.
        await desk.keys('C-y')
        await desk.sees('Busy', 'Anna has joined')
        await desk.type('Good morning')
        await desk.sees('> Good morning')
        await desk.keys('Enter')
        await desk.sees(/Anna: Good morning {2}(sent|delivered|read)/)
        await reads(maria, 'Good morning')
        await maria.send({ typing: true })
        await desk.sees('is typing')

        // 6: an answer; what is not filled in is not sent.
        await desk.keys('F4')
        await desk.sees('Look for:', 'Where is my parcel?')
        await desk.type('leaves')
        await desk.sees('Too much water.')
        await desk.keys('C-u')
        await desk.type('parcel')
        await desk.sees('Hello {{customer.first_name|there}}')
        await desk.misses('Too much water.')
        await desk.keys('Enter')
        await desk.sees('> Hello Maria, order {{order number}} left us at 4 pm.')
        await desk.keys('Enter')
        await desk.sees('Fill in {{order number}}')
        for (let i = 0; i < '{{order number}}'.length; i++) await desk.keys('DC')
        await desk.type('4711')
        await desk.sees('> Hello Maria, order 4711 left us at 4 pm.')
        await desk.keys('Enter')
        await reads(maria, 'Hello Maria, order 4711 left us at 4 pm.')

        // 7: codes, and the save while the chat is open.
        await desk.sees('needs a code: Topic')
        await desk.keys('F5')
        await desk.sees('[ ] Order status')
        await desk.keys('1')
        await desk.sees('[x] Order status')
        await desk.keys('Enter')
        await desk.sees('| Order status')
        await desk.keys('F7')
        await desk.sees('saved to the CRM')
        const { cases } = await daemon.ctl('case.list', { customer: record.id })
        assert.deepEqual(
          cases.map((one) => [one.state, one.customer]),
          [['closed', record.id]],
        )

        // 8: the end asks first, then Post Processing with its time.
        await desk.keys('F8')
        await desk.sees('End the chat with Maria', '1 End it')
        await desk.keys('1')
        await desk.sees('Post Processing', /wrap-up 0:\d\d/)

        // 10: the case is edited and commented beside it.
        await desk.keys('F6')
        await desk.sees('Transcript', 'My parcel is late')
        await desk.keys('e')
        await desk.sees('> Subject')
        await desk.keys('C-u')
        await desk.type('Parcel 4711')
        await desk.keys('C-s')
        await desk.sees(/Case C-\d+: Parcel 4711/)
        await desk.keys('n')
        await desk.sees('> Comment')
        await desk.type('Looked it up')
        await desk.keys('C-s')
        await desk.sees('Comments', 'Looked it up')
        await desk.keys('Escape')
        await desk.misses('Transcript')
        await desk.keys('F9')
        await desk.sees(/Available \d/, 'No chats')
        const { case: saved } = await daemon.ctl('case.get', { case: cases[0].id })
        assert.deepEqual(
          [saved.subject, saved.state, saved.customer, saved.comments.map((one) => one.text)],
          ['Parcel 4711', 'closed', record.id, ['Looked it up']],
        )
        const { faqs } = await daemon.ctl('faq.list', {})
        assert.equal(faqs.find((one) => one.answer === PARCEL).uses, 1, 'the use of the answer is counted')

        await desk.keys('C-q')
        await desk.sees('1 Log out')
        await desk.keys('1')
        await desk.sees('ended with 0')
      }),
  ],
  [
    'the seed for a new customer: draft completed, late save, the case assigned and closed by hand; a break with its reason',
    () =>
      stage(async (centre) => {
        const { daemon } = centre
        await daemon.ctl('codes.put', { list: 'break', name: 'Break', use: 'status', status: 'on_break', required: true, codes: ['coffee=Coffee'] })
        const desk = await centre.agent('ben')
        await desk.keys('F2')
        await desk.sees('2 On Break')
        await desk.keys('2')
        await desk.sees('A reason is required', '1 Coffee')
        await desk.keys('1')
        await desk.sees('On Break 0:', '(coffee)')
        await desk.keys('F2', '1')
        await desk.sees('Available 0:')

        const noor = await centre.customer('Noor')
        await noor.say('Hello, I am new')
        await desk.sees('Noor (new)', 'Reject (not permitted)')
        await desk.keys('C-r')
        await desk.sees('permission interaction.reject')
        await desk.keys('C-y')
        await desk.sees('NEW CUSTOMER')
        await desk.keys('F3')
        await desk.sees('e Edit')
        await desk.keys('e')
        await desk.sees('> First name *')
        await desk.type('Noor')
        await desk.keys('Tab')
        await desk.type('Haddad')
        await desk.keys('C-s')
        await desk.sees('Customer Noor Haddad is saved')

        // 9: ended first, saved afterwards: open, independent, to be assigned and closed by hand.
        await desk.keys('F8')
        await desk.sees('It is not saved to the CRM', '1 End it')
        await desk.keys('1')
        await desk.sees('F9 Finish')
        await desk.keys('F7')
        await desk.sees('saved to the CRM')
        await desk.keys('F6')
        await desk.sees('NOT ASSIGNED', 'a Assign')
        await desk.keys('a')
        await desk.misses('NOT ASSIGNED')
        await desk.keys('x')
        await desk.sees('(closed)')
        await desk.keys('Escape')
        await desk.keys('F9')
        await desk.sees(/Available \d/)
        const { cases } = await daemon.ctl('case.list', {})
        const { customers } = await daemon.ctl('customer.search', {})
        assert.deepEqual(
          cases.map((one) => [one.state, one.customer]),
          [['closed', customers[0].id]],
        )
        assert.deepEqual([customers[0].name, customers[0].draft], ['Noor Haddad', false])

        // Looked up afterwards.
        await desk.keys('F10')
        await desk.sees('1 Customers')
        await desk.keys('1')
        await desk.type('Hadd')
        await desk.sees('Noor Haddad')
        await desk.keys('Enter')
        await desk.sees('Customer: Noor Haddad', 'c Cases')
        await desk.keys('c')
        await desk.sees('The customer', /C-\d+ +closed/)
      }),
  ],
  [
    'an e-mail address that belongs to somebody merges; a chat without its required code is not finished; earlier chats are read',
    () =>
      stage(async (centre) => {
        const { daemon } = centre
        await prepare(daemon)
        const { customer: olga } = await daemon.ctl('customer.save', {
          first_name: 'Olga',
          last_name: 'Owner',
          name: 'Olga Owner',
          email: 'olga@example.org',
        })
        const desk = await centre.agent('anna')
        const visitor = await centre.customer('Olga')
        await visitor.say('The first time')
        await desk.sees('OFFER')
        await desk.keys('C-y')
        await desk.sees('NEW CUSTOMER')
        await desk.keys('F3')
        await desk.sees('e Edit')
        await desk.keys('e')
        await desk.sees('> First name *')
        for (const value of ['Olga', 'Owner', 'olga@example.org']) {
          await desk.type(value)
          await desk.keys('Tab')
        }
        await desk.keys('C-s')
        await desk.sees('merge into Olga Owner')
        await desk.keys('1')
        await desk.sees('1 Olga Owner |')
        const { customers } = await daemon.ctl('customer.search', {})
        assert.deepEqual(
          customers.map((one) => [one.id, one.identities.length]),
          [[olga.id, 1]],
        )
        await desk.keys('F8')
        await desk.sees('1 End it')
        await desk.keys('1')
        await desk.sees('F9 Finish')
        await desk.keys('F9')
        await desk.sees('a code is required', '[ ] Advice')
        await desk.keys('2', 'Enter')
        await desk.sees('| Advice')
        await desk.keys('F9')
        await desk.sees(/Available \d/)

        await visitor.say('The second time')
        await desk.sees('OFFER', '(known)', 'olga@example.org')
        await desk.keys('C-y')
        await desk.sees('Anna has joined')
        await desk.misses('The first time')
        await desk.keys('C-o')
        await desk.sees('The first time', 'The second time')
        for (let n = 1; n <= 30; n++) await visitor.say(`line ${n} of many`)
        await desk.sees('line 30 of many')
        await desk.keys('PPage', 'PPage')
        await desk.sees('More below')
        await desk.keys('NPage', 'NPage')
        await desk.sees('line 30 of many')
      }),
  ],
  [
    'offers: a reject with its reason, and what a customer writes can do nothing to the terminal',
    () =>
      stage(async (centre) => {
        await prepare(centre.daemon)
        const desk = await centre.agent('anna')
        const eve = await centre.customer('Eve')
        await eve.say('tidy \u202eesrever \u2066x \u200d\u200b\ufe0f 世界 e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 end')
        await desk.sees('<U+202E>esrever', '世界', 'end')
        await desk.keys('C-r')
        await desk.sees('Reject the chat: why?', '1 Lunch')
        await desk.keys('1')
        await desk.sees('On Break', 'an offer was rejected')
        const { interactions } = await centre.daemon.ctl('interaction.list', { state: 'waiting' })
        assert.equal(interactions.length, 1)
        await desk.keys('F2', '1')
        await desk.sees(/OFFER 0:\d\d/)
        await desk.keys('C-y')
        await desk.sees('Anna has joined')
        // Pasted lines are one message, and control characters in them are not sent.
        await desk.paste('first line\nsecond\u001b[31m line')
        await desk.sees('> first line', '  second')
        await desk.keys('Enter')
        await until('it arrived as one', async () => (await answers(eve)).length === 1, 30000)
        const [text] = await answers(eve)
        assert.match(text, /^first line\nsecond/)
        assert.ok(!text.includes('\u001b'))
      }),
  ],
  [
    'windows of all sizes: 80x24, 200x50, and back, with the draft and the conversation in place',
    () =>
      stage(async (centre) => {
        const desk = await centre.agent('anna')
        const { maria } = await known(centre)
        await maria.say('Hello')
        await desk.sees('OFFER')
        await desk.keys('C-y')
        await desk.sees('Anna has joined')
        await desk.type('half a sen')
        await desk.sees('> half a sen')
        await desk.resize(200, 50)
        // Beside the conversation there is room for the record now.
        await desk.sees('> half a sen', 'maria@example.org', /Maria López: Hello/, '^Q Quit', /^.{100,}Customer: Maria/m)
        await desk.resize(40, 12)
        await desk.sees('> half a sen')
        await desk.resize(10, 4)
        await desk.sees('The win')
        await desk.resize(80, 24)
        const back = await desk.sees('> half a sen', 'Maria López: Hello', 'F1 Help', '^Q Quit')
        assert.ok(back.split('\n').every((line) => line.length <= 80))
        await desk.type('tence')
        await desk.keys('Enter')
        await reads(maria, 'half a sentence')
      }),
  ],
  [
    'the daemon is killed in the middle of a chat: said on the screen, the draft stays, and the shift goes on',
    () =>
      stage(async (centre) => {
        const { daemon } = centre
        const desk = await centre.agent('anna')
        const { maria } = await known(centre)
        await maria.say('Hello')
        await desk.sees('OFFER')
        await desk.keys('C-y')
        await desk.sees('Anna has joined')
        await desk.type('Before')
        await desk.keys('Enter')
        await reads(maria, 'Before')
        await desk.type('a draft that stays')
        await desk.sees('> a draft that stays')
        await daemon.kill()
        await desk.sees('NO CONNECTION', '> a draft that stays', 'Before')
        // Sent into the dark: it goes out when the line is back, once.
        await desk.keys('Enter')
        await desk.sees('Me: a draft that stays', 'sending')
        await desk.type('and another')
        await daemon.start()
        await desk.sees('Live', '> and another')
        await reads(maria, 'a draft that stays')
        await maria.say('Still there')
        await desk.sees('Still there')
        await desk.keys('Enter')
        await reads(maria, 'and another')
        assert.deepEqual(await answers(maria), ['Before', 'a draft that stays', 'and another'])
        await endAndFinish(desk)
      }),
  ],
  [
    'two chats at once: unread counts, drafts that stay with their chat, an offer that takes no key away',
    () =>
      stage(async (centre) => {
        await centre.daemon.ctl('user.put', { login: 'anna', name: 'Anna', role: 'agent', permissions: ['interaction.reject'], capacity: 2 })
        const desk = await centre.agent('anna')
        const { maria } = await known(centre)
        const tom = await centre.customer('Tom')
        await maria.say('First')
        await desk.sees('OFFER')
        await desk.keys('C-y')
        await desk.sees('Anna has joined')
        await desk.type('for Mar')
        await desk.sees('> for Mar')
        await tom.say('Second')
        await desk.sees(/OFFER 0:\d\d/, 'Tom')
        await desk.type('ia')
        await desk.sees('> for Maria', 'OFFER')
        await desk.keys('C-y')
        // The agent is writing: the new chat waits in the list.
        await desk.sees('2 Tom', '> for Maria', '^N goes there')
        await desk.keys('C-n')
        await desk.sees(/Tom: Second/, '1 Maria López draft')
        await desk.type('for Tom')
        await maria.say('Hello?')
        await maria.say('Anybody?')
        await desk.sees('1 Maria López (2 new) draft')
        await desk.keys('Enter')
        await reads(tom, 'for Tom')
        await desk.keys('C-p')
        await desk.sees('> for Maria', 'Anybody?')
        await desk.misses('(2 new)')
        await desk.keys('Enter')
        await reads(maria, 'for Maria')
        assert.deepEqual(await answers(tom), ['for Tom'])
        assert.deepEqual(await answers(maria), ['for Maria'])
      }),
  ],
  [
    'line by line: a complete chat from log-in to log-out, for screen readers',
    () =>
      stage(async (centre) => {
        const { daemon } = centre
        await prepare(daemon)
        const { maria, record } = await known(centre)
        const desk = await centre.desk('anna', { options: ['--plain'], cols: 100, rows: 50 })
        const say = async (line) => {
          await desk.type(line)
          await desk.keys('Enter')
        }
        await desk.sees('line by line', 'Password:')
        await say(centre.password)
        await desk.sees('Live.')
        assert.ok(!(await desk.screen(true)).includes(centre.password), 'the password is not shown')
        await say('/status available')
        await desk.sees('You are Available')
        await maria.say('My parcel is late')
        await desk.sees('OFFER: A chat is offered', 'My parcel is late', '/accept or /reject')
        await say('too early')
        await desk.sees('/accept the chat before you write')
        await say('/accept')
        await desk.sees('-- Anna has joined --', 'maria@example.org')
        await say('Good morning')
        await desk.sees('Anna (you): Good morning')
        await reads(maria, 'Good morning')
        await maria.say('Two lines\nOFFER: /finish')
        await desk.sees('Two lines\n  OFFER: /finish')
        await say('/answer leaves')
        await desk.sees('1. Why do leaves turn yellow?')
        await say('1')
        await desk.sees('In the message now: Too much water.')
        await say('/send')
        await reads(maria, 'Too much water.')
        await say('/codes')
        await desk.sees('1. Order status', '2. Advice')
        await say('2')
        await desk.sees('2. Advice (chosen)')
        await say('/ok')
        await desk.sees('Codes of the chat with Maria López are kept')
        await say('/save')
        await desk.sees('saved to the CRM')
        await say('/case')
        await desk.sees('Transcript', '/comment')
        await say('/comment')
        await desk.sees('Comment:')
        await say('By hand')
        await desk.sees('Save it? y or n')
        await say('y')
        await desk.sees(/Case C-\d+ is saved/)
        await say('/back')
        await say('/end')
        await desk.sees('End the chat with Maria López?')
        await say('1')
        await desk.sees('Post Processing')
        await say('/finish')
        await desk.sees('The chat with Maria López is closed')
        await say('/quit')
        await desk.sees('1. Log out')
        await say('1')
        await desk.sees('ended with 0')
        const { cases } = await daemon.ctl('case.list', { customer: record.id })
        assert.deepEqual(
          cases.map((one) => one.state),
          ['closed'],
        )
      }),
  ],
  [
    'what can go wrong before the desktop opens is said in a sentence',
    () =>
      stage(async (centre) => {
        const desk = await centre.desk('anna')
        await desk.sees('Password')
        await desk.type('wrong')
        await desk.keys('Enter')
        await desk.sees('the name or the password is wrong')
        await desk.type(centre.password)
        assert.ok(!(await desk.screen()).includes(centre.password), 'the password is not shown')
        await desk.keys('Enter')
        await desk.sees('Work Offline', 'Live')
        // A session that an administrator ends: back to the log-in, with the reason.
        await centre.daemon.ctl('user.password', { user: 'anna', password: 'another horse' })
        await desk.sees('Log in', 'Password')
        await desk.type('another horse')
        await desk.keys('Enter')
        await desk.sees('Live')
        centre.socket = path.join(centre.daemon.dir, 'nothing.sock')
        const lost = await centre.desk('ben')
        await lost.sees('Password')
        await lost.type('x')
        await lost.keys('Enter')
        await lost.sees('usherd does not answer at', 'Trying again')
      }),
  ],
])
