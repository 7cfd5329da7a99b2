import type { Logger } from '@kv/node';

import type { World } from '../world/world.js';

/** What a process logs goes into the readable trace, if there is one. */
export function createTraceLogger(world: World, who: string): Logger {
  const note =
    (level: string) =>
    (fields: object, message: string): void =>
      world.trace.line(world.nowMs, who, () => `${level}: ${message} ${textOf(fields)}`);
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
}

function textOf(fields: object): string {
  const plain = Object.entries(fields).map(([name, value]: [string, unknown]) =>
    value instanceof Error ? `${name}=${value.message}` : `${name}=${JSON.stringify(value)}`,
  );
  return plain.join(' ');
}
