import { type ClientDuplexStream, Client, credentials } from '@grpc/grpc-js';

import type { Connection, OpenConnection, Operations } from './system.js';

export const echoPath = '/bench.Echo/Session';

/**
 * The floor under any request to a server from Node: a message there and back on a stream that is open already, nothing
 * done with it. As large as an operation: key and value go there, and as much comes back.
 */
export const openGrpcStream: OpenConnection = ([endpoint]) => {
  const client = new Client(endpoint!, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(echoPath, asItIs, asItIs);
  return Promise.resolve(createEchoConnection(client, stream));
};

function createEchoConnection(client: Client, stream: ClientDuplexStream<Buffer, Buffer>): Connection {
  const waiting: ((answer: Buffer) => void)[] = [];
  stream.on('data', (answer: Buffer) => waiting.shift()?.(answer));
  // Closing the client cancels the stream, which is no failure of a measurement that is over.
  stream.on('error', () => undefined);
  const send = (text: string): Promise<Buffer> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      stream.write(Buffer.from(text));
    });
  const operations: Operations = { get: send, put: (key, value) => send(key + value) };
  return {
    use: () => operations,
    close() {
      stream.end();
      client.close();
      return Promise.resolve();
    },
  };
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
