// Words for times, kinds and states: what a colour means is also said.

// span says how long a time is, in at most two units.
export function span(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  if (Math.abs(ms) < 10_000) return `${(Math.abs(ms) / 1000).toFixed(1)} s`;
  if (s < 120) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return s % 60 ? `${m} min ${s % 60} s` : `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  const d = Math.floor(h / 24);
  return h % 24 ? `${d} days ${h % 24} h` : `${d} days`;
}

// coarse says about how long a time is, in one unit.
export const coarse = (ms) => span(ms).match(/^[\d.]+ \w+/)[0];

// fromTtl says when something was, as seen from a ttl. Both are in whole
// seconds.
export function fromTtl(late) {
  if (Math.abs(late) < 1000) return 'within a second of its ttl';
  return `${coarse(late)} ${late > 0 ? 'after' : 'before'} its ttl`;
}

// clock is the time of day in UTC, as the engine's records have it.
export function clock(ms) {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '--:--:--';
}

// date is the day in UTC.
export function date(ms) {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : '';
}

// count is a number with its noun: 1 record, 2 records.
export function count(n, noun) {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

// kinds are what can happen to a row: a word, and a shape for those who
// don't see its colour.
export const kinds = {
  inserted: {word: 'inserted', shape: 'circle', mark: '●'},
  modified: {word: 'modified', shape: 'diamond', mark: '◆'},
  deleted: {word: 'deleted', shape: 'square', mark: '■'},
  expired: {word: 'expired', shape: 'triangle', mark: '▲'},
};

// shortShard is the end of a shard's id, which tells it from the others.
export function shortShard(id) {
  return `…${id.slice(Math.max(id.lastIndexOf('-') + 1, id.length - 8))}`;
}
