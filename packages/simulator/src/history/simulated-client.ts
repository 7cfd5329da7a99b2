import { isKvError, KvClient, unknown } from '@kv/client';
import type {
  DeleteRequest,
  GetRequest,
  GetResponse,
  PutRequest,
  ReplicaReadRequest,
  ReplicaReadResponse,
  ReplicaWriteRequest,
} from '@kv/proto';
import type { SeededRandom } from '@kv/testing';
import type { HistoryRecorder, PreviousReport, ReadAnswer, RecordedWrite } from '@kv/testing/checkers';

import { createClientTransport } from '../network/client-transport.js';
import type { Network } from '../network/network.js';
import type { ClientPlan, PlannedOperation } from '../plan/plan.js';
import { SimulatedClock } from '../world/simulated-clock.js';
import { createSimulatedProcess, type SimulatedProcess } from '../world/simulated-process.js';
import { createSimulatedTimers, type SimulatedTimers } from '../world/simulated-timers.js';
import type { World } from '../world/world.js';
import type { EvidenceCollector } from './evidence.js';
import { isSameVersion, ReadResponses } from './read-responses.js';

export interface SimulatedClientPorts {
  readonly world: World;
  readonly network: Network;
  readonly random: SeededRandom;
  readonly recorder: HistoryRecorder;
  readonly evidence: EvidenceCollector;
}

/** An application on a machine of its own: the real client, and everything that it does and hears written down. */
export class SimulatedClient {
  readonly host: string;
  readonly process: SimulatedProcess;
  readonly clock: SimulatedClock;
  readonly #number: number;
  readonly #ports: SimulatedClientPorts;
  readonly #timers: SimulatedTimers;
  readonly #client: KvClient;
  /** The client numbers its writes; so does this, to know them again on the wire. */
  #writes = 0;
  readonly #bySequence = new Map<number, RecordedWrite>();
  /** Of writes that it gave to two owners, what it gave them. */
  readonly #twins = new Map<number, ReplicaWriteRequest>();
  readonly #reads = new ReadResponses();

