// The picture of the shards: its canvas, and how one gets from dot to dot
// with the pointer or the keyboard.
import {find, say, put} from './dom.js';
import {Layout, head} from './layout.js';
import {nearest} from './dots.js';
import {draw} from './picture.js';
import {readTheme, onTheme} from './theme.js';
import {ShardWords, recordWords} from './shardwords.js';
import {clock, count} from './words.js';

export class Shards {
  constructor(model, {redraw, look}) {
    Object.assign(this, {model, redraw, look, back: 0, worded: -Infinity});
    this.box = find('#picture');
    this.canvas = this.box.querySelector('canvas');
    this.ctx = this.canvas.getContext('2d');
    this.extent = find('#extent');
    this.active = find('#active');
    this.tip = find('#tip');
    this.layout = new Layout();
    this.words = new ShardWords(find('#shard-words'));
    this.theme = readTheme();
    onTheme(() => { this.theme = readTheme(); redraw(); });
    this.box.addEventListener('scroll', redraw);
    this.box.addEventListener('pointermove', (event) => this.#point(event));
    this.box.addEventListener('pointerleave', () => { this.tip.hidden = true; });
    this.box.addEventListener('keydown', (event) => this.#key(event));
    find('#earlier').addEventListener('click', () => this.#pan(1));
    find('#later').addEventListener('click', () => this.#pan(-1));
    new ResizeObserver(redraw).observe(this.box);
  }

  draw() {
    const {box, canvas, ctx, layout, model} = this;
    const width = box.clientWidth, height = box.clientHeight;
    const scale = Math.min(2, devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    layout.update(model, {width, height, top: box.scrollTop, back: this.back});
    const tall = `${Math.max(0, layout.height - height)}px`;
    if (this.extent.style.height !== tall) this.extent.style.height = tall;
    const wish = `${Math.min(480, Math.max(200, layout.height))}px`;
    if (box.style.height !== wish) box.style.height = wish;
    const same = this.chosen && model.records.get(this.chosen.n);
    this.chosen = same?.id === this.chosen?.id ? same : undefined; // a reconnect brings new objects
    draw(ctx, layout, this.theme, {width, height, top: box.scrollTop, chosen: this.chosen});
    this.#says();
  }

  #says() {
    const {model} = this;
    const {records} = model.dropped;
    const open = [...model.shards.values()].filter((s) => s.closed === undefined).length;
    say(find('#shards-hint'), `${count(model.shards.size, 'shard')}, ${open} open; ${count(model.records.size, 'record')}`
      + (records ? `, ${count(records, 'older one')} no longer drawn` : ''));
    const longer = this.layout.axis.length > this.layout.right - this.layout.left;
    put(find('#earlier'), 'aria-disabled', !longer || undefined);
    put(find('#later'), 'aria-disabled', this.back === 0 || undefined);
    if (performance.now() - this.worded > 1000) {
      this.worded = performance.now();
      this.words.draw(model);
    }
  }

  #pan(pages) {
    const {axis, left, right} = this.layout;
    const span = right - left;
    this.back = Math.max(0, Math.min(axis.length - span, this.back + pages * span * 0.6)) || 0;
    this.redraw();
  }

  // #point looks at the dot under the pointer.
  #point(event) {
    const from = this.box.getBoundingClientRect();
    const x = event.clientX - from.left, y = event.clientY - from.top + this.box.scrollTop;
    const {bars, sizes} = this.layout;
    const dots = bars.filter((b) => y >= b.y && y < b.y + sizes.lane && y >= head).flatMap((b) => b.dots);
    const dot = nearest(dots, x, 9);
    this.tip.hidden = !dot;
    if (!dot) return;
    const [record] = dot.records;
    say(this.tip, recordWords(record, dot.count, clock));
    this.tip.style.left = `${Math.min(event.clientX - from.left + 12, from.width - 240)}px`;
    this.tip.style.top = `${event.clientY - from.top + this.box.offsetTop + 18}px`;
    if (record !== this.chosen) this.#choose(record, dot.count);
  }

  #choose(record, among) {
    this.chosen = record;
    say(this.active, recordWords(record, among, clock));
    put(this.box, 'aria-activedescendant', 'active');
    this.look(record);
    this.redraw();
  }

  // #reveal pans to a record that is out of sight.
  #reveal({time}) {
    const {left, right} = this.layout;
    const x = this.layout.x(time, 0.5);
    if (x < left) this.back += left - x + 40;
    else if (x > right) this.back = Math.max(0, this.back - (x - right) - 40);
  }

  // #key goes to the next record of the shard, or to the shard above or below.
  #key(event) {
    const {model} = this;
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 0, ArrowUp: 0, Home: -Infinity, End: Infinity}[event.key];
    if (step === undefined || model.records.size === 0) return;
    event.preventDefault();
    const last = [...model.records.values()].at(-1);
    if (!this.chosen) return this.#choose(last, 1);
    if (step === 0) return this.#other(event.key === 'ArrowDown' ? 1 : -1);
    const {records} = model.shards.get(this.chosen.shard);
    const i = Math.max(0, Math.min(records.length - 1, records.indexOf(this.chosen) + step));
    this.#choose(records[i], 1);
    this.#reveal(records[i]);
  }

  // #other goes to the nearest record of the next shard that has some.
  #other(step) {
    const {shards} = this.model;
    const {lane} = this.layout;
    const order = [...shards.values()].filter((s) => s.records.length > 0)
      .sort((a, b) => (lane.get(a.id) ?? -1) - (lane.get(b.id) ?? -1) || a.opened - b.opened);
    const next = order[order.findIndex((s) => s.id === this.chosen.shard) + step];
    if (!next) return;
    const off = (r) => Math.abs(r.time - this.chosen.time);
    this.#choose(next.records.reduce((best, r) => off(r) < off(best) ? r : best), 1);
    this.#reveal(this.chosen);
    const y = head + (lane.get(next.id) ?? 0) * this.layout.sizes.lane;
    if (y < this.box.scrollTop + head || y > this.box.scrollTop + this.box.clientHeight - 60) this.box.scrollTop = y - head;
  }
}
