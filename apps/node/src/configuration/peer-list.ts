import { formatEndpoint, parseEndpoint } from './endpoint.js';

/** One member of a fixed cluster, as `--peers` names it. */
export interface Peer {
  readonly id: string;
  /** host:port, an IPv6 host in brackets. Empty for the only member of a cluster of one, which nobody has to reach. */
  readonly address: string;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const idExpectation =
  'an id of 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit';

/** Member numbers take 16 bits of a version, and 0 means nobody. */
export const peersMax = 65_535;

export function isNodeId(text: string): boolean {
  return idPattern.test(text);
}

/**
 * `id@host:port,id@host:port`, in any order: the result is sorted by id, in which order members are numbered.
 * @returns the peers, or a sentence that says what is wrong with the text
 */
export function parsePeerList(text: string): readonly Peer[] | string {
  const peers: Peer[] = [];
  for (const item of text.split(',')) {
    const at = item.indexOf('@');
    const id = item.slice(0, Math.max(at, 0)).trim();
    const endpoint = parseEndpoint(item.slice(at + 1).trim());
    if (at < 0 || !isNodeId(id) || endpoint === undefined) {
      return `expected id@host:port,id@host:port (an IPv6 host in brackets), got ${JSON.stringify(item)} in it`;
    }
    peers.push({ id, address: formatEndpoint(endpoint) });
  }
  return sortPeers(peers);
}

/** @returns the peers by id, or a sentence that names what two of them share */
export function sortPeers(peers: readonly Peer[]): readonly Peer[] | string {
  if (peers.length > peersMax) return `expected at most ${peersMax} peers, got ${peers.length}`;
  const sorted = [...peers].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const addresses = new Map<string, string>();
  for (const [index, { id, address }] of sorted.entries()) {
    if (sorted[index - 1]?.id === id) return `expected every id once, got ${id} twice`;
    const other = addresses.get(address);
    if (other !== undefined) return `expected every address once, got ${address} for ${other} and ${id}`;
    addresses.set(address, id);
  }
  return sorted;
}

export function formatPeerList(peers: readonly Peer[]): string {
  return peers.map(({ id, address }) => (address === '' ? id : `${id}@${address}`)).join(',');
}
