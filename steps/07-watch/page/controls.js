// The buttons that make things happen, by group, and the list of what was
// done.
import {make, find, say} from './dom.js';
import {makeButton, press} from './button.js';

const groups = [['write', 'Write'], ['rows', 'Rows'], ['shards', 'Shards'], ['clock', 'Clock'], ['faults', 'Faults']];

export class Controls {
  // `choice` tells which row the buttons of rows act on.
  constructor(model, {choice}) { Object.assign(this, {model, choice}); }

  greet() {
    const {buttons, naive} = this.model.hello;
    this.who = make('select', {id: 'who', 'aria-label': 'Which reader meets a fault'},
      ...[['', 'both readers'], ['ours', 'our reader'], ['naive', 'the naive reader']].map(([value, text]) => make('option', {value}, text)));
    const aimed = () => this.who.value ? {accessKey: this.who.value} : {};
    find('#control-groups').replaceChildren(...groups.map(([id, title]) => make('section', {class: 'group', 'data-group': id},
      make('h3', {}, title),
      id === 'write' ? this.#rate() : '',
      id === 'rows' ? make('p', {class: 'hint'}, 'Of the row that is chosen, or else of the next to expire.') : '',
      id === 'faults' ? make('label', {class: 'line'}, 'met by ', this.who) : '',
      ...buttons.filter((b) => b.group === id).map((b) => makeButton(b, b.who ? aimed : id === 'rows' ? this.choice : undefined)),
      id === 'faults' ? this.waiting = make('p', {class: 'hint'}) : '')));
  }

  // #rate is how many rows are written a second without a click.
  #rate() {
    this.rate = make('input', {type: 'number', min: '0', max: '1000', step: '1', id: 'rate'});
    this.rate.addEventListener('change', () => press({post: '/watch/rate', body: {rate: Number(this.rate.value) || 0}}));
    return make('label', {class: 'line'}, this.rate, ' rows a second');
  }

  draw() {
    const {model} = this;
    if (!this.rate) return;
    if (document.activeElement !== this.rate && this.rate.value !== String(model.rate)) this.rate.value = String(model.rate);
    say(this.waiting, model.faults.length === 0 ? 'No fault waits.'
      : 'Waiting: ' + model.faults.map((f) => `${f.calls} × ${f.fault} for ${f.operation}${f.accessKey ? ` of ${f.accessKey}` : ''}`).join(', '));
    const key = model.notes.length + (model.notes.at(-1) ?? '');
    if (key === this.logged) return;
    this.logged = key;
    find('#log').replaceChildren(...model.notes.slice(-8).reverse().map((note) => make('li', {}, note)));
  }
}
