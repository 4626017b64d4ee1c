// SPDX-License-Identifier: GPL-3.0-or-later
//
// The server's clock as a page knows it, and times and names for people.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, JumpDetector, secondsLeft, ServerClock } from '../../../../plugins/frontend/web/ui/clock';
import { initials, sameDay } from '../../../../plugins/frontend/web/ui/format';
import { href, parse } from '../../../../plugins/frontend/web/ui/route';

test('the clock takes the sample that travelled least', () => {
  let mono = 1000;
  const clock = new ServerClock(
    () => mono,
    () => 77,
  );
  assert.equal(clock.now(), 77);
  clock.heard(500_000 - 900);
  mono += 100;
  clock.heard(500_100 - 20);
  mono += 100;
  clock.heard(500_200 - 300);
  assert.equal(clock.now(), 500_200 - 20);
});

test('the clock goes on between frames and ignores nonsense', () => {
  let mono = 0;
  const clock = new ServerClock(
    () => mono,
    () => 0,
  );
  clock.heard(9000);
  clock.heard(Number.NaN);
  mono = 250;
  assert.equal(clock.now(), 9250);
});

test('after a reset the next frame counts alone', () => {
  let mono = 0;
  const clock = new ServerClock(
    () => mono,
    () => 0,
  );
  clock.heard(9000);
  mono = 10;
  clock.reset();
  assert.equal(clock.now(), 9010);
  clock.heard(3010);
  assert.equal(clock.now(), 3010);
});

test('an old sample is forgotten, so a clock that drifts is followed', () => {
  let mono = 0;
  const clock = new ServerClock(
    () => mono,
    () => 0,
  );
  clock.heard(5000);
  for (let i = 0; i < 8; i++) clock.heard(1000);
  assert.equal(clock.now(), 1000);
});

test('a jump is sleep or a clock that was set, not a slow timer', () => {
  let wall = 0;
  let mono = 0;
  const detector = new JumpDetector(
    () => wall,
    () => mono,
  );
  const pass = (wallMs: number, monoMs: number): boolean => {
    wall += wallMs;
    mono += monoMs;
    return detector.jumped(1000);
  };
  assert.equal(pass(1000, 1000), false);
  assert.equal(pass(9000, 9000), false, 'a throttled timer');
  assert.equal(pass(3_600_000, 1000), true, 'asleep, the monotonic clock stood');
  assert.equal(pass(3_600_000, 3_600_000), true, 'asleep, both went on');
  assert.equal(pass(-7_200_000, 1000), true, 'set back');
  assert.equal(pass(1000, 1000), false);
});

test('durations and seconds that are left', () => {
  assert.equal(duration(-5), '0:00');
  assert.equal(duration(7999), '0:07');
  assert.equal(duration(725_000), '12:05');
  assert.equal(duration(3_723_000), '1:02:03');
  assert.equal(secondsLeft(10_001, 9000), 2);
  assert.equal(secondsLeft(10_000, 9000), 1);
  assert.equal(secondsLeft(10_000, 10_000), 0);
  assert.equal(secondsLeft(10_000, 20_000), 0);
});

test('initials of any script, and of nothing', () => {
  assert.equal(initials('Maria López'), 'ML');
  assert.equal(initials('  anna '), 'A');
  assert.equal(initials('𠮷野 家'), '𠮷家');
  assert.equal(initials(''), '');
});

test('days', () => {
  const noon = new Date(2026, 4, 3, 12).getTime();
  assert.equal(sameDay(noon, noon + 11 * 3_600_000), true);
  assert.equal(sameDay(noon, noon + 13 * 3_600_000), false);
});

test('addresses: both ways, and what nobody made', () => {
  assert.deepEqual(parse(href('cases', 'a/b #?%')), { page: 'cases', id: 'a/b #?%' });
  assert.deepEqual(parse('#/customers'), { page: 'customers', id: null });
  assert.deepEqual(parse(''), { page: 'chats', id: null });
  assert.deepEqual(parse('#/nowhere/x'), { page: 'chats', id: null });
  assert.deepEqual(parse('#/chats/%E0%A4%A'), { page: 'chats', id: '%E0%A4%A' });
});
