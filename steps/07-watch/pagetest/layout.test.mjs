import {test} from 'node:test';
import assert from 'node:assert/strict';
import {Layout, sizesFor, gutter} from '../page/layout.js';
import {Model} from '../page/model.js';
import {gap} from '../page/axis.js';
import {day} from '../page/day.js';
import {wordsOf} from '../page/shardwords.js';

const view = {width: 900, height: 400};
const shard = (id, parent, made, closed) => ({id, parent, open: !closed, made, closed: closed ?? 0, trimmed: '', state: closed ? 'closed' : 'open'});

function split(more = {}) {
  const model = new Model(() => 0);
  model.greet({});
  model.apply({
    clock: {now: 20_000, speed: 1},
    shards: [shard('p', '', 0, 10_000), shard('l', 'p', 10_000), shard('r', 'p', 10_000)],
    records: [1, 2, 3].map((n) => ({n, seq: `00${n}`, shard: 'p', kind: 'inserted', key: 'id|ada', at: n * 1000})),
    readers: [{id: 'ours', kind: 'ours', state: 'running', marks: [{shard: 'p', fetched: '003', handled: '002', saved: '001', state: 'handling'}]}],
    ready: true, ...more,
  });
  return model;
}

const barOf = (layout, id) => layout.bars.find((b) => b.shard.id === id);

test('saved, handled and fetched end behind the records that they include', () => {
  const layout = new Layout().update(split(), view);
  const {dots, tracks: [track]} = barOf(layout, 'p');
  assert.equal(dots.length, 3);
  assert.ok(dots[0].x < track.saved && track.saved < dots[1].x, `saved at ${track.saved}`);
  assert.ok(dots[1].x < track.handled && track.handled < dots[2].x, `handled at ${track.handled}`);
  assert.ok(dots[2].x < track.fetched, `fetched at ${track.fetched}`);
  assert.equal(barOf(layout, 'l').tracks[0].fetched, undefined, 'a shard that was not read has no mark');
});

test('a child begins where its parent ends, and is linked with it', () => {
  const layout = new Layout().update(split(), view);
  const [p, l, r] = ['p', 'l', 'r'].map((id) => barOf(layout, id));
  assert.equal(Math.round(l.from - p.to), gap);
  assert.equal(l.y, p.y);
  assert.equal(r.y, p.y + layout.sizes.lane);
  assert.equal(p.limit, l.from, 'what is said of the parent must not run into the child');
  assert.deepEqual(layout.links.map((k) => k.toY > k.y), [false, true]);
});

test('what a reader lost stands at its record', () => {
  const model = split({verdicts: [{reader: 'ours', seq: '002', n: 2, what: 'lost', why: '.'}]});
  const {dots, tracks: [track]} = barOf(new Layout().update(model, view), 'p');
  assert.deepEqual(track.faults, [{x: dots[1].x, what: 'lost', count: 1}]);
});

test('a day later the records are left of the window of 24 hours', () => {
  const model = split();
  model.apply({clock: {now: 20_000 + day, speed: 1}});
  const layout = new Layout().update(model, view);
  const {dots} = barOf(layout, 'p');
  assert.ok(dots.every((dot) => dot.x < layout.horizon), `${layout.horizon}`);
  assert.equal(new Layout().update(split(), view).horizon, undefined);
});

test('the picture stays within its width, and a long one can be panned', () => {
  const records = Array.from({length: 300}, (_, i) => ({n: i + 10, seq: String(1000 + i), shard: 'l', kind: 'modified', key: 'id|ada', at: 10_000 + i * 1000}));
  const model = split({records, clock: {now: 320_000, speed: 1}});
  const layout = new Layout().update(model, view);
  assert.ok(Math.abs(layout.x(320_000, 1) - layout.right) < 1);
  assert.ok(barOf(layout, 'l').dots.length < 100, 'what is out of sight is left out');
  const back = layout.axis.length;
  assert.ok(layout.update(model, {...view, back}).x(10_000) > gutter);
});

test('a shard that ended left of the picture takes no lane', () => {
  const records = Array.from({length: 300}, (_, i) => ({n: i + 10, seq: String(1000 + i), shard: 'r', kind: 'modified', key: 'id|ada', at: 10_000 + i * 1000}));
  const model = split({records, clock: {now: 320_000, speed: 1}});
  const layout = new Layout().update(model, view);
  assert.deepEqual(layout.bars.map((b) => b.shard.id), ['l', 'r']);
  assert.deepEqual(layout.links, []);
  layout.update(model, {...view, back: layout.axis.length});
  assert.deepEqual(layout.bars.map((b) => b.shard.id), ['p', 'l', 'r']);
});

test('only the lanes in sight are laid out', () => {
  const model = new Model(() => 0);
  model.greet({});
  model.apply({clock: {now: 5000, speed: 1}, shards: Array.from({length: 100}, (_, i) => shard(`s${i}`, '', i))});
  const layout = new Layout().update(model, {...view, top: 1000});
  assert.ok(layout.bars.length > 0 && layout.bars.length < 30, `${layout.bars.length} bars`);
  assert.ok(layout.height > 100 * sizesFor(100).lane);
});

test('the words of a shard say what the picture shows', () => {
  const model = split({verdicts: [{reader: 'ours', seq: '002', n: 2, what: 'lost', why: '.'}]});
  assert.equal(wordsOf(model.shards.get('p'), model),
    'Shard …p, closed: 3 records; ours fetched 3, handled 2, saved 1; 1 lost for ours');
  assert.equal(wordsOf(model.shards.get('l'), model), 'Shard …l, open, child of …p: 0 records; ours not seen yet');
});
