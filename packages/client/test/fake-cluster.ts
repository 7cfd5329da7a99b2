import { KvError } from '@kv/errors';
import { plusMs, timestampOf } from '@kv/hlc';
import {
  type DeleteRequest,
  type DeleteResponse,
  type DescribeResponse,
  type GetRequest,
  GetResponse,
  kvErrorToMessage,
  MemberState,
  type Operation,
  type OperationResult,
  PreviousState,
  type PutRequest,
  PutResponse,
  type ReplicaReadRequest,
  ReplicaReadResponse,
  type ReplicaWriteRequest,
  ReplicaWriteResponse,
  ScanResponse,
  StatusResponse,
  type TicketRequest,
  TicketResponse,
  type Version,
} from '@kv/proto';
import { createManualClock, createManualTimers, createSeededRandom, type ManualTimers } from '@kv/testing';

import type {
  CallOptions,
  ClientConnection,
  ClientTransport,
  Exchange,
  ExchangeSink,
  KvClientPorts,
} from '../src/index.js';

type Method =
  'get' | 'put' | 'delete' | 'ticket' | 'replicaRead' | 'replicaWrite' | 'scan' | 'describe' | 'status';

export interface RecordedCall {
  readonly endpoint: string;
  readonly method: Method;
  readonly request: object;
  readonly options: CallOptions;
}

/** What a call does instead of succeeding; consumed one per call of its method, `undefined` lets one pass. */
export type Fault =
  | { readonly fail: KvError }
  /** Takes effect, and then fails. */
  | { readonly failAfter: KvError }
  /** Succeeds, so much later. */
  | { readonly slowMs: number }
  /** Answers only when aborted. */
  | 'hang'
  | undefined;

export interface FakeNode {
  up: boolean;
  serving: boolean;
  /** How far its clock is off, in milliseconds. */
  skewMs: number;
  /** Of its own copy; `member` is in all that it shows. Default: of the one map, as by a member of its own. */
  shows: (request: ReplicaReadRequest) => Partial<ReplicaReadResponse>;
  /** Likewise, of what it does with a record of its own copy. */
  stores: (request: ReplicaWriteRequest) => Partial<ReplicaWriteResponse>;
  readonly faults: Record<Method, Fault[]>;
}

