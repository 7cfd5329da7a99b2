import type { Timestamp } from '@kv/hlc';

import type { RecordFacts } from './engine.js';
import { keyBytesAt, keyHashWord, timestampAt, valueLengthWord } from '../memory/record-words.js';

/** Facts of the record that it stands at. One for all records: a gate is asked too often for an object each. */
export class FactsCursor implements RecordFacts {
  timestamp = 0 as Timestamp;
  keyHash = 0;
  keyBytes = 0;
  valueBytes = 0;

  of(words: Int32Array, record: number): RecordFacts {
    this.timestamp = timestampAt(words, record) as Timestamp;
    this.keyHash = words[record + keyHashWord]! >>> 0;
    this.keyBytes = keyBytesAt(words, record);
    this.valueBytes = words[record + valueLengthWord]! >>> 0;
    return this;
  }
}
