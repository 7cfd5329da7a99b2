import { hasCode } from '@kv/errors';
import type { HybridLogicalClock } from '@kv/hlc';
import {
  createNode,
  defaults,
  memberMemoryIntervalMs,
  type Node,
  type NodeComposition,
  type NodeOptions,
} from '@kv/node';
import type { StorageEngine } from '@kv/storage';
import type { MemoryFileSystem, SeededRandom } from '@kv/testing';

import { SimulatedDisk } from '../disk/simulated-disk.js';
import type { FoundRecord } from '../disk/record-scan.js';
import type { Network } from '../network/network.js';
import { createNodeTransport, type Answered } from '../network/node-transport.js';
import { SimulatedClock, type ClockSetting } from '../world/simulated-clock.js';
import { createSimulatedProcess, type SimulatedProcess } from '../world/simulated-process.js';
import { createSimulatedTimers } from '../world/simulated-timers.js';
import { labels, type World } from '../world/world.js';
import { textOfAnswer } from './text-of-answer.js';
import { createTraceLogger } from './trace-logger.js';

export interface MachineOptions {
  readonly id: string;
  /** `host:port` */
  readonly host: string;
  readonly node: NodeOptions;
  readonly clock: ClockSetting;
}

export interface MachinePorts {
  readonly world: World;
  readonly network: Network;
  /** Of this machine alone: what it draws does not depend on the others. */
  readonly random: SeededRandom;
  readonly onAppended: (record: FoundRecord) => void;
  readonly onAnswered: (answered: Answered) => void;
  /** For each start anew. */
  readonly composition: () => NodeComposition;
  readonly disksLie: boolean;
}

/** A process that cannot start, or had to stop, is started again after this. */
const restartMs = 500;

export interface Backup {
  readonly files: MemoryFileSystem;
  readonly madeAtMs: number;
}

/** A machine with its clocks and its disk, and the node that runs on it. */
export class Machine {
  readonly id: string;
  readonly host: string;
  readonly clock: SimulatedClock;
  readonly disk: SimulatedDisk;
  /** Why starts failed, for the reader of a trace. */
  readonly startFailures: unknown[] = [];
  readonly #options: MachineOptions;
  readonly #ports: MachinePorts;
  #process: SimulatedProcess | undefined;
  #node: Node | undefined;
  #engine: StorageEngine | undefined;
  #hlc: HybridLogicalClock | undefined;
  #owners: ((partition: number) => readonly number[]) | undefined;
  /** Since its disk lost data: what was its incarnation until then. */
  #doubtfulSince: number | undefined;
  /** The newest incarnation that was ever seen of it. */
  #incarnation = 0;
  #backup: Backup | undefined;
  /** Somebody keeps it from being started. */
  #isHeldDown = false;
  #runs = 0;
  /** Counts starts of the machine, not of the process. */
  #boots = 1;

  constructor(options: MachineOptions, ports: MachinePorts) {
    this.#options = options;
    this.#ports = ports;
    this.id = options.id;
    this.host = options.host;
    this.clock = new SimulatedClock(ports.world, options.clock);
    this.disk = new SimulatedDisk(ports);
  }

  /** The node, once it is started and while it runs. */
  get node(): Node | undefined {
    return this.#process?.isAlive === true ? this.#node : undefined;
  }

  /** Its node's, once it is open and while it runs. */
  get engine(): StorageEngine | undefined {
    return this.#process?.isAlive === true ? this.#engine : undefined;
  }

  /** What its disk held when that was last copied. */
  get backup(): Backup | undefined {
    return this.#backup;
  }

  backUp(): void {
    this.#backup = { files: this.disk.copy(), madeAtMs: this.#ports.world.nowMs };
  }

