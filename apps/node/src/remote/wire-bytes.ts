/** The generated messages say Buffer where any bytes would do: a view of the same memory, nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const noBytes: Buffer = Buffer.alloc(0);
