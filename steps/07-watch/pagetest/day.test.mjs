import {test} from 'node:test';
import assert from 'node:assert/strict';
import {day, horizon, timeLeft} from '../page/day.js';

test('a record is kept for 24 hours', () => {
  assert.equal(horizon(day + 5), 5);
  assert.equal(timeLeft(0, day - 1000), 1000);
  assert.equal(timeLeft(0, day + 1000), 0);
  assert.equal(timeLeft(undefined, 5), undefined);
});
