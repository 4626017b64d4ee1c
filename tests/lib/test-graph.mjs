// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stand-in for the Graph API against its own specification: it takes what is right, refuses what is wrong, and its
// webhooks are signed, complete and come again. A stand-in that lets things pass would prove nothing about a channel.
import assert from 'node:assert/strict'
import http from 'node:http'
import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Graph, day, events } from './graph.mjs'
import { encode, proof, signature } from './graph/sign.mjs'
import { run } from './tap.mjs'

const program = fileURLToPath(new URL('graph.mjs', import.meta.url))

function jsonOr(text, other) {
  try {
    return JSON.parse(text)
  } catch {
    return other
  }
}

/** A webhook that keeps what it got; `answer` may be replaced. */
class Sink {
  async start() {
    this.got = []
    this.answer = () => 200
    this.server = http.createServer((req, res) => {
      const parts = []
      req.on('data', (part) => parts.push(part))
      req.on('end', () => {
        const bytes = Buffer.concat(parts)
        const one = { method: req.method, url: req.url, headers: req.headers, bytes, parts: parts.length }
        if (req.method === 'POST') this.got.push({ ...one, body: jsonOr(bytes, null) })
        const status = this.answer(one)
        if (status === null) return
        res.writeHead(status)
        res.end(
          req.method === 'GET' ? new URL(req.url, 'http://x').searchParams.get('hub.challenge') : 'EVENT_RECEIVED',
        )
      })
    })
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
    return this
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}/hook`
  }

  /** All events of a kind, over all posts and entries. */
  events(key) {
    return this.got
      .flatMap(({ body }) => body.entry.flatMap((entry) => entry.messaging ?? []))
      .filter((event) => key in event)
  }

  async stop() {
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }
}

async function call(graph, method, path, { body, token = graph.token, headers = {}, raw, signal } = {}) {
  const answer = await fetch(`${graph.base}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body !== undefined || raw !== undefined ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    signal,
  })
  const text = await answer.text()
  const json = jsonOr(text, undefined)
  return { status: answer.status, headers: answer.headers, text, json, error: json?.error }
}

const path = (graph, edge = 'messages') => `/v25.0/${graph.page.id}/${edge}`
const text = (id, words = 'Hello', more = {}) => ({
  recipient: { id },
  messaging_type: 'RESPONSE',
  message: { text: words, ...more },
})
const send = (graph, body, options) => call(graph, 'POST', path(graph), { body, ...options })

/** Plays with an emulator, a webhook and Ana, who has written once. */
async function stage(play, options = {}) {
  const graph = await new Graph({ hook: { firstPause: 5, longestPause: 20, deadline: 1000 }, ...options }).start()
  const sink = await new Sink().start()
  try {
    graph.webhook = sink.url
    const ana = graph.person('PSID1')
    await ana.says('Where is my parcel?')
    sink.got.length = 0
    await play({ graph, sink, ana })
  } finally {
    await graph.stop()
    await sink.stop()
  }
}

async function until(what, probe) {
  for (let i = 0; i < 500; i++) {
    if (probe()) return
    await new Promise((done) => setTimeout(done, 10))
  }
  assert.fail(`${what}: not within 5 s`)
}

/** The call is refused with that error, and it counts as a misuse. */
async function misused(graph, calling, pattern, code = 100) {
  const before = graph.violations.length
  const { status, error } = await calling
  assert.ok(status >= 400, `refused: ${pattern}`)
  assert.equal(error?.code, code, error?.message)
  assert.match(error.message, pattern)
  assert.equal(graph.violations.length, before + 1, `remembered: ${pattern}`)
  assert.throws(() => graph.check(), pattern)
}

async function refused(graph, calling, code, subcode) {
  const before = graph.violations.length
  const { status, error, headers } = await calling
  assert.ok(status >= 400)
  assert.deepEqual([error.code, error.error_subcode], [code, subcode])
  assert.equal(error.type, 'OAuthException')
  assert.equal(typeof error.is_transient, 'boolean')
  assert.ok(error.fbtrace_id)
  assert.equal(graph.violations.length, before, 'an error of the network is no misuse')
  return { status, error, headers }
}

