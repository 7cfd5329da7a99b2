import { createNode, type Node, type NodeOptions, type NodePorts } from '@kv/node';
import { createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import type { Network } from '../network/network.js';
import { createNodeTransport } from '../network/node-transport.js';
import { createSimulatedProcess, type SimulatedProcess } from '../world/simulated-process.js';

/** One member of a test cluster. Its files are in memory, and survive `stop` and `kill`. */
export interface TestNode {
  readonly id: string;
  /** `host:port`; means something within this cluster only. */
  readonly endpoint: string;
  readonly isRunning: boolean;
  /** Resolves once it listens; it serves a moment later. */
  start(): Promise<void>;
  /** As an operator stops it. */
  stop(): Promise<void>;
  /** As if its process had died: nothing is said to anybody. */
  kill(): void;
  /** Resolves once it can serve requests. */
  serving(): Promise<void>;
}

export type TestNodePorts = Omit<NodePorts, 'fileSystem' | 'transport'> & { readonly network: Network };

export class InProcessNode implements TestNode {
  readonly id: string;
  readonly endpoint: string;
  readonly #options: NodeOptions;
  readonly #ports: TestNodePorts;
  #files: MemoryFileSystem = createMemoryFileSystem();
  #process: SimulatedProcess | undefined;
  #node: Node | undefined;

  constructor(options: NodeOptions & { readonly id: string }, ports: TestNodePorts) {
    this.id = options.id;
    this.endpoint = `${options.id}:1`;
    this.#options = options;
    this.#ports = ports;
  }

  get isRunning(): boolean {
    return this.#node !== undefined;
  }

  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const { network, timers } = this.#ports;
    const process = createSimulatedProcess(this.id);
    this.#process = process;
    const transport = createNodeTransport(this.endpoint, {
      ...{ network, process, timers },
      onAnswered: () => undefined,
    });
    const node = await createNode(this.#options, { ...this.#ports, fileSystem: this.#files, transport });
    if (this.#process === process) this.#node = node;
    else await node.stop({ drainMs: 0 });
  }

  async stop(): Promise<void> {
    const node = this.#node;
    const process = this.#process;
    this.#node = undefined;
    await node?.stop({ drainMs: 1_000 });
    if (process !== undefined && this.#process === process) this.#end(process);
  }

  kill(): void {
    const process = this.#process;
    const node = this.#node;
    if (process === undefined) return;
    this.#node = undefined;
    this.#end(process);
    // Its timers are real ones, and have to be given back; nobody hears of it any more, nor do its files.
    this.#files = this.#files.kill();
    void node?.stop({ drainMs: 0 }).catch(() => undefined);
  }

  serving(): Promise<void> {
    return this.#node?.serving() ?? Promise.reject(new Error(`node ${this.id} is not running`));
  }

  #end(process: SimulatedProcess): void {
    process.isAlive = false;
    this.#process = undefined;
    this.#ports.network.processEnded(process);
  }
}