  /**
   * Its peers have on disk how long its log was so long ago. A younger copy of its disk may not be told from the disk itself,
   * and nothing is promised of it (docs/PROTOCOL.md, Admission).
   */
  get rememberedAfterMs(): number {
    return (this.#options.node.probeIntervalMs ?? defaults.probeIntervalMs) + memberMemoryIntervalMs;
  }

  /** Member numbers of a partition's owners, once a node has told. */
  get owners(): ((partition: number) => readonly number[]) | undefined {
    return this.#owners;
  }

  /** Whether what it told is on its disk: then a loss of power takes nothing back. */
  get syncsFirst(): boolean {
    return (this.#options.node.durability ?? 'always') === 'always';
  }

  /** Its disk is about to lose data. */
  becomesDoubtful(): void {
    this.disk.durable.losesData({ again: this.isDoubtful });
    this.#doubtfulSince = this.#incarnation;
  }

  /** Whether it may lack data that it acknowledged, as far as anybody knows. */
  get isDoubtful(): boolean {
    const engine = this.engine;
    if (engine === undefined) return this.#doubtfulSince !== undefined;
    this.#incarnation = Math.max(this.#incarnation, engine.incarnation);
    if (engine.suspectPartitions.size > 0) return true;
    // Rot may have hit nothing that matters: then no incarnation begins, and it serves as before.
    if (this.isServing) this.#doubtfulSince = undefined;
    return this.#doubtfulSince !== undefined;
  }

  /** Whether nobody may count on what it holds of this partition. */
  isDoubtfulIn(partition: number): boolean {
    const { engine } = this;
    if (engine === undefined || !this.isServing) return this.isDoubtful;
    return engine.suspectPartitions.has(partition);
  }

  get process(): SimulatedProcess | undefined {
    return this.#process?.isAlive === true ? this.#process : undefined;
  }

  get isServing(): boolean {
    return this.node?.isServing() === true;
  }

  /** Until its clock has reached what it may have stamped in its life before, and it may serve; 0 = nothing to wait for. */
  get readyInMs(): number {
    return this.process === undefined ? 0 : (this.#hlc?.readyInMs() ?? 0);
  }

  start(): void {
    this.#isHeldDown = false;
    if (this.process !== undefined) return;
    const { world, network } = this.#ports;
    this.#runs += 1;
    network.setPower(this.host, true);
    const process = createSimulatedProcess(`${this.id}#${this.#runs}`);
    this.#process = process;
    this.#node = undefined;
    this.#engine = undefined;
    this.#hlc = undefined;
    this.#note('starts');
    // As event of the process, so that whatever it throws is found.
    world.after(0, { process, label: labels.world }, () => {
      createNode(this.#options.node, this.#nodePorts(process), this.#composition(process)).then(
        (node) => {
          if (process.isAlive) this.#node = node;
        },
        (error: unknown) => this.#startFailed(process, error),
      );
    });
  }

  /** The process dies at once (kill -9). */
  async kill(): Promise<void> {
    if (!this.#end('is killed')) return;
    await this.disk.afterKill();
  }

  /** The machine loses power: unsynced data is lost, peers hear nothing. Off until `start`. */
  async powerLoss({ keptShare }: { readonly keptShare: number }): Promise<void> {
    this.#ports.network.setPower(this.host, false);
    this.#end('loses power');
    this.#boots += 1;
    await this.disk.afterPowerLoss({ keptShare });
  }

  /** As an operator stops it; killed if that takes too long. */
  async stop(): Promise<void> {
    const node = this.node;
    if (node === undefined) return this.kill();
    this.#note('is asked to stop');
    const process = this.#process;
    const isLate = this.#ports.world.sleep(10_000).then(() => 'late' as const);
    const how = await Promise.race([node.stop({ drainMs: 500 }).catch(() => 'failed' as const), isLate]);
    // A paused process, or one killed meanwhile, never gets to its end.
    if (this.#process !== process) return;
    if (how === undefined) this.#end('has stopped');
    else await this.kill();
    if (how === undefined) await this.disk.afterKill();
  }

  /** Not started again by itself until `start` is called. */
  holdDown(): void {
    this.#isHeldDown = true;
  }

  pause(forMs: number): void {
    const process = this.process;
    if (process === undefined) return;
    this.#note(`is paused for ${Math.round(forMs)} ms`);
    process.pausedUntilMs = Math.max(process.pausedUntilMs, this.#ports.world.nowMs + forMs);
  }

  #end(how: string): boolean {
    const process = this.process;
    if (process === undefined) return false;
    this.#note(how);
    process.isAlive = false;
    this.#node = undefined;
    this.#ports.network.processEnded(process);
    return true;
  }

  #startFailed(process: SimulatedProcess, error: unknown): void {
    if (!process.isAlive) return;
    this.startFailures.push(error);
    this.#note(`cannot start: ${String(error)}`);
    // A directory that does not even say what is in it cannot be repaired: an operator puts in a new disk.
    const isHopeless = hasCode(error, 'corrupt');
    this.#endAndRestart(process, () => {
      if (!isHopeless) return;
      this.#note('gets a new disk');
      this.becomesDoubtful();
      this.disk.wipe();
    });
  }

  /** What a supervisor does: the process ended by itself, and is started again. */
  #endAndRestart(process: SimulatedProcess, meanwhile: () => void = () => undefined): void {
    if (this.#process !== process) return;
    void this.kill();
    this.#ports.world.after(restartMs, { label: labels.world }, () => {
      if (this.#process !== process) return;
      meanwhile();
      if (!this.#isHeldDown) this.start();
    });
  }

  #composition(process: SimulatedProcess): NodeComposition {
    const composition = this.#ports.composition();
    return {
      ...composition,
      observer: {
        ...composition.observer,
        opened: (event) => {
          if (process.isAlive) {
            this.#engine = event.engine;
            this.#hlc = event.hlc;
            this.#owners = (partition) => event.placement.owners(partition);
          }
          composition.observer?.opened?.(event);
        },
      },
    };
  }

  #nodePorts(process: SimulatedProcess) {
    const { world, network, random, onAnswered } = this.#ports;
    const timers = createSimulatedTimers(world, { process, clock: this.clock });
    const answered = (facts: Answered): void => {
      world.trace.line(world.nowMs, process.name, () => textOfAnswer(facts));
      onAnswered(facts);
    };
    return {
      fileSystem: this.disk.fileSystemFor(process),
      clock: this.clock,
      timers,
      random,
      bootId: `${this.id}-${this.#boots}`,
      logger: createTraceLogger(world, process.name),
      transport: createNodeTransport(this.host, { network, process, timers, onAnswered: answered }),
      onFatal: (error: Error) => {
        this.#note(`has to stop: ${error.message}`);
        world.after(0, { label: labels.world }, () => this.#endAndRestart(process));
      },
    };
  }

  #note(what: string): void {
    const { world } = this.#ports;
    world.trace.text(what);
    world.trace.line(world.nowMs, this.id, () => what);
  }
}
