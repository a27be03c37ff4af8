import {test} from 'node:test';
import assert from 'node:assert/strict';
import {makeAxis, cutAfter} from '../page/axis.js';

const stops = (...times) => times.map((time) => ({time, records: 1}));

test('the end of the axis is at its right', () => {
  const axis = makeAxis(stops(0, 1000, 2000), 1e9, 300);
  // Everything fits, so the axis begins at its left.
  assert.equal(axis.x(0), 0);
  const full = makeAxis(Array.from({length: 100}, (_, i) => ({time: i * 1000, records: 2})), 100_000, 300);
  assert.equal(Math.round(full.x(100_000)), 300);
  assert.ok(full.x(0) < 0, 'what does not fit is left of 0');
});

test('time runs to the right and never back', () => {
  const axis = makeAxis(stops(0, 500, 1000, 90_000_000), 90_100_000, 900);
  let last = -1;
  for (let t = 0; t <= 90_100_000; t += 12_345) {
    const x = axis.x(t, 0.5);
    assert.ok(x >= last, `x(${t}) = ${x}, left of ${last}`);
    last = x;
  }
});

test('a jump of a day does not squeeze what was before it', () => {
  const before = makeAxis(stops(0, 1000, 2000), 2000, 50);
  const after = makeAxis(stops(0, 1000, 2000, 90_000_000), 90_000_000, 50);
  assert.equal((after.x(2000) - after.x(0)).toFixed(6), (before.x(2000) - before.x(0)).toFixed(6));
  assert.deepEqual(after.cuts().map((c) => c.ms), [90_000_000 - 2000]);
});

test('a short pause is not marked as cut', () => {
  assert.deepEqual(makeAxis(stops(0, cutAfter - 1), cutAfter - 1, 900).cuts(), []);
});

test('records of one instant get their space, of the fullest shard', () => {
  const axis = makeAxis([{time: 5, records: 2}, {time: 5, records: 4}], 5, 40, {dot: 10});
  assert.equal(axis.x(5, 1) - axis.x(5, 0), 40);
});

test('ticks keep their distance and begin at the right', () => {
  const axis = makeAxis(Array.from({length: 200}, (_, i) => ({time: i * 1000, records: 1})), 199_000, 1000);
  const ticks = axis.ticks(80);
  assert.equal(ticks.at(-1).time, 199_000);
  for (let i = 1; i < ticks.length; i++) assert.ok(ticks[i].x - ticks[i - 1].x >= 80);
});

test('without a stop everything is at 0', () => {
  assert.equal(makeAxis([], 1000, 300).x(5), 0);
});

test('a short axis is stretched up to twice', () => {
  const axis = (span) => makeAxis([{time: 5, records: 4}], 5, span, {dot: 10});
  assert.equal(axis(60).x(5, 1), 60);
  assert.equal(axis(1000).x(5, 1), 80);
});
