import type { World } from './world.js';

export interface ClockSetting {
  /** Wall clock against true time, milliseconds. */
  readonly skewMs: number;
  /** Local milliseconds that pass in one true millisecond: 1.0001 is 100 ppm fast. */
  readonly rate: number;
}

/** True wall time when virtual time is 0: 2026-01-01T00:00:00Z. */
export const epochMs = 1_767_225_600_000;

/**
 * The clocks of one machine: a monotonic one and a wall clock, wrong in the ways in which such clocks are wrong. Both
 * live on when a process on the machine restarts.
 */
export class SimulatedClock {
  readonly #world: World;
  readonly #setting: ClockSetting;
  #rate: number;
  /** The monotonic clock showed `#anchorLocalMs` at `#anchorTrueMs`. */
  #anchorTrueMs: number;
  #anchorLocalMs: number;
  /** Wall minus monotonic. */
  #offsetMs: number;
  /** What the wall clock shows while it stands still. */
  #frozenAtMs: number | undefined;
  #suspendedAtMs: number | undefined;
  #aheadMsMax = 0;
  #behindMsMax = 0;

  constructor(world: World, setting: ClockSetting) {
    const { skewMs, rate } = setting;
    this.#world = world;
    this.#setting = setting;
    this.#rate = rate;
    this.#anchorTrueMs = world.nowMs;
    this.#anchorLocalMs = 1_000;
    this.#offsetMs = epochMs + world.nowMs + skewMs - this.#anchorLocalMs;
  }

  monotonicMs(): number {
    const nowMs = this.#suspendedAtMs ?? this.#world.nowMs;
    return this.#anchorLocalMs + (nowMs - this.#anchorTrueMs) * this.#rate;
  }

  /** Unix milliseconds, whole ones, as `Date.now()` gives them. */
  nowMs(): number {
    const nowMs = Math.floor(this.#frozenAtMs ?? this.monotonicMs() + this.#offsetMs);
    const aheadMs = nowMs - (epochMs + this.#world.nowMs);
    if (aheadMs > this.#aheadMsMax) this.#aheadMsMax = aheadMs;
    else if (-aheadMs > this.#behindMsMax) this.#behindMsMax = -aheadMs;
    return nowMs;
  }

  /** How far ahead of true time, and how far behind it, anybody ever saw the wall clock. */
  get errorsMs(): { readonly aheadMs: number; readonly behindMs: number } {
    return { aheadMs: this.#aheadMsMax, behindMs: this.#behindMsMax };
  }

  /** True milliseconds until the monotonic clock will have advanced by so much. */
  trueDelayMs(localMs: number): number {
    return localMs / this.#rate;
  }

  get rate(): number {
    return this.#rate;
  }

  setRate(rate: number): void {
    this.#anchor();
    this.#rate = rate;
  }

  /** Sets the wall clock forward (positive) or back. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** The wall clock stands still until `thaw`. */
  freeze(): void {
    this.#frozenAtMs ??= this.monotonicMs() + this.#offsetMs;
  }

  /** @param catchUp whether the wall clock then shows the time it would have shown, or goes on from where it stood */
  thaw({ catchUp }: { readonly catchUp: boolean }): void {
    if (this.#frozenAtMs !== undefined && !catchUp) this.#offsetMs = this.#frozenAtMs - this.monotonicMs();
    this.#frozenAtMs = undefined;
  }

  /** The whole machine is suspended, as virtual machines are: even its monotonic clock stands still until `resume`. */
  suspend(): void {
    if (this.#suspendedAtMs !== undefined) return;
    this.#anchor();
    this.#suspendedAtMs = this.#world.nowMs;
  }

  /** @param wallKnows whether the wall clock then shows the time that passed meanwhile */
  resume({ wallKnows }: { readonly wallKnows: boolean }): void {
    if (this.#suspendedAtMs === undefined) return;
    if (wallKnows) this.#offsetMs += (this.#world.nowMs - this.#suspendedAtMs) * this.#rate;
    this.#anchorTrueMs = this.#world.nowMs;
    this.#suspendedAtMs = undefined;
  }

  /** Somebody put the clocks right: as wrong as they were in the beginning, and no more. */
  synchronise(): void {
    this.#frozenAtMs = undefined;
    this.resume({ wallKnows: true });
    this.setRate(this.#setting.rate);
    this.#offsetMs = epochMs + this.#world.nowMs + this.#setting.skewMs - this.monotonicMs();
  }

  /** Wall clock against true time now. */
  skewMs(): number {
    return this.nowMs() - (epochMs + this.#world.nowMs);
  }

  #anchor(): void {
    this.#anchorLocalMs = this.monotonicMs();
    this.#anchorTrueMs = this.#suspendedAtMs ?? this.#world.nowMs;
  }
}
