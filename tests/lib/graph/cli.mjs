// SPDX-License-Identifier: GPL-3.0-or-later
//
// The emulator for a person at a terminal: starts the stand-in, writes what arrives, and turns lines into what customers do.
import readline from 'node:readline'

const help = `Usage: node graph.mjs [OPTIONS]

A strict stand-in for Facebook's Graph API on 127.0.0.1. Give its address to the channel as the base address of the
Graph API, and the channel's webhook to --webhook.

  --port N            listen here (default: any free port, which is told)
  --webhook URL       where events are posted, http: only
  --page ID           the page's id (default 100200300400500)
  --token TOKEN       the page access token that is accepted (default page-token)
  --app-secret TEXT   signs the webhooks (default app-secret)
  --verify-token TEXT for the verification of the webhook (default verify-token)
  --demand-proof      calls must carry appsecret_proof
  --help              this text

Then write lines:
  Ana: Hello          Ana (any word; it is her id) writes "Hello"
  /photo Ana          sends a picture         /location Ana     a place
  /press Ana Title    presses a button        /read Ana         has seen everything
  /inbox Ana Text     somebody answers her from the page's own inbox
  /verify             verifies the webhook    /advance 25h      the clock jumps (s, m, h, d)
  /expire             the token expires       /token TOKEN      another token is right from now on
  /plan JSON          how the next call goes wrong, e.g. {"error":{"code":613}} or {"hang":"accepted"}
  /story              what was asked and posted   /check        what was misused   /quit
`

const units = { s: 1000, m: 60000, h: 3600000, d: 86400000 }

function parseOptions(args) {
  const names = {
    '--port': 'port',
    '--webhook': 'webhook',
    '--page': 'page',
    '--token': 'token',
    '--app-secret': 'appSecret',
    '--verify-token': 'verifyToken',
  }
  const options = {}
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--demand-proof') options.demandProof = true
    else if (!(args[i] in names)) throw new Error(`there is no option ${args[i]}; --help lists them`)
    else if (args[i + 1] === undefined) throw new Error(`${args[i]} needs a value`)
    else options[names[args[i]]] = args[++i]
  }
  if (options.port !== undefined && !/^\d{1,5}$/.test(options.port))
    throw new Error(`--port ${options.port}: it must be a number`)
  if (options.webhook !== undefined && !/^http:\/\//.test(options.webhook))
    throw new Error('--webhook must begin with http://')
  return options
}

const commands = {
  photo: (graph, who) => graph.person(who).sends('image'),
  location: (graph, who) => graph.person(who).location(52.52, 13.405),
  press: (graph, who, title) => graph.person(who).presses(title || 'Get Started', 'GET_STARTED'),
  read: (graph, who) => graph.person(who).reads(),
  inbox: (graph, who, text) => graph.person(who).inbox(text || 'A colleague here'),
  verify: async (graph) => console.log(await graph.verify()),
  advance: (graph, by) => {
    const [, number, unit] = /^(\d+)([smhd])$/.exec(by) ?? []
    if (!number) throw new Error('/advance takes a number with s, m, h or d')
    graph.advance(Number(number) * units[unit])
    console.log(`it is ${new Date(graph.now()).toISOString()}`)
  },
  expire: (graph) => graph.endToken(),
  token: (graph, token) => graph.renewToken(token),
  plan: (graph, first, rest) => graph.plan(JSON.parse(`${first} ${rest}`)),
  story: (graph) => console.log(graph.story(40)),
  check: (graph) => {
    graph.check()
    console.log('nothing was misused')
  },
}

const needsPerson = new Set(['photo', 'location', 'press', 'read', 'inbox', 'token'])

async function obey(graph, line) {
  const [, command, first = '', rest = ''] = /^\/(\w+)(?:\s+(\S+)(?:\s+(.*))?)?$/.exec(line) ?? []
  if (command) {
    if (!(command in commands)) throw new Error(`there is no /${command}`)
    if (needsPerson.has(command) && !first) throw new Error(`/${command} needs one more word`)
    await commands[command](graph, first, rest)
    return
  }
  const [, who, text] = /^([\w-]+):\s*(.+)$/.exec(line) ?? []
  if (!who) throw new Error('write "NAME: text", or a command from --help')
  await graph.person(who).says(text)
}

/** Prints what was accepted and misused since the last look. */
function watch(graph) {
  const told = { accepted: 0, actions: 0, violations: 0 }
  return setInterval(() => {
    for (const each of graph.accepted.slice(told.accepted))
      console.log(`to ${each.user}: ${each.text ?? JSON.stringify(each.message)}${each.tag ? ` [${each.tag}]` : ''}`)
    for (const each of graph.actions.slice(told.actions)) console.log(`${each.action} for ${each.user}`)
    for (const each of graph.violations.slice(told.violations)) console.log(`MISUSED: ${each.what}`)
    for (const key of Object.keys(told)) told[key] = graph[key].length
  }, 100)
}

export async function main(Graph, args) {
  if (args.includes('--help')) {
    process.stdout.write(help)
    return
  }
  let graph
  try {
    const { port, webhook, page, ...rest } = parseOptions(args)
    graph = await new Graph({ ...rest, ...(page ? { page: { id: page, name: 'The page' } } : {}) }).start(
      Number(port ?? 0),
    )
    graph.webhook = webhook ?? null
  } catch (error) {
    console.error(`graph.mjs: ${error.message}`)
    process.exitCode = 2
    return
  }
  console.log(`The Graph API is at ${graph.base} (page ${graph.page.id}).`)
  if (!graph.webhook) console.log('Without --webhook no event is posted.')
  const timer = watch(graph)
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line.trim() === '/quit') break
    // What a customer does is taken when the webhook answers; the next line need not wait for that.
    if (line.trim() !== '') obey(graph, line.trim()).catch((error) => console.error(error.message))
  }
  clearInterval(timer)
  process.stdin.destroy()
  await graph.stop()
}
