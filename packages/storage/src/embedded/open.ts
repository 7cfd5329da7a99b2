import type { Encoding } from './encodings.js';
import { EmbeddedStore } from './embedded-store.js';
import { storePartitions } from '../limits.js';
import { nodeFileSystem } from '../system/node-file-system.adapter.js';
import { openLocalEngine } from '../engine/open-engine.js';
import type { EnginePorts } from '../ports.js';
import type { KvStore } from './store.js';
import { resolveStoreOptions, type StoreOptions } from './store-options.js';
import { systemBootId } from '../system/boot-id.adapter.js';
import { systemClock, systemTimers } from '../system/system-ports.adapter.js';

/**
 * Opens the store in a directory, creating it if need be; `':memory:'` keeps nothing.
 *
 * @param ports the real ones by default
 * @throws TypeError, or KvError: `invalid-argument` (an option, permissions), `unavailable` (another process has the
 * directory, which is named), `corrupt` (it is of another program, or a newer version), `disk-full`
 */
export async function open<KeyEncoding extends Encoding = 'utf8', ValueEncoding extends Encoding = 'utf8'>(
  directory: string,
  options: StoreOptions<KeyEncoding, ValueEncoding> = {},
  ports: Partial<EnginePorts> = {},
): Promise<KvStore<KeyEncoding, ValueEncoding>> {
  const resolved = resolveStoreOptions(options);
  const clock = ports.clock ?? systemClock();
  // A store that somebody forgot to close must not keep the process from ending.
  const timers = ports.timers ?? systemTimers({ keepAlive: false });
  const fileSystem = ports.fileSystem ?? nodeFileSystem();
  const engine = await openLocalEngine(
    { ...resolved.engine, directory, partitions: storePartitions, retainTombstones: false },
    { bootId: systemBootId(), ...ports, clock, timers, fileSystem },
  );
  return new EmbeddedStore(engine, resolved, { clock, timers });
}
