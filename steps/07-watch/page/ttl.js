// The bar of a row: how much of its life is left, and what to say of it.
import {coarse, span} from './words.js';

// barOf tells how a row stands to its ttl. Times are in milliseconds.
// `left` is the share of its life that is left, from 0 to 1.
export function barOf(row, now) {
  if (row.left) {
    return {state: row.left.kind, left: 0, says: row.left.says};
  }
  if (!row.ttl) {
    return {state: 'forever', left: 1, says: 'never expires'};
  }
  if (now < row.ttl) {
    const life = Math.max(1, row.ttl - row.since);
    return {state: 'alive', left: Math.min(1, (row.ttl - now) / life), says: `${span(row.ttl - now)} left`};
  }
  return {state: 'late', left: 0, says: `expired ${coarse(now - row.ttl)} ago, still here`};
}
