import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

import { echoPath } from './grpc-stream.js';

/** A process that answers each message of a gRPC stream with the same bytes. Ends with its parent. */
const server = new Server();
server.addService(
  {
    session: {
      path: echoPath,
      requestStream: true,
      responseStream: true,
      requestSerialize: asItIs,
      requestDeserialize: asItIs,
      responseSerialize: asItIs,
      responseDeserialize: asItIs,
    },
  },
  {
    session(stream: ServerDuplexStream<Buffer, Buffer>) {
      stream.on('data', (bytes: Buffer) => stream.write(bytes));
      stream.on('end', () => stream.end());
      stream.on('error', () => undefined);
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ endpoint: `127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit(0));

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
