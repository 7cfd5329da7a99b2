import type { FileSystemShape } from '@kv/testing';

/** Tells of the first operation that fails to write or sync, before whoever called it knows. */
export function watchFailures(inner: FileSystemShape, onFailed: () => void): FileSystemShape {
  async function watched<Result>(task: () => Promise<Result>): Promise<Result> {
    try {
      return await task();
    } catch (error) {
      onFailed();
      throw error;
    }
  }
  return {
    ...inner,
    syncDirectory: (path) => watched(() => inner.syncDirectory(path)),
    async create(path) {
      const file = await inner.create(path);
      return {
        write: (bytes, position) => watched(() => file.write(bytes, position)),
        writev: (parts, position) => watched(() => file.writev(parts, position)),
        writevAtOnce(parts, position) {
          try {
            return file.writevAtOnce(parts, position);
          } catch (error) {
            onFailed();
            throw error;
          }
        },
        sync: () => watched(() => file.sync()),
        close: () => file.close(),
      };
    },
  };
}
