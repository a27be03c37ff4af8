// The record that one looks at, as DynamoDB sent it, with what each part of
// it means.
import {make, find} from './dom.js';
import {clock, date, fromTtl, kinds} from './words.js';
import {linesOf} from './images.js';

// wait is how long a dot is looked at before its record is fetched, in
// milliseconds.
const wait = 60;

export class RecordPanel {
  #abort;
  #timer;

  constructor() {
    this.body = find('#record-body');
    this.show(undefined);
  }

  // show shows a record of the model, or a hint if there is none.
  show(record) {
    if (record && record === this.record) return;
    this.record = record;
    this.answer = this.drawn = undefined;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    if (!record) {
      this.body.replaceChildren(make('p', {class: 'hint'}, 'Point at a dot, or go to the picture and use the arrow keys: here you see its record as DynamoDB sent it.'));
      return;
    }
    this.#timer = setTimeout(() => this.#fetch(record), wait);
  }

  // draw shows the record again where a verdict on it has changed.
  draw() {
    if (!this.answer) return;
    const key = JSON.stringify([this.answer.n, this.record.verdicts]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.body.replaceChildren(...render(this.answer, this.record));
  }

  async #fetch(record) {
    this.#abort = new AbortController();
    try {
      const response = await fetch(`/watch/record/${encodeURIComponent(record.id)}`, {signal: this.#abort.signal});
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      this.answer = answer;
      this.draw();
    } catch (err) {
      if (err.name !== 'AbortError') this.body.replaceChildren(make('p', {class: 'hint'}, err.message));
    }
  }
}

function render({kind, shard, late, record, notes}, dot) {
  const {dynamodb} = record;
  const note = (of) => notes.filter((n) => n.of === of).map((n) => n.text).join(' ');
  const at = dynamodb.ApproximateCreationDateTime * 1000;
  const field = (name, value, text = note(name)) => make('div', {class: 'field'},
    make('dt', {}, name), make('dd', {class: 'value'}, value), make('dd', {class: 'means'}, text));
  return [
    make('p', {class: 'kind', 'data-kind': kind},
      make('span', {class: 'mark'}, kinds[kind].mark), ' ', kinds[kind].word,
      late === undefined ? '' : make('span', {class: 'hint'}, `  ${fromTtl(late)}`)),
    ...verdicts(dot),
    make('dl', {class: 'fields'},
      field('eventName', record.eventName),
      field('userIdentity', record.userIdentity ? `${record.userIdentity.Type}, ${record.userIdentity.PrincipalId}` : 'none',
        note('userIdentity') || 'Only a removal by TTL carries one: this is not one.'),
      field('SequenceNumber', dynamodb.SequenceNumber),
      field('ApproximateCreation­DateTime', `${dynamodb.ApproximateCreationDateTime} = ${date(at)} ${clock(at)}`, note('ApproximateCreationDateTime')),
      field('shard', shard, 'All records of this row are in this shard, its ancestors and its descendants.')),
    images(dynamodb),
    make('details', {}, make('summary', {}, 'As DynamoDB sent it'), make('pre', {}, JSON.stringify(record, null, 2))),
  ];
}

function verdicts({verdicts = {}}) {
  return Object.entries(verdicts).map(([reader, {what, why}]) =>
    make('p', {class: `verdict ${what === 'lost' ? 'lost' : 'late'}`},
      `${what === 'lost' ? '✕ lost' : '← out of order'} for the ${reader === 'naive' ? 'naive reader' : 'reader'}. ${why}`));
}

function images({Keys, OldImage, NewImage}) {
  const cell = (text, changed, tag = 'td') => make(tag, changed ? {class: 'changed'} : {}, text);
  return make('table', {class: 'images'},
    make('thead', {}, make('tr', {}, make('th', {scope: 'col'}, 'attribute'),
      make('th', {scope: 'col'}, OldImage ? 'OldImage' : 'no OldImage'), make('th', {scope: 'col'}, NewImage ? 'NewImage' : 'no NewImage'))),
    make('tbody', {}, ...linesOf(OldImage, NewImage, Keys).map(({name, old, next, changed, depth, key}) => make('tr', {},
      make('th', {scope: 'row', 'data-depth': depth}, name, key ? make('small', {}, ' key') : ''),
      cell(old, changed && OldImage && NewImage), cell(next, changed && OldImage && NewImage)))));
}
