/** Who wants to know when a key comes, goes, or changes: ordered lists of keys, and views of a moment. */
export interface KeyObserver {
  /** `previous` is the location before, `next` the one after; 0 = the key is not there. Called after the change. */
  changed(previous: number, next: number): void;
}

/** Those who want to know: nearly always nobody, which costs nearly nothing. */
export class KeyObservers {
  #observers: readonly KeyObserver[] = [];

  add(observer: KeyObserver): void {
    this.#observers = [...this.#observers, observer];
  }

  remove(observer: KeyObserver): void {
    this.#observers = this.#observers.filter((each) => each !== observer);
  }

  tell(previous: number, next: number): void {
    const observers = this.#observers;
    for (let index = 0; index < observers.length; index += 1) observers[index]!.changed(previous, next);
  }
}
