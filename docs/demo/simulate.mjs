#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Customers who chat by themselves, through the public protocol of the chat widget (plugins/channel/webchat/protocol.md)
// over plain HTTP. What they say, and how long they take to think, follows from the seed; when an agent answers does not.
// Runs on Node 18.

import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const NAMES = ['Amelie', 'Bruno', 'Chidi', 'Dana', 'Emre', 'Freya', 'Goran', 'Hana', 'Iris', 'Jonas', 'Kira', 'Luca'];

// First line, then an answer to each thing the agent says; after the last one the customer leaves.
const TALKS = [
  ['Hello, is the Boston fern in stock?', 'Great. How big is it?', 'And does it come with the pot?', 'I will take one, thank you!'],
  ['My parcel was to come yesterday but it is not here.', 'The order number is 40123.', 'It went to my work address, I think.',
    'Oh, then I will look at the reception. Thanks.'],
  ['My snake plant has yellow leaves. What am I doing wrong?', 'I water it twice a week.', 'It stands in a north window.',
    'Less water, more light. I will try that.'],
  ['Do you send to Norway?', 'How long would that take?', 'That is fine. Bye!'],
  ['I would like to return a plant.', 'It is the Swiss cheese plant, it is too big for my flat.', 'It has been here for three days.',
    'That is very kind, thank you.'],
  ['Can I pay by invoice?', 'For a company, yes.', 'Perfect, then I will order today.'],
  ['Which plant would you give to somebody who forgets everything?', 'And one with flowers?', 'The second one sounds good. Thanks!'],
];

// Numbers from 0 to 1 that follow from the seed (mulberry32).
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// A refusal that a second try does not change.
class Refused extends Error {}

async function request(url, options, signal) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 15000)) {
    let pause = wait;
    try {
      const response = await fetch(url, { ...options, signal });
      const body = await response.json();
      if (response.ok) return body;
      if (response.status !== 429 && response.status < 500)
        throw new Refused(`${new URL(url).pathname}: ${response.status} ${body.error?.code}: ${body.error?.message}`);
      pause = body.error?.retry_after_ms ?? wait;
    } catch (error) {
      if (signal.aborted || error instanceof Refused) throw error;
    }
    await sleep(pause, undefined, { signal });
  }
}

function post(url, body, signal) {
  return request(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }, signal);
}

export async function newSession(url, name, signal = new AbortController().signal) {
  return post(`${url}/session`, { name }, signal);
}

// One conversation of one browser, from the first message to its end.
export class Chat {
  constructor(url, token, name, signal) {
    Object.assign(this, { url, token, name, signal, after: 0, state: 'none', lines: [] });
  }

  async send(frame) {
    const key = Object.keys(frame)[0];
    for (;;) {
      const { frames } = await post(`${this.url}/send`, { token: this.token, frames: [frame] }, this.signal);
      const answer = frames[0] ?? {};
      if (answer.refused?.retry_after_ms === undefined) {
        if (answer.refused || answer.error) throw new Refused(`${key}: ${(answer.refused ?? answer.error).message}`);
        return answer.ack;
      }
      await sleep(answer.refused.retry_after_ms, undefined, { signal: this.signal });
    }
  }

  async say(id, text, thinking) {
    await this.send({ typing: true });
    await sleep(thinking, undefined, { signal: this.signal });
    await this.send({ message: { id, text, name: this.name } });
  }

  // Waits for news and takes them in.
  async poll() {
    const { frames } = await request(`${this.url}/poll?after=${this.after}&wait=20000`,
      { headers: { Authorization: `Bearer ${this.token}` } }, this.signal);
    for (const frame of frames) {
      if (frame.state) this.state = frame.state.state;
      if (!frame.line || frame.line.n <= this.after) continue;
      this.after = frame.line.n;
      this.lines.push(frame.line);
    }
    if (frames.some((frame) => frame.line)) await this.send({ read: this.after });
  }

