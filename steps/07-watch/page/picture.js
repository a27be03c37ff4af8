// Draws the shards: what layout.js has placed, in the theme's colours.
import {head, gutter} from './layout.js';
import {compare} from './sequence.js';
import {cross, shape, swap} from './shapes.js';
import {clock, kinds, shortShard, span} from './words.js';

// draw draws the layout on a canvas that is scrolled by `top`. `chosen` is
// the record that is looked at.
export function draw(ctx, layout, theme, {width, height, top, chosen}) {
  ctx.clearRect(0, 0, width, height);
  ctx.textBaseline = 'middle';
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, head - 6, width, height);
  ctx.clip();
  ctx.translate(0, -top);
  drawPast(ctx, layout, theme, top, height);
  drawLinks(ctx, layout, theme);
  for (const bar of layout.bars) {
    drawBar(ctx, bar, layout, theme);
    drawDots(ctx, bar, layout, theme, chosen);
    for (const track of bar.tracks) drawTrack(ctx, track, bar, layout, theme);
  }
  ctx.clearRect(0, top, gutter - 8, height);
  drawNames(ctx, layout, theme);
  ctx.restore();
  drawAxis(ctx, layout, theme);
}

const font = (theme, size, weight = 400) => `${weight} ${size}px ${theme.font}`;

// drawPast greys what is older than 24 hours, and shows where now is.
function drawPast(ctx, layout, theme, top, height) {
  ctx.strokeStyle = theme.faint;
  line(ctx, layout.x(layout.now, 1), top + 34, top + height);
  if (layout.horizon === undefined) return;
  ctx.fillStyle = theme.sunken;
  ctx.fillRect(gutter - 8, top, layout.horizon - gutter + 8, height);
}

// drawLinks leads from the end of a parent to its child.
function drawLinks(ctx, layout, theme) {
  ctx.strokeStyle = theme.muted;
  ctx.lineWidth = 1.25;
  for (const {x, y, toX, toY} of layout.links) {
    const down = toX - 10;
    ctx.beginPath();
    ctx.moveTo(x, y);
    if (y !== toY) {
      ctx.lineTo(down, y);
      ctx.lineTo(down, toY - 6);
      ctx.quadraticCurveTo(down, toY, down + 6, toY);
    }
    ctx.lineTo(toX, toY);
    ctx.moveTo(toX - 5, toY - 4);
    ctx.lineTo(toX - 1, toY);
    ctx.lineTo(toX - 5, toY + 4);
    ctx.stroke();
  }
}

function drawBar(ctx, {shard, y, from, to, limit}, {sizes, left}, theme) {
  const open = shard.closed === undefined;
  const top = y + sizes.label, x = Math.max(from, left - 20);
  ctx.fillStyle = open ? theme.bar : theme['bar-closed'];
  ctx.beginPath();
  ctx.roundRect(x, top, Math.max(4, to - x), sizes.bar, open ? [5, 0, 0, 5] : 5);
  ctx.fill();
  if (sizes.label === 0) return;
  const says = `${shortShard(shard.id)}  ${shard.state}`;
  ctx.font = font(theme, 11);
  ctx.fillStyle = theme.muted;
  const at = Math.max(x + 1, left);
  write(ctx, says, at, y + sizes.label / 2 - 1, limit) || write(ctx, shortShard(shard.id), at, y + sizes.label / 2 - 1, limit);
}

// write writes a text if it ends before the limit, and reports whether it did.
function write(ctx, text, x, y, limit) {
  const fits = x + ctx.measureText(text).width < limit - 4;
  if (fits) ctx.fillText(text, x, y);
  return fits;
}

