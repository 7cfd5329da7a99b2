import { encodeRecordsInto, type RecordFields, recordBytesOf } from '@kv/storage';

/**
 * Where a coordinator encodes its records: end to end in slabs, so that the records of one turn lie beside each other and
 * go into a message in one piece. Memory is never used twice; a slab is freed when nobody holds a record of it.
 */
export class RecordArena {
  #slab = new Uint8Array(0);
  #used = 0;

  /** @throws KvError `invalid-argument` if a field is outside of what the format can carry */
  encode(fields: RecordFields): Uint8Array {
    return this.encodeAll([fields]);
  }

  /** The records end to end. @throws as `encode` */
  encodeAll(records: readonly RecordFields[]): Uint8Array {
    let length = 0;
    for (const fields of records) length += recordBytesOf(fields);
    const bytes = this.#take(length);
    encodeRecordsInto(bytes, records);
    return bytes;
  }

  #take(length: number): Uint8Array {
    if (length > slabBytes / 4) return new Uint8Array(length);
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return this.#slab.subarray(start, this.#used);
  }
}

/** What the slowest replica keeps in memory of a slab's one last record. */
const slabBytes = 64 * 1024;
