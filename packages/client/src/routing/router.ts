/**
 * To whom an operation is sent. Any node takes any key, so this saves a way between nodes and spreads the work; nothing
 * depends on it, and whatever is not known, or does not answer, leads to the endpoint that the pool stays with.
 */
import type { Contact, EndpointPool, Target } from '../attempts/endpoint-pool.js';
import { createOperationScope } from '../attempts/operation-scope.js';
import { contactTimeoutMs, ringRefreshMs } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { type RingView, ringViewOf } from './ring-view.js';

export interface RouterPorts {
  readonly pool: EndpointPool;
  readonly clock: Clock;
  readonly timers: Timers;
}

export class Router {
  readonly #isOn: boolean;
  readonly #ports: RouterPorts;
  #ring: RingView | undefined;
  readonly #targets = new Map<string, Target>();
  #isOutdated = true;
  #isFetching = false;
  #askAgainAtMs = -Infinity;

  constructor({ isOn }: { readonly isOn: boolean }, ports: RouterPorts) {
    this.#isOn = isOn;
    this.#ports = ports;
  }

  /** Whether there is more than one node to ask. */
  get hasAlternatives(): boolean {
    return this.#ports.pool.size > 1 || this.#targets.size > 1;
  }

  /** Undefined: nobody is known to answer now. `except`: not this one, nor anybody but another owner. */
  contactFor(key: Uint8Array, except?: Contact): Contact | undefined {
    const { known } = this.#ports.pool;
    if (!this.#isOn) return except === undefined ? known : undefined;
    if (this.#isOutdated && known !== undefined) this.#fetch(known);
    if (this.#ring !== undefined) {
      for (const address of this.#ring.ownersOf(key)) {
        const contact = this.#ports.pool.reach(this.#targets.get(address)!);
        if (contact !== undefined && contact !== except) return contact;
      }
    }
    return except === undefined ? known : undefined;
  }

  /** A node failed, or knows another ring. */
  doubt(): void {
    this.#isOutdated = true;
  }

  #fetch(contact: Contact): void {
    const { pool, clock } = this.#ports;
    const nowMs = clock.monotonicMs();
    if (this.#isFetching || nowMs < this.#askAgainAtMs) return;
    this.#isFetching = true;
    this.#askAgainAtMs = nowMs + ringRefreshMs;
    const bounds = { timeoutMs: contactTimeoutMs, signal: pool.closing, what: 'the ring' };
    const scope = createOperationScope(bounds, this.#ports);
    const call = { signal: scope.signal, timeoutMs: contactTimeoutMs };
    scope
      .race(contact.connection.describe({}, call))
      .then(
        (response) => this.#learn(ringViewOf(response)),
        () => undefined, // Asked again, with the next operation after a while.
      )
      .finally(() => {
        this.#isFetching = false;
        scope.release();
      })
      .catch(() => undefined);
  }

  #learn(ring: RingView | undefined): void {
    this.#isOutdated = false;
    // An older one comes from a node that has not heard of the change.
    if (ring === undefined || (this.#ring !== undefined && ring.epoch < this.#ring.epoch)) return;
    this.#ring = ring;
    this.#targets.clear();
    const { pool } = this.#ports;
    for (const address of ring.addresses) this.#targets.set(address, pool.target(address, ring.clusterId));
    // Met now, so that they can be asked once they are needed.
    for (const target of this.#targets.values()) pool.reach(target);
  }
}
