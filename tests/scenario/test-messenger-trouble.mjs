// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messenger when things go wrong, through the whole daemon: everything that the stand-in for the Graph API can do to us. Whatever it
// does, each message is there once and in order on both sides, and whoever must act is told.
import assert from 'node:assert/strict'
import { Messenger } from './lib/messenger.mjs'
import { playAll, scenario } from './lib/scenario.mjs'
import { eventually } from './lib/wait.mjs'
import { events } from '../lib/graph.mjs'

const hour = 3600000

/** Anna talks with Ana; `id`: the id of the person, which may be an error. */
async function talk(centre, id) {
  const { graph } = centre.channel
  const anna = await (await centre.agent('anna', { role: 'administrator' })).available()
  const ana = await centre.customer('Ana Silva', id)
  await ana.says('Hello?')
  const chat = await anna.takes(ana)
  return { graph, anna, ana, chat, person: ana.person }
}

/** The state of our message when it does not change any more. */
const settled = (chat, message, states) =>
  chat.agent.events.until(
    `message ${message} to be ${states.join(' or ')}`,
    () => {
      const { state, error } = chat.line(message) ?? {}
      return states.includes(state) && { state, error }
    },
    75000,
  )

const arrived = ['sent', 'delivered', 'read']

/** The channel as administrators see it. */
const instance = async (agent) => (await agent.call('plugin.status')).instances.find(({ name }) => name === 'line')

/* ---- what the network answers -------------------------------------------------------------------------- */

const forGood = [
  ['err-551', /available/i],
  ['err-200-1545041', /available/i],
  ['err-100-2018001', /./],
  ['err-100-2018108', /./],
  ['err-100-2018109', /./],
  ['err-100', /./],
  ['err-10-2018278', /window|24/i],
  ['err-10-2018065', /window|24/i],
]

const refusals = forGood.map(([id, why]) =>
  scenario(`the error ${id.slice(4)} fails the message at once, says why, and holds up nothing`, async (centre) => {
    const { graph, anna, chat } = await talk(centre, id)
    const { message } = await chat.say('This will not do.')
    const { error } = await settled(chat, message, ['failed'])
    assert.match(error, why)
    const asked = () => graph.requests.filter(({ path, status }) => /messages$/.test(path) && status >= 400).length
    await anna.settle()
    const before = asked()
    // Somebody else is served meanwhile.
    const ben = await (await centre.agent('ben')).available()
    const other = await centre.customer('Ben Roth')
    await other.says('Hello?')
    const second = await ben.takes(other)
    await second.say('Hello Ben.')
    await other.sees('Hello Ben.')
    assert.equal(asked(), before, 'it is not tried again')
    assert.notEqual((await instance(anna)).state, 'needs_attention')
  }),
)

const forAWhile = [
  ['unknown error 1', { error: { code: 1 } }],
  ['a transient error', { error: { code: 1200, transient: true } }],
  ['503 without a reason', { status: 503 }],
]

const retries = forAWhile.map(([what, plan]) =>
  scenario(`${what}: the message goes out a moment later, once, and the next ones after it`, async (centre) => {
    const { graph, ana, chat } = await talk(centre)
    graph.plan(plan)
    const sent = [await chat.say('one'), await chat.say('two'), await chat.say('three')]
    for (const { message } of sent) await settled(chat, message, arrived)
    assert.deepEqual(ana.texts, ['one', 'two', 'three'])
  }),
)

const rates = [
  scenario(
    'a rate limit: nothing goes out for the minute that was told, then all of it in order',
    { limit: 120000 },
    async (centre) => {
      const { graph, ana, chat } = await talk(centre)
      graph.plan({ error: { code: 613, regain: 1 } })
      const begin = Date.now()
      const sent = [await chat.say('one'), await chat.say('two')]
      await eventually('the refusal', () => graph.requests.some(({ status }) => status === 429))
      const asked = () => graph.requests.filter(({ path }) => /messages$/.test(path)).length
      const before = asked()
      await ana.says('Hurry!')
      await chat.sees('Hurry!')
      assert.equal(asked(), before)
      for (const { message } of sent) await settled(chat, message, arrived)
      assert.ok(Date.now() - begin >= 59000, 'not before the minute was over')
      assert.deepEqual(ana.texts, ['one', 'two'])
    },
  ),
]

