import {test} from 'node:test';
import assert from 'node:assert/strict';
import {day, horizon} from '../page/day.js';

test('a record is kept for 24 hours', () => {
  assert.equal(horizon(day + 5), 5);
});
