import {test} from 'node:test';
import assert from 'node:assert/strict';
import {RowIndex} from '../page/rowindex.js';

const keys = (index) => index.sorted.map((row) => row.key);

test('the next row to expire is first, and one without a ttl is last', () => {
  const index = new RowIndex();
  for (const [key, ttl] of [['c', 30], ['never', 0], ['a', 10], ['b', 20]]) index.set({key, ttl});
  assert.deepEqual(keys(index), ['a', 'b', 'c', 'never']);
  assert.equal(index.indexOf('c'), 2);
  assert.equal(index.indexOf('nobody'), -1);
});

test('a row that is prolonged moves', () => {
  const index = new RowIndex();
  for (const [key, ttl] of [['a', 10], ['b', 20], ['a', 30]]) index.set({key, ttl});
  assert.deepEqual(keys(index), ['b', 'a']);
  assert.equal(index.size, 2);
});

test('10,000 random changes keep the order', () => {
  const index = new RowIndex();
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let i = 0; i < 10_000; i++) {
    const key = `k${random(500)}`;
    if (random(3) === 0) index.delete(key); else index.set({key, ttl: random(100)});
  }
  assert.equal(index.sorted.length, index.byKey.size);
  for (let i = 1; i < index.size; i++) {
    assert.ok((index.at(i - 1).ttl || Infinity) <= (index.at(i).ttl || Infinity));
    assert.equal(index.indexOf(index.at(i).key), i);
  }
});
