// The legend: each colour and shape with its word.
import {make, find} from './dom.js';
import {kinds} from './words.js';

export function drawLegend() {
  const entry = (mark, name, text) => make('li', {}, make('span', {class: `key ${name}`, 'aria-hidden': 'true'}, mark), text);
  find('#legend').replaceChildren(
    ...Object.entries(kinds).map(([kind, {mark, word}]) => entry(mark, kind, word)),
    entry('F', 'letter', 'fetched'),
    entry('H', 'letter', 'handled'),
    entry('S', 'letter', 'saved: a restart resumes here'),
    entry('✕', 'lost', 'lost by a reader'),
    entry('←', 'late', 'out of order'),
    entry('○', 'trimmed', 'trimmed'));
}
