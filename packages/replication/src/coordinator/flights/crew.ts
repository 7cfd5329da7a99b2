import type { Shell } from '../shell.js';

/** The owners of a partition, whatever their order: partitions with the same ones travel together. */
export interface Crew {
  readonly members: readonly number[];
  readonly hasSelf: boolean;
}

/** Which crew a partition has. A cluster has few: one for three members, ten for five. */
export class Crews {
  readonly #shell: Shell;
  readonly #crews = new Map<string, Crew>();
  /** By the list of owners, which partitions share: few are looked up for all operations, and stay in the processor's cache. */
  readonly #known = new WeakMap<readonly number[], Crew>();

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  of(partition: number): Crew {
    const owners = this.#shell.placement.owners(partition);
    const known = this.#known.get(owners);
    if (known !== undefined) return known;
    const crew = this.#crewOf(owners);
    this.#known.set(owners, crew);
    return crew;
  }

  #crewOf(owners: readonly number[]): Crew {
    const members = [...owners].sort((a, b) => a - b);
    const name = members.join();
    const crew = this.#crews.get(name) ?? { members, hasSelf: members.includes(this.#shell.placement.self) };
    this.#crews.set(name, crew);
    return crew;
  }
}
