import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

import type { OpenConnection } from './system.js';

/** The fields that are used here, numbered as in etcd's rpc.proto and kv.proto. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message KeyValue { bytes key = 1; bytes value = 5; }
  message RangeRequest { bytes key = 1; bool serializable = 7; }
  message RangeResponse { repeated KeyValue kvs = 2; }
  message PutRequest { bytes key = 1; bytes value = 2; bool prev_kv = 4; }
  message PutResponse { KeyValue prev_kv = 2; }
  message ResponseHeader { uint64 member_id = 2; }
  message StatusRequest {}
  message StatusResponse { ResponseHeader header = 1; uint64 leader = 4; }
`,
  { keepCase: true },
);

interface Method {
  readonly path: string;
  readonly serialize: (fields: object) => Buffer;
  readonly deserialize: (bytes: Buffer) => protobuf.Message;
}

const range = method('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse');
const put = method('/etcdserverpb.KV/Put', 'PutRequest', 'PutResponse');
const status = method('/etcdserverpb.Maintenance/Status', 'StatusRequest', 'StatusResponse');

interface RangeResponse {
  readonly kvs: readonly { readonly value: Buffer }[];
}

/**
 * Plain calls of etcd's own service, on one connection to the leader: another member would only pass each write on to it.
 * Reads are linearizable (etcd's default) except at level `one`, which is answered from one member's memory.
 */
export const openEtcd: OpenConnection = async (endpoints) => {
  const client = await connectToLeader(endpoints);
  return {
    use({ level, previous }) {
      const serializable = level === 'one';
      return {
        async get(key) {
          const { kvs } = await call<RangeResponse>(client, range, { key: Buffer.from(key), serializable });
          return kvs[0]?.value.toString();
        },
        put: (key, value) =>
          call(client, put, { key: Buffer.from(key), value: Buffer.from(value), prev_kv: previous }),
      };
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
};

async function connectToLeader(endpoints: readonly string[]): Promise<Client> {
  const clients = endpoints.map((endpoint) => new Client(endpoint, credentials.createInsecure()));
  const isLeader = await Promise.all(clients.map(leads));
  const leader = clients[isLeader.indexOf(true)];
  for (const client of clients) if (client !== leader) client.close();
  if (leader === undefined) throw new Error('etcd: no member leads');
  return leader;
}

interface StatusResponse {
  readonly header: { readonly member_id: { toString(): string } };
  readonly leader: { toString(): string };
}

async function leads(client: Client): Promise<boolean> {
  const { header, leader } = await call<StatusResponse>(client, status, {});
  return header.member_id.toString() === leader.toString();
}

function call<Response>(
  client: Client,
  { path, serialize, deserialize }: Method,
  fields: object,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, response?: unknown): void => {
      if (error === null) resolve(response as Response);
      else reject(error);
    };
    client.makeUnaryRequest(path, serialize, deserialize, fields, done);
  });
}

function method(path: string, requestName: string, responseName: string): Method {
  const request = root.lookupType(requestName);
  const response = root.lookupType(responseName);
  return {
    path,
    serialize: (fields) => request.encode(fields).finish() as Buffer,
    deserialize: (bytes) => response.decode(bytes),
  };
}
