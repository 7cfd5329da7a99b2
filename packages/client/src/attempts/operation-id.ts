import { Buffer } from 'node:buffer';

import type { Random } from '../ports.js';

/** Gives each operation 16 bytes that all its attempts share: 8 random ones of the client, then its sequence number. */
export function createOperationIds(random: Random): () => Buffer<ArrayBuffer> {
  const first = random.uint32();
  const second = random.uint32();
  let sequence = 0;
  return () => {
    sequence += 1;
    const bytes = Buffer.allocUnsafe(16);
    bytes.writeUInt32BE(first, 0);
    bytes.writeUInt32BE(second, 4);
    bytes.writeUInt32BE(Math.floor(sequence / 2 ** 32), 8);
    bytes.writeUInt32BE(sequence % 2 ** 32, 12);
    return bytes;
  };
}