function drawDots(ctx, {shard, y, dots}, {sizes, horizon}, theme, chosen) {
  const middle = y + sizes.label + sizes.bar / 2;
  const r = sizes.apart / 2;
  for (const dot of dots) {
    const past = horizon !== undefined && dot.x < horizon;
    if (dot.count === 1) {
      const [record] = dot.records;
      shape(ctx, record.kind, dot.x, middle, r);
      fill(ctx, past || trimmed(shard, record), theme[record.kind], theme);
    } else {
      drawColumn(ctx, dot, middle, sizes, past, theme);
    }
    if (chosen && dot.records.includes(chosen)) {
      ctx.strokeStyle = theme.focus;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.arc(dot.x, middle, Math.max(r + 4, sizes.bar / 2 + 2), 0, 2 * Math.PI);
      ctx.stroke();
    }
  }
}

const trimmed = (shard, record) => shard.trimmed && compare(record.seq, shard.trimmed) <= 0;

// fill fills the path; a record that was trimmed is an outline.
function fill(ctx, past, colour, theme) {
  if (past) {
    ctx.strokeStyle = theme.trimmed;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  } else {
    ctx.fillStyle = colour;
    ctx.fill();
  }
}

// drawColumn draws several records as a column in parts by kind.
function drawColumn(ctx, {x, count, records}, middle, sizes, past, theme) {
  const tall = Math.min(sizes.bar - 2, sizes.apart + 3 * Math.log2(count));
  const wide = sizes.apart - 1;
  let at = middle + tall / 2;
  for (const kind in kinds) {
    let n = 0;
    for (const record of records) n += record.kind === kind;
    if (n === 0) continue;
    const part = tall * n / count;
    ctx.fillStyle = past ? theme.trimmed : theme[kind];
    ctx.fillRect(x - wide / 2, at - part, wide, part);
    at -= part;
  }
}

// drawTrack draws how far a reader is: the solid part is saved, the next one
// handled, the pale one fetched only.
function drawTrack(ctx, track, {from, to, limit}, {sizes, left, right}, theme) {
  const {reader, y, mark, fetched, handled, saved, faults} = track;
  const thick = sizes.words ? 5 : Math.min(3, sizes.track - 2);
  const middle = y + sizes.track / 2;
  const colour = theme[reader.id] || theme.naive;
  const start = Math.max(from, left - 8);
  const piece = (end, alpha, height) => {
    if (end === undefined || end <= start) return;
    ctx.globalAlpha = alpha;
    ctx.fillStyle = colour;
    ctx.fillRect(start, middle - height / 2, end - start, height);
    ctx.globalAlpha = 1;
  };
  ctx.fillStyle = theme.line;
  ctx.fillRect(start, middle - 0.5, Math.max(0, to - start), 1);
  piece(fetched, 0.22, thick);
  piece(handled, 0.5, thick);
  piece(saved, 1, thick);
  for (const {x, what} of faults) {
    const r = sizes.words ? 3.5 : 2;
    if (what === 'lost') cross(ctx, x, middle, r, theme.lost); else swap(ctx, x, middle, r + 0.5, theme.late);
  }
  if (sizes.words) drawLetters(ctx, {fetched, handled, saved, mark, reader}, middle, {start, to: Math.min(to, right), limit}, theme, colour);
}

// drawLetters says which mark is which, and what the reader is doing there.
function drawLetters(ctx, {fetched, handled, saved, mark, reader}, middle, {start, to, limit}, theme, colour) {
  ctx.font = font(theme, 9.5, 700);
  const letters = [['S', saved], ['H', handled], ['F', fetched]].filter(([, x]) => x !== undefined && x >= start);
  let after = to;
  for (let i = 0; i < letters.length; i++) {
    let [text, x] = letters[i];
    while (i + 1 < letters.length && letters[i + 1][1] - x < 9) text += letters[++i][0];
    x = Math.max(x, letters[i][1]);
    ctx.fillStyle = colour;
    ctx.fillRect(x - 1, middle - 5, 2, 10);
    const wide = ctx.measureText(text).width;
    const at = x + wide + 6 < limit ? x + 3 : x - wide - 4; // or before the mark
    ctx.fillStyle = theme.surface;
    ctx.fillRect(at - 1, middle - 6, wide + 2, 12);
    ctx.fillStyle = colour;
    ctx.fillText(text, at, middle + 0.5);
    after = Math.max(after, at + wide + 2);
  }
  const says = trackWords(mark, reader);
  if (says) {
    ctx.font = font(theme, 10.5);
    ctx.fillStyle = theme.muted;
    write(ctx, says, after + 6, middle + 0.5, limit);
  }
}

