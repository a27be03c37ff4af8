// The readers: how far each is, what it lost, and the buttons that kill,
// freeze and start it.
import {make, find, say, put} from './dom.js';
import {makeButton, press, setOff} from './button.js';
import {count, span} from './words.js';

const states = {
  starting: 'starting', running: 'running', frozen: 'frozen: its process is stopped', killed: 'killed', ended: 'ended',
};

// makes tells in which states a button of a reader makes sense.
const makes = {
  kill: ['running', 'frozen', 'starting'], freeze: ['running'], thaw: ['frozen'], start: ['killed', 'ended'], forget: ['killed', 'ended'],
};

export class Readers {
  constructor(model) {
    this.model = model;
    this.cards = new Map();
  }

  greet() {
    this.cards = new Map(['ours', 'naive'].map((id) => [id, this.#card(id)]));
    find('#readers').replaceChildren(...[...this.cards.values()].map((card) => card.element));
  }

  #card(id) {
    const {hello} = this.model;
    const card = {buttons: [], facts: {}};
    const fact = (name, label) => make('div', {class: `fact ${name}`}, make('dt', {}, label), card.facts[name] = make('dd', {}, '–'));
    for (const button of hello.buttons.filter((b) => b.group === id && b.body.do !== 'choose')) {
      card.buttons.push({button, element: makeButton(button)});
    }
    card.element = make('article', {class: 'panel reader', 'data-reader': id, 'aria-labelledby': `${id}-title`},
      make('div', {class: 'title'},
        make('h2', {id: `${id}-title`}, id === 'ours' ? 'Our reader' : 'A naive reader'),
        card.state = make('span', {class: 'state'}, '–')),
      id === 'ours' ? card.title = make('p', {class: 'hint'}) : this.#choice(card),
      make('dl', {}, fact('lag', 'behind'), fact('left', 'time left'), fact('handled', 'handled'),
        fact('lost', '✕ lost'), fact('disorder', '← out of order')),
      card.why = make('ul', {class: 'why'}),
      card.note = make('p', {class: 'note'}),
      make('div', {class: 'buttons'}, ...card.buttons.map((b) => b.element)));
    return card;
  }

  // #choice is the list of what a naive reader can get wrong.
  #choice(card) {
    const {naive} = this.model.hello;
    card.select = make('select', {'aria-label': 'Its mistake', id: 'naive-kind'},
      ...naive.map(({id, title}) => make('option', {value: id}, title)));
    card.select.addEventListener('change', () =>
      press({post: '/watch/readers/naive', body: {do: 'choose', kind: card.select.value}}));
    card.title = make('span', {class: 'hint'});
    return make('div', {class: 'choice'}, card.select, card.title);
  }

  draw() {
    for (const [id, card] of this.cards) {
      const reader = this.model.readers.get(id);
      if (reader) this.#drawCard(card, reader);
    }
  }

  #drawCard(card, reader) {
    const {facts} = card;
    put(card.element, 'data-state', reader.state);
    say(card.state, states[reader.state] ?? reader.state);
    if (card.select) {
      if (document.activeElement !== card.select) card.select.value = reader.kind;
      say(card.title, this.model.hello.naive.find((n) => n.id === reader.kind)?.mistake ?? '');
    } else {
      say(card.title, `${reader.title}${reader.pid ? `, process ${reader.pid}` : ''}. It saves a checkpoint every 2 seconds.`);
    }
    say(facts.lag, reader.lag < 0 ? '–' : reader.lag < 100 ? 'caught up' : span(reader.lag));
    say(facts.left, reader.left < 0 ? '–' : span(reader.left));
    say(facts.handled, reader.handled.toLocaleString('en') + (reader.redelivered ? `, ${reader.redelivered} again` : ''));
    say(facts.lost, String(reader.lost));
    say(facts.disorder, String(reader.outOfOrder));
    put(card.element, 'data-lost', reader.lost > 0);
    put(card.element, 'data-disorder', reader.outOfOrder > 0);
    this.#why(card, reader);
    say(card.note, reader.note ?? '');
    for (const {button, element} of card.buttons) {
      const fits = makes[button.body.do]?.includes(reader.state) ?? true;
      element.hidden = !fits;
      setOff(element, button, button.off);
    }
  }

  // #why says in a sentence each why records were lost or came out of order.
  #why(card, reader) {
    const lines = [];
    if (reader.lost > 0) lines.push(['lost', `✕ lost ${count(reader.lost, 'record')}. ${reader.reasons.get('lost') ?? ''}`]);
    if (reader.outOfOrder > 0) lines.push(['late', `← ${count(reader.outOfOrder, 'record')} out of order. ${reader.reasons.get('out of order') ?? ''}`]);
    if (lines.length === 0 && reader.handled > 0) lines.push(['well', '✓ so far nothing lost, nothing out of order']);
    const key = JSON.stringify(lines);
    if (card.lines === key) return;
    card.lines = key;
    card.why.replaceChildren(...lines.map(([name, text]) => make('li', {class: name}, text)));
  }
}