export interface FakeCluster {
  readonly ports: KvClientPorts;
  readonly timers: ManualTimers;
  readonly calls: RecordedCall[];
  /** What was sent, message by message. */
  readonly messages: { readonly endpoint: string; readonly operations: number }[];
  readonly node: (endpoint: string) => FakeNode;
  /** Of whichever node is called next; before that node's own. */
  readonly faults: Record<Method, Fault[]>;
  describeResponse: DescribeResponse;
  /** What single nodes say instead. */
  readonly describedBy: Map<string, DescribeResponse>;
  /** Who was asked for that. */
  readonly described: string[];
  /** Live values by key, in latin1. */
  readonly stored: Map<string, Uint8Array>;
  /** Answers of a scan in turn; a KvError among them breaks the stream there. */
  scanAnswers: (request: { after: Buffer; limit: number }) => Iterable<Partial<ScanResponse> | KvError>;
  /** Server time, a timestamp. */
  serverTime(endpoint?: string): number;
  /** The most writes that were ever under way together. */
  readonly writesTogetherMax: number;
  readonly closed: string[];
  /** Lets time pass until the promise settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

/** A cluster without a network: nodes that share one map, fail as told, and record what they were asked. */
export function createFakeCluster(seed = 1): FakeCluster {
  const clock = createManualClock();
  const timers = createManualTimers(clock);
  const nodes = new Map<string, FakeNode>();
  const calls: RecordedCall[] = [];
  const messages: { endpoint: string; operations: number }[] = [];
  const stored = new Map<string, Uint8Array>();
  const newest = new Map<string, number>();
  let reserved = 0;
  const closed: string[] = [];
  let writesTogether = 0;
  let writesTogetherMax = 0;

  function node(endpoint: string): FakeNode {
    const known = nodes.get(endpoint);
    if (known !== undefined) return known;
    const member = nodes.size + 1;
    const shows = ({ key, omitValue }: ReplicaReadRequest) => {
      const name = key.toString('latin1');
      const value = stored.get(name);
      if (value === undefined) return { member };
      const identity = Buffer.from(`${name}=${Buffer.from(value).toString('latin1')}`);
      const version = { timestamp: newest.get(name) ?? serverTime(endpoint), node: 65_536 };
      return omitValue ? { member, identity } : { member, identity, version, value: Buffer.from(value) };
    };
    const stores = (request: ReplicaWriteRequest) => ({
      member,
      ...storeAlone(request),
      reserved: request.leads ? reserve(endpoint) : undefined,
    });
    const made: FakeNode = { up: true, serving: true, skewMs: 0, shows, stores, faults: noFaults() };
    nodes.set(endpoint, made);
    return made;
  }
  const serverTime = (endpoint?: string): number =>
    plusMs(timestampOf(clock.nowMs()), endpoint === undefined ? 0 : node(endpoint).skewMs);

  async function call<R>(recorded: RecordedCall, effect: () => R): Promise<R> {
    const { endpoint, method, options } = recorded;
    const { up } = node(endpoint);
    if (!up) throw new KvError('unavailable', 'no connection', { outcome: 'not-applied' });
    calls.push(recorded);
    const isWrite = method === 'put' || method === 'delete';
    if (isWrite) writesTogether += 1;
    writesTogetherMax = Math.max(writesTogetherMax, writesTogether);
    try {
      await Promise.resolve();
      const fault = (cluster.faults[method].length > 0 ? cluster : node(endpoint)).faults[method].shift();
      if (fault === 'hang') return await hang(options.signal);
      if (fault !== undefined && 'fail' in fault) throw fault.fail;
      if (fault !== undefined && 'slowMs' in fault) {
        await new Promise<void>((resolve) => void timers.after(fault.slowMs, resolve));
        return effect();
      }
      const result = effect();
      if (fault !== undefined) throw fault.failAfter;
      return result;
    } finally {
      if (isWrite) writesTogether -= 1;
    }
  }

  function reserve(endpoint: string): Version {
    reserved += 1;
    return { timestamp: serverTime(endpoint) + reserved, node: 65_536 };
  }

  /** What two owners are given is in the one map once. */
  function storeAlone(request: ReplicaWriteRequest): Partial<ReplicaWriteResponse> {
    const name = request.key.toString('latin1');
    const timestamp = request.version!.timestamp;
    const known = newest.get(name) ?? 0;
    if (timestamp < known) return { stored: false };
    newest.set(name, timestamp);
    if (request.tombstone) stored.delete(name);
    else stored.set(name, Buffer.from(request.value));
    return { stored: true };
  }

  function write(endpoint: string, request: PutRequest | DeleteRequest): PutResponse & DeleteResponse {
    const name = request.key.toString('latin1');
    const before = stored.get(name);
    const timestamp = request.ticket?.timestamp ?? Math.max(serverTime(endpoint), request.stampAbove + 1);
    // As in the real one, newer versions stay, and acknowledge the older one all the same.
    if (timestamp >= (newest.get(name) ?? 0)) {
      newest.set(name, timestamp);
      if ('value' in request) stored.set(name, Buffer.from(request.value));
      else stored.delete(name);
    }
    return PutResponse.fromPartial({
      version: { timestamp, node: 65_536 },
      previous: request.omitPrevious
        ? PreviousState.UNSPECIFIED
        : before === undefined
          ? PreviousState.NONE
          : PreviousState.VALUE,
      previousValue: before === undefined ? Buffer.alloc(0) : Buffer.from(before),
      serverTime: serverTime(endpoint),
      reserved: request.reserve ? reserve(endpoint) : undefined,
    });
  }

  function connect(endpoint: string): ClientConnection {
    const record = (method: Method, request: object, options: CallOptions): RecordedCall => ({
      endpoint,
      method,
      request,
      options,
    });
    const answers = {
      get: (request: GetRequest) => {
        const value = stored.get(request.key.toString('latin1'));
        const version = { timestamp: serverTime(endpoint), node: 65_536 };
        const found = value === undefined ? {} : { found: true, value: Buffer.from(value), version };
        return GetResponse.fromPartial({ ...found, serverTime: serverTime(endpoint) });
      },
      put: (request: PutRequest) => write(endpoint, request),
      delete: (request: DeleteRequest) => write(endpoint, request),
      ticket: (request: TicketRequest) => {
        const above = Math.max(request.stampAbove, newest.get(request.key.toString('latin1')) ?? 0);
        const timestamp = Math.max(serverTime(endpoint), above + 1);
        return TicketResponse.fromPartial({
          ticket: { timestamp, node: 65_536 },
          serverTime: serverTime(endpoint),
        });
      },
      replicaRead: (request: ReplicaReadRequest) => {
        const own = node(endpoint).shows(request);
        return ReplicaReadResponse.fromPartial({ serverTime: serverTime(endpoint), ...own });
      },
      replicaWrite: (request: ReplicaWriteRequest) => {
        const own = node(endpoint).stores(request);
        return ReplicaWriteResponse.fromPartial({ serverTime: serverTime(endpoint), ...own });
      },
    };
    const methods = ['get', 'put', 'delete', 'ticket', 'replicaRead', 'replicaWrite'] as const;

    /** Each operation of a batch is a call here: it fails by itself, and is answered by itself. */
    function exchange(operations: readonly Operation[], sink: ExchangeSink): Exchange {
      messages.push({ endpoint, operations: operations.length });
      const controllers = operations.map(() => new AbortController());
      for (const [index, operation] of operations.entries()) {
        const { timeoutMs } = operation;
        const method = methods.find((name) => operation[name] !== undefined)!;
        const request = copyOf(operation[method]!);
        const { signal } = controllers[index]!;
        const tell = (result: Omit<OperationResult, 'id'>): void => {
          if (signal.aborted) return;
          sink.onResult(index, { id: 0, ...result });
          sink.onResultsEnd();
        };
        call(record(method, request, { signal, timeoutMs }), () => answers[method](request as never)).then(
          (response) => tell({ [method]: response }),
          (error: unknown) => tell({ error: kvErrorToMessage(error as KvError) }),
        );
      }
      return { cancel: (index) => controllers[index]!.abort() };
    }

    return {
      exchange,
      // Not recorded: it is asked for routing, beside everything else.
      describe: async () => {
        await Promise.resolve();
        if (!node(endpoint).up) throw new KvError('unavailable', 'no connection', { outcome: 'not-applied' });
        cluster.described.push(endpoint);
        return cluster.describedBy.get(endpoint) ?? cluster.describeResponse;
      },
      status: (request, options) =>
        call(record('status', request, options), () =>
          StatusResponse.fromPartial({
            id: endpoint,
            serving: node(endpoint).serving,
            serverTime: serverTime(endpoint),
          }),
        ),
      async *scan(request, options) {
        await call(record('scan', request, options), () => undefined);
        for (const answer of cluster.scanAnswers(request)) {
          if (answer instanceof KvError) throw answer;
          yield ScanResponse.fromPartial(answer);
        }
      },
      close: () => void closed.push(endpoint),
    };
  }

  const transport: ClientTransport = { connect };
  const cluster: FakeCluster = {
    scanAnswers: () => [{}],
    describeResponse: unroutable,
    describedBy: new Map(),
    described: [],
    ports: { transport, clock, timers, random: createSeededRandom(seed) },
    timers,
    calls,
    messages,
    node,
    faults: noFaults(),
    stored,
    serverTime,
    closed,
    get writesTogetherMax() {
      return writesTogetherMax;
    },
    settle: (promise) => settle(promise, timers),
  };
  return cluster;
}

function noFaults(): Record<Method, Fault[]> {
  return {
    ...{ get: [], put: [], delete: [], ticket: [], replicaRead: [], replicaWrite: [] },
    ...{ scan: [], describe: [], status: [] },
  };
}

/** As it was when it was sent: the client uses its messages again. */
function copyOf<M extends object>(message: M): M {
  return { ...message };
}

/** With a key hash that nobody knows: clients do not route by it, unless a test says otherwise. */
const unroutable: DescribeResponse = {
  epoch: 1,
  clusterId: 'c',
  replicationFactor: 3,
  members: [{ id: 'node1', number: 1, address: 'a:1', zone: '', state: MemberState.UP }],
  partitions: [{ members: [1] }],
  keyHash: { algorithm: 'none', seed: 0, shift: 32 },
};

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new KvError('timeout', 'the call was given up')));
  });
}

async function settle<T>(promise: Promise<T>, timers: ManualTimers): Promise<T> {
  const state = { settled: false };
  const done = (): void => {
    state.settled = true;
  };
  promise.then(done, done);
  for (let steps = 0; steps < 20_000; steps += 1) {
    await timers.advanceAsync(0);
    if (state.settled) return promise;
    await timers.advanceAsync(5);
  }
  throw new Error('it never settled');
}