/* ---- what nobody knows --------------------------------------------------------------------------------- */

const accepted = [
  ['the connection breaks after it was accepted', { drop: 'accepted' }],
  ['the answer is cut in the middle', { truncate: true }],
  ['the answer is garbage', { garbage: true }],
  ['the connection breaks, and the echo is late', { drop: 'accepted', echo: 'late', after: 1500 }],
  ['the connection breaks, and the echo was there before', { drop: 'accepted', echo: 'first' }],
]

const ambiguous = [
  ...accepted.map(([what, plan]) =>
    scenario(`${what}: the echo settles it, and it is sent once`, async (centre) => {
      const { graph, ana, chat } = await talk(centre)
      graph.plan(plan)
      const { message } = await chat.say('Did you get this?')
      await settled(chat, message, arrived)
      const { message: next } = await chat.say('And this?')
      await settled(chat, next, arrived)
      assert.deepEqual(ana.texts, ['Did you get this?', 'And this?'])
      const lines = chat.lines.filter(({ author }) => author === 'agent').map(({ text }) => text)
      assert.deepEqual(lines, ['Did you get this?', 'And this?'], 'and the echo is no line of its own')
    }),
  ),
  scenario('no answer comes, but the echo does: it settles it long before the time is up', async (centre) => {
    const { graph, ana, chat } = await talk(centre)
    graph.plan({ hang: 'accepted', echo: 'late', after: 300 })
    const { message } = await chat.say('Hello?')
    await settled(chat, message, arrived)
    const { message: next } = await chat.say('Still there?')
    await settled(chat, next, arrived)
    assert.deepEqual(ana.texts, ['Hello?', 'Still there?'])
  }),
  scenario(
    'the connection breaks and no echo comes: it is not sent again, and the agent sees that it is uncertain',
    async (centre) => {
      const { graph, anna, ana, chat } = await talk(centre)
      graph.plan({ drop: 'body' })
      const { message } = await chat.say('Lost for good.')
      const { state } = await settled(chat, message, ['uncertain', 'failed'])
      assert.equal(state, 'uncertain')
      await anna.settle()
      assert.deepEqual(ana.texts, [])
    },
  ),
]

/* ---- the account --------------------------------------------------------------------------------------- */

