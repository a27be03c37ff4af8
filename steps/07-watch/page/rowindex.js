// The rows in the order of their ttl: the next one to expire comes first,
// and so the ones that are late are at the top.

export class RowIndex {
  constructor() {
    this.byKey = new Map();
    this.sorted = [];
  }

  get size() { return this.sorted.length; }
  get(key) { return this.byKey.get(key); }
  at(i) { return this.sorted[i]; }

  // indexOf is where a row stands, or -1.
  indexOf(key) {
    const row = this.byKey.get(key);
    return row ? this.#place(row) : -1;
  }

  // set adds a row, or replaces the one that has its key.
  set(row) {
    this.delete(row.key);
    this.byKey.set(row.key, row);
    this.sorted.splice(this.#place(row), 0, row);
  }

  delete(key) {
    const row = this.byKey.get(key);
    if (!row) return undefined;
    this.sorted.splice(this.#place(row), 1);
    this.byKey.delete(key);
    return row;
  }

  // #place is where a row stands or belongs.
  #place(row) {
    let low = 0, high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(this.sorted[middle], row)) low = middle + 1; else high = middle;
    }
    return low;
  }
}

// before: a row without a ttl is last.
function before(a, b) {
  const x = a.ttl || Infinity, y = b.ttl || Infinity;
  return x !== y ? x < y : a.key < b.key;
}
