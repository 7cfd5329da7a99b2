import { encodeRecordInto, type RecordFields, recordBytesOf } from '@kv/storage';

/**
 * Where a coordinator encodes its records: end to end in slabs, so that the records of one turn lie beside each other and
 * go into a message in one piece. Memory is never used twice; a slab is freed when nobody holds a record of it.
 */
export class RecordArena {
  #slab = new Uint8Array(0);
  #used = 0;

  /** @throws KvError `invalid-argument` if a field is outside of what the format can carry */
  encode(fields: RecordFields): Uint8Array {
    const length = recordBytesOf(fields);
    if (length > slabBytes / 4) return encodeRecordInto(new Uint8Array(length), 0, fields);
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const record = encodeRecordInto(this.#slab, this.#used, fields);
    this.#used += length;
    return record;
  }
}

/** What the slowest replica keeps in memory of a slab's one last record. */
const slabBytes = 64 * 1024;
