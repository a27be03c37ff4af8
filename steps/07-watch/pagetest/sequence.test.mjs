import {test} from 'node:test';
import assert from 'node:assert/strict';
import {strip, compare, countThrough} from '../page/sequence.js';

const compared = (a, b) => Math.sign(compare(strip(a), strip(b)));

test('sequence numbers are compared as numbers', () => {
  assert.equal(compared('9', '10'), -1);
  assert.equal(compared('000000000000000000010', '9'), 1);
  assert.equal(compared('007', '7'), 0);
  assert.equal(compared('0', '000'), 0);
  // beyond what a double holds
  assert.equal(compared('400000000000000000000000000000000000002', '400000000000000000000000000000000000001'), 1);
});

test('a position includes all records up to it', () => {
  const records = ['8', '9', '10', '12'].map((seq) => ({seq}));
  assert.equal(countThrough(records, '10'), 3);
  assert.equal(countThrough(records, '11'), 3, 'a position between two records');
  assert.equal(countThrough(records, '7'), 0);
  assert.equal(countThrough(records, '100'), 4);
  assert.equal(countThrough(records, ''), 0);
});
