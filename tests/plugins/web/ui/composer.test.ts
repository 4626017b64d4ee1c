// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the composer says of a text: its length as the network counts, its parts, its placeholders; and how an answer is
// put into it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthIn, partsOf } from '../../../../plugins/frontend/web/ui/measure';
import { insert, nextPlace, opensFaq, resolve, unresolved } from '../../../../plugins/frontend/web/ui/placeholders';

const FLAG = '🇨🇭';
const FAMILY = '👨‍👩‍👧‍👦';

test('a text is as long as the network says', () => {
  const cases: [text: string, points: number, bytes: number, utf16: number][] = [
    ['', 0, 0, 0],
    ['abc', 3, 3, 3],
    ['ä', 1, 2, 1],
    ['注文', 2, 6, 2],
    ['😀', 1, 4, 2],
    [FLAG, 2, 8, 4],
    ['a\nb', 3, 3, 3],
  ];
  for (const [text, points, bytes, utf16] of cases)
    assert.deepEqual(
      [lengthIn(text, 'code_points'), lengthIn(text, 'bytes'), lengthIn(text, 'utf16')],
      [points, bytes, utf16],
      JSON.stringify(text),
    );
});

test('what fits, or has no limit, is one message as it is', () => {
  assert.deepEqual(partsOf('  as it is ', 'code_points', 0), ['  as it is ']);
  assert.deepEqual(partsOf('12345', 'code_points', 5), ['12345']);
  assert.deepEqual(partsOf('ää', 'bytes', 4), ['ää']);
});

test('a text is parted after a paragraph, else a line, a sentence, a word', () => {
  assert.deepEqual(partsOf('One. Two\n\nthree four', 'code_points', 15), ['One. Two', 'three four']);
  assert.deepEqual(partsOf('One. Two\nthree four', 'code_points', 15), ['One. Two', 'three four']);
  assert.deepEqual(partsOf('One two. Three four', 'code_points', 14), ['One two.', 'Three four']);
  assert.deepEqual(partsOf('one two three', 'code_points', 9), ['one two', 'three']);
  assert.deepEqual(partsOf('abcdefgh', 'code_points', 3), ['abc', 'def', 'gh']);
});

test('a better place that would leave a part less than half full is passed over', () => {
  assert.deepEqual(partsOf('Hi.\n\nthis goes on and on', 'code_points', 20), ['Hi.\n\nthis goes on', 'and on']);
});

test('parts are never longer than the limit and lose nothing but white space', () => {
  const text = `${'word '.repeat(40)}\n\n${'ö'.repeat(50)} ${FAMILY.repeat(5)} ${FLAG.repeat(20)} 注文。${'長'.repeat(30)}`;
  for (const unit of ['code_points', 'bytes', 'utf16'] as const)
    for (const max of [30, 47, 64, 160]) {
      const parts = partsOf(text, unit, max);
      for (const part of parts) assert.ok(lengthIn(part, unit) <= max, `${unit} ${max}: ${part}`);
      assert.equal(parts.join('').replace(/\s/g, ''), text.replace(/\s/g, ''));
    }
});

test('no part begins inside of what a person sees as one', () => {
  for (const part of partsOf(FLAG.repeat(10), 'code_points', 5)) assert.equal(part, FLAG + FLAG);
  for (const part of partsOf('é'.repeat(9), 'code_points', 5)) assert.match(part, /^(é)+$/);
  assert.equal(partsOf(FAMILY, 'code_points', 3).join(''), FAMILY);
  assert.ok(partsOf(FAMILY, 'code_points', 3).length > 1, 'unless one alone is longer than the limit');
});

test('placeholders take their value, else what follows the bar, else they stay', () => {
  const values = new Map([
    ['customer.first_name', 'Maria'],
    ['customer.name', '  '],
    ['agent.name', 'Anna'],
  ]);
  assert.equal(resolve('Hello {{customer.first_name|there}}, {{ agent.name }} here.', values), 'Hello Maria, Anna here.');
  assert.equal(resolve('Hello {{customer.name|there}}', values), 'Hello there');
  assert.equal(resolve('Hello {{customer.name}}', values), 'Hello {{customer.name}}');
  assert.equal(resolve('{{order|}}!', values), '!');
  assert.equal(resolve('{{constructor}} {{no such}}', values), '{{constructor}} {{no such}}');
  assert.equal(resolve('a {{ b { c }} d', values), 'a {{ b { c }} d');
});

test('a value is put in as it is, also when it looks like a pattern or a placeholder', () => {
  assert.equal(resolve('{{a}}', new Map([['a', '$& $1 {{b}}'], ['b', 'no']])), '$& $1 {{b}}');
});

test('what is left is found, and gone through in turn', () => {
  const text = 'Your {{order}} of {{day}}';
  assert.deepEqual(unresolved(text), [
    { from: 5, to: 14, name: 'order' },
    { from: 18, to: 25, name: 'day' },
  ]);
  assert.equal(nextPlace(text, 0)?.name, 'order');
  assert.equal(nextPlace(text, 14)?.name, 'day');
  assert.equal(nextPlace(text, 25)?.name, 'order', 'round and round');
  assert.equal(nextPlace('none', 0), null);
  assert.deepEqual(unresolved('{{}}').length, 1);
});

test('an answer goes to the cursor and takes the place of what is selected', () => {
  assert.deepEqual(insert('', 0, 0, 'Hi'), { text: 'Hi', from: 2, to: 2 });
  assert.deepEqual(insert('Hello XX!', 6, 8, 'you'), { text: 'Hello you!', from: 9, to: 9 });
  assert.deepEqual(insert('Hello', 5, 5, 'you'), { text: 'Hello you', from: 9, to: 9 });
  assert.deepEqual(insert('b', 0, 0, 'a'), { text: 'a b', from: 1, to: 1 });
  assert.deepEqual(insert('one\n', 4, 4, 'two'), { text: 'one\ntwo', from: 7, to: 7 });
});

test('the first thing to fill in is selected', () => {
  assert.deepEqual(insert('A', 1, 1, 'to {{x}} and {{y}}'), { text: 'A to {{x}} and {{y}}', from: 5, to: 10 });
});

test('a slash asks for the FAQs on an empty line only', () => {
  assert.equal(opensFaq('', 0, 0), true);
  assert.equal(opensFaq('one\n', 4, 4), true);
  assert.equal(opensFaq('one\n\ntwo', 4, 4), true);
  assert.equal(opensFaq('selected', 0, 8), true);
  assert.equal(opensFaq('and', 3, 3), false);
  assert.equal(opensFaq('one', 0, 0), false);
  assert.equal(opensFaq('one\ntwo', 4, 4), false);
});
