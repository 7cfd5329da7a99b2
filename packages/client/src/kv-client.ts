import { KvError } from '@kv/errors';
import type { ScanRequest } from '@kv/proto';

import { failedAt } from './attempts/attempt-failure.js';
import { parseEndpoint, parseEndpoints } from './attempts/endpoint.js';
import { EndpointPool } from './attempts/endpoint-pool.js';
import { createOperationScope, type OperationScope } from './attempts/operation-scope.js';
import { createServerTime } from './attempts/server-time.js';
import { createStampCeilings } from './attempts/stamp-ceilings.js';
import { keyBytes, prefixBytes } from './bounded-bytes.js';
import { type Codec, codecOf, type DecodedTypes, type EncodableTypes, type Encoding } from './encoding.js';
import { Hedges } from './hedging/hedges.js';
import { scanTimeoutMsDefault } from './limits.js';
import {
  type ClusterDescription,
  clusterDescriptionOf,
  type NodeStatus,
  nodeStatusOf,
} from './operations/cluster-description.js';
import { type KeyValueEntry, type ValueEntry, valueEntryOf, type WriteResult } from './operations/entry.js';
import { runMany } from './operations/many.js';
import { defaultOptions, Operations } from './operations/operations.js';
import { runRead } from './operations/read.js';
import { runReady } from './operations/ready.js';
import { runScan, type WithScope } from './operations/scan.js';
import type { WritePorts } from './operations/write.js';
import { callerOptionNames, checkNames, portNames, scanOptionNames } from './option-names.js';
import {
  type CallerOptions,
  checkedScanLimit,
  checkedSignal,
  checkedTimeoutMs,
  type KvClientOptions,
  type KvClientPorts,
  levelMessageOf,
  type PutOptions,
  type ReadOptions,
  type ResolvedOptions,
  resolveOptions,
  type ScanOptions,
  type WriteOptions,
} from './options.js';
import { QuickWay } from './quick/quick-way.js';
import { ReservedVersions } from './quick/reserved-versions.js';
import { Router } from './routing/router.js';
import { BusyPoll } from './sending/busy-poll.js';
import { grpcTransport } from './transport/grpc-transport.adapter.js';
import { systemClock, systemRandom, systemTimers } from './transport/system.adapter.js';

/**
 * A client of one cluster, for as long as the application runs. The constructor does no I/O; connections are made when they
 * are needed. Every method rejects with a KvError, with a TypeError for a wrong JavaScript type, or with the reason of the
 * caller's signal.
 */
export class KvClient<K extends Encoding = 'utf8', V extends Encoding = 'utf8'> {
  readonly #options: ResolvedOptions<K, V>;
  readonly #keys: Codec<K>;
  readonly #values: Codec<V>;
  readonly #ports: WritePorts;
  readonly #operations: Operations<K, V>;
  readonly #quick: QuickWay;
  readonly #open = new Set<OperationScope>();
  #closed = false;

