// Wires the page: the feed fills the model, and each part draws what it is
// named for, at most once a frame.
import {find, say, put} from './dom.js';
import {Model} from './model.js';
import {Feed} from './feed.js';
import {Header} from './header.js';
import {Rows} from './rows.js';
import {Shards} from './shards.js';
import {Readers} from './readers.js';
import {RecordPanel} from './record.js';
import {Scene} from './scene.js';
import {Controls} from './controls.js';
import {drawLegend} from './legend.js';
import {onSaid} from './button.js';

// ticks is how often the clock and what depends on it is drawn where nothing
// else happens, in milliseconds.
const ticks = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 200;

const model = new Model();
const state = {paused: false, connected: false};
let planned = false;
let greeting;

// share bounds the time that drawing takes: a slow machine draws less often,
// so that the page answers at once.
const share = 1 / 8;
let rested = 0; // when it may draw again

function redraw() {
  if (planned) return;
  planned = true;
  setTimeout(() => requestAnimationFrame(draw), rested - performance.now());
}

function draw() {
  planned = false;
  if (!model.ready) return header.draw(model, state); // the last picture stays
  const began = performance.now();
  if (!state.paused) model.sweep();
  for (const part of parts) part.draw(model, state);
  const took = performance.now() - began;
  rested = began + took / share;
}

const record = new RecordPanel();
const header = new Header({pause});
const rows = new Rows(model, {redraw});
const greeted = [
  rows,
  new Readers(model),
  new Controls(model, {choice: () => rows.choice()}),
  new Scene(model),
];
const parts = [header, ...greeted.slice(0, 3), record, new Shards(model, {redraw, look: (r) => record.show(r)})];

const feed = new Feed(model, {
  changed: redraw,
  greeted() {
    const told = JSON.stringify(model.hello);
    if (told !== greeting) for (const part of greeted) part.greet(); // else it only reconnected
    greeting = told;
    redraw();
  },
  connected(yes) {
    state.connected = yes;
    redraw();
  },
});

// pause freezes the picture, clock included, while the engine continues.
function pause() {
  state.paused = !state.paused;
  if (state.paused) {
    feed.close();
    model.stopClock();
  } else {
    feed.open();
  }
  redraw();
}

onSaid((text, failed) => {
  say(find('#said'), text);
  put(find('#said'), 'data-failed', failed);
});
setInterval(() => { if (!state.paused) redraw(); }, ticks);
drawLegend();
feed.open();
