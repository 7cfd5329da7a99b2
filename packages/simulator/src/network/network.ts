import type { SeededRandom } from '@kv/testing';

import type { SimulatedProcess } from '../world/simulated-process.js';
import { labels } from '../world/world.js';
import type { Connection } from './connection.js';
import { createLink, type Link } from './link.js';
import type { NetworkTime } from './network-time.js';
import type { Handler } from './rpc.js';

export interface NetworkOptions {
  /** Of a packet on a healthy link: at least, and mean of what is added, milliseconds. */
  readonly delayMs: number;
  readonly delayVariesMs: number;
}

/** A program that accepts connections on a host. */
export interface Listening {
  readonly host: string;
  readonly process: SimulatedProcess;
  readonly handle: Handler;
}

const packet = { process: undefined, label: labels.packet };

/** Until a lost packet is noticed and sent again. */
const retransmitMs = 200;
/** Share of lost packets that the transport sends again; the others are gone, and their calls with them. */
const resentShare = 0.6;
/** Packets that a cut link keeps for the time after; a real one keeps what fits its buffers. */
const heldMax = 200;
/** After a partition the transport notices within this time. */
const resumeMs = 1_500;

/**
 * Hosts and the links between them. A packet is delayed, lost, delivered out of order, or held by a partition; what a
 * connection does about that is in connection.ts.
 */
export class Network {
  readonly #world: NetworkTime;
  readonly #random: SeededRandom;
  readonly #options: NetworkOptions;
  readonly #links = new Map<string, Link>();
  readonly #listening = new Map<string, Listening>();
  readonly #unpowered = new Set<string>();
  readonly #connections = new Set<Connection>();

  constructor(options: NetworkOptions, { world, random }: { world: NetworkTime; random: SeededRandom }) {
    this.#world = world;
    this.#random = random;
    this.#options = options;
  }

  link(from: string, to: string): Link {
    const name = `${from}>${to}`;
    let link = this.#links.get(name);
    if (link === undefined) this.#links.set(name, (link = createLink(from, to)));
    return link;
  }

  /** Hands a packet to the network. It arrives once, later, or not at all. */
  send(link: Link, arrive: () => void): void {
    if (link.cuts.size > 0) {
      if (link.held.length < heldMax) link.held.push(arrive);
      return;
    }
    let delayMs = this.#delayMs(link);
    while (link.loss > 0 && this.#random.float() < link.loss) {
      if (this.#random.float() >= resentShare) return;
      delayMs += retransmitMs + this.#delayMs(link);
    }
    this.#world.post(delayMs, packet, arrive);
  }

  /** Takes a cut away. What it held comes in any order, or never. */
  mend(link: Link, cut: number): void {
    link.cuts.delete(cut);
    if (link.cuts.size > 0) return;
    const { held } = link;
    link.held = [];
    for (const arrive of held) {
      if (this.#random.float() < 0.5) continue;
      this.#world.post(this.#random.float() * resumeMs, packet, arrive);
    }
  }

  isDuplicated({ duplicates }: Link): boolean {
    return duplicates > 0 && this.#random.float() < duplicates;
  }

  listen(listening: Listening): () => void {
    this.#listening.set(listening.host, listening);
    return () => {
      if (this.listeningOn(listening.host) === listening) this.#listening.delete(listening.host);
    };
  }

  listeningOn(host: string): Listening | undefined {
    const listening = this.#listening.get(host);
    return listening?.process.isAlive === true ? listening : undefined;
  }

  isPowered(host: string): boolean {
    return !this.#unpowered.has(host);
  }

  setPower(host: string, isOn: boolean): void {
    if (isOn) this.#unpowered.delete(host);
    else this.#unpowered.add(host);
  }

  opened(connection: Connection): void {
    this.#connections.add(connection);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** The operating system of a host closes what a process that ended had open. Not so if the power went. */
  processEnded(process: SimulatedProcess): void {
    for (const connection of this.#connections) {
      if (connection.owner === process) {
        this.#connections.delete(connection);
        connection.ownerEnded();
      } else connection.peerEnded(process);
    }
  }

  /** Breaks the established connections between two hosts, as a middlebox does that lost its state. */
  reset(a: string, b: string): void {
    for (const connection of this.#connections) {
      const { from, to } = connection;
      if ((from === a && to === b) || (from === b && to === a)) connection.break('reset');
    }
  }

  get random(): SeededRandom {
    return this.#random;
  }

  get world(): NetworkTime {
    return this.#world;
  }

  #delayMs({ slowMs, jitterMs }: Link): number {
    const { delayMs, delayVariesMs } = this.#options;
    const variesMs = -Math.log(1 - this.#random.float()) * delayVariesMs;
    const jitter = jitterMs > 0 ? this.#random.float() * jitterMs : 0;
    return delayMs + variesMs + slowMs + jitter;
  }
}