// trackWords is what there is to say of a reader in a shard.
export function trackWords(mark, reader) {
  if (reader.state === 'killed' || reader.state === 'frozen') return mark ? reader.state : '';
  if (!mark) return reader.state === 'running' ? 'not seen yet' : '';
  return {
    waiting: 'waits for its parent', consumed: 'read to its end', done: 'stopped reading', stuck: 'asks in vain',
  }[mark.state] ?? '';
}

// drawNames writes the readers' names before each lane.
function drawNames(ctx, {bars, sizes}, theme) {
  if (!sizes.words) return;
  ctx.font = font(theme, 10.5);
  const lanes = new Map(bars.map((bar) => [bar.y, bar.tracks]));
  for (const {reader, y} of [...lanes.values()].flat()) {
    ctx.fillStyle = theme[reader.id] || theme.naive;
    ctx.fillText(reader.id, 4, y + sizes.track / 2 + 0.5);
  }
}

function drawAxis(ctx, layout, theme) {
  const {axis, horizon, left} = layout;
  const now = layout.x(layout.now, 1);
  ctx.font = font(theme, 10.5);
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.textAlign = 'center';
  const tick = (x, text, colour) => {
    ctx.fillStyle = colour;
    ctx.fillText(text, x, 26);
  };
  line(ctx, left - 8, 40, 40, now);
  const cuts = axis.cuts().map(({x, ms}) => ({x: x + gutter, ms})).filter(({x}) => x > left + 30);
  for (const {x, time} of axis.ticks(72)) {
    const at = x + gutter;
    if (at < left || now - at < 50 || cuts.some((cut) => Math.abs(cut.x - at) < 64)) continue;
    line(ctx, at, 34, 40);
    tick(at, clock(time), theme.muted);
  }
  for (const {x, ms} of cuts) {
    tick(x, span(ms), theme.ink);
    ctx.clearRect(x - 4, 36, 8, 8);
    ctx.strokeStyle = theme.muted;
    line(ctx, x - 6, 44, 36, x - 2);
    line(ctx, x + 2, 44, 36, x + 6);
  }
  ctx.font = font(theme, 10.5, 700);
  tick(now, 'now', theme.ink);
  drawWindow(ctx, theme, Math.max(horizon ?? left - 8, left - 8), now, horizon !== undefined);
}

// drawWindow shows the 24 hours that a stream keeps.
function drawWindow(ctx, theme, from, now, cut) {
  ctx.font = font(theme, 10.5);
  ctx.fillStyle = theme.sunken;
  ctx.strokeStyle = theme.faint;
  ctx.beginPath();
  ctx.moveTo(from, 14);
  if (cut) ctx.lineTo(from, 5);
  else ctx.moveTo(from, 5);
  ctx.lineTo(now, 5);
  ctx.lineTo(now, 14);
  ctx.stroke();
  const text = now - from > 210 ? 'the stream keeps 24 hours' : now - from > 60 ? '24 hours' : '';
  if (text) {
    const wide = ctx.measureText(text).width + 12;
    ctx.fillStyle = theme.surface;
    ctx.fillRect((from + now - wide) / 2, 0, wide, 11);
    ctx.fillStyle = theme.muted;
    ctx.fillText(text, (from + now) / 2, 6);
  }
  if (cut && from > gutter + 44) {
    ctx.fillStyle = theme.muted;
    ctx.fillText('trimmed', (gutter + from) / 2, 8);
  }
  ctx.textAlign = 'left';
}

function line(ctx, x, y, toY, toX = x) {
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
