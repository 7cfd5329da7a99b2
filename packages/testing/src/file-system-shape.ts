/**
 * The shape of a file system port, as the fakes give it and the contract suite asks for it. `@kv/storage` declares the
 * port; a test there holds the two equal.
 */
export interface FileSystemShape {
  makeDirectory(directory: string): Promise<void>;
  list(directory: string): Promise<string[]>;
  openForRead(path: string): Promise<ReadableFileShape>;
  create(path: string): Promise<WritableFileShape>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncDirectory(directory: string): Promise<void>;
  lock(directory: string): Promise<DirectoryLockShape>;
}

export interface ReadableFileShape {
  size(): Promise<number>;
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface WritableFileShape {
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** As if the parts were one; returns how many bytes of them were taken. Its operations are of kind `write`. */
  writev(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** The same within the call; undefined: it might have to wait, and nothing was written. */
  writevAtOnce(parts: readonly Uint8Array[], position: number): number | undefined;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryLockShape {
  release(): Promise<void>;
}

/** `close` counts for both kinds of file, `write` for all ways of writing. */
export type FileOperationKind =
  | keyof FileSystemShape
  | keyof DirectoryLockShape
  | keyof ReadableFileShape
  | Exclude<keyof WritableFileShape, 'writev' | 'writevAtOnce'>;

export interface FileOperation {
  readonly kind: FileOperationKind;
  /** Of the file or directory; of the old name in a rename. */
  readonly path: string;
}

/** An error as the operating system gives it: recognised by its `code`. */
export class FileSystemError extends Error {
  readonly code: string;

  constructor(code: string, { kind, path }: FileOperation) {
    super(`${code}: ${kind} '${path}'`);
    this.name = 'FileSystemError';
    this.code = code;
  }
}
