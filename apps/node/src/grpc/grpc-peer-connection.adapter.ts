/** Calls to one peer, over a stream for each class of work, so that none holds up another. */
import { LinkRequest, type LinkResponse, type replicaMethods } from '@kv/proto/internal';
import { ReplicaUnreachable } from '@kv/replication';
import { Connection, type ConnectionLimits } from '@kv/streams';

import { parseEndpoint } from '../configuration/endpoint.js';
import {
  connectAttemptMs,
  connectTimeoutMs,
  keepAliveMs,
  keepAliveTimeoutMs,
  linkWindowBytes,
  reconnectMsFirst,
  reconnectMsMax,
} from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import type { PeerConnection } from '../transport.js';
import { DescribeCall } from './describe-call.adapter.js';
import { LinkLane } from './link-lane.js';

type CallKind = keyof typeof replicaMethods;
type Answer<Kind extends CallKind> = Exclude<LinkResponse[Kind], undefined>;
type Request<Kind extends CallKind> = Exclude<LinkRequest[Kind], undefined>;

const connectionLimits: ConnectionLimits = {
  windowBytes: linkWindowBytes,
  patienceMs: connectTimeoutMs,
  attemptMs: connectAttemptMs,
  keepAliveMs,
  keepAliveTimeoutMs,
  redialPauses: { firstMs: reconnectMsFirst, lastMs: reconnectMsMax },
};

export function connectGrpc(
  address: string,
  ports: { readonly clock: Clock; readonly timers: Timers },
): PeerConnection {
  const endpoint = parseEndpoint(address) ?? { host: address, port: 0 };
  const connection = new Connection(endpoint, connectionLimits, ports);
  const lane = (): LinkLane => new LinkLane(connection, { address }, ports);
  const client = lane();
  const repair = lane();
  const cluster = lane();
  const describe = new DescribeCall(address, ports);

  function call<Kind extends CallKind>(kind: Kind, on: LinkLane) {
    return async (request: Request<Kind>, options: { readonly timeoutMs: number }): Promise<Answer<Kind>> => {
      // Not `{ [kind]: request }`: a computed name gives V8 a new hidden class each time, and whoever encodes it misses his cache.
      const message = LinkRequest.create();
      message[kind] = request;
      const answer = await on.call(message, options);
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
      connection.close();
      describe.close();
    },
  };
}
