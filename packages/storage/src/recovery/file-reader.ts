import type { RecordMemory, RecoverySegment } from '../memory/record-memory.js';
import type { ReadableFile } from '../ports.js';
import { readFully } from './read-fully.js';

/** Bytes read at a time: as far as records may begin within one segment. */
const chunkBytesMax = 16 * 1024 * 1024;

/** In front of what is read ahead, for the record that the chunk before it ends within; grows with the records met. */
const headroomBytesMin = 4 * 1024;
const headroomBytesMax = 1024 * 1024;

export type ReaderMemory = Pick<RecordMemory, 'reserve' | 'seal'>;

/**
 * Reads files from their beginning to their end, straight into the memory where their records will stay. While one
 * chunk is looked at, the next is being read. A record that lies across the boundary is the only thing ever copied.
 *
 * Small files share a segment, as there are only so many segments.
 */
export class FileReader {
  readonly #memory: ReaderMemory;
  #file!: ReadableFile;
  #fileBytes = 0;
  #segment: RecoverySegment | undefined;
  /** File position at which the segment would begin; negative if the file begins within it. */
  #base = 0;
  /** What is loaded: a range of file positions. */
  #start = 0;
  #end = 0;
  #ahead: Ahead | undefined;
  #headroom = headroomBytesMin;
  #totalBytes = 0;

  constructor(memory: ReaderMemory) {
    this.#memory = memory;
  }

  /** Where the loaded part of the file lies. Changes with every `need` that was not fulfilled already. */
  get segment(): RecoverySegment {
    return this.#segment!;
  }

  get base(): number {
    return this.#base;
  }

  /** The file is loaded up to this position. */
  get end(): number {
    return this.#end;
  }

  /** Goes to the beginning of another file. */
  async open(file: ReadableFile, fileBytes: number): Promise<void> {
    await this.#dropAhead();
    const usedBytes = alignUp(this.#end - this.#base);
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#start = this.#end = 0;
    // Not `-usedBytes`: that may be -0, which is no small integer for V8, nor is what is counted from it.
    this.#base = 0 - usedBytes;
    if (fileBytes > 0) await this.#load(0, Math.min(fileBytes, chunkBytesMax));
  }

  has(position: number, bytes: number): boolean {
    return position >= this.#start && position + bytes <= this.#end;
  }

  /** Has these bytes of the file, which must exist, lie in `segment` in one piece. */
  async need(position: number, bytes: number): Promise<void> {
    if (this.has(position, bytes)) return;
    this.#headroom = Math.min(Math.max(this.#headroom, 2 * alignUp(bytes)), headroomBytesMax);
    if (await this.#useAhead(position, bytes)) return;
    await this.#dropAhead();
    // Behind it there may be other files' bytes, but what comes now is larger than what is left.
    this.#base = position - (this.#segment?.bytes.length ?? 0);
    await this.#load(position, Math.max(bytes, Math.min(this.#fileBytes - position, chunkBytesMax)));
  }

  /** Reads bytes of the file, which must exist, into memory of their own. */
  async copy(position: number, bytes: number): Promise<Uint8Array> {
    const copy = new Uint8Array(bytes);
    await readFully(this.#file, copy, position);
    return copy;
  }

  /** No more is read. */
  async finish(): Promise<void> {
    await this.#dropAhead();
    this.#retire();
  }

  /** Reads from `position` on into what is left of the segment, or into a new one if that is too little. */
  async #load(position: number, bytes: number): Promise<void> {
    if (this.#segment === undefined || position - this.#base + bytes > this.#segment.bytes.length) {
      this.#retire();
      // Twice as much each time, so that many small files take few segments.
      this.#segment = this.#memory.reserve(Math.max(bytes, Math.min(this.#totalBytes, chunkBytesMax)));
      this.#base = position;
    }
    this.#start = this.#end = position;
    const offset = position - this.#base;
    await readFully(this.#file, this.#segment.bytes.subarray(offset, offset + bytes), position);
    this.#end = position + bytes;
    this.#totalBytes += bytes;
    this.#readAhead();
  }

  #readAhead(): void {
    const bytes = Math.min(this.#fileBytes - this.#end, chunkBytesMax - this.#headroom);
    if (bytes <= 0) return;
    const segment = this.#memory.reserve(this.#headroom + bytes);
    const into = segment.bytes.subarray(this.#headroom, this.#headroom + bytes);
    const done = readFully(this.#file, into, this.#end);
    // Whoever needs it will see the error; nobody may.
    done.catch(() => undefined);
    this.#ahead = { segment, headroom: this.#headroom, start: this.#end, end: this.#end + bytes, done };
  }

  /** @returns whether what is being read ahead fulfils the need */
  async #useAhead(position: number, bytes: number): Promise<boolean> {
    const ahead = this.#ahead;
    if (ahead === undefined || position < this.#start) return false;
    const carry = ahead.start - position;
    if (carry < 0 || carry > ahead.headroom || position + bytes > ahead.end) return false;
    await ahead.done;
    const offset = position - this.#base;
    const into = ahead.headroom - carry;
    ahead.segment.bytes.set(this.segment.bytes.subarray(offset, offset + carry), into);
    this.#retire();
    this.#ahead = undefined;
    this.#segment = ahead.segment;
    this.#base = position - into;
    this.#start = position;
    this.#end = ahead.end;
    this.#totalBytes += ahead.end - ahead.start;
    this.#readAhead();
    return true;
  }

  async #dropAhead(): Promise<void> {
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    this.#ahead = undefined;
    await ahead.done.catch(() => undefined);
    this.#memory.seal(ahead.segment);
  }

  #retire(): void {
    if (this.#segment !== undefined) this.#memory.seal(this.#segment);
    this.#segment = undefined;
  }
}

interface Ahead {
  readonly segment: RecoverySegment;
  /** Bytes in front of what is read. */
  readonly headroom: number;
  /** What is being read: a range of file positions. */
  readonly start: number;
  readonly end: number;
  readonly done: Promise<void>;
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