  constructor(
    { number, plan, endpoints }: { number: number; plan: ClientPlan; endpoints: readonly string[] },
    ports: SimulatedClientPorts,
  ) {
    const { world, network } = ports;
    this.#number = number;
    this.#ports = ports;
    this.host = `client${number + 1}`;
    this.process = createSimulatedProcess(this.host);
    this.clock = new SimulatedClock(world, plan);
    this.#timers = createSimulatedTimers(world, this);
    const transport = createClientTransport(this.host, {
      network,
      process: this.process,
      onRequest: (method, request) => this.#onRequest(method, request),
      onResponse: (method, response, request) => this.#onResponse(method, response, request),
    });
    const clientPorts = { transport, clock: this.clock, timers: this.#timers, random: ports.random };
    // One that asks one node only must not be led to others by what it learns of them.
    const routes = plan.endpoint === undefined;
    // Every other one leaves all reads and writes to nodes.
    const options = { routing: routes, hedging: routes, coordinating: number % 2 === 0 };
    this.#client = new KvClient(endpoints, options, clientPorts);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#timers.after(delayMs, resolve));
  }

  /** Runs one operation and records it. Returns whether it succeeded. */
  async run(operation: PlannedOperation): Promise<boolean> {
    const { abandonMs } = operation;
    const abandon = abandonMs > 0 ? new AbortController() : undefined;
    const cancel = abandon === undefined ? undefined : this.#timers.after(abandonMs, () => abandon.abort());
    const options = { consistency: operation.level, timeoutMs: operation.timeoutMs, signal: abandon?.signal };
    try {
      const { kind } = operation;
      if (kind === 'get') return await this.#get(operation, options);
      if (kind === 'scan') return await this.#scan(operation, options);
      return await this.#write(operation, options);
    } finally {
      cancel?.();
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #get({ id, key, level }: PlannedOperation, options: object): Promise<boolean> {
    const recorded = this.#ports.recorder.read({ client: this.#number, key, level });
    this.#note(id, () => `get ${key} at ${level} begins`);
    const read = this.#reads.begin(key, level);
    try {
      const entry = await this.#client.getEntry(key, options);
      const answer: ReadAnswer =
        entry === undefined ? read.notFound() : { kind: 'value', value: entry.value, version: entry.version };
      recorded.ended(answer);
      this.#note(id, () => `get ${key}: ${JSON.stringify(answer)}`);
      return true;
    } catch (error) {
      recorded.ended(undefined);
      this.#failed(id, error);
      return false;
    } finally {
      read.end();
    }
  }

  /** All keys. */
  async #scan({ id, level }: PlannedOperation, options: object): Promise<boolean> {
    const recorded = this.#ports.recorder.scan({ client: this.#number, level });
    this.#note(id, () => `scan at ${level} begins`);
    let entries = 0;
    try {
      for await (const { key, value, version } of this.#client.scan(options)) {
        recorded.entry({ key, value, version });
        entries += 1;
      }
      recorded.ended({ complete: true });
      this.#note(id, () => `scan: ${entries} entries`);
      return true;
    } catch (error) {
      recorded.ended({ complete: false });
      this.#failed(id, error);
      return false;
    }
  }

  async #write(operation: PlannedOperation, options: object): Promise<boolean> {
    const { id, kind, key, level, ttlMs, wantPrevious } = operation;
    const value = kind === 'put' ? valueOf(operation) : undefined;
    const recorded = this.#ports.recorder.write({
      ...{ client: this.#number, key, level, value },
      ttlMs: kind === 'put' ? ttlMs : 0,
    });
    this.#writes += 1;
    const sequence = this.#writes;
    this.#bySequence.set(sequence, recorded);
    this.#note(id, () => `${kind} ${key} at ${level} begins: ${value ?? ''} ttl ${ttlMs}`);
    const asked = { ...options, previous: wantPrevious };
    try {
      const { version, previous } =
        value === undefined
          ? await this.#client.delete(key, asked)
          : await this.#client.put(key, value, { ...asked, ttlMs });
      const twins = this.#twins.get(sequence);
      if (isSameVersion(twins?.version, version)) this.#ports.evidence.acknowledgedByTwo(twins!);
      recorded.ended({ outcome: 'ok', version, previous: previousReport(previous, wantPrevious) });
      this.#note(id, () => `${kind} ${key}: ok ${version.timestamp}@${version.node}`);
      return true;
    } catch (error) {
      const outcome = (isKvError(error) ? error.outcome : undefined) ?? 'unknown';
      recorded.ended({ outcome });
      this.#failed(id, error);
      return false;
    }
  }

  #onRequest(method: string, request: unknown): void {
    if (!writes.has(method)) return;
    const { operationId, key } = request as PutRequest | DeleteRequest | ReplicaWriteRequest;
    const sequence = operationId.readUInt32BE(12);
    if (method === 'kv.ReplicaWrite') this.#twins.set(sequence, request as ReplicaWriteRequest);
    const write = this.#bySequence.get(sequence);
    if (write === undefined)
      throw new Error(`${this.host} sends a write that it never began: ${key.toString()}`);
    this.#ports.evidence.requested(operationId, write);
  }

  #onResponse(method: string, response: unknown, request: unknown): void {
    if (method === 'kv.Get') this.#reads.arrived(request as GetRequest, response as GetResponse);
    if (method === 'kv.ReplicaRead') {
      this.#reads.shown(request as ReplicaReadRequest, response as ReplicaReadResponse);
    }
  }

  #failed(id: number, error: unknown): void {
    const { code, outcome } = error as { code?: string; outcome?: string };
    this.#ports.world.trace.text(code ?? 'aborted');
    this.#note(id, () => `failed: ${code ?? ''} ${outcome ?? ''} ${(error as Error).message}`);
  }

  #note(id: number, what: () => string): void {
    const { world } = this.#ports;
    world.trace.line(world.nowMs, this.host, () => `[${id}] ${what()}`);
  }
}

const writes: ReadonlySet<string> = new Set(['kv.Put', 'kv.Delete', 'kv.ReplicaWrite']);

/** Unique, and as long as was asked for. */
function valueOf({ id, valueBytes }: PlannedOperation): string {
  return `v${id}`.padEnd(valueBytes, '.');
}

function previousReport(previous: string | undefined | typeof unknown, wanted: boolean): PreviousReport {
  if (!wanted) return { kind: 'not-asked' };
  if (previous === undefined) return { kind: 'none' };
  return previous === unknown ? { kind: 'unknown' } : { kind: 'value', value: previous, version: undefined };
}
