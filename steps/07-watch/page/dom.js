// The page's elements are made here. Whatever comes from outside is set as
// text or as an attribute, never as HTML.

// make makes an element with attributes, and children that are elements or
// text. An attribute that is false or undefined is left out.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((c) => c !== undefined && c !== ''));
  return element;
}

export const find = (selector) => document.querySelector(selector);

// say sets an element's text if it differs, so that nothing is laid out or
// read aloud for nothing.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// put sets an attribute if it differs; undefined and false remove it.
export function put(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
