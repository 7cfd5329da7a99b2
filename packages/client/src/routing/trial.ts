import { trialRestsFor, trialSample, trialVainMax } from '../limits.js';

/**
 * Whether something that is worth it only if it seldom is in vain is worth it now: if of a sample more than a few were in vain,
 * it is left alone for a while, since then those that try it only cost messages.
 */
export class Trial {
  /** Of the sample that is being taken. */
  #tried = 0;
  #vain = 0;
  /** So many do not try it. */
  #restsFor = 0;

  get rests(): boolean {
    return this.#restsFor > 0;
  }

  /** Asked once for each that could try, since it counts them. */
  isWorthIt(): boolean {
    if (this.#restsFor > 0) {
      this.#restsFor -= 1;
      return false;
    }
    this.#tried += 1;
    if (this.#tried >= trialSample) {
      if (this.#vain > trialVainMax) this.#restsFor = trialRestsFor;
      this.#tried = 0;
      this.#vain = 0;
    }
    return true;
  }

  wasInVain(): void {
    // What was under way when the rest began says nothing of what follows it.
    if (this.#restsFor === 0) this.#vain += 1;
  }
}
