// The line at the top: what is watched, the clock, and the button that
// pauses the picture.
import {find, say, put} from './dom.js';
import {clock, date} from './words.js';

export class Header {
  constructor({pause}) {
    this.button = find('#pause');
    this.button.addEventListener('click', pause);
  }

  draw(model, {paused, connected}) {
    const {hello} = model;
    const now = model.now();
    say(find('#clock .time'), clock(now));
    say(find('#clock .day'), date(now));
    const speed = model.clock?.speed ?? 1;
    say(find('#clock .speed'), speed === 1 ? 'UTC' : `UTC, ${speed} times as fast`);
    put(find('#clock'), 'data-fast', speed !== 1);
    const where = !connected ? 'not connected: is 07-watch still running?'
      : hello ? `${hello.table} · ${hello.endpoint} · also at ${hello.address}` : 'connecting …';
    say(find('#where'), where);
    put(this.button, 'aria-pressed', String(paused));
    say(this.button, paused ? 'Paused: continue' : 'Pause the picture');
    put(document.body, 'data-paused', paused);
  }
}
