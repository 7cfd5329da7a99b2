import type { Random } from '../ports.js';

/** Gives each operation 16 bytes that all its attempts share: 8 random ones of the client, then its sequence number. */
export function createOperationIds(random: Random): () => Uint8Array<ArrayBuffer> {
  const client = [random.uint32(), random.uint32()] as const;
  let sequence = 0;
  return () => {
    sequence += 1;
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, client[0]);
    view.setUint32(4, client[1]);
    view.setUint32(8, Math.floor(sequence / 2 ** 32));
    view.setUint32(12, sequence % 2 ** 32);
    return bytes;
  };
}
