import {test} from 'node:test';
import assert from 'node:assert/strict';
import {Model, lingers} from '../page/model.js';

const shard = (id, more = {}) => ({id, parent: '', open: true, made: 0, closed: 0, trimmed: '', state: 'open', ...more});
const record = (n, seq, more = {}) => ({n, seq, shard: 's', kind: 'inserted', key: `k${n}`, at: 1000, ...more});
const row = (key, more = {}) => ({key, id: key, email: key, task: 'buying', page: '/', ttl: 100, changed: 0, expires: true, ...more});
const reader = (more = {}) => ({id: 'naive', kind: 'latest', title: '', state: 'running', pid: 1, note: '', lag: 0, left: -1, handled: 0, redelivered: 0, lost: 0, outOfOrder: 0, ...more});

function ready(at = {now: 0}) {
  const model = new Model(() => at.now);
  model.greet({});
  model.apply({clock: {now: 5000, speed: 1}, shards: [shard('s')], readers: [reader()], ready: true});
  return model;
}

test('the clock runs on by its speed, and stops', () => {
  const at = {now: 0};
  const model = ready(at);
  model.apply({clock: {now: 5000, speed: 60}});
  at.now = 1000;
  assert.equal(model.now(), 65_000);
  model.stopClock();
  at.now = 2000;
  assert.equal(model.now(), 65_000);
});

test('records are in the order of their sequence numbers, whatever came first', () => {
  const model = ready();
  model.apply({records: [record(1, '009'), record(3, '011'), record(2, '010')]});
  assert.deepEqual(model.shards.get('s').records.map((r) => r.n), [1, 2, 3]);
});

test('a record that comes before its shard is kept for it', () => {
  const model = ready();
  model.apply({records: [record(1, '1', {shard: 'later'})]});
  model.apply({shards: [shard('later')]});
  assert.equal(model.shards.get('later').records.length, 1);
});

test('a child begins where its parent ends, and its records are not before that', () => {
  for (const order of [[0, 1], [1, 0]]) {
    const model = ready();
    const shards = [shard('p', {open: false, closed: 5024}), shard('c', {parent: 'p', made: 5000})];
    model.apply({records: [record(1, '1', {shard: 'c', at: 4000})]});
    for (const i of order) model.apply({shards: [shards[i]]});
    model.apply({records: [record(2, '2', {shard: 'c', at: 4000})]});
    assert.equal(model.shards.get('p').closed, 5000);
    assert.deepEqual(model.shards.get('c').records.map((r) => [r.at, r.time]), [[4000, 5000], [4000, 5000]]);
  }
});

test('an open parent stays open', () => {
  const model = ready();
  model.apply({shards: [shard('p'), shard('c', {parent: 'p', made: 5000})]});
  assert.equal(model.shards.get('p').closed, undefined);
});

test('a row that leaves stays for a moment and says how', () => {
  const at = {now: 0};
  const model = ready(at);
  model.apply({rows: [row('a')], gone: [{key: 'a', how: 'expired', at: 104_000, late: 4000}]});
  assert.deepEqual(model.rows.get('a').left, {kind: 'expired', late: 4000, at: 104_000});
  at.now = lingers + 1;
  model.sweep();
  assert.equal(model.rows.size, 0);
});

test('a row that comes again while it leaves stays', () => {
  const at = {now: 0};
  const model = ready(at);
  model.apply({rows: [row('a')], gone: [{key: 'a', how: 'deleted', at: 1, late: -1}]});
  model.apply({rows: [row('a', {ttl: 200})]});
  assert.equal(model.leaving.size, 0);
  at.now = lingers + 1;
  model.sweep();
  assert.equal(model.rows.get('a').left, undefined);
});

test('a bar is full when the ttl was set, not at each change', () => {
  const model = ready();
  model.apply({rows: [row('a', {changed: 10})]});
  model.apply({rows: [row('a', {changed: 50})]});
  assert.equal(model.rows.get('a').since, 10);
  model.apply({rows: [row('a', {changed: 60, ttl: 500})]});
  assert.equal(model.rows.get('a').since, 60);
});

test('a verdict stands on its record until it is cleared or the reader is judged anew', () => {
  const model = ready();
  const lost = {reader: 'naive', seq: '1', n: 1, what: 'lost', why: 'It forgot.'};
  model.apply({records: [record(1, '1')], verdicts: [lost]});
  assert.equal(model.records.get(1).verdicts.naive.what, 'lost');
  assert.equal(model.readers.get('naive').reasons.get('lost'), 'It forgot.');
  model.apply({verdicts: [{...lost, what: 'cleared'}]});
  assert.equal(model.records.get(1).verdicts.naive, undefined);
  model.apply({verdicts: [lost]});
  model.apply({reset: ['naive']});
  assert.equal(model.records.get(1).verdicts.naive, undefined);
  assert.equal(model.readers.get('naive').reasons.size, 0);
});

test('only the marks that changed are sent, and the others stay', () => {
  const model = ready();
  const mark = (id, fetched) => ({shard: id, fetched, handled: '', saved: '', state: 'reading'});
  model.apply({readers: [reader({marks: [mark('s', '01'), mark('t', '02')]})]});
  model.apply({readers: [reader({marks: [mark('t', '03')]})]});
  const {marks} = model.readers.get('naive');
  assert.deepEqual([...marks].map(([id, m]) => [id, m.fetched]), [['s', '1'], ['t', '3']]);
});

test('what is dropped is forgotten everywhere, and so is a shard that vanished', () => {
  const model = ready();
  model.apply({
    shards: [shard('t', {open: false, state: 'vanished'})],
    records: [record(1, '1'), record(2, '2', {shard: 't'}), record(3, '3')],
    readers: [reader({marks: [{shard: 't', fetched: '2', handled: '2', saved: '', state: 'done'}]})],
  });
  model.apply({dropped: {before: 3, records: 2, rows: 0}});
  assert.deepEqual([...model.records.keys()], [3]);
  assert.deepEqual([...model.shards.keys()], ['s']);
  assert.deepEqual(model.shards.get('s').records.map((r) => r.n), [3]);
  assert.equal(model.readers.get('naive').marks.size, 0);
});

test('a shard that vanished stays as long as one of its records is drawn', () => {
  const model = ready();
  model.apply({shards: [shard('t')], records: [record(1, '1')]});
  model.apply({shards: [shard('s', {open: false, state: 'vanished'}), shard('t', {open: false, state: 'vanished'})]});
  assert.deepEqual([...model.shards.keys()], ['s']);
  model.apply({shards: [shard('s', {open: false, state: 'forgotten'})]});
  assert.equal(model.shards.size, 0);
});

test('a hello makes it forget everything', () => {
  const model = ready();
  model.apply({rows: [row('a')], records: [record(1, '1')], notes: ['x']});
  model.greet({});
  assert.deepEqual([model.rows.size, model.records.size, model.shards.size, model.readers.size, model.notes.length], [0, 0, 0, 0, 0]);
});

test('what the page keeps is bounded', () => {
  const model = ready();
  for (let n = 1; n <= 30_000; n++) {
    model.apply({records: [record(n, String(n))], notes: [`note ${n}`], dropped: {before: n - 99, records: n, rows: 0}});
  }
  assert.equal(model.records.size, 100);
  assert.equal(model.shards.get('s').records.length, 100);
  assert.equal(model.notes.length, 40);
});
