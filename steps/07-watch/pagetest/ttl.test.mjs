import {test} from 'node:test';
import assert from 'node:assert/strict';
import {barOf} from '../page/ttl.js';

test('a bar runs down to the ttl', () => {
  const row = {since: 0, ttl: 100_000};
  assert.deepEqual(barOf(row, 0), {state: 'alive', left: 1, says: '100 s left'});
  assert.equal(barOf(row, 75_000).left, 0.25);
});

test('an expired row that is still there says for how long', () => {
  assert.deepEqual(barOf({since: 0, ttl: 1000}, 4000), {state: 'late', left: 0, says: 'expired 3.0 s ago, still here'});
  assert.equal(barOf({since: 0, ttl: 1000}, 1000).state, 'late');
});

test('a row that leaves says how', () => {
  assert.equal(barOf({since: 0, ttl: 1000, left: {kind: 'expired', says: 'removed by TTL'}}, 4000).says, 'removed by TTL');
});

test('a row without a ttl never expires', () => {
  assert.equal(barOf({since: 0}, 1e15).state, 'forever');
});
