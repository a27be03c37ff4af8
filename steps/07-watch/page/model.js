// What the page knows: a hello of the server empties it, each delta adds to
// it. Times are in milliseconds of the endpoint's clock.
import {RowIndex} from './rowindex.js';
import {compare, strip} from './sequence.js';

// lingers is how long a row stays in the picture once it left the table, in
// milliseconds of the user, so that one sees how it left.
export const lingers = 2500;

export class Model {
  // `ticks` is the user's time in milliseconds, which only grows.
  constructor(ticks = () => performance.now()) {
    this.ticks = ticks;
    this.version = 0; // of the whole
    this.#forget();
    this.hello = undefined;
  }

  #forget() {
    this.ready = false;
    this.clock = undefined;
    this.rate = 0;
    this.rows = new RowIndex();
    this.leaving = new Map();
    this.shards = new Map();
    this.records = new Map(); // by n
    this.dropped = {before: 0, records: 0, rows: 0};
    this.readers = new Map();
    this.faults = [];
    this.removed = 0; // by TTL
    this.lateness = []; // of the last rows that TTL removed, in ms
    this.notes = [];
    this.orphans = new Map(); // records of shards that are not known yet
  }

  greet(hello) {
    this.#forget();
    this.hello = hello;
    this.version++;
  }

  // now is the time of the endpoint's clock.
  now() {
    const {clock} = this;
    if (!clock) return NaN;
    return clock.stopped ? clock.now : clock.now + (this.ticks() - clock.at) * clock.speed;
  }

  // stopClock keeps the time that it is until the next hello.
  stopClock() {
    if (this.clock) this.clock = {...this.clock, now: this.now(), stopped: true};
  }

  apply(delta) {
    this.version++;
    if (delta.clock) this.clock = {...delta.clock, at: this.ticks()};
    if (delta.rate !== undefined) this.rate = delta.rate;
    if (delta.stream) this.stream = delta.stream;
    for (const shard of delta.shards ?? []) this.#shard(shard);
    for (const row of delta.rows ?? []) this.#row(row);
    for (const gone of delta.gone ?? []) this.#gone(gone);
    for (const record of delta.records ?? []) this.#record(record);
    for (const id of delta.reset ?? []) this.#reset(id);
    for (const reader of delta.readers ?? []) this.#reader(reader);
    for (const verdict of delta.verdicts ?? []) this.#verdict(verdict);
    if (delta.dropped) this.#drop(delta.dropped);
    if (delta.faults) this.faults = delta.faults;
    if (delta.notes) this.notes = this.notes.concat(delta.notes).slice(-40);
    if (delta.ready) this.ready = true;
    if (delta.shards || delta.dropped || delta.ready) this.#forgetVanished();
  }

  #shard({id, parent, open, made, closed, trimmed, state}) {
    const records = this.shards.get(id)?.records ?? this.orphans.get(id) ?? [];
    this.orphans.delete(id);
    for (const record of records) record.time = Math.max(record.at, made);
    const shard = {id, parent, opened: made, closed: open ? undefined : closed, trimmed: trimmed && strip(trimmed), state, records};
    this.shards.set(id, shard);
    for (const other of this.shards.values()) {
      if (other.parent === id) endBefore(shard, other);
      if (other.id === parent) endBefore(other, shard);
    }
  }

  #row(row) {
    const old = this.rows.get(row.key);
    this.leaving.delete(row.key);
    const ttl = row.expires ? row.ttl * 1000 : 0;
    // The bar is full when a row's ttl was set.
    const since = old && old.ttl === ttl ? old.since : row.changed;
    this.rows.set({...row, ttl, since, changes: (old?.changes ?? 0) + (old ? 1 : 0)});
  }

  #gone({key, how, at, late}) {
    if (how === 'expired' && late !== undefined) {
      this.removed++;
      this.lateness.push(late);
      if (this.lateness.length > 200) this.lateness.shift();
    }
    const row = this.rows.get(key);
    if (!row) return;
    if (how === 'forgotten' || !this.ready) {
      this.rows.delete(key);
      return;
    }
    row.left = {kind: how, late, at};
    this.leaving.set(key, {row, until: this.ticks() + lingers});
  }

  // sweep takes the rows away that left a while ago.
  sweep() {
    const now = this.ticks();
    for (const [key, {row, until}] of this.leaving) {
      if (until > now && this.leaving.size < 500) break; // the oldest is first
      this.leaving.delete(key);
      if (this.rows.get(key) === row) this.rows.delete(key);
    }
  }

  #record({n, seq, shard, kind, key, at}) {
    const record = {n, seq: strip(seq), id: seq, shard, kind, key, at};
    const known = this.shards.get(shard);
    // A record's time is rounded down, perhaps to before its shard was made.
    record.time = Math.max(at, known?.opened ?? at);
    if (!known && !this.orphans.has(shard)) this.orphans.set(shard, []);
    const {records} = known ?? {records: this.orphans.get(shard)};
    let i = records.length;
    while (i > 0 && compare(records[i - 1].seq, record.seq) > 0) i--;
    records.splice(i, 0, record);
    this.records.set(n, record);
  }

  #drop(dropped) {
    this.dropped = dropped;
    const touched = new Set();
    for (const n of this.records.keys()) { // ascending
      if (n >= dropped.before) break;
      touched.add(this.records.get(n).shard);
      this.records.delete(n);
    }
    for (const id of touched) {
      const kept = (records) => records.filter((r) => r.n >= dropped.before);
      const shard = this.shards.get(id);
      if (shard) shard.records = kept(shard.records);
      if (this.orphans.has(id)) this.orphans.set(id, kept(this.orphans.get(id)));
    }
  }

  // #forgetVanished forgets the shards that the stream no longer has, once
  // none of their records is drawn.
  #forgetVanished() {
    for (const [id, records] of this.orphans) if (records.length === 0) this.orphans.delete(id);
    if (!this.ready) return; // their records may be still to come
    for (const {id, state, records} of this.shards.values()) {
      if (state !== 'forgotten' && (state !== 'vanished' || records.length > 0)) continue;
      this.shards.delete(id);
      for (const reader of this.readers.values()) reader.marks.delete(id);
    }
  }

  #reset(id) {
    const reader = this.readers.get(id);
    if (!reader) return;
    reader.marks.clear();
    reader.reasons.clear();
    for (const record of this.records.values()) {
      if (record.verdicts) delete record.verdicts[id];
    }
  }

  #reader({marks, ...reader}) {
    const old = this.readers.get(reader.id);
    const known = old?.marks ?? new Map();
    for (const {shard, fetched, handled, saved, state} of marks ?? []) {
      known.set(shard, {fetched: strip(fetched), handled: strip(handled), saved: strip(saved), state});
    }
    this.readers.set(reader.id, {...reader, marks: known, reasons: old?.reasons ?? new Map()});
  }

  #verdict({reader, n, what, why}) {
    const record = this.records.get(n);
    const {reasons} = this.readers.get(reader) ?? {};
    if (record) {
      record.verdicts ??= {};
      if (what === 'cleared') delete record.verdicts[reader];
      else record.verdicts[reader] = {what, why};
    }
    if (reasons && what !== 'cleared') reasons.set(what, why);
  }
}

// endBefore ends a closed shard where its child begins: it was seen to be
// closed only a moment later.
function endBefore(shard, child) {
  const late = shard.closed - child.opened;
  if (late > 0 && late < 60_000) shard.closed = child.opened;
}
