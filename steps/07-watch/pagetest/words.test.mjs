import {test} from 'node:test';
import assert from 'node:assert/strict';
import {span, coarse, fromTtl, clock, count, shortShard} from '../page/words.js';

test('a time is said in at most two units', () => {
  const says = (ms) => span(ms);
  assert.equal(says(0), '0.0 s');
  assert.equal(says(2345), '2.3 s');
  assert.equal(says(61_000), '61 s');
  assert.equal(says(150_000), '2 min 30 s');
  assert.equal(says(3600_000), '1 h');
  assert.equal(says(25 * 3600_000), '25 h');
  assert.equal(says(50 * 3600_000), '2 days 2 h');
});

test('about how long is said in one unit', () => {
  assert.deepEqual([1500, 59 * 60_000 + 43_000, 25.5 * 3600_000, 50 * 3600_000].map(coarse), ['1.5 s', '59 min', '25 h', '2 days']);
});

test('a removal is told from its ttl, and whole seconds tell no more', () => {
  assert.deepEqual([0, 999, 4000, -3_540_000].map(fromTtl),
    ['within a second of its ttl', 'within a second of its ttl', '4.0 s after its ttl', '59 min before its ttl']);
});

test('the clock is in UTC', () => {
  assert.equal(clock(Date.UTC(2026, 10, 28, 9, 5, 7)), '09:05:07');
  assert.equal(clock(NaN), '--:--:--');
});

test('a noun agrees with its number', () => {
  assert.equal(count(1, 'record'), '1 record');
  assert.equal(count(1200, 'record'), '1,200 records');
});

test('a shard\'s id is cut to its end', () => {
  assert.equal(shortShard('shardId-00000000000000000001-ab12'), '…ab12');
  assert.equal(shortShard('shardId-00000001732832000000-0a1b2c3d'), '…0a1b2c3d');
});
