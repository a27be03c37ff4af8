// Sequence numbers have up to 40 digits. They are compared as numbers,
// never as text: "9" is less than "10".

// strip drops leading zeros. The empty string, no sequence number, stays.
export const strip = (digits) => digits.replace(/^0+(?=.)/, '');

// compare tells which of two stripped numbers is less, as sort wants it.
export function compare(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

// countThrough is how many of a shard's records, which ascend by `seq`, are
// not after the position `seq`: all that it includes. No position is none.
export function countThrough(records, seq) {
  if (!seq) return 0;
  let low = 0, high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(records[middle].seq, seq) <= 0) low = middle + 1; else high = middle;
  }
  return low;
}
