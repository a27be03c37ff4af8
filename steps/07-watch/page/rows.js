// The rows of the table, the next to expire first. Only those in sight are
// elements, however many there are.
import {make, find, say, put} from './dom.js';
import {barOf} from './ttl.js';
import {coarse, count, fromTtl, kinds} from './words.js';

const tall = 56; // pixels a row, as in the stylesheet

export class Rows {
  constructor(model, {redraw}) {
    this.model = model;
    this.list = find('#rows-list');
    this.space = make('div', {class: 'space', role: 'presentation'});
    this.list.append(this.space);
    this.pool = [];
    this.list.addEventListener('scroll', redraw);
    this.list.addEventListener('keydown', (event) => this.#key(event, redraw));
    this.redraw = redraw;
  }

  greet() {
    this.chosen = undefined;
  }

  // choice is the row that buttons act on: the chosen one, or the server's
  // choice if there is none.
  choice() { return this.chosen && this.model.rows.get(this.chosen) ? {key: this.chosen} : {}; }

  draw() {
    const {model, list} = this;
    const {rows} = model;
    const now = model.now();
    this.#hint(now);
    this.space.style.height = `${rows.size * tall}px`;
    const first = Math.max(0, Math.floor(list.scrollTop / tall) - 1);
    const many = Math.min(rows.size - first, Math.ceil(list.clientHeight / tall) + 3);
    while (this.pool.length < many) this.pool.push(this.#makeRow());
    this.pool.forEach((element, i) => {
      element.hidden = i >= many;
      if (i < many) this.#drawRow(element, rows.at(first + i), first + i, now);
    });
    put(list, 'aria-activedescendant', this.pool.find((e) => !e.hidden && e.dataset.key === this.chosen)?.id);
  }

  #hint(now) {
    const {rows, leaving, hello} = this.model;
    let late = 0;
    for (let i = 0; i < rows.size && rows.at(i).ttl && rows.at(i).ttl <= now; i++) late += !rows.at(i).left;
    say(find('#rows-hint'), `${count(rows.size - leaving.size, 'row')}${late ? `, ${late} expired and still here` : ''}`);
    say(find('#cost'), hello.cost);
    say(find('#lateness'), latenessWords(this.model));
  }

  #makeRow() {
    const element = make('div', {class: 'row', role: 'option', id: `row-${this.pool.length}`},
      make('span', {class: 'who'}), make('span', {class: 'what'}), make('span', {class: 'says'}),
      make('span', {class: 'life'}, make('span', {class: 'left'})));
    element.addEventListener('click', () => {
      this.chosen = this.chosen === element.dataset.key ? undefined : element.dataset.key;
      this.redraw();
    });
    this.list.append(element);
    return element;
  }

  #drawRow(element, row, i, now) {
    const [who, what, says, life] = element.children;
    const bar = barOf({...row, left: row.left && {kind: row.left.kind, says: farewell(row.left)}}, now);
    element.style.transform = `translateY(${i * tall}px)`;
    element.dataset.key = row.key;
    put(element, 'data-state', bar.state);
    put(element, 'aria-selected', String(row.key === this.chosen));
    put(element, 'aria-posinset', i + 1);
    put(element, 'aria-setsize', this.model.rows.size);
    say(who, row.email);
    say(says, bar.says);
    say(what, `${row.task.replace('_', ' ')} · ${row.page}${row.changes ? ` · changed ${row.changes === 1 ? 'once' : `${row.changes} times`}` : ''}`);
    life.firstChild.style.transform = `scaleX(${bar.left.toFixed(4)})`;
  }

  #key(event, redraw) {
    const {rows} = this.model;
    const at = this.chosen ? rows.indexOf(this.chosen) : -1;
    const page = Math.max(1, Math.floor(this.list.clientHeight / tall) - 1);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.size - 1, PageDown: at + page, PageUp: at - page}[event.key];
    if (event.key === 'Escape') this.chosen = undefined;
    else if (to === undefined || rows.size === 0) return;
    else {
      const i = Math.max(0, Math.min(rows.size - 1, to));
      this.chosen = rows.at(i).key;
      if (i * tall < this.list.scrollTop) this.list.scrollTop = i * tall;
      else if ((i + 1) * tall > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = (i + 1) * tall - this.list.clientHeight;
    }
    event.preventDefault();
    redraw();
  }
}

// latenessWords says how late DynamoDB removed the rows that expired.
function latenessWords({removed, lateness}) {
  if (removed === 0) return '';
  const sorted = [...lateness].sort((a, b) => a - b);
  const least = coarse(sorted[0]), most = fromTtl(sorted.at(-1));
  return `TTL removed ${removed.toLocaleString('en')}: ${most.startsWith(least) || sorted.at(-1) < 1000 ? most : `${least} to ${most}`}`;
}

// farewell says how a row left.
function farewell({kind, late}) {
  const {mark, word} = kinds[kind];
  return `${mark} ${word}${late === undefined ? '' : `, ${fromTtl(late)}`}`;
}
