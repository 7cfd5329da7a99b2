import type { Shell } from '../shell.js';

/** The owners of a partition, whatever their order: partitions with the same ones travel together. */
export interface Crew {
  readonly members: readonly number[];
  readonly hasSelf: boolean;
}

/** Owners, in an order of preference. */
interface Manned {
  readonly owners: readonly number[];
  readonly crew: Crew;
}

/** Which crew a partition has. A cluster has few: one for three members, ten for five. */
export class Crews {
  readonly #shell: Shell;
  readonly #crews = new Map<string, Crew>();
  /** Partitions that share their list share this, too: what is looked up for every operation stays in the processor's cache. */
  readonly #manned = new WeakMap<readonly number[], Manned>();
  /** What was looked up last, by partition. */
  readonly #known: (Manned | undefined)[] = [];

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  of(partition: number): Crew {
    const owners = this.#shell.placement.owners(partition);
    const known = this.#known[partition];
    if (known?.owners === owners) return known.crew;
    const manned = this.#manned.get(owners) ?? { owners, crew: this.#crewOf(owners) };
    this.#manned.set(owners, manned);
    this.#known[partition] = manned;
    return manned.crew;
  }

  #crewOf(owners: readonly number[]): Crew {
    const members = [...owners].sort((a, b) => a - b);
    const name = members.join();
    const crew = this.#crews.get(name) ?? { members, hasSelf: members.includes(this.#shell.placement.self) };
    this.#crews.set(name, crew);
    return crew;
  }
}