  // Reads up to where the conversation is now; what was said in earlier chats needs no answer.
  async catchUp() {
    for (let seen = -1; seen !== this.after;) {
      seen = this.after;
      const { frames } = await request(`${this.url}/poll?after=${this.after}&wait=0`,
        { headers: { Authorization: `Bearer ${this.token}` } }, this.signal);
      for (const frame of frames) {
        if (frame.state) this.state = frame.state.state;
        if (frame.line) this.after = Math.max(this.after, frame.line.n);
      }
    }
    this.lines = [];
  }
}

// Holds the conversation TALK; answers each time the agent has said something.
async function converse(chat, talk, random, prefix) {
  const think = () => 1000 + Math.round(random() * 4000);
  await chat.catchUp();
  await chat.say(`${prefix}-0`, talk[0], think());
  let next = 1;
  let answered = 0;
  for (;;) {
    await chat.poll();
    if (chat.lines.some((line) => line.code === 'ended')) return;
    const said = chat.lines.filter((line) => line.author === 'agent').length;
    if (said <= answered) continue;
    answered = said;
    if (next < talk.length) {
      await chat.say(`${prefix}-${next}`, talk[next], think());
      next += 1;
    } else {
      await sleep(think(), undefined, { signal: chat.signal });
      await chat.send({ end: { id: `${prefix}-end` } });
    }
  }
}

// One simulated customer after the other in one of the N places. `browsers` are people who have a token already.
async function place(options, index, run) {
  const { url, customers, seed, rate, browsers, signal, log } = options;
  const random = randomFrom(seed * 1000 + index);
  const pause = () => sleep((60000 / rate) * customers * (0.5 + random()), undefined, { signal });
  await sleep(Math.round((60000 / rate) * index * (0.8 + 0.4 * random())), undefined, { signal });
  for (let round = 0; ; round++) {
    const known = browsers.filter((_, at) => at % customers === index);
    const draw = random();
    const browser = known.length > 0 && draw < 0.5 ? known[Math.floor(draw * 2 * known.length)] : null;
    const name = browser?.name ?? NAMES[Math.floor(random() * NAMES.length)];
    const talk = TALKS[Math.floor(random() * TALKS.length)];
    try {
      const token = browser?.token ?? (await newSession(url, name, signal)).token;
      log(`${name} begins to chat`);
      await converse(new Chat(url, token, name, signal), talk, random, `sim-${run}-${index}-${round}`);
      log(`${name} is done`);
    } catch (error) {
      if (signal.aborted) return;
      log(`${name} gave up: ${error.message}`);
    }
    await pause();
  }
}

// Resolves when `signal` aborts. customers: how many chat at a time; rate: new conversations per minute, all together.
export async function simulate({ url, customers = 1, seed = 1, rate = 6, browsers = [], signal, log = () => {} }) {
  const run = Date.now().toString(36);
  const all = Array.from({ length: customers }, (_, index) =>
    place({ url, customers, seed, rate, browsers, signal, log }, index, run).catch((error) => {
      if (!signal.aborted) throw error;
    }));
  await Promise.all(all);
}

function usage() {
  return `Usage: node simulate.mjs --url URL [--customers N] [--seed S] [--rate R] [--browsers FILE]

  --url URL        where the channel is mounted, e.g. http://127.0.0.1:8080/channel/site
  --customers N    how many chat at the same time (default 1)
  --seed S         what they say follows from it (default 1)
  --rate R         new conversations per minute, all together (default 6)
  --browsers FILE  JSON array of {"name","token"}: people who have written before
`;
}

async function main() {
  const { values } = parseArgs({ options: { url: { type: 'string' }, customers: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' }, rate: { type: 'string', default: '6' }, browsers: { type: 'string' },
    help: { type: 'boolean' } } });
  if (values.help || !values.url) {
    process.stdout.write(usage());
    process.exit(values.help ? 0 : 2);
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());
  await simulate({ url: values.url.replace(/\/$/, ''), customers: Number(values.customers), seed: Number(values.seed),
    rate: Number(values.rate), browsers: values.browsers ? JSON.parse(readFileSync(values.browsers, 'utf8')) : [],
    signal: stop.signal, log: (line) => process.stdout.write(`${line}\n`) });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
