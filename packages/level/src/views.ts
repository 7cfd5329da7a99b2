import { bufferOf, nameOf, type Store, View } from './view.js';

/** The open views of one store. Everything that writes to it calls `keep` first, in the same turn. */
export class Views {
  readonly #store: Store;
  readonly #uses = new Map<View, number>();
  #newest: View | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Views between two writes are one and the same: many open iterators do not each keep what changes. */
  open(): View {
    if (this.#newest?.isUnchanged !== true) this.#newest = new View(this.#store);
    this.#uses.set(this.#newest, (this.#uses.get(this.#newest) ?? 0) + 1);
    return this.#newest;
  }

  close(view: View): void {
    const uses = (this.#uses.get(view) ?? 1) - 1;
    if (uses > 0) this.#uses.set(view, uses);
    else {
      this.#uses.delete(view);
      if (this.#newest === view) this.#newest = undefined;
    }
  }

  keep(key: Uint8Array): void {
    if (this.#uses.size === 0) return;
    const name = nameOf(key);
    let present: { readonly value: Buffer | undefined } | undefined;
    for (const view of this.#uses.keys()) {
      view.keep(name, () => (present ??= { value: bufferOf(this.#store.get(key)) }).value);
    }
  }
}
