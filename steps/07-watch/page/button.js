// A button of the server: what it does, and what one should see then.
import {make, say, put} from './dom.js';
import {send} from './send.js';

let tell = () => {};

// onSaid sets who is told what a button did: a sentence, and whether it
// failed.
export function onSaid(told) { tell = told; }

// press does what a button says, with `more` added to its body.
export async function press(button, more = {}) {
  try {
    tell(await send(button.post, {...button.body, ...more}), false);
  } catch (err) {
    tell(err.message, true);
  }
}

// makeButton makes the element. `more` gives what to add to the body when it
// is pressed.
export function makeButton(button, more = () => ({})) {
  const element = make('button', {type: 'button', 'data-id': button.id, class: 'act'},
    make('span', {class: 'label'}, button.label),
    make('span', {class: 'see'}));
  setOff(element, button, button.off);
  element.addEventListener('click', async () => {
    if (element.getAttribute('aria-disabled') === 'true') return tell(element.dataset.off, true);
    put(element, 'aria-busy', 'true');
    await press(button, more());
    put(element, 'aria-busy', undefined);
  });
  return element;
}

// setOff says why a button can't be pressed now, or that it can. It keeps
// the focus: a disabled button would lose it.
export function setOff(element, button, why) {
  put(element, 'aria-disabled', why ? 'true' : undefined);
  element.dataset.off = why ?? '';
  say(element.querySelector('.see'), why || button.see || '');
}
