// Two images of an item, side by side, in DynamoDB's own notation.

// linesOf compares the images and returns a line for each attribute that
// either has: {name, old, next, changed}. A side that lacks it is ''.
// The keys come first, then the rest by name.
export function linesOf(oldImage, newImage, keys = {}) {
  const names = [...new Set([...Object.keys(oldImage ?? {}), ...Object.keys(newImage ?? {})])];
  const isKey = (name) => Object.hasOwn(keys, name);
  names.sort((a, b) => isKey(b) - isKey(a) || (a < b ? -1 : 1));
  return names.flatMap((name) => compared(name, oldImage?.[name], newImage?.[name], isKey(name), 0));
}

// compared goes into a map that both sides have, so that one sees which of
// its members changed.
function compared(name, old, next, key, depth) {
  const members = old?.M ?? next?.M;
  if (members && depth < 4 && (old === undefined || old.M) && (next === undefined || next.M)) {
    const inner = [...new Set([...Object.keys(old?.M ?? {}), ...Object.keys(next?.M ?? {})])].sort();
    return [
      {name, old: old ? 'M' : '', next: next ? 'M' : '', changed: false, depth},
      ...inner.flatMap((member) => compared(member, old?.M[member], next?.M[member], false, depth + 1)),
    ];
  }
  const text = (value) => value === undefined ? '' : JSON.stringify(value);
  return [{name, old: text(old), next: text(next), changed: text(old) !== text(next), depth, key}];
}
