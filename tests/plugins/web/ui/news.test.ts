// SPDX-License-Identifier: GPL-3.0-or-later
//
// What rings, and what does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { news } from '../../../../plugins/frontend/web/ui/news';
import type { State } from '../../../../plugins/frontend/web/ui/state';
import { emptyState, reduce } from '../../../../plugins/frontend/web/ui/state';
import { Centre } from './centre';

function scene(): { centre: Centre; heard: () => string[] } {
  const centre = new Centre();
  let state: State = reduce(emptyState, { do: 'snapshot', seq: 0, epoch: 1, snapshot: centre.snapshot() });
  const list: string[] = [];
  centre.listener = (event) => {
    const next = reduce(state, { do: 'event', event });
    list.push(...news(state, next).map((one) => `${one.kind} ${one.interaction.interaction} ${one.text}`.trim()));
    state = next;
  };
  return { centre, heard: () => list.splice(0) };
}

test('an offer rings once, a second one again', () => {
  const { centre, heard } = scene();
  const one = centre.offer();
  assert.deepEqual(heard(), ['offer int_1']);
  centre.say(one, 'customer', 'hello?');
  assert.deepEqual(heard(), [], 'who is offered does not ring twice');
  centre.endOffer(one, 'withdrawn');
  centre.emit('interaction.offered', { interaction: 'int_1', agent: 'usr_me', offer: 'off_again', deadline: 1 });
  assert.deepEqual(heard(), ['offer int_1']);
});

test('customers ring, agents and the system do not', () => {
  const { centre, heard } = scene();
  const one = centre.offer();
  centre.accept(one);
  heard();
  centre.say(one, 'customer', 'hello');
  assert.deepEqual(heard(), ['message int_1 hello']);
  centre.say(one, 'agent', 'hi');
  centre.say(one, 'system', 'x');
  centre.choose(one, []);
  assert.deepEqual(heard(), []);
});

test('a fresh load is no news', () => {
  const centre = new Centre();
  const one = centre.offer();
  centre.accept(one);
  centre.say(one, 'customer', 'old');
  const loaded = reduce(emptyState, { do: 'snapshot', seq: 9, epoch: 1, snapshot: centre.snapshot() });
  assert.deepEqual(news(emptyState, loaded), []);
  centre.say(one, 'customer', 'while away');
  const again = reduce(loaded, { do: 'snapshot', seq: 12, epoch: 1, snapshot: centre.snapshot() });
  assert.deepEqual(
    news(loaded, again).map((each) => each.text),
    ['while away'],
    'what came while the line was down is',
  );
});
