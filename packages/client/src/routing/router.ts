/**
 * To whom an operation is sent: an owner of its key, the favourite of this turn if that is one, else the owner that comes
 * next; a hot key to its home. Any node takes any key, so this saves ways between nodes and messages, and spreads the work;
 * nothing depends on it, and whatever is not known, or does not answer, leads to the endpoint that the pool stays with.
 */
import { xxh32 } from '@kv/ring/xxh32';

import type { Contact, EndpointPool, Target } from '../attempts/endpoint-pool.js';
import { createOperationScope } from '../attempts/operation-scope.js';
import {
  comparedReadsMax,
  contactTimeoutMs,
  favouriteOperations,
  ringRefreshMs,
  twinStoresMax,
} from '../limits.js';
import type { Clock, Random, Timers } from '../ports.js';
import { Agreement } from './agreement.js';
import { Favourite, shareOf } from './favourite.js';
import { HotKeys, slotOf } from './hot-keys.js';
import { type RingView, ringViewOf } from './ring-view.js';
import { Trial } from './trial.js';

export interface RouterOptions {
  readonly isOn: boolean;
  /** Operations may be given to two owners, and what they answer compared. */
  readonly coordinates: boolean;
}

export interface RouterPorts {
  readonly pool: EndpointPool;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** An operation on its way. */
export interface Routed {
  readonly key: Buffer;
  readonly isWrite: boolean;
  /** Of its key among the hot ones; negative while it is not counted. */
  slot: number;
}

/** What is known of a cluster. */
interface Routes {
  readonly ring: RingView;
  /** In the order of the ring's addresses. */
  readonly members: readonly Target[];
  readonly favourite: Favourite;
}

export class Router {
  readonly #isOn: boolean;
  readonly #coordinates: boolean;
  readonly #ports: RouterPorts;
  #routes: Routes | undefined;
  readonly #hotKeys = new HotKeys();
  readonly #agreement = new Agreement();
  readonly #twinStores = new Trial();
  #underWay = 0;
  #isOutdated = true;
  #isFetching = false;
  #askAgainAtMs = -Infinity;

  constructor({ isOn, coordinates }: RouterOptions, ports: RouterPorts) {
    this.#isOn = isOn;
    this.#coordinates = coordinates;
    this.#ports = ports;
  }

  /** Whether there is more than one node to ask. */
  get hasAlternatives(): boolean {
    return this.#ports.pool.size > 1 || (this.#routes?.members.length ?? 0) > 1;
  }