const account = [
  scenario(
    'an expired token is told to the administrator, and nothing is lost until there is a new one',
    async (centre) => {
      const { graph, anna, ana, chat } = await talk(centre)
      graph.endToken()
      const { message } = await chat.say('After the weekend.')
      const state = await eventually('the channel to need attention', async () => {
        const now = await instance(anna)
        return now.state === 'needs_attention' && now
      })
      assert.match(state.message, /token/i)
      assert.ok(!state.message.includes(graph.token), 'the token itself is told to nobody')
      // Customers are heard all the while.
      await ana.says('Are you there?')
      await chat.sees('Are you there?')
      assert.equal(chat.line(message).state, 'queued')
      // What the manual says: a new token into its file, and a restart.
      graph.renewToken('next-token')
      centre.channel.writeToken()
      await centre.daemon.stop()
      await centre.daemon.start()
      await ana.sees('After the weekend.')
      const again = await centre.desk('anna')
      await again.becomes('busy')
      await eventually('the channel to be well', async () => (await instance(again)).state === 'running')
      await (await again.chat(chat.id)).say('We are back.')
      await ana.sees('We are back.')
      assert.deepEqual(ana.texts, ['After the weekend.', 'We are back.'])
    },
  ),
  scenario('a restricted page is told to the administrator, and nothing is sent meanwhile', async (centre) => {
    const { graph, anna, ana, chat } = await talk(centre)
    graph.plan({ error: { code: 10, subcode: 1893063 } })
    await chat.say('Buy this!')
    await eventually('the channel to need attention', async () => (await instance(anna)).state === 'needs_attention')
    await chat.say('And that!')
    await ana.says('Are you there?')
    await chat.sees('Are you there?')
    assert.deepEqual(ana.texts, [])
  }),
  scenario('a profile that nobody may see holds up nothing', async (centre) => {
    const { graph } = centre.channel
    const anna = await (await centre.agent('anna', { role: 'administrator' })).available()
    for (const profile of ['forbidden', 'refused']) {
      const ana = await centre.customer()
      graph.person(ana.identity).profile = profile
      await ana.says('Hello?')
      const chat = await anna.takes(ana)
      await chat.say(`I see nothing: ${profile}`)
      await ana.sees(`I see nothing: ${profile}`)
      assert.equal((await chat.look()).name, null)
      await chat.end()
      await chat.wrapUpDone()
    }
    assert.equal((await instance(anna)).state, 'running')
  }),
]

/* ---- windows ------------------------------------------------------------------------------------------- */

const windows = [
  scenario('after 24 hours nothing is sent, and the composer says why', async (centre) => {
    const { graph, ana, chat, person } = await talk(centre)
    assert.ok((await chat.look()).window_until > Date.now() + 23 * hour)
    await chat.end()
    await chat.wrapUpDone()
    const old = await centre.customer('Cleo Diaz')
    await old.person.says('Yesterday.', { at: graph.now() - 25 * hour })
    const late = await chat.agent.takes(old)
    await assert.rejects(late.say('Good morning.'), { code: 'conflict' })
    assert.deepEqual(old.texts, [])
    // The next message opens it again.
    await old.says('I am still here.')
    await late.sees('I am still here.')
    await late.say('Good morning.')
    await old.sees('Good morning.')
    assert.equal(person.received.at(-1).tag, undefined)
    assert.ok(ana.texts.length === 0)
  }),
  scenario(
    'with the Human Agent feature a late answer carries the tag, for seven days',
    { config: { 'channel:line': { human_agent: 'true' } } },
    async (centre) => {
      const { graph } = centre.channel
      const anna = await (await centre.agent('anna', { capacity: 2 })).available()
      const old = await centre.customer('Cleo Diaz')
      await old.person.says('Yesterday.', { at: graph.now() - 25 * hour })
      const late = await anna.takes(old)
      await late.say('Good morning.')
      await old.sees('Good morning.')
      const [sent] = old.person.received
      assert.deepEqual([sent.type, sent.tag], ['MESSAGE_TAG', 'HUMAN_AGENT'])
      const older = await centre.customer('Ben Roth')
      await older.person.says('Last month.', { at: graph.now() - 8 * 24 * hour })
      const tooLate = await anna.takes(older)
      await assert.rejects(tooLate.say('Sorry!'), { code: 'conflict' })
    },
  ),
]

/* ---- webhooks ------------------------------------------------------------------------------------------ */

