import type { RecordView } from '@kv/storage';

import type { Counters } from './counters.js';
import type { Replica } from '../replica/replica.js';

/** Sends repairs that nobody waits for. */
export interface Repairer {
  /** Sends the record to these members if there is room, else forgets it: a later read finds the same disagreement. */
  repair(record: RecordView, members: readonly number[]): void;
}

export interface RepairerOptions {
  /** Bytes of records in flight, above which repairs are dropped, so that dead replicas cannot fill the memory. */
  readonly bytesMax: number;
  /** How long one repair may take, in milliseconds. */
  readonly timeoutMs: number;
}

export interface RepairerPorts {
  replica(member: number): Pick<Replica, 'repair'> | undefined;
  readonly counters: Counters;
}

export function createRepairer(options: RepairerOptions, ports: RepairerPorts): Repairer {
  return new BoundedRepairer(options, ports);
}

class BoundedRepairer implements Repairer {
  readonly #options: RepairerOptions;
  readonly #ports: RepairerPorts;
  #bytesInFlight = 0;

  constructor(options: RepairerOptions, ports: RepairerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  repair({ bytes }: RecordView, members: readonly number[]): void {
    const { counters } = this.#ports;
    for (const member of members) {
      if (this.#bytesInFlight + bytes.length > this.#options.bytesMax) {
        counters.repairsDropped += 1;
        continue;
      }
      this.#bytesInFlight += bytes.length;
      counters.repairsSent += 1;
      void this.#send(bytes, member).then((done) => {
        this.#bytesInFlight -= bytes.length;
        if (done) counters.repairsDone += 1;
        else counters.repairsFailed += 1;
      });
    }
  }

  /** Never rejects: a repair that failed is one that a later read makes good. */
  async #send(record: Uint8Array, member: number): Promise<boolean> {
    try {
      const operation = { record, deadlineMs: this.#options.timeoutMs };
      const reply = await this.#ports.replica(member)?.repair(operation);
      return reply !== undefined && reply.kind !== 'refused' && reply.kind !== 'below-floor';
    } catch {
      return false;
    }
  }
}