const tests = [
  [
    'the vectors of signature and proof hold',
    async () => {
      const body = Buffer.from('{"object":"page","entry":[]}')
      assert.equal(body.length, 28)
      assert.equal(
        signature('app-secret', body),
        'sha256=e6e9d7a842a48e17f43a34d6125d0d933e2aab92ee37f0993a4d493b50e3d438',
      )
      assert.equal(
        proof('app-secret', 'page-token'),
        'd8b448b9cc7d64c51098271805b3cc20b5b715e52bd587eb71b610259587c856',
      )
    },
  ],
  [
    'bodies are escaped as Meta does it, and mean the same',
    async () => {
      const value = { text: 'Grüße \u{1f600} </b> \u007f' }
      const bytes = encode(value)
      assert.ok(
        bytes.every((byte) => byte < 0x7f),
        'nothing but ASCII',
      )
      assert.match(bytes.toString(), /Gr\\u00fc\\u00dfe \\ud83d\\ude00 <\\\/b> \\u007f/)
      assert.deepEqual(JSON.parse(bytes), value)
    },
  ],
  [
    'a message is taken, answered, echoed and delivered',
    () =>
      stage(async ({ graph, sink, ana }) => {
        const { status, json } = await send(graph, text('PSID1', 'It left today.', { metadata: 'ours:1' }))
        assert.equal(status, 200)
        assert.deepEqual(Object.keys(json), ['recipient_id', 'message_id'])
        assert.deepEqual(ana.texts, ['It left today.'])
        await until('echo and delivery', () => sink.events('delivery').length === 1)
        const [echo] = sink.events('message')
        assert.deepEqual([echo.sender.id, echo.recipient.id], [graph.page.id, 'PSID1'])
        assert.deepEqual(echo.message, {
          mid: json.message_id,
          text: 'It left today.',
          metadata: 'ours:1',
          is_echo: true,
          app_id: graph.appId,
        })
        assert.deepEqual(sink.events('delivery')[0].delivery, { mids: [json.message_id], watermark: echo.timestamp })
        graph.check()
      }),
  ],
  [
    'tokens come as header or query, and must be right',
    () =>
      stage(async ({ graph }) => {
        assert.equal(
          (await call(graph, 'POST', `${path(graph)}?access_token=page-token`, { token: null, body: text('PSID1') }))
            .status,
          200,
        )
        assert.equal((await call(graph, 'POST', '/v26.0/me/messages', { body: text('PSID1') })).status, 200)
        await misused(graph, send(graph, text('PSID1'), { token: null }), /access token is required/, 104)
        await misused(
          graph,
          call(graph, 'POST', `${path(graph)}?access_token=other`, { body: text('PSID1') }),
          /different tokens/,
        )
        await misused(
          graph,
          send(graph, text('PSID1'), { headers: { authorization: 'page-token' } }),
          /not "Bearer/,
          104,
        )
        await refused(graph, send(graph, text('PSID1'), { token: 'wrong' }), 190, undefined)
        graph.endToken()
        await refused(graph, send(graph, text('PSID1')), 190, 463)
        graph.endToken(460)
        await refused(graph, send(graph, text('PSID1')), 190, 460)
        graph.renewToken('next-token')
        assert.equal((await send(graph, text('PSID1'))).status, 200)
        await refused(graph, send(graph, text('PSID1'), { token: 'page-token' }), 190, 460)
      }),
  ],
  [
    'the proof is checked when it comes and missed when it is demanded',
    () =>
      stage(
        async ({ graph }) => {
          const good = proof(graph.appSecret, graph.token)
          const to = (value) => call(graph, 'POST', `${path(graph)}?appsecret_proof=${value}`, { body: text('PSID1') })
          assert.equal((await to(good)).status, 200)
          await misused(graph, send(graph, text('PSID1')), /require an appsecret_proof/)
          await misused(graph, to(good.replace(/^./, (c) => (c === '0' ? '1' : '0'))), /Invalid appsecret_proof/)
        },
        { demandProof: true },
      ),
  ],
  [
    'paths, versions, methods and queries are exact',
    () =>
      stage(async ({ graph }) => {
        const post = (where) => call(graph, 'POST', where, { body: text('PSID1') })
        await misused(graph, post(`/${graph.page.id}/messages`), /does not begin with a version/, 2500)
        await misused(graph, post('/v2.6/me/messages'), /version v2\.6 is not alive/, 2635)
        await misused(graph, post('/v25.0/another-page/messages'), /Unsupported POST request/)
        await misused(graph, post('/v25.0/me/message'), /Unsupported POST request/)
        await misused(graph, post('/v25.0/me/messages/'), /Unsupported POST request/)
        await misused(graph, call(graph, 'GET', '/v25.0/me/messages'), /Unsupported GET request/)
        await misused(graph, post('/v25.0/me/messages?debug=1'), /unknown key "debug"/)
        await misused(
          graph,
          post('/v25.0/me/messages?access_token=page-token&access_token=page-token'),
          /"access_token" twice/,
        )
      }),
  ],
  [
    'the body is JSON in UTF-8 and says so',
    () =>
      stage(async ({ graph }) => {
        const raw = (bytes, headers = {}) => call(graph, 'POST', path(graph), { raw: bytes, headers })
        await misused(graph, raw('{"recipient":'), /not JSON/)
        await misused(graph, raw(Buffer.from([0x7b, 0xff, 0x7d])), /not UTF-8/)
        await misused(
          graph,
          raw(JSON.stringify(text('PSID1')), { 'content-type': 'text/plain' }),
          /Content-Type is text\/plain/,
        )
        await misused(graph, raw('[]'), /the body must be an object/)
      }),
  ],
  [
    'unknown and missing keys are refused at every depth',
    () =>
      stage(async ({ graph }) => {
        const bad = (body, pattern) => misused(graph, send(graph, body), pattern)
        await bad({ ...text('PSID1'), notification_kind: 'LOUD' }, /the body has the unknown key "notification_kind"/)
        await bad({ ...text('PSID1'), recipient: { id: 'PSID1', name: 'Ana' } }, /recipient has the unknown key "name"/)
        await bad({ ...text('PSID1'), recipient: {} }, /needs exactly one of id, comment_id/)
        await bad({ ...text('PSID1'), recipient: { id: 5 } }, /recipient\.id must be a string/)
        await bad(text('PSID1', 'x', { message_id: 'm' }), /message has the unknown key "message_id"/)
        await bad({ recipient: { id: 'PSID1' }, messaging_type: 'RESPONSE' }, /exactly one of message, sender_action/)
        await bad({ recipient: { id: 'PSID1' }, message: { text: 'x' } }, /lacks "messaging_type"/)
        await bad({ ...text('PSID1'), messaging_type: 'REPLY' }, /must be one of RESPONSE/)
        await bad({ ...text('PSID1'), messaging_type: 'UTILITY' }, /approved template/)
        await bad({ ...text('PSID1'), payload: {} }, /"payload" belongs to sender_action/)
        await bad({ ...text('PSID1'), reply_to: { mid: 'm_nowhere' } }, /in no message of this conversation/)
        await bad({ ...text('PSID1'), message: {} }, /exactly one of text, attachment, sticker_id/)
      }),
  ],
  [
    'a text has 1 to 2000 characters, counted as people count',
    () =>
      stage(async ({ graph, ana }) => {
        assert.equal((await send(graph, text('PSID1', '\u{1f600}'.repeat(2000)))).status, 200)
        assert.equal([...ana.texts[0]].length, 2000)
        await misused(graph, send(graph, text('PSID1', 'x'.repeat(2001))), /2001 characters, the limit is 2000/)
        await misused(graph, send(graph, text('PSID1', '')), /is empty/)
        await misused(graph, send(graph, text('PSID1', ' \n')), /is blank/)
        await misused(graph, send(graph, text('PSID1', 7)), /must be a string/)
        await misused(graph, send(graph, text('PSID1', 'x', { metadata: 'x'.repeat(1001) })), /metadata has 1001/)
        await misused(
          graph,
          call(graph, 'POST', path(graph), {
            raw: '{"recipient":{"id":"PSID1"},"messaging_type":"RESPONSE","message":{"text":"\\ud800"}}',
          }),
          /half of a surrogate pair/,
        )
      }),
  ],
  [
    'quick replies and templates keep their limits',
    () =>
      stage(async ({ graph }) => {
        const reply = (title = 'Yes', payload = 'Y') => ({ content_type: 'text', title, payload })
        const replies = (list) => send(graph, text('PSID1', 'Which?', { quick_replies: list }))
        assert.equal((await replies(Array(13).fill(reply('x'.repeat(20), 'y'.repeat(1000))))).status, 200)
        await misused(graph, replies(Array(14).fill(reply())), /14 entries, the limit is 13/)
        await misused(graph, replies([]), /something in it/)
        await misused(graph, replies([reply('x'.repeat(21))]), /title has 21 characters/)
        await misused(graph, replies([reply('x', 'y'.repeat(1001))]), /payload has 1001/)
        await misused(graph, replies([{ ...reply(), image: 'x' }]), /unknown key "image"/)

        const template = (payload) =>
          send(graph, { ...text('PSID1'), message: { attachment: { type: 'template', payload } } })
        const button = { type: 'postback', title: 'Track', payload: 'TRACK' }
        assert.equal(
          (await template({ template_type: 'button', text: 'x'.repeat(640), buttons: [button, button, button] }))
            .status,
          200,
        )
        assert.equal(
          (
            await template({
              template_type: 'generic',
              elements: Array(10).fill({ title: 'x'.repeat(80), buttons: [button] }),
            })
          ).status,
          200,
        )
        await misused(
          graph,
          template({ template_type: 'button', text: 'x'.repeat(641), buttons: [button] }),
          /641 characters/,
        )
        await misused(
          graph,
          template({ template_type: 'button', text: 'x', buttons: Array(4).fill(button) }),
          /4 entries, the limit is 3/,
        )
        await misused(
          graph,
          template({ template_type: 'generic', elements: Array(11).fill({ title: 'x' }) }),
          /11 entries/,
        )
        await misused(
          graph,
          template({ template_type: 'generic', elements: [{ title: 'x'.repeat(81) }] }),
          /81 characters/,
        )
        await misused(graph, template({ template_type: 'receipt' }), /must be one of button, generic/)
      }),
  ],
  [
    'the window is 24 hours, and 7 days for a person who answers late',
    () =>
      stage(async ({ graph, ana }) => {
        const tagged = { ...text('PSID1'), messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }
        graph.advance(day - 60000)
        assert.equal((await send(graph, text('PSID1'))).status, 200)
        graph.advance(61000)
        await refused(graph, send(graph, text('PSID1')), 10, 2018278)
        await refused(graph, send(graph, { ...text('PSID1'), messaging_type: 'UPDATE' }), 10, 2018278)
        assert.equal((await send(graph, tagged)).status, 200)
        graph.advance(6 * day)
        await refused(graph, send(graph, tagged), 10, 2018278)
        await ana.says('Still there?')
        assert.equal((await send(graph, text('PSID1'))).status, 200)
        // Receipts and our own echoes open nothing.
        graph.advance(day + 1)
        await ana.reads()
        await ana.inbox('from the inbox')
        await refused(graph, send(graph, text('PSID1')), 10, 2018278)
        await ana.presses('Get Started', 'START')
        assert.equal((await send(graph, text('PSID1'))).status, 200)
        graph.advance(2 * day)
        await ana.says('I saw your advertisement', {
          referral: { ref: 'x', source: 'ADS', type: 'OPEN_THREAD', ad_id: '77' },
        })
        graph.advance(6 * day)
        assert.equal((await send(graph, text('PSID1'))).status, 200)
        graph.check()
      }),
  ],
  [
    'tags: dead ones, unknown ones, one in the wrong place, and the feature that is missing',
    () =>
      stage(async ({ graph }) => {
        const tagged = (tag) => ({ ...text('PSID1'), messaging_type: 'MESSAGE_TAG', ...(tag ? { tag } : {}) })
        for (const dead of ['CONFIRMED_EVENT_UPDATE', 'ACCOUNT_UPDATE', 'POST_PURCHASE_UPDATE'])
          await misused(graph, send(graph, tagged(dead)), /stopped working/)
        await misused(graph, send(graph, tagged('FRIENDLY')), /must be one of HUMAN_AGENT/)
        await misused(graph, send(graph, tagged()), /needs "tag"/)
        await misused(
          graph,
          send(graph, { ...text('PSID1'), tag: 'HUMAN_AGENT' }),
          /belongs to messaging_type MESSAGE_TAG/,
        )
        graph.humanAgent = false
        await refused(graph, send(graph, tagged('HUMAN_AGENT')), 10, undefined)
      }),
  ],
  [
    'recipients: unknown, never wrote, blocked, and those whose id is an error',
    () =>
      stage(async ({ graph, ana }) => {
        await refused(graph, send(graph, text('PSID404')), 100, 2018001)
        graph.person('PSID2')
        await refused(graph, send(graph, text('PSID2')), 10, 2018278)
        ana.blocked = true
        await refused(graph, send(graph, text('PSID1')), 551, undefined)
        const rows = [
          [1],
          [2],
          [4],
          [17],
          [32],
          [613],
          [80006],
          [10, 2018278],
          [10, 2534022],
          [10, 2018065],
          [10, 1893063],
          [368],
          [10, 2534122],
          [10, 2534029],
          [10],
          [200],
          [299],
          [190],
          [190, 463],
          [102],
          [551],
          [200, 1545041],
          [100, 2018001],
          [100, 2018108],
          [100, 2018109],
          [100],
        ]
        for (const [code, subcode] of rows) {
          const id = subcode ? `err-${code}-${subcode}` : `err-${code}`
          await graph.person(id).says('hi')
          const { headers } = await refused(graph, send(graph, text(id)), code, subcode)
          if ([4, 17, 32, 613, 80006].includes(code)) {
            assert.ok(JSON.parse(headers.get('x-app-usage')).call_count >= 0)
            const usage = JSON.parse(headers.get('x-business-use-case-usage'))
            assert.equal(usage[graph.page.id][0].estimated_time_to_regain_access, 1)
          }
        }
        graph.check()
      }),
  ],
  [
    'planned misbehaviour happens once, and to whom it is meant for',
    () =>
      stage(async ({ graph, ana }) => {
        await graph.person('PSID2').says('me too')
        graph.plan({ user: 'PSID2', error: { code: 613, regain: 7 } })
        assert.equal((await send(graph, text('PSID1'))).status, 200)
        const { headers } = await refused(graph, send(graph, text('PSID2')), 613, undefined)
        assert.match(headers.get('x-business-use-case-usage'), /"estimated_time_to_regain_access":7/)
        assert.equal((await send(graph, text('PSID2'))).status, 200)

        graph.plan({ status: 503, times: 2 })
        for (let i = 0; i < 2; i++) {
          const { status, json } = await send(graph, text('PSID1', 'again'))
          assert.deepEqual([status, json], [503, undefined])
        }
        graph.plan({ error: { code: 1200, transient: true } })
        assert.equal((await send(graph, text('PSID1'))).error.is_transient, true)
        graph.plan({ garbage: true })
        const garbage = await send(graph, text('PSID1', 'garbled'))
        assert.deepEqual([garbage.status, garbage.json], [200, undefined])
        assert.deepEqual(ana.texts, ['Hello', 'garbled'], 'what was refused was not accepted')
        for (const plan of [{ truncate: true }, { drop: 'accepted' }]) {
          graph.plan(plan)
          await assert.rejects(send(graph, text('PSID1', Object.keys(plan)[0])))
        }
        for (const drop of ['early', 'body']) {
          graph.plan({ drop })
          await assert.rejects(send(graph, text('PSID1', drop)))
        }
        assert.deepEqual(ana.texts, ['Hello', 'garbled', 'truncate', 'drop'])
        graph.check()
        assert.throws(() => graph.plan({ mood: 'bad' }), /no "mood"/)
        assert.throws(() => graph.plan({ hang: 'maybe' }), /accepted, refused/)
      }),
  ],
  [
    'a message is accepted though its answer never comes, and the echo tells',
    () =>
      stage(async ({ graph, sink, ana }) => {
        const patience = () => AbortSignal.timeout(150)
        graph.plan({ hang: 'accepted', echo: 'late', after: 50 })
        await assert.rejects(send(graph, text('PSID1', 'lost', { metadata: 'ours:7' }), { signal: patience() }))
        await until('the echo', () => sink.events('message').some(({ message }) => message.metadata === 'ours:7'))
        graph.plan({ hang: 'refused' })
        await assert.rejects(send(graph, text('PSID1', 'never'), { signal: patience() }))
        graph.plan({ echo: 'first' })
        const before = sink.events('message').length
        const early = send(graph, text('PSID1', 'fast'))
        assert.equal((await early).status, 200)
        assert.equal(sink.events('message').length, before + 1, 'the echo came before the answer')
        graph.plan({ echo: 'twice' })
        await send(graph, text('PSID1', 'double'))
        await until(
          'both echoes',
          () => sink.events('message').filter(({ message }) => message.text === 'double').length === 2,
        )
        graph.plan({ echo: 'never' })
        await send(graph, text('PSID1', 'silent'))
        await until('the delivery', () => sink.events('delivery').length === 4)
        assert.ok(!sink.events('message').some(({ message }) => message.text === 'silent'))
        assert.deepEqual(ana.texts, ['lost', 'fast', 'double', 'silent'])
        graph.check()
      }),
  ],
  [
    'two messages under way at once to one person are noticed, to two persons they are fine',
    () =>
      stage(async ({ graph }) => {
        await graph.person('PSID2').says('hi')
        graph.plan({ slow: 100, times: 2 })
        await Promise.all([send(graph, text('PSID1', 'a')), send(graph, text('PSID2', 'b'))])
        graph.check()
        graph.plan({ slow: 100 })
        await Promise.all([send(graph, text('PSID1', 'c')), send(graph, text('PSID1', 'd'))])
        assert.throws(() => graph.check(), /two messages to PSID1 were under way/)
      }),
  ],
  [
    'the same metadata twice is a message sent twice',
    () =>
      stage(async ({ graph }) => {
        graph.plan({ error: { code: 2 } })
        await send(graph, text('PSID1', 'x', { metadata: 'ours:1' }))
        await send(graph, text('PSID1', 'x', { metadata: 'ours:1' }))
        graph.check()
        await send(graph, text('PSID1', 'x', { metadata: 'ours:1' }))
        assert.throws(() => graph.check(), /ours:1 was sent to PSID1 twice/)
      }),
  ],
  [
    'rates of the page and of the day',
    () =>
      stage(
        async ({ graph }) => {
          for (let i = 0; i < 3; i++) assert.equal((await send(graph, text('PSID1'))).status, 200)
          await refused(graph, send(graph, text('PSID1')), 613, undefined)
          graph.advance(1001)
          assert.equal((await send(graph, text('PSID1'))).status, 200)
          graph.advance(1001)
          assert.equal((await send(graph, text('PSID1'))).status, 200)
          const { headers } = await refused(graph, send(graph, text('PSID1')), 80006, undefined)
          assert.match(headers.get('x-business-use-case-usage'), /"estimated_time_to_regain_access":60/)
        },
        { rates: { text: 3, day: 5 } },
      ),
  ],
  [
    'videos and voice messages have a rate of their own',
    () =>
      stage(
        async ({ graph }) => {
          const url = graph.media.add({ type: 'video/mp4', bytes: Buffer.from('film') })
          const video = { ...text('PSID1'), message: { attachment: { type: 'video', payload: { url } } } }
          assert.equal((await send(graph, video)).status, 200)
          await refused(graph, send(graph, video), 613, undefined)
          assert.equal((await send(graph, text('PSID1'))).status, 200)
        },
        { rates: { media: 1 } },
      ),
  ],
  [
    'sender actions: one call each, with nothing beside them',
    () =>
      stage(async ({ graph, ana }) => {
        const action = (more) => send(graph, { recipient: { id: 'PSID1' }, ...more })
        const { json } = await action({ sender_action: 'typing_on' })
        assert.deepEqual(json, { recipient_id: 'PSID1' })
        assert.ok(ana.typing)
        graph.advance(20001)
        assert.ok(!ana.typing, 'typing lapses after 20 s')
        assert.equal((await action({ sender_action: 'mark_seen' })).status, 200)
        assert.equal(ana.seenUpto, ana.lastAt)
        const { mid } = await ana.says('nice')
        assert.equal(
          (await action({ sender_action: 'react', payload: { message_id: mid, reaction: 'love' } })).status,
          200,
        )
        assert.deepEqual(
          ana.actions.map((each) => each.action),
          ['typing_on', 'mark_seen', 'react'],
        )
        graph.check()
        await misused(graph, action({ sender_action: 'dance' }), /must be one of typing_on/)
        await misused(
          graph,
          action({ sender_action: 'typing_on', messaging_type: 'RESPONSE' }),
          /unknown key "messaging_type"/,
        )
        await misused(
          graph,
          action({ sender_action: 'typing_on', message: { text: 'x' } }),
          /exactly one of message, sender_action/,
        )
        await misused(graph, action({ sender_action: 'react', payload: {} }), /payload lacks "message_id"/)
        await misused(graph, action({ sender_action: 'typing_off', payload: {} }), /takes no payload/)
        await misused(
          graph,
          action({ sender_action: 'react', payload: { message_id: 'm_x', reaction: 'love' } }),
          /in no message/,
        )
      }),
  ],
  [
    'attachments are fetched, and must be there, of their kind and not too large',
    () =>
      stage(async ({ graph, ana }) => {
        const media = (type, url, more = {}) =>
          send(graph, { ...text('PSID1'), message: { attachment: { type, payload: { url, ...more } } } })
        assert.equal((await media('image', graph.media.add(), { is_reusable: false })).status, 200)
        assert.equal(ana.received[0].file.type, 'image/png')
        assert.equal(
          (await media('file', graph.media.add({ type: 'application/pdf', bytes: Buffer.from('%PDF-') }))).status,
          200,
        )
        await refused(graph, media('video', graph.media.add()), 100, undefined)
        await refused(graph, media('image', graph.media.add({ status: 404 })), 100, 2018108)
        await refused(graph, media('image', graph.media.add({ size: 9 * 1024 * 1024 })), 100, 2018109)
        graph.check()
        await misused(graph, media('image', 'http://example.org/x.png'), /must be an https address/)
        await misused(graph, media('picture', graph.media.add()), /must be one of image/)
        await misused(graph, media('image', graph.media.add(), { is_reusable: 'no' }), /true or false/)
        await misused(
          graph,
          send(graph, {
            ...text('PSID1'),
            message: { text: 'x', attachment: { type: 'image', payload: { url: graph.media.add() } } },
          }),
          /text and attachment/,
        )
      }),
  ],
  [
    'uploads: a file beside the message, and one kept for later',
    () =>
      stage(async ({ graph, ana }) => {
        const form = (fields, file = new Blob(['%PDF-'], { type: 'application/pdf' })) => {
          const data = new FormData()
          for (const [name, value] of Object.entries(fields))
            data.append(name, typeof value === 'string' ? value : JSON.stringify(value))
          if (file) data.append('filedata', file, 'bill.pdf')
          return data
        }
        const upload = async (edge, fields, file) => {
          const answer = await fetch(`${graph.base}${path(graph, edge)}`, {
            method: 'POST',
            headers: { authorization: 'Bearer page-token' },
            body: form(fields, file),
          })
          const json = await answer.json()
          return { status: answer.status, json, error: json.error }
        }
        const attachment = { type: 'file', payload: { is_reusable: true } }
        const fields = { recipient: { id: 'PSID1' }, messaging_type: 'RESPONSE', message: { attachment } }
        assert.equal((await upload('messages', fields)).status, 200)
        assert.deepEqual([ana.received[0].file.name, ana.received[0].file.bytes.toString()], ['bill.pdf', '%PDF-'])
        const { json } = await upload('message_attachments', { message: { attachment } })
        const kept = { type: 'file', payload: { attachment_id: json.attachment_id } }
        assert.equal((await send(graph, { ...text('PSID1'), message: { attachment: kept } })).status, 200)
        assert.equal(ana.received[1].file.name, 'bill.pdf')
        graph.check()
        await misused(graph, upload('messages', { ...fields, colour: 'red' }), /unknown field "colour"/)
        await misused(graph, upload('messages', fields, null), /needs "filedata"/)
      }),
  ],
  [
    'profiles: public, without a name, refused, forbidden; unknown fields',
    () =>
      stage(async ({ graph }) => {
        const look = (id, fields = 'first_name,last_name,profile_pic,name,locale,timezone') =>
          call(graph, 'GET', `/v25.0/${id}?fields=${fields}`)
        const { json } = await look('PSID1')
        assert.deepEqual(
          { ...json, profile_pic: null },
          { first_name: 'Ana', last_name: 'B', profile_pic: null, name: 'Ana B', id: 'PSID1' },
        )
        const picture = await fetch(json.profile_pic)
        assert.deepEqual([picture.status, picture.headers.get('content-type')], [200, 'image/png'])
        await refused(graph, look('PSID404'), 100, 33)
        graph.person('PSID2')
        await refused(graph, look('PSID2'), 100, 33)
        for (const profile of ['nameless', 'refused', 'forbidden'])
          await graph.person(`P-${profile}`, { profile }).says('hi')
        assert.deepEqual((await look('P-nameless')).json, { id: 'P-nameless' })
        await refused(graph, look('P-refused'), 100, 2018218)
        await refused(graph, look('P-forbidden'), 10, undefined)
        graph.check()
        await misused(graph, look('PSID1', 'name,shoe_size'), /nonexisting field \(shoe_size\)/)
        const page = await call(graph, 'GET', '/v25.0/me?fields=id,name')
        assert.deepEqual(page.json, { id: graph.page.id, name: 'The shop' })
      }),
  ],
  [
    'events come for subscribed fields only',
    () =>
      stage(
        async ({ graph, sink, ana }) => {
          assert.equal(
            await graph
              .person('PSID1')
              .says('nobody listens')
              .then(({ attempts }) => attempts),
            0,
          )
          assert.equal(sink.got.length, 0)
          const subscribe = (fields) =>
            call(graph, 'POST', `${path(graph, 'subscribed_apps')}?subscribed_fields=${fields}`)
          assert.deepEqual((await subscribe('messages,message_reads')).json, { success: true })
          const { json } = await call(graph, 'GET', path(graph, 'subscribed_apps'))
          assert.deepEqual(json.data[0].subscribed_fields, ['messages', 'message_reads'])
          await ana.says('now')
          await ana.presses('x', 'y')
          await ana.reads()
          assert.equal(sink.got.length, 2)
          await misused(graph, subscribe('messages,smoke_signals'), /no "smoke_signals"/)
          await misused(graph, subscribe(''), /missing/)
        },
        { subscribed: false },
      ),
  ],
  [
    'the verification request tells mode, token and challenge',
    () =>
      stage(async ({ graph, sink }) => {
        let url
        sink.answer = (req) => ((url = new URL(req.url, 'http://x')), 200)
        const answer = await graph.verify({ challenge: '12 3&4' })
        assert.deepEqual(Object.fromEntries(url.searchParams), {
          'hub.mode': 'subscribe',
          'hub.verify_token': 'verify-token',
          'hub.challenge': '12 3&4',
        })
        assert.deepEqual([answer.status, answer.body], [200, '12 3&4'])
      }),
  ],
  [
    'webhooks are signed over the bytes that travel; forged ones are not',
    () =>
      stage(async ({ graph, sink, ana }) => {
        const good = ({ headers, bytes }) =>
          headers['x-hub-signature-256']?.toLowerCase() === signature('app-secret', bytes)
        await ana.says('Grüße / größer')
        const [plain] = sink.got
        assert.ok(good(plain))
        assert.match(plain.headers['x-hub-signature'], /^sha1=[0-9a-f]{40}$/)
        assert.match(plain.bytes.toString(), /Gr\\u00fc\\u00dfe \\\/ gr/)
        assert.equal(plain.headers['content-type'], 'application/json')
        await ana.says('capitals', { upper: true })
        assert.match(sink.got[1].headers['x-hub-signature-256'], /^sha256=[0-9A-F]{64}$/)
        assert.ok(good(sink.got[1]))
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
          sink.got.length = 0
          sink.answer = () => 403
          const { status } = await graph.send([ana.message({ text: 'größer' })], { forge })
          assert.equal(status, 403, forge)
          assert.equal(sink.got.length, 1, `${forge} is posted once`)
          assert.ok(!good(sink.got[0]), forge)
        }
      }),
  ],
  [
    'every event has its shape',
    () =>
      stage(async ({ graph, sink, ana }) => {
        const { mid } = await ana.says('first')
        await ana.says('answer', { reply_to: mid })
        await ana.taps('Yes', 'Y')
        await ana.presses('Get Started', 'START', { referral: { ref: 'r', source: 'SHORTLINK', type: 'OPEN_THREAD' } })
        await ana.sends('image')
        await ana.sticker()
        await ana.location(52.5, 13.4)
        await ana.attaches([{ type: 'fallback', title: 'A link' }], { text: 'look' })
        await ana.opens('campaign')
        await ana.reacts(mid)
        await ana.unreacts(mid)
        await ana.edits(mid, 'First')
        await ana.optsIn('newsletter')
        await ana.gets()
        await ana.reads({ watermark: 5 })
        await ana.inbox('we are here')
        await ana.inbox('silent app', { app: null })
        await ana.post(events.passThreadControl(graph.page.id, ana.id, graph.tick(), events.inboxApp))
        await ana.post(events.takeThreadControl(graph.page.id, ana.id, graph.tick(), events.inboxApp))
        await ana.post(events.policyEnforcement(graph.page.id, graph.tick(), 'block', 'spam'))
        await ana.post(events.standby(ana.message({ text: 'to another app' })))
        await ana.says('wrapped', { wrapped: true })
        await ana.says('changed', { wrapped: 'changes' })
        await ana.says('old clock', { seconds: true })
        const comment = await graph.comment(ana, 'Price?')
        const all = sink.got.map(({ body }) => body.entry[0])
        const each = all.map((entry) => entry.messaging?.[0] ?? {})
        assert.deepEqual(each[1].message.reply_to, { mid, is_self_reply: false })
        assert.deepEqual(each[2].message.quick_reply, { payload: 'Y' })
        assert.deepEqual(Object.keys(each[3].postback), ['mid', 'title', 'payload', 'referral'])
        assert.equal(each[4].message.attachments[0].type, 'image')
        assert.equal(each[5].message.attachments[0].payload.sticker_id, 369239263222822)
        assert.deepEqual(each[6].message.attachments, [
          { type: 'location', payload: { coordinates: { lat: 52.5, long: 13.4 } } },
        ])
        assert.deepEqual(each[7].message.attachments, [{ type: 'fallback', title: 'A link' }])
        assert.deepEqual(each[8].referral, { ref: 'campaign', source: 'SHORTLINK', type: 'OPEN_THREAD' })
        assert.deepEqual(each[9].reaction, { mid, action: 'react', emoji: '\u2764', reaction: 'love' })
        assert.deepEqual(each[10].reaction, { mid, action: 'unreact' })
        assert.deepEqual(each[11].message_edit, { mid, text: 'First', num_edit: 1 })
        assert.deepEqual(each[12].optin, { ref: 'newsletter' })
        assert.deepEqual(Object.keys(each[13].delivery), ['watermark'])
        assert.deepEqual(each[14].read, { watermark: 5 })
        assert.deepEqual(
          [each[15].message.is_echo, each[15].message.app_id, each[15].sender.id],
          [true, events.inboxApp, graph.page.id],
        )
        assert.ok(!('app_id' in each[16].message))
        assert.equal(each[17].pass_thread_control.new_owner_app_id, events.inboxApp)
        assert.equal(each[18].take_thread_control.previous_owner_app_id, events.inboxApp)
        assert.deepEqual(each[19].policy_enforcement, { action: 'block', reason: 'spam' })
        assert.equal(all[20].standby[0].message.text, 'to another app')
        assert.equal(each[21].field, 'messages')
        assert.equal(each[21].value.message.text, 'wrapped')
        assert.equal(all[22].changes[0].value.message.text, 'changed')
        assert.match(each[23].timestamp, /^\d{10}$/)
        assert.deepEqual(Object.keys(all[24].changes[0].value), [
          'item',
          'verb',
          'comment_id',
          'post_id',
          'parent_id',
          'from',
          'message',
          'created_time',
        ])
        assert.equal(all[24].changes[0].value.comment_id, comment)
        assert.ok(all.every((entry) => entry.id === graph.page.id && Number.isInteger(entry.time)))
        graph.check()
      }),
  ],
  [
    'a comment gets one private answer, within a week',
    () =>
      stage(async ({ graph, ana }) => {
        const id = await graph.comment(ana, 'Price?')
        const answer = () => send(graph, { recipient: { comment_id: id }, message: { text: '5 euros' } })
        assert.equal(
          (await call(graph, 'POST', `/v25.0/${id}/comments`, { body: { message: 'See your inbox' } })).status,
          200,
        )
        assert.equal((await answer()).json.recipient_id, 'PSID1')
        await misused(graph, answer(), /has its private answer already/)
        const old = await graph.comment(ana, 'And this?', { id: 'P_2' })
        graph.advance(7 * day + 1000)
        await refused(graph, send(graph, { recipient: { comment_id: old }, message: { text: 'x' } }), 100, undefined)
      }),
  ],
  [
    'batches, split writes, duplicates and albums',
    () =>
      stage(async ({ graph, sink, ana }) => {
        const ben = graph.person('PSID2')
        await graph.send([ana.message({ text: '1' }), ben.message({ text: '2' }), ana.message({ text: '3' })], {
          entries: true,
          split: 11,
        })
        assert.equal(sink.got[0].body.entry.length, 3)
        assert.ok(sink.got[0].parts > 5, 'it came in many pieces')
        await graph.send([ana.message({ text: '4' }), ben.message({ text: '5' })])
        assert.equal(sink.got[1].body.entry[0].messaging.length, 2)
        sink.got.length = 0
        await ana.says('twice', { twice: true })
        await ana.says('together', { twice: 'together' })
        const [a, b, c, d] = sink.events('message').map(({ message }) => message.mid)
        assert.deepEqual([a === b, c === d, a === c], [true, true, false])
        sink.got.length = 0
        const album = await ana.album(20)
        const came = sink.events('message')
        assert.equal(came.length, 20)
        assert.equal(new Set(came.map(({ message }) => message.mid)).size, 20)
        assert.deepEqual(
          came.map(({ timestamp }) => timestamp).sort((x, y) => x - y),
          album.map(({ at }) => at),
        )
        assert.notDeepEqual(
          came.map(({ message }) => message.mid),
          album.map(({ mid }) => mid),
          'they overtake each other',
        )
      }),
  ],
  [
    'what is not taken comes again, in order, until it is',
    () =>
      stage(async ({ graph, sink, ana }) => {
        let refusals = 3
        sink.answer = () => (refusals-- > 0 ? [503, 404, null][refusals] : 200)
        graph.hook.deadline = 200
        const first = ana.says('1')
        const second = ana.says('2')
        assert.equal((await first).attempts, 4)
        assert.equal((await second).attempts, 1)
        assert.deepEqual(
          sink.events('message').map(({ message }) => message.text),
          ['1', '1', '1', '1', '2'],
        )
        assert.deepEqual(sink.got[0].bytes, sink.got[3].bytes, 'the same bytes')
        graph.hook.pause()
        sink.got.length = 0
        const held = ana.says('3')
        await new Promise((done) => setTimeout(done, 50))
        assert.equal(sink.got.length, 0)
        graph.hook.resume()
        await held
        assert.equal(sink.got.length, 1)
      }),
  ],
  [
    'files: slow, expired, redirected, larger than told, and the address nobody may visit',
    () =>
      stage(async ({ graph }) => {
        const load = async (options) => {
          const answer = await fetch(graph.media.add(options), { redirect: 'manual' })
          return {
            status: answer.status,
            type: answer.headers.get('content-type'),
            location: answer.headers.get('location'),
            answer,
          }
        }
        const slow = await load({ bytes: Buffer.alloc(40, 'x'), pause: 5, type: 'text/plain' })
        assert.equal((await slow.answer.text()).length, 40)
        const large = await load({ size: 300000, told: null, type: 'video/mp4' })
        assert.deepEqual([large.type, (await large.answer.arrayBuffer()).byteLength], ['video/mp4', 300000])
        assert.equal((await load({ expires: graph.now() - 1 })).status, 403)
        const redirected = await load({ redirect: 'private' })
        assert.equal(redirected.status, 302)
        graph.check()
        await fetch(redirected.location)
        assert.throws(() => graph.check(), /fetched from a private address/)
      }),
  ],
  [
    'the program explains itself and refuses nonsense',
    async () => {
      const ask = (...args) =>
        new Promise((done) =>
          execFile(process.execPath, [program, ...args], (error, out, err) =>
            done({ code: error?.code ?? 0, out, err }),
          ),
        )
      const help = await ask('--help')
      assert.equal(help.code, 0)
      assert.match(help.out, /--webhook URL/)
      const wrong = await ask('--colour')
      assert.equal(wrong.code, 2)
      assert.match(wrong.err, /no option --colour/)
    },
  ],
  [
    'the program sends what is written and shows what arrives',
    async () => {
      const sink = await new Sink().start()
      const child = spawn(process.execPath, [program, '--webhook', sink.url])
      try {
        let out = ''
        child.stdout.on('data', (part) => (out += part))
        await until('its address', () => /is at (\S+)/.test(out))
        const [, base, page] = /is at (\S+) \(page (\d+)\)/.exec(out)
        child.stdin.write('Ana: Hello there\n')
        await until('the webhook', () => sink.events('message').length === 1)
        assert.equal(sink.events('message')[0].message.text, 'Hello there')
        const graph = { base, page: { id: page }, token: 'page-token' }
        assert.equal((await send(graph, text('Ana', 'Hello Ana'))).status, 200)
        await until('it shows the answer', () => out.includes('to Ana: Hello Ana'))
        const ended = new Promise((done) => child.on('exit', done))
        child.stdin.write('/quit\n')
        assert.equal(await ended, 0)
      } finally {
        child.kill()
        await sink.stop()
      }
    },
  ],
]

await run(tests)