  /**
   * Whom to send it to; undefined: nobody is known to answer now. To be followed by `over`.
   *
   * @param nowMs by the monotonic clock
   */
  begin(operation: Routed, nowMs: number): Contact | undefined {
    const { known } = this.#ports.pool;
    if (this.#isOn && this.#isOutdated && known !== undefined) this.#fetch(known);
    if (this.#routes === undefined) return known;
    const { ring, favourite } = this.#routes;
    const hash = xxh32(operation.key);
    const slot = slotOf(hash);
    const owners = ring.ownersOf(hash);
    const contact = this.#hotKeys.goesHome(slot)
      ? this.#ownerFrom(homeOf(hash, owners), owners, Infinity)
      : this.#ownerFrom(favourite.next(this.#underWay), owners, this.#loadMax);
    if (contact === undefined) return known;
    operation.slot = slot;
    this.#underWay += 1;
    if (operation.isWrite) {
      this.#hotKeys.beginWrite(slot);
      this.#agreement.written(slot, nowMs);
    }
    return contact;
  }

  /** It was answered, or given up. */
  over(operation: Routed): void {
    const { slot } = operation;
    if (slot < 0) return;
    operation.slot = -1;
    this.#underWay -= 1;
    if (!operation.isWrite) return;
    this.#hotKeys.endWrite(slot);
    this.#agreement.written(slot, this.#ports.clock.monotonicMs());
  }

  /**
   * Another owner of a read's key, if what it shows is worth comparing with what the contact shows.
   *
   * @param nowMs by the monotonic clock
   */
  companion({ key, slot }: Routed, contact: Contact, nowMs: number): Contact | undefined {
    if (!this.#mayCoordinate(slot, comparedReadsMax) || !this.#agreement.isLikely(slot, nowMs)) {
      return undefined;
    }
    return this.#undoubted(key, contact, nowMs);
  }

  /** A read that compared two owners had to be coordinated after all. */
  comparedInVain(): void {
    this.#agreement.refuted();
  }

  /**
   * Another owner of a write's key, if it is worth storing the write in both.
   *
   * @param nowMs by the monotonic clock
   */
  twin({ key, slot }: Routed, contact: Contact, nowMs: number): Contact | undefined {
    if (!this.#mayCoordinate(slot, twinStoresMax) || this.#hotKeys.hasSeveral(slot)) return undefined;
    // Nodes that coordinate reads of what was just written would miss it in the third owner, which is given it later.
    if (this.#agreement.isUnlikely) return undefined;
    return this.#twinStores.isWorthIt() ? this.#undoubted(key, contact, nowMs) : undefined;
  }

  /** Number of the member that is reached so; 0 = not known. */
  memberOf({ endpoint }: Contact): number {
    return this.#routes?.ring.memberAt(endpoint) ?? 0;
  }

  /** A write was stored by two owners, and is over. */
  storedByTwo(slot: number, nowMs: number): void {
    if (!this.#hotKeys.isWritten(slot)) this.#agreement.settled(slot, nowMs);
  }

  /** A write that was given to two owners had to be coordinated after all. */
  storedInVain(): void {
    this.#twinStores.wasInVain();
  }

  /** More than two owners are no faster than a coordinator. */
  #mayCoordinate(slot: number, operationsMax: number): boolean {
    if (!this.#coordinates || slot < 0 || this.#underWay > operationsMax) return false;
    return this.#routes!.ring.quorum === 2;
  }

  #undoubted(key: Buffer, contact: Contact, nowMs: number): Contact | undefined {
    const other = this.another(key, contact);
    if (other === undefined || other.lane.isDoubted(nowMs) || contact.lane.isDoubted(nowMs)) {
      return undefined;
    }
    return other;
  }

  /** Another owner of the key, if one is known to answer. */
  another(key: Buffer, than: Contact): Contact | undefined {
    if (this.#routes === undefined) return undefined;
    const { ring, favourite } = this.#routes;
    return this.#ownerFrom(favourite.place, ring.ownersOf(xxh32(key)), this.#loadMax, than);
  }

  /** A member's part of what is under way, and some more. */
  get #loadMax(): number {
    return shareOf(this.#underWay, this.#routes!.members.length) + favouriteOperations;
  }

  /** The first owner at this place or behind it that answers and has room; if none has, the first that answers. */
  #ownerFrom(
    place: number,
    owners: readonly number[],
    loadMax: number,
    except?: Contact,
  ): Contact | undefined {
    const { members } = this.#routes!;
    let first = 0;
    while (first < owners.length && owners[first]! < place) first += 1;
    let full: Contact | undefined;
    for (let i = 0; i < owners.length; i += 1) {
      const contact = this.#ports.pool.reach(members[owners[(first + i) % owners.length]!]!);
      if (contact === undefined || contact === except) continue;
      if (contact.lane.load <= loadMax) return contact;
      full ??= contact;
    }
    return full;
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
    if (ring === undefined || (this.#routes !== undefined && ring.epoch < this.#routes.ring.epoch)) return;
    const { pool, random, timers } = this.#ports;
    const members = ring.addresses.map((address) => pool.target(address, ring.clusterId));
    // Met now, so that they can be asked once they are needed.
    for (const target of members) pool.reach(target);
    // Many clients begin at many places.
    const place = random.uint32() % members.length;
    const loadOf = (of: number): number => pool.reach(members[of]!)?.lane.load ?? Infinity;
    const favourite = new Favourite({ members: members.length, place, loadOf }, timers);
    this.#routes = { ring, members, favourite };
  }
}

/** The same for all clients. */
function homeOf(hash: number, owners: readonly number[]): number {
  return owners[hash % owners.length] ?? 0;
}
