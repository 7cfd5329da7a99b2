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
  /** What was looked up last, by partition. */
  readonly #known: ({ readonly owners: readonly number[]; readonly crew: Crew } | undefined)[] = [];

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  of(partition: number): Crew {
    const { self } = this.#shell.placement;
    const owners = this.#shell.placement.owners(partition);
    const known = this.#known[partition];
    if (known?.owners === owners) return known.crew;
    const members = [...owners].sort((a, b) => a - b);
    const name = members.join();
    const crew = this.#crews.get(name) ?? { members, hasSelf: members.includes(self) };
    this.#crews.set(name, crew);
    this.#known[partition] = { owners, crew };
    return crew;
  }
}
