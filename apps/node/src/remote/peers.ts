import type { ClockFence } from '@kv/hlc';

import type { NodeIdentity } from '../cluster/node-file.js';
import type { Standing } from '../cluster/standing.js';
import type { ProbedPeer } from '../cluster/probe.js';
import type { Timers } from '../ports.js';
import type { NodeTransport, PeerConnection } from '../transport.js';
import { type HeaderOptions, type HeaderPorts, openReplyHeader, requestHeader } from './message-header.js';
import { fromDirectory, toJudgedAnswer } from './directory-messages.js';
import { createMemberChannel, type MemberChannel } from '../lanes/member-channel.js';
import { createRemoteReplica } from './remote-replica.js';

/** The other members of the cluster, and the ways to them. */
export interface Peers {
  readonly probed: readonly ProbedPeer[];
  /** Undefined for a number that is no peer's. */
  replica(member: number): MemberChannel | undefined;
  close(): void;
}

export interface PeersPorts extends HeaderPorts {
  readonly transport: NodeTransport;
  readonly timers: Timers;
  readonly fence: ClockFence;
  readonly standing: Standing;
}

export function connectPeers(identity: NodeIdentity, options: HeaderOptions, ports: PeersPorts): Peers {
  const connections: PeerConnection[] = [];
  const channels = new Map<number, MemberChannel>();
  const probed: ProbedPeer[] = [];
  for (const [index, { id, address }] of identity.peers.entries()) {
    if (id === identity.id) continue;
    const number = index + 1;
    const connection = ports.transport.connect(address);
    connections.push(connection);
    const replica = createRemoteReplica({ ...options, member: number }, { ...ports, connection });
    channels.set(number, createMemberChannel({ member: number }, replica, ports));
    const ping: ProbedPeer['ping'] = ({ timeoutMs }) =>
      pingPeer({ ...options, number, timeoutMs }, { ...ports, connection });
    probed.push({ id, number, ping });
  }
  return {
    probed,
    replica: (member) => channels.get(member),
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

/** Asks whether it is there, compares the clocks, and shows it this member's data directory. */
async function pingPeer(
  options: HeaderOptions & { readonly number: number; readonly timeoutMs: number },
  ports: PeersPorts & { readonly connection: PeerConnection },
): Promise<void> {
  const { number, timeoutMs } = options;
  const { clock, connection, fence, standing } = ports;
  const sentAtMonotonicMs = clock.monotonicMs();
  const header = requestHeader(options, ports, { deadlineMs: timeoutMs });
  const shown = standing.directory();
  const response = await connection.ping({ header, directory: fromDirectory(shown) }, { timeoutMs });
  openReplyHeader(response.header, number);
  const receivedAtMonotonicMs = clock.monotonicMs();
  const peerWallMs = response.header?.wallTimeMs ?? 0;
  fence.observePeer({ member: number, peerWallMs, sentAtMonotonicMs, receivedAtMonotonicMs });
  await standing.judged(number, shown, toJudgedAnswer(response));
}
