import { type Encoding, KvClient, type KvClientOptions } from '@kv/client';
import { type Clock, type Logger, type NodeOptions, systemRandom, type Timers } from '@kv/node';
import { systemClock, systemTimers } from '@kv/storage';
import { createSeededRandom } from '@kv/testing';

import { createClientTransport } from '../network/client-transport.js';
import { Network } from '../network/network.js';
import { createSimulatedProcess } from '../world/simulated-process.js';
import { realTime } from './real-time.adapter.js';
import { InProcessNode, type TestNode } from './test-node.js';

export interface TestClusterOptions {
  /** 1 to 9; default 3. */
  readonly nodes?: number;
  /** Copies of each key; default 3, or as many as there are nodes. */
  readonly replicationFactor?: number;
  /** A power of two; default 16: a small cluster starts faster with few. */
  readonly partitions?: number;
  /** Of each message between any two, milliseconds. Default 0: as fast as the event loop turns. */
  readonly latencyMs?: number;
  /** What the nodes say. Default: nothing is kept. */
  readonly logger?: Logger;
}

/** A real cluster in this process: the code of production, in memory, in real time. */
export interface TestCluster {
  readonly nodes: readonly TestNode[];
  /** For `client`; no other client can reach them. */
  readonly endpoints: readonly string[];
  /** A real client of this cluster; closed with it. */
  client<K extends Encoding = 'utf8', V extends Encoding = 'utf8'>(
    options?: KvClientOptions<K, V>,
  ): KvClient<K, V>;
  /** Nobody reaches this node any more, nor does it reach anybody; clients included. */
  cutOff(id: string): void;
  /** Ends `cutOff`. */
  heal(id: string): void;
  stop(): Promise<void>;
}

/** Starts it, and resolves once every node serves: some milliseconds. */
export async function testCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = new InProcessCluster(options);
  await cluster.start();
  return cluster;
}

const nodesMax = 9;

class InProcessCluster implements TestCluster {
  readonly nodes: readonly InProcessNode[];
  readonly endpoints: readonly string[];
  readonly #network: Network;
  readonly #clock: Clock = systemClock();
  readonly #timers: Timers = systemTimers();
  readonly #clients: { close(): Promise<void> }[] = [];
  readonly #hosts: string[] = [];
  readonly #cutOff = new Set<string>();

  constructor(options: TestClusterOptions) {
    const { nodes = 3, latencyMs = 0 } = options;
    if (!Number.isInteger(nodes) || nodes < 1 || nodes > nodesMax) {
      throw new RangeError(`nodes: expected a whole number from 1 to ${nodesMax}, got ${nodes}`);
    }
    const random = createSeededRandom(1);
    this.#network = new Network({ delayMs: latencyMs, delayVariesMs: 0 }, { world: realTime(), random });
    const ids = Array.from({ length: nodes }, (_, index) => String.fromCharCode(97 + index));
    const peers = ids.map((id) => ({ id, address: `${id}:1` }));
    this.nodes = ids.map((id) => this.#createNode(options, { id, peers }));
    this.endpoints = peers.map(({ address }) => address);
    this.#hosts.push(...this.endpoints);
  }

  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
    await Promise.all(this.nodes.map((node) => node.serving()));
  }

  client<K extends Encoding = 'utf8', V extends Encoding = 'utf8'>(
    options: KvClientOptions<K, V> = {},
  ): KvClient<K, V> {
    const host = `client${this.#clients.length + 1}`;
    const process = createSimulatedProcess(host);
    this.#hosts.push(host);
    for (const cut of this.#cutOff) this.#cut(cut, host);
    const ports = {
      transport: createClientTransport(host, { network: this.#network, process }),
      clock: this.#clock,
      timers: this.#timers,
      random: systemRandom(),
    };
    const client = new KvClient<K, V>(this.endpoints, options, ports);
    this.#clients.push(client);
    return client;
  }

  cutOff(id: string): void {
    const { endpoint } = this.#nodeOf(id);
    this.#cutOff.add(endpoint);
    for (const host of this.#hosts) if (host !== endpoint) this.#cut(endpoint, host);
  }

  heal(id: string): void {
    const { endpoint } = this.#nodeOf(id);
    this.#cutOff.delete(endpoint);
    for (const host of this.#hosts) {
      if (host === endpoint) continue;
      for (const link of this.#both(endpoint, host)) this.#network.mend(link, cutOf(endpoint));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  #cut(endpoint: string, host: string): void {
    for (const link of this.#both(endpoint, host)) link.cuts.add(cutOf(endpoint));
  }

  #both(a: string, b: string) {
    return [this.#network.link(a, b), this.#network.link(b, a)];
  }

  #nodeOf(id: string): InProcessNode {
    const node = this.nodes.find((each) => each.id === id);
    if (node === undefined) throw new RangeError(`there is no node ${id}`);
    return node;
  }

  #createNode(
    { replicationFactor, partitions = 16, logger = silent, nodes = 3 }: TestClusterOptions,
    { id, peers }: { readonly id: string; readonly peers: NonNullable<NodeOptions['peers']> },
  ): InProcessNode {
    return new InProcessNode(
      {
        ...{ id, peers, partitions, host: id, port: 1, dataDirectory: 'data' },
        replicationFactor: replicationFactor ?? Math.min(3, nodes),
        snapshotIntervalMs: 0,
        memoryBytesMax: 256 * 1024 * 1024,
        probeIntervalAtStartMs: 5,
      },
      {
        network: this.#network,
        clock: this.#clock,
        timers: this.#timers,
        random: systemRandom(),
        logger,
      },
    );
  }
}

/** A cut's number, one for each node: being cut off twice is healed once. */
function cutOf(endpoint: string): number {
  return endpoint.charCodeAt(0);
}

const nothing = (): void => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
