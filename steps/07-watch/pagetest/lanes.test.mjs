import {test} from 'node:test';
import assert from 'node:assert/strict';
import {lanesOf} from '../page/lanes.js';

const shard = (id, parent, opened, closed) => ({id, parent, opened, closed});
const lanes = (shards) => Object.fromEntries(lanesOf(shards).lane);

test('a child follows its parent in one lane', () => {
  assert.deepEqual(lanes([shard('a', '', 0, 10), shard('b', 'a', 10, 20), shard('c', 'b', 20)]), {a: 0, b: 0, c: 0});
});

test('the second child of a split gets the lane below', () => {
  const got = lanesOf([shard('k', '', 0, 10), shard('l', 'k', 10), shard('m', 'k', 10), shard('z', '', 5)]);
  assert.deepEqual(Object.fromEntries(got.lane), {k: 0, l: 0, m: 1, z: 2});
  assert.equal(got.lanes, 3);
});

test('a lineage stays together: grandchildren stand above the next child', () => {
  assert.deepEqual(
    lanes([shard('a', '', 0, 1), shard('b', 'a', 1, 2), shard('c', 'a', 1), shard('d', 'b', 2), shard('e', 'b', 2)]),
    {a: 0, b: 0, d: 0, e: 1, c: 2});
});

test('an open parent that already has a child keeps its lane', () => {
  assert.deepEqual(lanes([shard('a', '', 0), shard('b', 'a', 5)]), {a: 0, b: 1});
});

test('a shard whose parent vanished is a root', () => {
  assert.deepEqual(lanes([shard('b', 'vanished', 5)]), {b: 0});
});

test('the order of the input does not matter', () => {
  const shards = [shard('k', '', 0, 10), shard('m', 'k', 10), shard('l', 'k', 10)];
  assert.deepEqual(lanes(shards), lanes(shards.slice().reverse()));
});

test('a lineage of 20,000 shards is laid out', () => {
  const shards = Array.from({length: 20_000}, (_, i) => shard(`s${i}`, i ? `s${i - 1}` : '', i, i + 1));
  assert.equal(lanesOf(shards).lanes, 1);
});
