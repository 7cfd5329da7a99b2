import type { DescribeResponse } from '@kv/proto';

import { formatPeerList, sortPeers } from '../configuration/peer-list.js';
import { StartFailure } from '../errors.js';
import { joinRetryMs, joinTimeoutMs } from '../limits.js';
import type { Clock, Logger, Timers } from '../ports.js';
import type { NodeTransport, PeerConnection } from '../transport.js';
import { clusterIdOf, type ClusterShape } from './cluster-identity.js';

/**
 * Asks a member what its cluster looks like, for `--join`. A member that does not answer may still be starting, so it is
 * asked again until the time is up.
 *
 * @throws StartFailure `cluster`
 */
export async function fetchShape(
  address: string,
  ports: { transport: NodeTransport; clock: Clock; timers: Timers; logger: Logger },
): Promise<ClusterShape> {
  const { transport, clock, timers, logger } = ports;
  const connection = transport.connect(address);
  let isTold = false;
  const giveUpAtMs = clock.monotonicMs() + joinTimeoutMs;
  try {
    for (;;) {
      try {
        return toShape(await describe(connection), address);
      } catch (cause) {
        if (cause instanceof StartFailure) throw cause;
        const reason = cause instanceof Error ? cause.message : String(cause);
        if (clock.monotonicMs() >= giveUpAtMs) {
          throw new StartFailure('cluster', `--join: ${address} gave no list of peers: ${reason}`, { cause });
        }
        if (!isTold) {
          const sentence = `waiting for ${address} to give the list of peers, for at most ${joinTimeoutMs / 1_000} s`;
          logger.warn({ join: address, reason }, sentence);
        }
        isTold = true;
        logger.debug({ join: address, err: cause }, 'the member to join does not answer yet');
      }
      await new Promise<void>((resolve) => void timers.after(joinRetryMs, resolve));
    }
  } finally {
    connection.close();
  }
}

function describe(connection: PeerConnection): Promise<DescribeResponse> {
  return connection.describe({}, { timeoutMs: joinRetryMs * 4 });
}

function toShape(response: DescribeResponse, address: string): ClusterShape {
  const peers = sortPeers(response.members.map(({ id, address }) => ({ id, address })));
  if (typeof peers === 'string') {
    throw new StartFailure('cluster', `--join: the list of peers of ${address} is not usable: ${peers}`);
  }
  const shape = {
    peers,
    replicationFactor: response.replicationFactor,
    partitions: response.partitions.length,
  };
  if (clusterIdOf(shape) === response.clusterId) return shape;
  // Also so for a cluster of one, whose only member is not in its list with an address to be reached at.
  throw new StartFailure(
    'cluster',
    `--join: ${address} belongs to a cluster that has no fixed list of peers: it says ${formatPeerList(peers)}`,
  );
}
