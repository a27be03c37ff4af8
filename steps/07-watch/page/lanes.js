// Lanes: in which line each shard stands. A child follows its parent in the
// parent's lane, a second child gets a lane below, and so a lineage reads
// from left to right and from top to bottom.

// lanesOf returns the lane of each shard, by its id, and the number of lanes.
// The shards are {id, parent, opened, closed}; closed is undefined while a
// shard is open.
export function lanesOf(shards) {
  const known = new Map(shards.map((s) => [s.id, s]));
  const children = new Map();
  const roots = [];
  for (const shard of shards) {
    if (!shard.parent || !known.has(shard.parent)) {
      roots.push(shard);
    } else if (children.has(shard.parent)) {
      children.get(shard.parent).push(shard);
    } else {
      children.set(shard.parent, [shard]);
    }
  }
  const byAge = (a, b) => a.opened - b.opened || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  const lane = new Map();
  let lanes = 0;
  // The lineage may be thousands deep, so there is a list in place of a
  // recursion: the last one comes first.
  const open = roots.sort(byAge).reverse().map((shard) => ({shard, in: undefined}));
  while (open.length > 0) {
    const {shard, in: given} = open.pop();
    const own = given ?? lanes++;
    lane.set(shard.id, own);
    const next = (children.get(shard.id) ?? []).sort(byAge);
    for (let i = next.length - 1; i >= 0; i--) {
      open.push({shard: next[i], in: i === 0 && follows(next[0], shard) ? own : undefined});
    }
  }
  return {lane, lanes};
}

// follows reports whether a child can stand behind its parent. A parent that
// is open (and so has no time of closing), or closes after its child opened,
// needs the space.
function follows(child, parent) {
  return parent.closed <= child.opened;
}
