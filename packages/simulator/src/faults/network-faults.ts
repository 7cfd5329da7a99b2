import type { Link } from '../network/link.js';
import type { PlannedFault } from '../plan/plan.js';
import { type FaultSurroundings, type Inflict, nothingToUndo, otherOf, targetOf } from './fault.js';

type NetworkFault =
  | 'network-split'
  | 'network-one-way'
  | 'network-isolated-node'
  | 'network-cut-link'
  | 'network-slow-link'
  | 'network-slow-node'
  | 'network-loss'
  | 'network-duplicates'
  | 'network-reordering'
  | 'network-reset'
  | 'network-client-cut-off';

export const networkFaults: Record<NetworkFault, Inflict> = {
  /** Two groups of nodes; each client stays with one of them, or reaches both. */
  'network-split': (fault, surroundings) => {
    const { machines, clients } = surroundings;
    const side = (index: number): boolean => ((fault.other >>> index) & 1) === 1;
    const first = machines.filter((_, index) => side(index)).map(({ host }) => host);
    const second = machines.filter((_, index) => !side(index)).map(({ host }) => host);
    if (first.length === 0 || second.length === 0) return undefined;
    clients.forEach(({ host }, index) => {
      const draw = (fault.other >>> (10 + 2 * index)) & 3;
      if (draw === 0) first.push(host);
      if (draw === 1) second.push(host);
    });
    return cut(fault, surroundings, [...linksBetween(surroundings, first, second)]);
  },
  'network-one-way': (fault, surroundings) => {
    const from = targetOf(fault, surroundings).host;
    const to = otherOf(fault, surroundings).host;
    return cut(fault, surroundings, [surroundings.network.link(from, to)]);
  },
  'network-isolated-node': (fault, surroundings) => {
    const { host } = targetOf(fault, surroundings);
    const others = surroundings.machines.map((machine) => machine.host).filter((other) => other !== host);
    // Half of the time clients do not reach it either.
    if (fault.amount < 0.5) others.push(...surroundings.clients.map((client) => client.host));
    return cut(fault, surroundings, [...linksBetween(surroundings, [host], others)]);
  },
  'network-cut-link': (fault, surroundings) => {
    const [a, b] = [targetOf(fault, surroundings).host, otherOf(fault, surroundings).host];
    return cut(fault, surroundings, [...linksBetween(surroundings, [a], [b])]);
  },
  'network-slow-link': (fault, surroundings) =>
    change([...pairOf(fault, surroundings)], 'slowMs', 5 + fault.amount * 400),
  'network-slow-node': (fault, surroundings) =>
    change([...allLinksOf(fault, surroundings)], 'slowMs', 5 + fault.amount * 200),
  'network-loss': (fault, surroundings) =>
    change([...allLinksOf(fault, surroundings)], 'loss', 0.02 + fault.amount * 0.3),
  'network-duplicates': (fault, surroundings) =>
    change([...everyLink(fault, surroundings)], 'duplicates', 0.02 + fault.amount * 0.2),
  'network-reordering': (fault, surroundings) =>
    change([...everyLink(fault, surroundings)], 'jitterMs', 2 + fault.amount * fault.amount * 300),
  'network-reset': (fault, surroundings) => {
    const { network, machines, clients } = surroundings;
    const { host } = targetOf(fault, surroundings);
    for (const other of [...machines, ...clients]) network.reset(host, other.host);
    return nothingToUndo;
  },
  'network-client-cut-off': (fault, surroundings) => {
    const { clients, machines } = surroundings;
    const client = clients[fault.other % clients.length];
    if (client === undefined) return undefined;
    const hosts = machines.map(({ host }) => host);
    return cut(fault, surroundings, [...linksBetween(surroundings, [client.host], hosts)]);
  },
};

function* linksBetween({ network }: FaultSurroundings, first: readonly string[], second: readonly string[]) {
  for (const a of first) {
    for (const b of second) {
      yield network.link(a, b);
      yield network.link(b, a);
    }
  }
}

function pairOf(fault: PlannedFault, surroundings: FaultSurroundings): Iterable<Link> {
  return linksBetween(
    surroundings,
    [targetOf(fault, surroundings).host],
    [otherOf(fault, surroundings).host],
  );
}

/** Half of the time those to clients are spared: whoever asks this node goes on asking it. */
function sparesClients({ other }: PlannedFault): boolean {
  return (other & 1) === 1;
}

function allLinksOf(fault: PlannedFault, surroundings: FaultSurroundings): Iterable<Link> {
  const { host } = targetOf(fault, surroundings);
  const { machines, clients } = surroundings;
  const hosts = [...machines, ...(sparesClients(fault) ? [] : clients)].map((each) => each.host);
  return linksBetween(
    surroundings,
    [host],
    hosts.filter((other) => other !== host),
  );
}

function* everyLink(fault: PlannedFault, surroundings: FaultSurroundings): Generator<Link> {
  const { machines, clients, network } = surroundings;
  const nodes = machines.map(({ host }) => host);
  for (const a of nodes) for (const b of nodes) if (a !== b) yield network.link(a, b);
  if (sparesClients(fault)) return;
  yield* linksBetween(
    surroundings,
    clients.map(({ host }) => host),
    nodes,
  );
}

function cut(fault: PlannedFault, { network }: FaultSurroundings, links: readonly Link[]) {
  for (const link of links) link.cuts.add(fault.id);
  return () => {
    for (const link of links) network.mend(link, fault.id);
  };
}

function change(links: readonly Link[], what: 'slowMs' | 'loss' | 'duplicates' | 'jitterMs', by: number) {
  for (const link of links) link[what] += by;
  return () => {
    for (const link of links) link[what] = Math.max(0, link[what] - by);
  };
}
