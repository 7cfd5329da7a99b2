import { setMaxListeners } from 'node:events';

import { KvError } from '@kv/errors';

import { failedAt } from './attempt-failure.js';
import { channels, type ConnectionEvent } from '../diagnostics.js';
import {
  contactDoubtedMs,
  contactTimeoutMs,
  memberRetryMsFirst,
  memberRetryMsMax,
  unreachableNewsMs,
  unreachablePatienceMs,
} from '../limits.js';
import { createOperationScope, type OperationScope } from './operation-scope.js';
import type { Clock, Random, Timers } from '../ports.js';
import type { ServerTime } from './server-time.js';
import { Lane } from '../sending/lane.js';
import type { ClientConnection, ClientTransport } from '../transport/transport.js';

/** An endpoint that answered, and may be asked. */
export interface Contact {
  readonly endpoint: string;
  readonly connection: ClientConnection;
  readonly lane: Lane;
}

interface Entry {
  readonly endpoint: string;
  connection?: ClientConnection;
  lane?: Lane;
  /** Set while it is known to answer. */
  contact?: Contact | undefined;
  /** By the monotonic clock. */
  greetedAtMs?: number;
  /** The first call to it, shared by all operations that wait for it. */
  greeting?: Promise<Contact> | undefined;
  /** Of a member that a cluster named: it has to be of that cluster. */
  clusterId?: string | undefined;
  /** In the background it is not greeted before, after so many failures in a row. */
  retryAtMs?: number;
  failures?: number;
}

/** A node that may be reached at this address. */
export type Target = Entry;

export interface EndpointPoolPorts {
  readonly transport: ClientTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly serverTime: ServerTime;
}

/**
 * Which endpoint to ask. It stays with one that works, since another gives nothing but a new connection, and moves to the
 * next when one fails. Where it begins is random, so that many clients with the same list spread over the nodes.
 *
 * An endpoint is asked for its status before anything else is sent to it, at first and after each failure: that gives
 * the server time that ceilings are made from, and a dead node is found before a write was handed to it, so that the
 * write's outcome stays certain.
 */
export class EndpointPool {
  readonly #entries: readonly Entry[];
  readonly #ports: EndpointPoolPorts;
  readonly #extra = new Map<string, Entry>();
  readonly #closing = new AbortController();
  #current: number;
  /** No endpoint has answered since a pass over all of them failed; the last one that did. */
  #unreachable: { readonly sinceMs: number; readonly lastMs: number; readonly failure: KvError } | undefined;
  /** Passes under way. */
  #passes = 0;

  constructor(endpoints: readonly string[], ports: EndpointPoolPorts) {
    this.#entries = endpoints.map((endpoint) => ({ endpoint }));
    this.#ports = ports;
    setMaxListeners(Infinity, this.closing); // One for each scan.
    this.#current = ports.random.uint32() % endpoints.length;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The current endpoint, if it is known to answer: what `acquire` would give without asking anybody. */
  get known(): Contact | undefined {
    return this.#entries[this.#current]!.contact;
  }

  /** Aborts when the pool is closed: for what outlives the operation that began it. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** No endpoint could be reached for a while: trying again at once has little hope. */
  get isUnreachable(): boolean {
    if (this.#unreachable === undefined) return false;
    const nowMs = this.#ports.clock.monotonicMs();
    const { sinceMs, lastMs } = this.#unreachable;
    return nowMs - sinceMs >= unreachablePatienceMs && nowMs - lastMs < unreachableNewsMs;
  }

  /** The current endpoint, or the next one that answers. `unavailable` once each failed. */
  async acquire(scope: OperationScope): Promise<Contact> {
    if (this.#passes > 0 && this.#unreachable !== undefined && this.isUnreachable) {
      const { message, cause } = this.#unreachable.failure;
      throw new KvError('unavailable', message, { outcome: 'not-applied', cause });
    }
    this.#passes += 1;
    try {
      return await this.#pass(scope);
    } finally {
      this.#passes -= 1;
    }
  }

  async #pass(scope: OperationScope): Promise<Contact> {
    const beganMs = this.#ports.clock.monotonicMs();
    const first = this.#current;
    const failures: KvError[] = [];
    for (let i = 0; i < this.size; i += 1) {
      const entry = this.#entries[(first + i) % this.size]!;
      if (entry.contact !== undefined) return entry.contact;
      try {
        // Half of the time left at most: a silent endpoint must leave some for the next.
        const timeoutMs = Math.max(1, Math.min(contactTimeoutMs, Math.ceil(scope.remainingMs() / 2)));
        return await this.#within({ timeoutMs, signal: scope.signal }, () => this.#greetOnce(entry));
      } catch (error) {
        if (scope.endedBy !== undefined) throw error;
        this.#moveFrom(entry);
        failures.push(failedAt(entry, error));
      }
    }
    const failure = new KvError(
      'unavailable',
      `no endpoint answers: ${failures.map(({ message }) => message).join('; ')}`,
      {
        outcome: 'not-applied',
        cause: failures.at(-1),
      },
    );
    this.#noteUnreachable(failure, beganMs);
    throw failure;
  }

  #noteUnreachable(failure: KvError, beganMs: number): void {
    // Another operation's greeting was answered after this pass had given that endpoint up.
    if (this.#entries.some(({ contact }) => contact !== undefined)) return;
    const nowMs = this.#ports.clock.monotonicMs();
    const before = this.#unreachable;
    const isSame = before !== undefined && beganMs - before.lastMs < unreachableNewsMs;
    this.#unreachable = { sinceMs: isSame ? before.sinceMs : nowMs, lastMs: nowMs, failure };
  }

  /** The contact failed an operation: the next one goes elsewhere, and this one has to prove itself again. */
  blame(contact: Contact): void {
    const all = [...this.#entries, ...this.#extra.values()];
    const entry = all.find((candidate) => candidate.contact === contact);
    // Not the contact of now: it was greeted again since, and the failure is of before.
    if (entry === undefined) return;
    entry.contact = undefined;
    this.#publish(entry, 'down');
    this.#moveFrom(entry);
    this.#doubt(all);
  }

  /**
   * What took one endpoint may have taken others: a connection that was idle since may be dead at the other end, which the
   * next attempt would find out, and the one after that of the next. Greeting them first costs no attempt.
   */
  #doubt(entries: readonly Entry[]): void {
    const longAgoMs = this.#ports.clock.monotonicMs() - contactDoubtedMs;
    for (const entry of entries) {
      const { contact, greetedAtMs = -Infinity } = entry;
      if (contact === undefined || Math.max(greetedAtMs, contact.lane.heardAtMs) > longAgoMs) continue;
      entry.contact = undefined;
    }
  }

  #publish({ endpoint }: Entry, state: 'up' | 'down', error?: unknown): void {
    if (!channels.connection.hasSubscribers) return;
    const event: ConnectionEvent = { endpoint, state, error };
    channels.connection.publish(event);
  }