const webhooks = [
  scenario('forged webhooks are refused and leave nothing', async (centre) => {
    const { graph } = centre.channel
    const ana = await centre.customer('Ana Silva')
    for (const forge of [
      'none',
      'empty',
      'sha1',
      'sha1_as_256',
      'short',
      'other_key',
      'flipped',
      'spaced',
      'decoded',
    ]) {
      const { status } = await graph.send([ana.person.message({ text: `forged: größer ${forge}` })], { forge })
      assert.ok(status >= 400 && status < 500, `${forge}: ${status}`)
    }
    assert.equal((await graph.verify({ verifyToken: 'wrong' })).status, 403)
    assert.equal((await graph.verify({ mode: 'unsubscribe' })).status, 403)
    await ana.person.says('in capitals', { upper: true })
    await centre.settle()
    const [{ interaction }] = await centre.interactions(ana)
    assert.deepEqual(await customerTexts(centre, interaction), ['in capitals'])
  }),
  scenario('batches of several entries, split writes and duplicates become each message once', async (centre) => {
    const { graph } = centre.channel
    const ana = await centre.customer('Ana Silva')
    const ben = await centre.customer('Ben Roth')
    const list = [ana, ben, ana, ben].map((who, i) => who.person.message({ text: `message ${i}` }))
    await graph.send(list, { entries: true, split: 13, twice: true })
    await graph.send([ana.person.message({ text: 'message 4' }), ben.person.message({ text: 'message 5' })], {
      twice: 'together',
    })
    await graph.send([list[0], list[3]])
    await centre.settle()
    const texts = async (who) => customerTexts(centre, (await centre.interactions(who))[0].interaction)
    assert.deepEqual(await texts(ana), ['message 0', 'message 2', 'message 4'])
    assert.deepEqual(await texts(ben), ['message 1', 'message 3', 'message 5'])
  }),
  scenario('an album of 20 pictures in 20 webhooks at once is one conversation in order', async (centre) => {
    const ana = await centre.customer('Ana Silva')
    const album = await ana.person.album(20)
    await centre.settle()
    const list = await centre.interactions(ana)
    assert.equal(list.length, 1)
    const { messages } = await centre.ctl('interaction.messages', { interaction: list[0].interaction })
    const pictures = messages.filter(({ author }) => author === 'customer')
    assert.equal(pictures.length, 20)
    assert.deepEqual(
      pictures.map(({ sent_at: at }) => at),
      album.map(({ at }) => at),
    )
    assert.ok(pictures.every(({ attachments }) => attachments[0].kind === 'image' && attachments[0].media))
  }),
  scenario('events from before the daemon was killed come again, and each message is there once', async (centre) => {
    const { anna, ana, chat } = await talk(centre)
    const waiting = []
    for (let i = 0; i < 5; i++) waiting.push(ana.person.says(`before ${i}`))
    await centre.daemon.kill()
    for (let i = 0; i < 5; i++) waiting.push(ana.person.says(`meanwhile ${i}`))
    await centre.daemon.start()
    await Promise.all(waiting)
    await centre.settle()
    const expected = [
      'Hello?',
      ...['before', 'meanwhile'].flatMap((when) => [0, 1, 2, 3, 4].map((i) => `${when} ${i}`)),
    ]
    assert.deepEqual(await customerTexts(centre, chat.id), expected)
    assert.ok(anna)
  }),
  scenario('what we do not know is taken and does no harm', async (centre) => {
    const { graph, anna, ana, chat, person } = await talk(centre)
    const page = graph.page.id
    await person.optsIn('newsletter')
    await person.post(events.takeThreadControl(page, person.id, graph.tick(), events.inboxApp))
    await person.post(events.standby(person.message({ text: 'to another app' })))
    await graph.hook.deliver(
      events.envelope([
        {
          id: page,
          time: graph.tick(),
          messaging: [
            { sender: { id: person.id }, recipient: { id: page }, timestamp: graph.tick(), smoke_signal: { puffs: 3 } },
          ],
        },
      ]),
    )
    await graph.hook.deliver({
      object: 'page',
      entry: [
        { id: 'another-page', time: 1, messaging: [] },
        { id: page, time: 2 },
      ],
    })
    await ana.person.says('wrapped', { wrapped: true })
    await ana.person.says('in seconds', { seconds: true })
    await chat.sees('wrapped')
    await chat.sees('in seconds')
    assert.equal(anna.status, 'busy')
  }),
]

/* ---- what people do besides writing ------------------------------------------------------------------------ */

