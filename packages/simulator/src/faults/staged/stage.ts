import type { Machine } from '../../machines/machine.js';
import type { PlannedFault } from '../../plan/plan.js';
import type { RallyCall } from '../../runner/rallies.js';
import type { FaultSurroundings, Undo } from '../fault.js';

/** Cuts of staged faults are numbered apart from those of plain ones, whose numbers are their ids. */
const cutsFrom = 1_000_000;
const cutsEach = 100;

const lookEveryMs = 2;

/**
 * Where a staged fault plays: several troubles in a row, with the traffic that makes them matter. A rule that only counts
 * when a disk is lost just after a write had missed another replica is met once in thousands of seeds by troubles that are
 * drawn one by one; so such a sequence is drawn as a whole, and left to chance in its times and its cast.
 */
export class Stage {
  readonly #fault: PlannedFault;
  readonly #surroundings: FaultSurroundings;
  readonly #lasting = new Set<Undo>();
  #cuts = 0;

  constructor(fault: PlannedFault, surroundings: FaultSurroundings) {
    this.#fault = fault;
    this.#surroundings = surroundings;
  }

  /** All machines, the target first, the others in an order of the fault's own. */
  get cast(): readonly Machine[] {
    const { machines } = this.#surroundings;
    const target = this.#fault.target % machines.length;
    const first = machines[target]!;
    const others = [...machines.slice(target + 1), ...machines.slice(0, target)];
    const turn = this.#fault.other % others.length;
    return [first, ...others.slice(turn), ...others.slice(0, turn)];
  }

  get machines(): readonly Machine[] {
    return this.#surroundings.machines;
  }

  /** Between two bounds, as badly as the fault is. */
  between(least: number, most: number): number {
    return least + (most - least) * this.#fault.amount;
  }

  sleep(ms: number): Promise<void> {
    return this.#surroundings.world.sleep(ms);
  }

  get nowMs(): number {
    return this.#surroundings.world.nowMs;
  }

  /** Clients hurry for so long. @param at only those of this node */
  rally(forMs: number, { at, ...call }: Omit<RallyCall, 'node'> & { at?: Machine } = {}): void {
    const node = at === undefined ? undefined : this.machines.indexOf(at);
    this.#surroundings.rally(forMs, { ...call, node });
  }

  /** Resolves once it is so, or the time is over. */
  async until(isSo: () => boolean, withinMs: number): Promise<void> {
    const endMs = this.nowMs + withinMs;
    while (!isSo() && this.nowMs < endMs) await this.sleep(lookEveryMs);
  }

  /** No node of the first group hears one of the second, nor the other way round. Clients are spared. */
  cut(first: readonly Machine[], second: readonly Machine[]): Undo {
    const { network } = this.#surroundings;
    this.#cuts += 1;
    const cut = cutsFrom + this.#fault.id * cutsEach + this.#cuts;
    const links = first.flatMap((a) =>
      second.flatMap((b) => [network.link(a.host, b.host), network.link(b.host, a.host)]),
    );
    for (const link of links) link.cuts.add(cut);
    return this.#lasts(() => {
      for (const link of links) network.mend(link, cut);
    });
  }

  slow(from: Machine, to: Machine, byMs: number): Undo {
    const link = this.#surroundings.network.link(from.host, to.host);
    link.slowMs += byMs;
    return this.#lasts(() => {
      link.slowMs = Math.max(0, link.slowMs - byMs);
    });
  }

  /** Its disk takes no more: it refuses writes and repairs, and serves reads. */
  fill(machine: Machine): Undo {
    machine.disk.limit(0);
    return this.#lasts(() => machine.disk.limit(Infinity));
  }

  mayLoseData(machine: Machine): boolean {
    return this.#surroundings.mayLoseData(machine);
  }

  /** It comes back at once, with an empty disk; or without what it had not synced, where answers do not wait for that. */
  async lose(machine: Machine): Promise<void> {
    machine.becomesDoubtful();
    machine.holdDown();
    if (machine.syncsFirst) {
      await machine.kill();
      machine.disk.wipe();
    } else await machine.powerLoss({ keptShare: 0 });
    machine.start();
  }

  async restart(machine: Machine): Promise<void> {
    machine.holdDown();
    await machine.kill();
    machine.start();
  }

  /** Undoes what still lasts. */
  readonly end: Undo = async () => {
    for (const undo of [...this.#lasting]) await undo();
  };

  #lasts(act: () => void): Undo {
    const undo: Undo = () => {
      if (this.#lasting.delete(undo)) act();
    };
    this.#lasting.add(undo);
    return undo;
  }
}
