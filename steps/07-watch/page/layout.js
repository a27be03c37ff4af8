// Where everything in the picture of the shards stands. It draws nothing.
import {gap, makeAxis} from './axis.js';
import {dotsOf, stopsOf} from './dots.js';
import {horizon} from './day.js';
import {lanesOf} from './lanes.js';
import {countThrough} from './sequence.js';

// sizes are the measures of a lane, in pixels: the fewer lanes, the more
// space each has.
export function sizesFor(lanes) {
  if (lanes <= 6) return {lane: 78, bar: 22, track: 15, label: 17, dot: 12, apart: 9, most: 32, words: true};
  if (lanes <= 14) return {lane: 52, bar: 16, track: 9, label: 14, dot: 9, apart: 7, most: 8, words: false};
  return {lane: 24, bar: 10, track: 4, label: 0, dot: 6, apart: 5, most: 3, words: false};
}

// gutter is the space for names at the left, head that of the axis at the
// top, and rest what is kept free at the right, for what is said of a lane.
export const gutter = 52, head = 44, rest = 108;

// A Layout is the picture at one moment: `bars` are the shards in sight.
export class Layout {
  // update lays out the model for a picture of the given width and height
  // that is scrolled by `top` and panned by `back`.
  update(model, {width, height, top = 0, back = 0}) {
    this.now = model.now();
    this.parents = new Set([...model.shards.values()].map((s) => s.parent));
    this.left = gutter;
    const all = [...model.shards.values()];
    let shards = all;
    // How large things are depends on how many lanes are in sight, and that
    // on how large they are: once more settles it.
    for (let round = 0; round < 2; round++) {
      ({lane: this.lane, lanes: this.lanes} = lanesOf(shards));
      this.sizes = sizesFor(this.lanes);
      this.right = width - (this.sizes.words ? rest : 24);
      const span = Math.max(80, this.right - gutter);
      this.axis = makeAxis(stopsOf(all, this.sizes.most), this.now, span, {dot: this.sizes.dot, back});
      shards = all.filter((s) => s.closed === undefined || this.x(s.closed, 1) > this.left);
    }
    ({lane: this.lane, lanes: this.lanes} = lanesOf(shards));
    const {sizes} = this;
    this.height = head + this.lanes * sizes.lane + 12;
    this.bars = [];
    for (const shard of shards) {
      const y = head + this.lane.get(shard.id) * sizes.lane;
      if (y + sizes.lane < top || y > top + height) continue;
      this.bars.push(this.#bar(shard, y, model, width));
    }
    this.links = this.#links(model);
    this.#limit();
    const before = horizon(this.now);
    const first = this.axis.knots[0];
    this.horizon = first && before > first.time ? this.x(before) : undefined;
    return this;
  }

  x(time, share) { return gutter + this.axis.x(time, share); }

  #bar(shard, y, model, width) {
    const {sizes} = this;
    const from = this.x(shard.opened), to = shard.closed === undefined ? this.x(this.now, 1) : this.x(shard.closed) - (this.parents.has(shard.id) ? gap : 0);
    const dots = dotsOf(shard.records, this.axis, {apart: sizes.apart, from: -sizes.dot, to: width});
    for (const dot of dots) {
      dot.x += gutter;
      dot.records = shard.records.slice(dot.first, dot.first + dot.count);
    }
    const bar = {shard, y, from, to: Math.max(to, from + 6), dots, tracks: []};
    let trackY = y + sizes.label + sizes.bar + (sizes.words ? 5 : 2);
    for (const reader of model.readers.values()) {
      bar.tracks.push({reader, y: trackY, ...this.#track(bar, reader)});
      trackY += sizes.track;
    }
    return bar;
  }

  // #limit tells each bar where the next one in its lane begins.
  #limit() {
    const next = new Map();
    for (const bar of this.bars.slice().sort((a, b) => b.from - a.from)) {
      const lane = this.lane.get(bar.shard.id);
      bar.limit = next.get(lane) ?? Infinity;
      next.set(lane, bar.from);
    }
  }

  // #track is how far a reader is in a shard: the ends of what it saved,
  // handled and fetched, and its faults.
  #track({shard, from, to, dots}, reader) {
    const mark = reader.marks.get(shard.id);
    const end = (seq) => {
      const n = countThrough(shard.records, seq);
      if (n === 0) return seq ? from + 4 : undefined;
      return Math.min(Math.max(to, from + 4), gutter + this.#right(shard.records, n - 1));
    };
    const faults = [];
    for (const dot of dots) {
      const found = dot.records.map((r) => r.verdicts?.[reader.id]).filter(Boolean);
      if (found.length > 0) {
        faults.push({x: dot.x, what: found.some((v) => v.what === 'lost') ? 'lost' : 'out of order', count: found.length});
      }
    }
    return {mark, fetched: end(mark?.fetched), handled: end(mark?.handled), saved: end(mark?.saved), faults};
  }

  // #right is where a record ends on the axis.
  #right(records, i) {
    const {time} = records[i];
    let first = i, last = i;
    while (first > 0 && records[first - 1].time === time) first--;
    while (last + 1 < records.length && records[last + 1].time === time) last++;
    return this.axis.x(time, (i - first + 1) / (last - first + 1));
  }

  #links(model) {
    const {sizes} = this;
    const links = [];
    const middle = (id) => head + this.lane.get(id) * sizes.lane + sizes.label + sizes.bar / 2;
    for (const {shard, from} of this.bars) {
      const parent = model.shards.get(shard.parent);
      if (!parent || !this.lane.has(parent.id)) continue;
      links.push({x: parent.closed === undefined ? from : Math.min(from, this.x(parent.closed) - gap), y: middle(parent.id), toX: from, toY: middle(shard.id)});
    }
    return links;
  }
}
