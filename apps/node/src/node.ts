/**
 * A cluster member, put together from its parts. Everything that makes it behave differently from run to run comes in
 * through its ports, so that the same code serves in production, in tests and in simulation.
 *
 *     KV service ──▶ coordinator ──▶ local replica ──▶ engine
 *                         └────────▶ remote replicas ──▶ transport
 *     Replica service (for coordinators elsewhere) ──▶ local replica
 */
import type { AntiEntropyCounters, Coordinator, RebuildCounters } from '@kv/replication';

import { createAdmission } from './admission/admission.js';
import type { Member } from './cluster/members.js';
import { formatEndpoint, parseEndpoint } from './configuration/endpoint.js';
import type { NodeComposition } from './composition.js';
import { admissionRetryMs, admittedBytesMax, drainMs, loopDelayMsMax } from './limits.js';
import { type NodeParts, openNodeParts } from './node-parts.js';
import { defaults, type NodeOptions, timingOf } from './options.js';
import type { NodePorts } from './ports.js';
import { createServing, type Serving } from './serving.js';
import { createClusterService } from './services/cluster-service.js';
import { createKvService } from './services/kv-service.js';
import { createReplicaService } from './services/replica-service.js';
import { createTeardown, type Teardown } from './teardown.js';
import type { NodeServices } from './transport.js';
import { softwareVersion } from './version.js';

export interface Node {
  readonly id: string;
  readonly clusterId: string;
  /** host:port under which others reach it. */
  readonly address: string;
  /** On which it listens. */
  readonly port: number;
  /** Requests from within the process, without a transport. */
  readonly coordinator: Coordinator;
  /** As this node sees them now. */
  members(): readonly Member[];
  isServing(): boolean;
  /** Partitions of which records may have been lost here: they are being rebuilt from other members, and do not count. */
  suspectPartitions(): ReadonlySet<number>;
  /** Running totals of what it does beside its clients' work. */
  background(): { readonly rebuild: RebuildCounters; readonly antiEntropy: AntiEntropyCounters };
  /** Resolves once it serves; rejects with KvError `closed` if it is stopped first. */
  serving(): Promise<void>;
  /**
   * Takes no more requests, lets running ones finish for at most so long (default 5,000 ms; 0 = not at all), makes
   * everything durable and lets go of all it holds. A second call joins the first.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}

/** @throws StartFailure, or what a part thinks of an option out of its range; nothing is left open or listening then */
export async function createNode(
  options: NodeOptions,
  ports: NodePorts,
  composition: NodeComposition = {},
): Promise<Node> {
  const teardown = createTeardown();
  try {
    const parts = await openNodeParts(options, ports, { composition, teardown });
    return await bringOnline(options, ports, { parts, teardown });
  } catch (error) {
    await teardown.run().catch((cause: unknown) => {
      ports.logger.error({ err: cause }, 'a start that failed could not be undone');
    });
    throw error;
  }
}

async function bringOnline(
  options: NodeOptions,
  ports: NodePorts,
  { parts, teardown }: { readonly parts: NodeParts; readonly teardown: Teardown },
): Promise<Node> {
  const { identity, placement, peers, hlc, fence, coordinator } = parts;
  const listed = identity.peers.find(({ id }) => id === identity.id)?.address ?? '';
  const { host, port } = listenEndpoint(options, listed);
  const timing = timingOf(options);
  const serving = createServing(
    { placement, ...identity, ...timing },
    { ...ports, hlc, fence, standing: parts.standing, peers: peers.probed },
  );
  let address = options.advertise ?? (listed === '' ? formatEndpoint({ host, port }) : listed);
  const members = (): readonly Member[] => membersOf(options, { parts, serving, address });

  const listener = await ports.transport.listen(
    { host, port },
    createServices(options, ports, { parts, serving, members }),
  );
  let stopDrainMs = 0;
  teardown.defer(() => listener.close({ drainMs: stopDrainMs }));
  if (listed === '' && options.advertise === undefined)
    address = formatEndpoint({ host, port: listener.port });
  ports.logger.info(
    { id: identity.id, address, port: listener.port, clusterId: identity.clusterId, member: placement.self },
    'listening',
  );
  parts.standing.start({
    onAdmitted: () => {
      parts.background.rebuilder.wake();
      serving.admitted();
    },
    onLoss: () => parts.background.rebuilder.restart(),
  });
  parts.background.antiEntropy.start();
  serving.start((isServing) => listener.setServing(isServing));
  teardown.defer(() => serving.stop());
  return {
    id: identity.id,
    clusterId: identity.clusterId,
    address,
    port: listener.port,
    coordinator,
    members,
    isServing: () => serving.isServing(),
    suspectPartitions: () => parts.engine.suspectPartitions,
    background: () => ({
      rebuild: parts.background.rebuilder.counters(),
      antiEntropy: parts.background.antiEntropy.counters(),
    }),
    serving: () => serving.reached(),
    stop: (stop = {}) => {
      stopDrainMs = stop.drainMs ?? drainMs;
      return teardown.run();
    },
  };
}

/** A node listens where its peers look for it, unless it was told otherwise. */
function listenEndpoint(options: NodeOptions, listed: string) {
  return {
    host: options.host ?? defaults.host,
    port: options.port ?? parseEndpoint(listed)?.port ?? defaults.port,
  };
}

interface ServiceParts {
  readonly parts: NodeParts;
  readonly serving: Serving;
  readonly members: () => readonly Member[];
}

function createServices(
  options: NodeOptions,
  { clock, timers, logger, loopDelay }: NodePorts,
  { parts, serving, members }: ServiceParts,
): NodeServices {
  const { identity, placement, engine, hlc, fence, header, standing, replica, coordinator } = parts;
  const requestTimeoutMs = options.requestTimeoutMs ?? defaults.requestTimeoutMs;
  const admission = createAdmission(
    { bytesMax: admittedBytesMax, delayMsMax: loopDelayMsMax, retryAfterMs: admissionRetryMs },
    { loopDelay },
  );
  return {
    kv: createKvService({ requestTimeoutMs }, { coordinator, admission, timers, logger }),
    cluster: createClusterService(
      {
        identity,
        durability: options.durability ?? defaults.durability,
        version: softwareVersion(),
        owners: placement.lists,
      },
      { engine, hlc, clock, members, isServing: () => serving.isServing() && fence.verdict() === 'ok' },
    ),
    replica: createReplicaService(header, { replica, standing, hlc, clock }),
  };
}

function membersOf(
  options: NodeOptions,
  { parts, serving, address }: { parts: NodeParts; serving: Serving; address: string },
): readonly Member[] {
  const { identity, placement } = parts;
  return identity.peers.map((peer, index): Member => {
    const number = index + 1;
    return number === placement.self
      ? { id: peer.id, number, address, zone: options.zone ?? defaults.zone, state: 'up' }
      : { id: peer.id, number, address: peer.address, zone: '', state: serving.stateOf(number) };
  });
}
