import { openClassicLevel } from './classic-level.js';
import { openKv } from './kv.js';
import { openLmdb } from './lmdb.js';
import { openMap } from './map.js';
import type { OpenOptions, System, SystemName } from './system.js';

export async function openSystem(name: SystemName, options: OpenOptions): Promise<System> {
  switch (name) {
    case 'kv':
      return openKv(options);
    case 'classic-level':
      return openClassicLevel(options);
    case 'lmdb':
      return openLmdb(options);
    case 'map':
      return openMap(options);
  }
}
