import type { Version } from './history.js';

export function compareVersions(a: Version, b: Version): number {
  return a.timestamp === b.timestamp ? a.node - b.node : a.timestamp - b.timestamp;
}

export function isSameVersion(a: Version, b: Version): boolean {
  return a.timestamp === b.timestamp && a.node === b.node;
}

export function textOfVersion({ timestamp, node }: Version): string {
  return `${timestamp}@${node}`;
}
