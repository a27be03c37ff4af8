import {test} from 'node:test';
import assert from 'node:assert/strict';
import {linesOf} from '../page/images.js';

const item = (page, ttl) => ({id: {S: 'x'}, activity: {M: {page: {S: page}, task: {S: 'buying'}}}, ttl: {N: ttl}});

test('keys come first and what changed is marked, within a map too', () => {
  const lines = linesOf(item('/a', '1'), item('/b', '1'), {id: {S: 'x'}});
  assert.deepEqual(lines.map((l) => [l.name, l.depth, l.changed]), [
    ['id', 0, false], ['activity', 0, false], ['page', 1, true], ['task', 1, false], ['ttl', 0, false]]);
  assert.deepEqual([lines[2].old, lines[2].next], ['{"S":"/a"}', '{"S":"/b"}']);
});

test('an image that is missing leaves its side empty', () => {
  const lines = linesOf(item('/a', '1'), undefined, {id: {S: 'x'}});
  assert.ok(lines.every((l) => l.next === ''));
  assert.equal(lines.length, 5);
});

test('a number keeps all its digits and its type', () => {
  const [line] = linesOf({n: {N: '12345678901234567890123456789012345678'}}, {n: {S: '1'}});
  assert.deepEqual([line.old, line.next, line.changed], ['{"N":"12345678901234567890123456789012345678"}', '{"S":"1"}', true]);
});

test('a map that became something else is one line', () => {
  assert.deepEqual(linesOf({a: {M: {b: {S: '1'}}}}, {a: {S: '1'}}).map((l) => l.name), ['a']);
});

test('an attribute named like a member of every object is an attribute', () => {
  assert.deepEqual(linesOf({constructor: {S: '1'}}, {}, {}).map((l) => [l.name, l.key]), [['constructor', false]]);
});