  /**
   * @param endpoints `host:port` of some nodes; any of them serves every key, more let it fail over
   */
  constructor(endpoints: readonly string[], options: KvClientOptions<K, V> = {}, ports: KvClientPorts = {}) {
    checkNames(ports, portNames);
    const { clock = systemClock(), timers = systemTimers(), random = systemRandom() } = ports;
    const { transport = grpcTransport() } = ports;
    const parsed = parseEndpoints(endpoints);
    this.#options = resolveOptions(options);
    this.#keys = codecOf(this.#options.keyEncoding);
    this.#values = codecOf(this.#options.valueEncoding);
    const serverTime = createServerTime(clock);
    const pool = new EndpointPool(parsed, { transport, clock, timers, random, serverTime });
    this.#ports = { pool, clock, timers, random, serverTime, ceilings: createStampCeilings() };
    const { routing, hedging, coordinating } = this.#options;
    const coordinates = coordinating && hedging;
    const router = new Router({ isOn: routing, coordinates }, { pool, clock, timers, random });
    this.#quick = new QuickWay(this.#options, {
      clock,
      timers,
      router,
      busyPoll: new BusyPoll({ pollMs: this.#options.busyPollMs }, { clock, timers }),
      onFailure: ({ code }) => {
        if (code === 'unavailable' || code === 'wrong-epoch') router.doubt();
      },
    });
    const hedges = new Hedges(
      { isOn: hedging },
      { clock, timers, another: (key, than) => router.another(key, than) },
    );
    this.#operations = new Operations(this.#options, {
      ...this.#ports,
      hedges,
      router,
      reserved: new ReservedVersions(),
    });
  }

  /** Resolves once an endpoint says that it serves; until then it asks again. */
  async ready(options: CallerOptions = {}): Promise<void> {
    checkNames(options, callerOptionNames);
    return this.#withScope('ready', options, (scope) => runReady(scope, this.#ports));
  }

  /** The value, or undefined if the key is absent, deleted or expired. */
  get(key: EncodableTypes[K], options: ReadOptions = defaultOptions): Promise<DecodedTypes[V] | undefined> {
    // What an executor throws rejects its promise, here and below. Each has its own: shared, it would take a closure more a call.
    return new Promise((resolve, reject) => {
      this.#quick.begin(this.#operations.get(key, options), { resolve, reject });
    });
  }

  /** The value with its version and expiry. */
  getEntry(
    key: EncodableTypes[K],
    options: ReadOptions = defaultOptions,
  ): Promise<ValueEntry<DecodedTypes[V]> | undefined> {
    return new Promise((resolve, reject) => {
      this.#quick.begin(this.#operations.getEntry(key, options), { resolve, reject });
    });
  }

  /** Stores the value and tells the one before it. */
  put(
    key: EncodableTypes[K],
    value: EncodableTypes[V],
    options: PutOptions = defaultOptions,
  ): Promise<WriteResult<DecodedTypes[V]>> {
    return new Promise((resolve, reject) => {
      this.#quick.begin(this.#operations.put(key, value, options), { resolve, reject });
    });
  }

  /** Removes the key and tells its last value. Deleting an absent key is no error. */
  delete(
    key: EncodableTypes[K],
    options: WriteOptions = defaultOptions,
  ): Promise<WriteResult<DecodedTypes[V]>> {
    return new Promise((resolve, reject) => {
      this.#quick.begin(this.#operations.delete(key, options), { resolve, reject });
    });
  }

  /** The values of many keys, in their order: for each its value, `undefined` if it is absent, or the error. */
  getMany(
    keys: readonly EncodableTypes[K][],
    options: ReadOptions = defaultOptions,
  ): Promise<(DecodedTypes[V] | KvError | undefined)[]> {
    return runMany<DecodedTypes[V] | undefined>(keys.length, (waiter, place) =>
      this.#quick.begin(this.#operations.get(keys[place]!, options), waiter, place),
    );
  }

  /** Stores many: for each, in their order, what `put` gives, or the error. They are writes of their own, not a transaction. */
  putMany(
    entries: readonly (readonly [key: EncodableTypes[K], value: EncodableTypes[V]])[],
    options: PutOptions = defaultOptions,
  ): Promise<(WriteResult<DecodedTypes[V]> | KvError)[]> {
    return runMany<WriteResult<DecodedTypes[V]>>(entries.length, (waiter, place) => {
      const [key, value] = entries[place]!;
      this.#quick.begin(this.#operations.put(key, value, options), waiter, place);
    });
  }

  /** Removes many: for each, in their order, what `delete` gives, or the error. */
  deleteMany(
    keys: readonly EncodableTypes[K][],
    options: WriteOptions = defaultOptions,
  ): Promise<(WriteResult<DecodedTypes[V]> | KvError)[]> {
    return runMany<WriteResult<DecodedTypes[V]>>(keys.length, (waiter, place) =>
      this.#quick.begin(this.#operations.delete(keys[place]!, options), waiter, place),
    );
  }

  /**
   * Every key that is present throughout, once, in no order that means anything to people; not a snapshot. Goes on
   * behind the last answer when a connection breaks. The time-out is of each answer, not of the whole.
   */
  scan(
    options: ScanOptions<K> = {},
  ): AsyncGenerator<KeyValueEntry<DecodedTypes[K], DecodedTypes[V]>, void, undefined> {
    checkNames(options, scanOptionNames);
    const { prefix = '', after, limit, consistency = this.#options.consistency } = options;
    checkedSignal(options.signal);
    if (options.timeoutMs !== undefined) checkedTimeoutMs(options.timeoutMs);
    return this.#scan(options, {
      prefix: prefixBytes(prefix),
      after: after === undefined ? Buffer.alloc(0) : keyBytes(this.#keys, after),
      limit: checkedScanLimit(limit),
      consistency: levelMessageOf(consistency),
    });
  }

  /** Members, partitions and their owners. */
  async describe(options: CallerOptions = {}): Promise<ClusterDescription> {
    checkNames(options, callerOptionNames);
    return this.#withScope('describe', options, async (scope) =>
      clusterDescriptionOf(
        await runRead(({ connection }, call) => connection.describe({}, call), scope, this.#ports),
      ),
    );
  }

  /** Figures of the node behind this very endpoint, which need not be in the list. No other is asked, and nothing is retried. */
  async status(endpoint: string, options: CallerOptions = {}): Promise<NodeStatus> {
    checkNames(options, callerOptionNames);
    const checked = parseEndpoint(endpoint);
    return this.#withScope('status', options, async (scope) => {
      const call = { signal: scope.signal, timeoutMs: scope.timeoutMs };
      try {
        return nodeStatusOf(await scope.race(this.#ports.pool.connectionTo(checked).status({}, call)));
      } catch (error) {
        throw scope.endedBy === undefined ? failedAt({ endpoint }, error) : error;
      }
    });
  }

  /** Ends what is under way with the code `closed` and frees the connections. Calling it again does nothing. */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const scope of this.#open) scope.close();
      this.#quick.close();
      this.#ports.pool.close();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#scan(
    options: ScanOptions<K>,
    request: ScanRequest,
  ): AsyncGenerator<KeyValueEntry<DecodedTypes[K], DecodedTypes[V]>, void, undefined> {
    const { signal, timeoutMs = scanTimeoutMsDefault } = options;
    const withScope: WithScope = (work) =>
      this.#withScope('the next answer of a scan', { signal, timeoutMs }, work);
    for await (const entry of runScan(request, withScope, this.#ports)) {
      yield { key: this.#keys.decode(entry.key, 'key'), ...valueEntryOf(this.#values, entry) };
    }
  }

  /** Runs an operation under its deadline and the caller's signal, and so that `close()` ends it. */
  async #withScope<T>(
    what: string,
    options: CallerOptions,
    work: (scope: OperationScope) => Promise<T>,
  ): Promise<T> {
    const scope = this.#openScope(what, options);
    return this.#within(scope, () => work(scope));
  }

  #openScope(what: string, { signal, timeoutMs = this.#options.timeoutMs }: CallerOptions): OperationScope {
    if (this.#closed) throw new KvError('closed', 'the client was closed');
    const bounds = { timeoutMs: checkedTimeoutMs(timeoutMs), signal: checkedSignal(signal), what };
    const scope = createOperationScope(bounds, this.#ports);
    this.#open.add(scope);
    return scope;
  }

  async #within<T>(scope: OperationScope, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#open.delete(scope);
      scope.release();
    }
  }
}
