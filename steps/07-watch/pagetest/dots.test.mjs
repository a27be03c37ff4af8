import {test} from 'node:test';
import assert from 'node:assert/strict';
import {dotsOf, stopsOf, nearest} from '../page/dots.js';
import {makeAxis} from '../page/axis.js';

const at = (...times) => times.map((time) => ({time}));

test('records of one second stand side by side, in their order', () => {
  const records = at(1000, 1000, 1000);
  const axis = makeAxis(stopsOf([{records}], 10), 1000, 500);
  const dots = dotsOf(records, axis);
  assert.deepEqual(dots.map((d) => [d.first, d.count]), [[0, 1], [1, 1], [2, 1]]);
  assert.ok(dots[0].x < dots[1].x && dots[1].x < dots[2].x);
});

test('more than fit become a column that counts them all', () => {
  const records = at(...Array(100).fill(1000));
  const dots = dotsOf(records, makeAxis(stopsOf([{records}], 4), 1000, 500));
  assert.ok(dots.length <= 12, `${dots.length} columns`);
  assert.equal(dots.reduce((n, d) => n + d.count, 0), 100);
});

test('what is off the picture is left out', () => {
  const records = at(...Array.from({length: 1000}, (_, i) => i * 1000));
  const axis = makeAxis(stopsOf([{records}], 4), 999_000, 300);
  const dots = dotsOf(records, axis, {from: 0, to: 300});
  assert.ok(dots.length > 5 && dots.length < 60, `${dots.length} columns`);
  assert.equal(dots.at(-1).first + dots.at(-1).count, 1000);
});

test('a stop is at each opening, closing and record, once', () => {
  const stops = stopsOf([{opened: 0, closed: 9, records: at(5, 5)}, {opened: 9, parent: 'p', records: at(5)}], 10);
  assert.deepEqual(stops.sort((a, b) => a.time - b.time), [
    {time: 0, records: 0, gap: false}, {time: 5, records: 2, gap: false}, {time: 9, records: 0, gap: true}]);
});

test('the nearest column is found, or none', () => {
  const columns = [{x: 10}, {x: 30}];
  assert.equal(nearest(columns, 24, 8), columns[1]);
  assert.equal(nearest(columns, 20, 8), undefined);
});
