// The stylesheet's colours, for what is drawn and not styled.
const names = ['ink', 'muted', 'faint', 'line', 'surface', 'sunken', 'bar', 'bar-closed', 'ours', 'naive', 'lost',
  'late', 'inserted', 'modified', 'deleted', 'expired', 'trimmed', 'focus', 'font'];

export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

// onTheme calls back when the user's system changes between light and dark.
export function onTheme(changed) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}
