// One message to another process and back: round trip and processor time of both, by the ways there are. Prints a table.
//   node benchmarks/transport/stream.bench.mjs [way ...]
// `unary` and the streams of nice-grpc and grpc-js carry the bytes as they are; `link` is what nodes do: calls that return
// promises, over numbered frames in protobuf. Compare rows of one run.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';

import { grpcTransport } from '../../apps/node/dist/index.js';

const ofNode = createRequire(new URL('../../apps/node/package.json', import.meta.url));
const grpc = ofNode('@grpc/grpc-js');
const { createChannel, createClient, createServer } = ofNode('nice-grpc');
const { systemClock, systemTimers } = await import(ofNode.resolve('@kv/storage'));

const asIs = (bytes) => bytes;
const codec = {
  ...{ requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs },
  options: {},
};
const unary = { path: '/bench.Echo/Unary', requestStream: false, responseStream: false, ...codec };
const stream = { path: '/bench.Echo/Stream', requestStream: true, responseStream: true, ...codec };
const unbounded = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const transport = grpcTransport({ clock: systemClock(), timers: systemTimers(), logger: silent });

async function serve() {
  const server = createServer(unbounded);
  server.add(
    { unary, stream },
    {
      unary: (message) => Promise.resolve(message),
      async *stream(messages) {
        yield* messages;
      },
    },
  );
  const raw = new grpc.Server(unbounded);
  raw.addService({ stream }, { stream: (call) => void call.on('data', (message) => call.write(message)) });
  const rawPort = await new Promise((resolve) => {
    const address = grpc.ServerCredentials.createInsecure();
    raw.bindAsync('127.0.0.1:0', address, (_, port) => resolve(port));
  });
  const reading = { statuses: noBytes, heads: noBytes, refusals: [], purgeFloors: [], header: undefined };
  const replica = { read: async ({ keys }) => ({ ...reading, records: keys }) };
  const unused = () => Promise.reject(new Error('not called here'));
  const services = {
    kv: { get: unused, put: unused, delete: unused, ticket: unused, scan: unused, session: unused },
    cluster: { describe: unused, status: unused },
    replica,
  };
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, services);
  const nicePort = await server.listen('127.0.0.1:0');
  const ports = { unary: nicePort, 'nice-grpc': nicePort, 'grpc-js': rawPort, link: listener.port };
  process.on('message', () => process.send(process.cpuUsage()));
  process.send(ports);
}

const noBytes = Buffer.alloc(0);

/** Each way gives `send(bytes)`; an answer is told by `onAnswer()`. */
const ways = {
  unary(port, onAnswer) {
    const client = createClient({ unary }, createChannel(`127.0.0.1:${port}`, undefined, unbounded));
    return (bytes) => void client.unary(bytes).then(onAnswer);
  },
  'nice-grpc'(port, onAnswer) {
    const client = createClient({ stream }, createChannel(`127.0.0.1:${port}`, undefined, unbounded));
    const waiting = [];
    let wake = () => undefined;
    async function* messages() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift();
        await new Promise((resolve) => (wake = resolve));
      }
    }
    const read = async () => {
      for await (const message of client.stream(messages())) onAnswer(message);
    };
    void read();
    return (bytes) => {
      waiting.push(bytes);
      wake();
    };
  },
  'grpc-js'(port, onAnswer) {
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), unbounded);
    const call = client.makeBidiStreamRequest(stream.path, asIs, asIs);
    call.on('data', onAnswer);
    return (bytes) => void call.write(bytes);
  },
  link(port, onAnswer) {
    const peer = transport.connect(`127.0.0.1:${port}`);
    const options = { timeoutMs: 60_000 };
    return (bytes) =>
      void peer.read({ header: undefined, keys: bytes, wantValue: noBytes }, options).then(onAnswer);
  },
};

async function measure(way, port, { bytes, inFlight, count, serverCpu }) {
  const payload = Buffer.alloc(bytes, 7);
  const began = [];
  const tookMs = [];
  let left = 0;
  let done = () => undefined;
  const start = () => {
    left -= 1;
    began.push(performance.now());
    send(payload);
  };
  const send = ways[way](port, () => {
    tookMs.push(performance.now() - began.shift());
    if (left > 0) start();
    else if (began.length === 0) done();
  });
  const run = (messages) =>
    new Promise((resolve) => {
      done = resolve;
      left = messages;
      tookMs.length = 0;
      for (let index = 0; index < inFlight; index += 1) start();
    });
  await run(Math.ceil(count / 2));
  const before = [process.cpuUsage(), await serverCpu()];
  await run(count);
  const after = [process.cpuUsage(), await serverCpu()];
  const usPerMessage = (at) =>
    (after[at].user + after[at].system - before[at].user - before[at].system) / count;
  tookMs.sort((one, other) => one - other);
  return {
    way,
    bytes,
    inFlight,
    p50Us: Math.round(tookMs[count >> 1] * 1_000),
    callerCpuUs: Number(usPerMessage(0).toFixed(1)),
    answererCpuUs: Number(usPerMessage(1).toFixed(1)),
  };
}

async function main(asked) {
  const server = fork(new URL(import.meta.url), ['--serve']);
  const reply = () => new Promise((resolve) => server.once('message', resolve));
  const ports = await reply();
  const serverCpu = () => {
    const answer = reply();
    server.send('cpu');
    return answer;
  };
  const rows = [];
  for (const [bytes, inFlight, count] of [
    [150, 1, 6_000],
    [150, 16, 12_000],
    [16_384, 4, 3_000],
    [65_536, 4, 1_500],
  ]) {
    for (const way of asked.length > 0 ? asked : Object.keys(ways)) {
      rows.push(await measure(way, ports[way], { bytes, inFlight, count, serverCpu }));
    }
  }
  console.table(rows);
  server.kill();
  process.exit(0); // Connections are still open.
}

await (process.argv[2] === '--serve' ? serve() : main(process.argv.slice(2)));
