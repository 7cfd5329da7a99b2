import type { RecoverySegment } from '../memory/record-memory.js';
import { fileErrorCode } from '../system/file-errors.js';
import { flagsOffset, tombstoneFlag } from '../record/record-layout.js';
import { dataFileOf, joinPath, manifestName } from '../recovery/file-names.js';
import { FileWalk } from '../recovery/file-walk.js';
import { inChain, type Manifest } from '../recovery/manifest.js';
import { scratchMemory } from '../snapshot/verify-snapshot.js';
import type { FileContent, FileInspection, FileRole } from './inspection.js';
import type { InspectPorts } from './inspect-directory.js';

/** Looks into every file of the directory. */
export async function inspectFiles(
  directory: string,
  { names, manifest }: { readonly names: readonly string[]; readonly manifest: Manifest | undefined },
  ports: InspectPorts,
): Promise<FileInspection[]> {
  const files: FileInspection[] = [];
  for (const name of names) {
    const role = roleOf(name, manifest);
    const found = await inspectFile(
      joinPath(directory, name),
      { role, partitions: manifest?.partitions ?? 1 },
      ports,
    );
    if (found !== undefined) files.push({ name, role, ...found });
  }
  const place = ({ role }: FileInspection): number => order.indexOf(role);
  return files.sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

const order: readonly FileRole[] = [
  'manifest',
  'snapshot',
  'log',
  'not counted',
  'temporary',
  'set aside',
  'lock',
  'unknown',
];

function roleOf(name: string, manifest: Manifest | undefined): FileRole {
  if (name === manifestName) return 'manifest';
  if (name === 'LOCK' || name.startsWith('LOCK.')) return 'lock';
  if (/^(damaged|ignored)-/.test(name)) return 'set aside';
  const file = dataFileOf(name);
  if (file === undefined) return 'unknown';
  if (file.kind === 'temporary') return 'temporary';
  const counts =
    manifest !== undefined &&
    inChain(manifest, name) &&
    (file.kind === 'snapshot' || file.sequence <= manifest.logLast);
  return counts ? file.kind : 'not counted';
}

/** @returns undefined if it is gone, or a directory */
async function inspectFile(
  path: string,
  { role, partitions }: { readonly role: FileRole; readonly partitions: number },
  ports: InspectPorts,
): Promise<Pick<FileInspection, 'bytes' | 'content'> | undefined> {
  try {
    const file = await ports.fileSystem.openForRead(path);
    try {
      const fileBytes = await file.size();
      if (role !== 'snapshot' && role !== 'log' && role !== 'not counted') {
        return { bytes: fileBytes, content: undefined };
      }
      const look = new Look();
      const walk = new FileWalk({ memory: scratchMemory(), timers: ports.timers });
      const { wholeBytes, end } = await walk.walk(file, { fileBytes, partitions }, look);
      await walk.finish();
      if (end.kind === 'damaged') look.reasons.push(end.reason);
      if (end.kind === 'other-format') look.reasons.push(`it has format version ${end.version}`);
      return { bytes: fileBytes, content: look.content(fileBytes - wholeBytes, end.kind) };
    } finally {
      await file.close().catch(() => undefined);
    }
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    if (code !== 'EIO') throw error;
    const reasons = ['the disk cannot read it'];
    return { bytes: 0, content: { ...new Look().content(0, 'damaged'), damage: reasons } };
  }
}

/** Counts what a walk meets. */
class Look {
  readonly reasons: string[] = [];
  #batches = 0;
  #first = 0;
  #last = 0;
  #records = 0;
  #tombstones = 0;
  #bytes = 0;

  header(): boolean {
    return true;
  }

  batch({ sequence }: { readonly sequence: number }): void {
    this.#batches += 1;
    if (this.#first === 0) this.#first = sequence;
    this.#last = sequence;
  }

  record(segment: RecoverySegment, offset: number, length: number): void {
    this.#records += 1;
    this.#bytes += length;
    if ((segment.bytes[offset + flagsOffset]! & tombstoneFlag) !== 0) this.#tombstones += 1;
  }

  damage({ reason }: { readonly reason: string }): void {
    this.reasons.push(reason);
  }

  content(cutBytes: number, end: 'complete' | 'short' | 'damaged' | 'other-format'): FileContent {
    return {
      batches: this.#batches,
      firstBatch: this.#first,
      lastBatch: this.#last,
      records: this.#records,
      tombstones: this.#tombstones,
      recordBytes: this.#bytes,
      end: end === 'other-format' ? 'damaged' : end,
      cutBytes,
      damage: this.reasons,
    };
  }
}
