import type { Operation, ReadOperation, Scan } from './history.js';
import { textOfVersion } from './version-order.js';

/** One line for people: what was asked, what was told, when. */
export function describeOperation(operation: Operation): string {
  const { id, client, key, level, beganMs, endedMs } = operation;
  const when = `#${id}, client ${client}, ${level}, ${beganMs.toFixed(3)}-${endedMs.toFixed(3)}`;
  if (operation.kind === 'get') return `get ${key} = ${describeAnswer(operation)} (${when})`;
  const { kind, value, outcome, version, stamps } = operation;
  const what = kind === 'delete' ? `delete ${key}` : `put ${key} = ${value ?? ''}`;
  const stamped = stamps.map((stamp) => textOfVersion(stamp.version)).join(' ');
  const result = version === undefined ? outcome : `${outcome} ${textOfVersion(version)}`;
  return `${what}: ${result}, stamps ${stamped || 'none'} (${when})`;
}

export function describeScan({ id, client, level, beganMs, endedMs, entries, complete }: Scan): string {
  const end = complete ? 'complete' : 'cut short';
  return `scan ${id}: ${entries.length} entries, ${end} (client ${client}, ${level}, ${beganMs.toFixed(3)}-${endedMs.toFixed(3)})`;
}

function describeAnswer({ answer }: ReadOperation): string {
  if (answer === undefined) return 'failed';
  switch (answer.kind) {
    case 'value':
      return `${answer.value} ${textOfVersion(answer.version)}`;
    case 'hidden':
      return `not found, hidden by ${textOfVersion(answer.version)}`;
    case 'nothing':
      return 'not found, nobody knew the key';
    case 'untold':
      return 'not found';
  }
}
