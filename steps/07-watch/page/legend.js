// The legend: each colour and shape with its word.
import {make, find} from './dom.js';
import {kinds} from './words.js';

export function drawLegend() {
  const entry = (mark, name, text, title) => make('li', {title}, make('span', {class: `key ${name}`, 'aria-hidden': 'true'}, mark), text);
  find('#legend').replaceChildren(
    ...Object.entries(kinds).map(([kind, {mark, word}]) => entry(mark, kind, word)),
    entry('F', 'letter', 'fetched', 'The reader has got the record'),
    entry('H', 'letter', 'handled', 'The reader has done with it what it is for'),
    entry('S', 'letter', 'saved', 'A checkpoint has it: a restart continues behind it'),
    entry('✕', 'lost', 'lost'),
    entry('←', 'late', 'out of order'),
    entry('○', 'trimmed', 'trimmed'));
}