const people = [
  scenario(
    'a colleague who answers in the inbox of the page is shown as such, and answers nobody twice',
    async (centre) => {
      const { anna, ana, chat, person } = await talk(centre)
      await person.inbox('I am her colleague.')
      const line = await anna.events.until('the line from elsewhere', () =>
        chat.lines.find(({ form }) => form === 'elsewhere'),
      )
      assert.deepEqual([line.author, line.text], ['agent', 'I am her colleague.'])
      assert.deepEqual(ana.texts, [], 'it is not sent again')
      // To somebody who did not write it opens nothing.
      const quiet = await centre.customer('Ben Roth')
      await quiet.person.inbox('Dear Ben, we have an offer.')
      await anna.settle()
      assert.deepEqual(await centre.interactions(quiet), [])
    },
  ),
  scenario('buttons, quick replies, places, stickers, reactions and edits are shown sensibly', async (centre) => {
    const { anna, chat, person } = await talk(centre)
    await person.taps('Yes, please', 'YES')
    await person.presses('Track my parcel', 'TRACK')
    await person.sends('image', { text: 'Look!' })
    await person.sticker()
    await person.location(52.52, 13.405)
    const { mid } = await person.says('Thnaks')
    await person.edits(mid, 'Thanks')
    await person.reacts(mid)
    const last = await anna.events.until('the reaction', () => chat.lines.find(({ form }) => form === 'reaction'))
    assert.ok(last)
    const said = chat.lines.filter(({ author }) => author === 'customer').slice(1)
    assert.deepEqual(
      said.map(({ form }) => form ?? null),
      ['quick_reply', 'postback', null, null, null, null, 'edit', 'reaction'],
    )
    const kinds = said.map(({ attachments }) => attachments?.[0]?.kind ?? null)
    assert.deepEqual(kinds, [null, null, 'image', 'sticker', 'location', null, null, null])
    assert.match(said[0].text, /Yes, please/)
    assert.match(said[1].text, /Track my parcel/)
    assert.equal(said[2].text, 'Look!')
    assert.match(said[6].text, /Thanks/)
  }),
  scenario('a file that is slow, gone, huge or leads into our network holds up no message', async (centre) => {
    const { graph, chat, person } = await talk(centre)
    const files = [
      { hang: true },
      { status: 404 },
      { size: 26 * 1024 * 1024, told: null },
      { redirect: 'private' },
      { type: 'text/html', bytes: Buffer.from('<script>alert(1)</script>') },
    ]
    await Promise.all(files.map((file, i) => person.sends('image', { file, text: `picture ${i}`, now: true })))
    await person.says('That was all.')
    await chat.sees('That was all.')
    assert.equal(chat.texts.length, files.length + 2)
    graph.check()
  }),
  scenario('delivery and reading are told by watermark, also without ids', async (centre) => {
    const { graph, chat, person, ana } = await talk(centre)
    graph.auto.delivery = false
    const sent = [await chat.say('one'), await chat.say('two')]
    await ana.sees('two')
    await person.gets({ mids: false })
    for (const { message } of sent) await settled(chat, message, ['delivered', 'read'])
    await person.reads()
    for (const { message } of sent) await settled(chat, message, ['read'])
    await person.gets({ watermark: graph.now() - hour })
    const { message: third } = await chat.say('three')
    await settled(chat, third, arrived)
    assert.equal(chat.line(sent[0].message).state, 'read', 'and never back')
  }),
]

async function customerTexts(centre, interaction) {
  const { messages } = await centre.ctl('interaction.messages', { interaction })
  return messages.filter(({ author }) => author === 'customer').map(({ text }) => text)
}

const word = process.argv[2] ?? ''
// The rate limit takes a minute: the others are played meanwhile.
const all = [...rates, ...refusals, ...retries, ...ambiguous, ...account, ...windows, ...webhooks, ...people]
await playAll(
  Messenger,
  all.filter(({ title }) => title.includes(word)),
)
