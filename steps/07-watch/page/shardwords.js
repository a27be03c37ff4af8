// The shards in words, for those who don't see the picture.
import {make, say} from './dom.js';
import {countThrough} from './sequence.js';
import {count, shortShard} from './words.js';
import {trackWords} from './picture.js';

// most bounds the list: nobody listens to a hundred shards.
const most = 60;

// wordsOf says of a shard what the picture shows.
export function wordsOf(shard, model) {
  const parent = shard.parent && model.shards.has(shard.parent) ? `, child of ${shortShard(shard.parent)}` : '';
  const parts = [`Shard ${shortShard(shard.id)}, ${shard.state}${parent}: ${count(shard.records.length, 'record')}`];
  for (const reader of model.readers.values()) {
    const mark = reader.marks.get(shard.id);
    const n = (seq) => countThrough(shard.records, seq);
    const marks = mark ? `fetched ${n(mark.fetched)}, handled ${n(mark.handled)}${reader.id === 'ours' ? `, saved ${n(mark.saved)}` : ''}` : '';
    parts.push([reader.id, marks, trackWords(mark, reader)].filter(Boolean).join(' '));
    for (const what of ['lost', 'out of order']) {
      const found = shard.records.filter((r) => r.verdicts?.[reader.id]?.what === what).length;
      if (found > 0) parts.push(`${found} ${what} for ${reader.id}`);
    }
  }
  return parts.join('; ');
}

// recordWords says of a record what its dot shows.
export function recordWords(record, among, clock) {
  const verdicts = Object.entries(record.verdicts ?? {}).map(([reader, {what}]) => `, ${what} for ${reader}`).join('');
  return `${record.kind} ${record.key.split('|').at(-1)} at ${clock(record.at)}${verdicts}${among > 1 ? `, one of ${among} here` : ''}`;
}

export class ShardWords {
  constructor(element) { this.element = element; }

  draw(model) {
    const shards = [...model.shards.values()].slice(-most);
    while (this.element.children.length > shards.length) this.element.lastChild.remove();
    while (this.element.children.length < shards.length) this.element.append(make('li'));
    shards.forEach((shard, i) => say(this.element.children[i], wordsOf(shard, model)));
  }
}
