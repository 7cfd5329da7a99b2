import { createRequire } from 'node:module';

/** Of this package. */
export function softwareVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  return version;
}
