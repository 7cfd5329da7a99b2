import { readFileSync } from 'node:fs';

/** Identity of this boot of the machine; undefined where the system does not tell it (only Linux does). */
export function systemBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() || undefined;
  } catch {
    return undefined;
  }
}
