// The axis of time. Time runs to the right, but not evenly: where nothing
// happens it is cut short, and where an instant holds several records it is
// stretched, so that each can be seen. All times are in milliseconds.

// gap is the space between a parent and its child, in pixels.
export const gap = 18;

// cutAfter is how long a stretch is at least that is marked as cut short.
export const cutAfter = 5 * 60_000;

// width is the number of pixels of a stretch of the axis: a stretch of idle
// time grows with its logarithm, a long one has space for its length in words,
// and no stretch is narrower than what its records need.
export function width(ms, records, dot) {
  const idle = ms <= 0 ? 0 : 6 * Math.log2(1 + ms / 500);
  return Math.max(ms < cutAfter ? idle : 120, records * dot);
}

// makeAxis makes the axis of the stops, which are {time, records, gap}: an
// instant at which something happened, the most records that a single shard has
// there, and whether a gap is before it, in which a parent ends. The axis ends at `end`, `span` pixels from its left; what doesn't fit
// is left of 0. `back` moves it to the right by a number of pixels.
export function makeAxis(stops, end, span, {dot = 11, back = 0} = {}) {
  const sorted = stops.filter((s) => s.time <= end).sort((a, b) => a.time - b.time);
  const knots = []; // {time, from, to}: the records of a time are from..to
  let at = 0, last;
  for (const stop of sorted) {
    const knot = knots.at(-1);
    if (knot && stop.time === knot.time) {
      const more = width(0, stop.records, dot) - (knot.to - knot.from);
      if (more > 0) { knot.to += more; at += more; }
      continue;
    }
    at += last === undefined ? 0 : width(stop.time - last, 0, dot) + (stop.gap ? gap : 0);
    knots.push({time: stop.time, from: at, to: at += width(0, stop.records, dot)});
    last = stop.time;
  }
  if (last !== undefined && end > last) {
    at += width(end - last, 0, dot);
    knots.push({time: end, from: at, to: at});
  }
  // A short axis is stretched, but not to the point of absurdity.
  const scale = at > 0 ? Math.max(1, Math.min(2, span / at)) : 1;
  const length = at * scale;
  const shift = (length < span ? 0 : span - length) + back;
  for (const knot of knots) {
    knot.from = knot.from * scale + shift;
    knot.to = knot.to * scale + shift;
  }
  return new Axis(knots, length, end);
}

class Axis {
  constructor(knots, length, end) {
    this.knots = knots;
    this.length = length; // of all that is on it, in pixels
    this.end = end;
  }

  // x is where a time is; a share from 0 to 1 tells records of one instant
  // apart.
  x(time, share = 0) {
    const {knots} = this;
    if (knots.length === 0) return 0;
    let low = 0, high = knots.length - 1;
    if (time < knots[0].time) return knots[0].from;
    if (time > knots[high].time) return knots[high].to;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (knots[middle].time <= time) low = middle; else high = middle - 1;
    }
    const knot = knots[low];
    if (knot.time === time || low === knots.length - 1) return knot.from + share * (knot.to - knot.from);
    const next = knots[low + 1];
    return knot.to + (next.from - knot.to) * (time - knot.time) / (next.time - knot.time);
  }

  // cuts are the stretches that are much shorter than their time:
  // {x, ms}, x in the middle.
  cuts() {
    const cuts = [];
    for (let i = 1; i < this.knots.length; i++) {
      const ms = this.knots[i].time - this.knots[i - 1].time;
      if (ms >= cutAfter) cuts.push({x: (this.knots[i - 1].to + this.knots[i].from) / 2, ms});
    }
    return cuts;
  }

  // ticks are times with a label, at least `apart` pixels from each other,
  // from the right.
  ticks(apart) {
    const ticks = [];
    let x = Infinity;
    for (const knot of this.knots.slice().reverse()) {
      if (x - knot.from >= apart) {
        ticks.push({x: knot.from, time: knot.time});
        x = knot.from;
      }
    }
    return ticks.reverse();
  }
}
