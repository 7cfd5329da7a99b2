/** Calls to one peer, over a stream for each class of work, so that none holds up another. */
import type { LinkResponse, replicaMethods } from '@kv/proto/internal';
import { ReplicaUnreachable } from '@kv/replication';

import type { Clock, Timers } from '../ports.js';
import type { PeerConnection } from '../transport.js';
import { DescribeCall } from './describe-call.adapter.js';
import { LinkLane } from './link-lane.js';
import type { LinkBody } from './link-stream.adapter.js';
import { PeerSession } from './peer-session.adapter.js';

type CallKind = keyof typeof replicaMethods;
type Answer<Kind extends CallKind> = Exclude<LinkResponse[Kind], undefined>;
type Request<Kind extends CallKind> = Exclude<LinkBody[Kind], undefined>;

export function connectGrpc(
  address: string,
  ports: { readonly clock: Clock; readonly timers: Timers },
): PeerConnection {
  const session = new PeerSession(address, ports);
  const lane = (): LinkLane => new LinkLane(session, { address }, ports);
  const client = lane();
  const repair = lane();
  const cluster = lane();
  const describe = new DescribeCall(address, ports);

  function call<Kind extends CallKind>(kind: Kind, on: LinkLane) {
    return async (request: Request<Kind>, options: { readonly timeoutMs: number }): Promise<Answer<Kind>> => {
      const answer: LinkResponse = await on.call({ [kind]: request }, options);
      const body = answer[kind];
      if (body !== undefined) return body as Answer<Kind>;
      throw new ReplicaUnreachable(`${address} answered something else than ${kind}`, { sent: true });
    };
  }
  return {
    write: call('write', client),
    repair: call('repair', repair),
    read: call('read', client),
    scanPartition: call('scanPartition', cluster),
    ping: call('ping', cluster),
    digest: call('digest', cluster),
    describe: (request, options) => describe.call(request, options),
    close: () => {
      session.close();
      describe.close();
    },
  };
}
