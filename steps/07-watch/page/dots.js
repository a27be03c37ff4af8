// Dots: where the records of a shard stand on the axis. Records of one
// second share its stretch evenly, in their order, since their time is
// rounded. Where they would overlap they become a column.

// dotsOf returns the columns of a shard, from left to right, as
// {x, first, count}: `first` is the index of the column's first record. The
// records ascend. `apart` is how many pixels a dot needs, and what is left of
// `from` or right of `to` is left out.
export function dotsOf(records, axis, {apart = 9, from = -Infinity, to = Infinity} = {}) {
  const columns = [];
  let open;
  for (let i = 0; i < records.length;) {
    const end = endOfInstant(records, i);
    const size = end - i;
    const right = axis.x(records[i].time, 1);
    if (right < from) { i = end; continue; }
    if (axis.x(records[i].time, 0) > to) break;
    for (let k = 0; k < size; k++) {
      const x = axis.x(records[i].time, (k + 0.5) / size);
      if (open && x - open.x < apart) {
        open.count++;
      } else {
        columns.push(open = {x, first: i + k, count: 1});
      }
    }
    i = end;
  }
  return columns;
}

function endOfInstant(records, i) {
  let end = i + 1;
  while (end < records.length && records[end].time === records[i].time) end++;
  return end;
}

// stopsOf counts the records of each instant in the shard that has the most,
// for the axis, and tells where children begin: {time, records, gap}. `most` bounds what one instant may ask for.
export function stopsOf(shards, most) {
  const counts = new Map();
  const begins = new Set();
  for (const shard of shards) {
    const {records} = shard;
    for (let i = 0; i < records.length;) {
      const end = endOfInstant(records, i);
      const {time} = records[i];
      counts.set(time, Math.max(counts.get(time) ?? 0, Math.min(most, end - i)));
      i = end;
    }
    for (const time of [shard.opened, shard.closed]) {
      if (time !== undefined && !counts.has(time)) counts.set(time, 0);
    }
    if (shard.parent) begins.add(shard.opened);
  }
  return [...counts].map(([time, records]) => ({time, records, gap: begins.has(time)}));
}

// nearest returns the column that is nearest to x, at most `within` away.
export function nearest(columns, x, within) {
  let best;
  for (const column of columns) {
    const off = Math.abs(column.x - x);
    if (off <= within && (best === undefined || off < Math.abs(best.x - x))) best = column;
  }
  return best;
}
