import { KvError } from '@kv/errors';
import type { DeleteResponse, GetResponse, PutResponse, ScanRequest } from '@kv/proto';

import {
  type ClusterDescription,
  clusterDescriptionOf,
  type NodeStatus,
  nodeStatusOf,
} from './operations/cluster-description.js';
import { beforeSending, failedAt } from './attempts/attempt-failure.js';
import { asBuffer, keyBytes, prefixBytes, valueBytes } from './bounded-bytes.js';
import { type Codec, codecOf, type DecodedTypes, type EncodableTypes, type Encoding } from './encoding.js';
import { parseEndpoint, parseEndpoints } from './attempts/endpoint.js';
import { EndpointPool } from './attempts/endpoint-pool.js';
import {
  answered,
  type KeyValueEntry,
  type ValueEntry,
  valueEntryOf,
  versionOf,
  type WriteResult,
} from './operations/entry.js';
import { ask } from './sending/ask.js';
import { grpcTransport } from './transport/grpc-transport.adapter.js';
import { scanTimeoutMsDefault } from './limits.js';
import { createOperationIds } from './attempts/operation-id.js';
import { createOperationScope, type OperationScope } from './attempts/operation-scope.js';
import {
  type CallerOptions,
  type ConsistencyLevel,
  checkedScanLimit,
  checkedSignal,
  checkedTimeoutMs,
  checkedTtlMs,
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
import {
  callerOptionNames,
  checkNames,
  portNames,
  putOptionNames,
  readOptionNames,
  scanOptionNames,
  writeOptionNames,
} from './option-names.js';
import { decodePrevious } from './operations/previous.js';
import { runRead } from './operations/read.js';
import { runReady } from './operations/ready.js';
import { runScan, type WithScope } from './operations/scan.js';
import { createServerTime } from './attempts/server-time.js';
import { createStampCeilings } from './attempts/stamp-ceilings.js';
import { runTicketedWrite } from './operations/ticketed-write.js';
import { systemClock, systemRandom, systemTimers } from './transport/system.adapter.js';
import { runWrite, type WriteOperation, type WritePorts } from './operations/write.js';

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
  readonly #nextOperationId: () => Uint8Array<ArrayBuffer>;
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
    this.#nextOperationId = createOperationIds(random);
  }

  /** Resolves once an endpoint says that it serves; until then it asks again. */
  async ready(options: CallerOptions = {}): Promise<void> {
    checkNames(options, callerOptionNames);
    return this.#withScope('ready', options, (scope) => runReady(scope, this.#ports));
  }

  /** The value, or undefined if the key is absent, deleted or expired. */
  async get(key: EncodableTypes[K], options: ReadOptions = {}): Promise<DecodedTypes[V] | undefined> {
    const { found, value } = await this.#read(key, options);
    return found ? this.#values.decode(value, 'value') : undefined;
  }

  /** The value with its version and expiry. */
  async getEntry(
    key: EncodableTypes[K],
    options: ReadOptions = {},
  ): Promise<ValueEntry<DecodedTypes[V]> | undefined> {
    const response = await this.#read(key, options);
    return response.found ? valueEntryOf(this.#values, response) : undefined;
  }

  /** Stores the value and tells the one before it. */
  async put(
    key: EncodableTypes[K],
    value: EncodableTypes[V],
    options: PutOptions = {},
  ): Promise<WriteResult<DecodedTypes[V]>> {
    return this.#write('put', options, (consistency) => {
      checkNames(options, putOptionNames);
      const fields = this.#writeFields(key, options);
      const ttlMs = checkedTtlMs(options.ttlMs);
      const request = { ...fields, value: valueBytes(this.#values, value), ttlMs };
      return {
        key: request.key,
        consistency,
        send: async ({ lane }, terms, call) =>
          answered((await ask(lane, { put: { ...request, ...terms } }, call)).put),
      };
    });
  }

  /** Removes the key and tells its last value. Deleting an absent key is no error. */
  async delete(key: EncodableTypes[K], options: WriteOptions = {}): Promise<WriteResult<DecodedTypes[V]>> {
    return this.#write('delete', options, (consistency) => {
      checkNames(options, writeOptionNames);
      const request = this.#writeFields(key, options);
      return {
        key: request.key,
        consistency,
        send: async ({ lane }, terms, call) =>
          answered((await ask(lane, { delete: { ...request, ...terms } }, call)).delete),
      };
    });
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
      this.#ports.pool.close();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(key: EncodableTypes[K], options: ReadOptions): Promise<GetResponse> {
    checkNames(options, readOptionNames);
    const { consistency = this.#options.consistency } = options;
    const request = { key: keyBytes(this.#keys, key), consistency: levelMessageOf(consistency) };
    return this.#withScope('get', options, async (scope) => {
      const response = await runRead(
        async ({ lane }, call) => answered((await ask(lane, { get: request }, call)).get),
        scope,
        this.#ports,
      );
      this.#ports.serverTime.observe(response.serverTime);
      return response;
    });
  }

  #writeFields(
    key: EncodableTypes[K],
    { consistency = this.#options.consistency, previous = true }: WriteOptions,
  ) {
    if (typeof previous !== 'boolean') throw new TypeError('previous: true or false is needed');
    return {
      key: keyBytes(this.#keys, key),
      consistency: levelMessageOf(consistency),
      omitPrevious: !previous,
      operationId: asBuffer(this.#nextOperationId()),
    };
  }

  async #write(
    what: string,
    options: WriteOptions,
    prepare: (consistency: ConsistencyLevel) => WriteOperation<PutResponse | DeleteResponse>,
  ): Promise<WriteResult<DecodedTypes[V]>> {
    const { operation, scope } = beforeSending(() => ({
      operation: prepare(options.consistency ?? this.#options.consistency),
      scope: this.#openScope(what, options),
    }));
    const run = operation.consistency === 'linearizable' ? runTicketedWrite : runWrite;
    return this.#within(scope, async () => {
      const response = await run(operation, scope, this.#ports);
      const version = versionOf(response.version, 'unknown');
      return { version, previous: decodePrevious(response, this.#values) };
    });
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