  /** A connection to this very endpoint, listed or not. */
  connectionTo(endpoint: string): ClientConnection {
    return this.#connection(this.#entryOf(endpoint));
  }

  /**
   * A member of a cluster. Its address is the cluster's word, and may mean another machine here: whoever answers there
   * has to be of the same cluster, unless the caller named that address.
   */
  target(address: string, clusterId: string): Target {
    const entry = this.#entryOf(address);
    if (!this.#entries.includes(entry)) entry.clusterId = clusterId;
    return entry;
  }

  /** If it is known to answer; else it is greeted meanwhile, so that it may be next time. */
  reach(entry: Target): Contact | undefined {
    if (entry.contact === undefined && entry.greeting === undefined && !this.closing.aborted) {
      const nowMs = this.#ports.clock.monotonicMs();
      if (nowMs >= (entry.retryAtMs ?? -Infinity)) {
        this.#greetOnce(entry).then(
          () => {
            entry.failures = 0;
          },
          () => this.#noteUnreached(entry),
        );
      }
    }
    return entry.contact;
  }

  #noteUnreached(entry: Entry): void {
    const failures = entry.failures ?? 0;
    entry.failures = failures + 1;
    const pauseMs = Math.min(memberRetryMsMax, memberRetryMsFirst * 2 ** Math.min(failures, 20));
    entry.retryAtMs = this.#ports.clock.monotonicMs() + pauseMs;
  }

  #entryOf(endpoint: string): Entry {
    const listed = this.#entries.find((candidate) => candidate.endpoint === endpoint);
    const entry = listed ?? this.#extra.get(endpoint) ?? { endpoint };
    if (listed === undefined) this.#extra.set(endpoint, entry);
    return entry;
  }

  close(): void {
    this.#closing.abort(new KvError('closed', 'the client was closed'));
    for (const entry of [...this.#entries, ...this.#extra.values()]) {
      entry.contact = undefined;
      entry.connection?.close();
    }
  }

  #moveFrom(entry: Entry): void {
    // Only the first of many operations that fail together moves on; the others would skip a healthy endpoint.
    if (this.#entries[this.#current] === entry) this.#current = (this.#current + 1) % this.size;
  }

  #connection(entry: Entry): ClientConnection {
    entry.connection ??= this.#ports.transport.connect(entry.endpoint);
    return entry.connection;
  }

  #greetOnce(entry: Entry): Promise<Contact> {
    entry.greeting ??= this.#greet(entry).finally(() => {
      entry.greeting = undefined;
    });
    return entry.greeting;
  }

  async #greet(entry: Entry): Promise<Contact> {
    const connection = this.#connection(entry);
    try {
      // A scope of its own: the operations that wait for it may end, and others still need it.
      const within = { timeoutMs: contactTimeoutMs, signal: this.closing };
      const { serverTime, serving: isServing } = await this.#within(within, (signal) =>
        connection.status({}, { signal, timeoutMs: contactTimeoutMs }),
      );
      if (entry.clusterId !== undefined) {
        const { clusterId } = await this.#within(within, (signal) =>
          connection.describe({}, { signal, timeoutMs: contactTimeoutMs }),
        );
        if (clusterId !== entry.clusterId) throw new KvError('unavailable', 'another cluster answers there');
      }
      // One that waits for its clock, which was far ahead, tells a time that the others do not have.
      if (isServing || this.#ports.serverTime.now() === undefined) {
        this.#ports.serverTime.observe(serverTime);
      }
      entry.greetedAtMs = this.#ports.clock.monotonicMs();
      this.#unreachable = undefined;
      // The same lane after a failure: what it has under way is under way still.
      entry.lane ??= new Lane(connection, this.#ports);
      entry.contact = { endpoint: entry.endpoint, connection, lane: entry.lane };
      this.#publish(entry, 'up');
      return entry.contact;
    } catch (error) {
      this.#publish(entry, 'down', error);
      this.#moveFrom(entry);
      throw error;
    }
  }

  async #within<T>({ timeoutMs, signal }: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const scope = createOperationScope({ timeoutMs, signal, what: 'the first contact' }, this.#ports);
    try {
      return await scope.race(work(scope.signal));
    } finally {
      scope.release();
    }
  }
}

interface Bounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
