/**
 * The HTTP/2 connection to one peer: made when it is first wanted, and again whenever it was lost. While the peer cannot be
 * reached it is tried on by itself, and whoever wants it is told so at once.
 *
 * Made with node:http2 instead of a channel of grpc-js: on a busy stream that costs a third of the processor time, and it
 * is known for certain which calls were handed over (protocol rule 12).
 */
import { type ClientHttp2Session, connect, type SessionOptions } from 'node:http2';
import { connect as connectSocket } from 'node:net';

import { ReplicaUnreachable } from '@kv/replication';

import { formatEndpoint, parseEndpoint } from '../configuration/endpoint.js';
import {
  connectAttemptMs,
  connectTimeoutMs,
  keepAliveMs,
  keepAliveTimeoutMs,
  linkWindowBytes,
  reconnectMsFirst,
  reconnectMsMax,
} from '../limits.js';
import type { Timers } from '../ports.js';

const sessionOptions: SessionOptions = {
  settings: { enablePush: false, initialWindowSize: linkWindowBytes },
  // In megabytes. What is under way is bounded where it is handed over.
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
};

/** `unreachable`: the last attempt failed, or takes so long that nobody waits for it. */
type State = 'idle' | 'connecting' | 'open' | 'unreachable' | 'closed';

/** One of each kind at a time. */
type TimerKind = 'patience' | 'attempt' | 'retry' | 'steady';

interface Waiter {
  resolve(session: ClientHttp2Session): void;
  reject(error: ReplicaUnreachable): void;
}

export class PeerSession {
  readonly #address: string;
  readonly #timers: Timers;
  #state: State = 'idle';
  #session: ClientHttp2Session | undefined;
  /** With those that are left, but whose last calls are not answered yet. */
  readonly #sessions = new Set<ClientHttp2Session>();
  readonly #waiters = new Set<Waiter>();
  readonly #cancels = new Map<TimerKind, () => void>();
  #failures = 0;
  #lastError: unknown;

  constructor(address: string, { timers }: { readonly timers: Timers }) {
    this.#address = address;
    this.#timers = timers;
  }

  /** Undefined: there is none at the moment. */
  get open(): ClientHttp2Session | undefined {
    const session = this.#session;
    return this.#state === 'open' && session?.closed === false ? session : undefined;
  }

  /** Rejects with ReplicaUnreachable, not sent. */
  connected(timeoutMs: number): Promise<ClientHttp2Session> {
    const { open } = this;
    if (open !== undefined) return Promise.resolve(open);
    if (this.#state === 'idle') this.#connect();
    if (this.#state !== 'connecting') return Promise.reject(this.#unreachable());
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        reject(this.#unreachable());
      });
      const waiter: Waiter = {
        resolve: (session) => {
          cancel();
          resolve(session);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** The streams of the connection end with it. */
  close(): void {
    this.#leave('closed');
    for (const session of this.#sessions) session.destroy();
  }

  #connect(): void {
    const endpoint = parseEndpoint(this.#address) ?? { host: this.#address, port: 0 };
    const session = connect(`http://${formatEndpoint(endpoint)}`, {
      ...sessionOptions,
      createConnection: () => connectSocket({ ...endpoint, noDelay: true }),
    });
    if (this.#state === 'idle') this.#state = 'connecting';
    this.#session = session;
    this.#sessions.add(session);
    session.on('error', (error) => {
      this.#lastError = error; // `close` follows.
    });
    session.on('close', () => {
      this.#sessions.delete(session);
      this.#lost(session);
    });
    session.on('goaway', () => this.#lost(session));
    // Only now somebody has answered: a system accepts connections for a process that hangs, too.
    session.once('remoteSettings', () => this.#opened(session));
    this.#after('patience', connectTimeoutMs, () => this.#leaveWaiting('unreachable'));
    this.#after('attempt', connectAttemptMs, () => session.destroy());
  }

  #opened(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    this.#clearTimers();
    this.#state = 'open';
    session.setLocalWindowSize(linkWindowBytes);
    keepAlive(session, this.#timers);
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.resolve(session);
    // One that is lost at once does not count: else a peer that drops every connection would be dialled without a pause.
    this.#after('steady', reconnectMsMax, () => {
      this.#failures = 0;
    });
  }

  #lost(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    const isSteady = this.#state === 'open' && this.#failures === 0;
    this.#failures += 1;
    this.#leave(isSteady ? 'idle' : 'unreachable');
    if (isSteady) return;
    const pauseMs = Math.min(reconnectMsFirst * 2 ** Math.min(this.#failures - 1, 10), reconnectMsMax);
    this.#after('retry', pauseMs, () => this.#connect());
  }

  #leave(state: State): void {
    this.#clearTimers();
    this.#session = undefined;
    this.#leaveWaiting(state);
  }

  #leaveWaiting(state: State): void {
    this.#state = state;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.reject(this.#unreachable());
  }

  #after(kind: TimerKind, delayMs: number, callback: () => void): void {
    this.#cancels.get(kind)?.();
    this.#cancels.set(kind, this.#timers.after(delayMs, callback));
  }

  #clearTimers(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }

  #unreachable(): ReplicaUnreachable {
    const cause = this.#lastError;
    const reason = cause instanceof Error ? `cannot be reached: ${cause.message}` : 'cannot be reached';
    const what = this.#state === 'closed' ? `the connection to ${this.#address} is closed` : undefined;
    return new ReplicaUnreachable(what ?? `${this.#address} ${reason}`, { sent: false, cause });
  }
}

/** A peer that hangs, or a network that drops everything, closes no connection. */
function keepAlive(session: ClientHttp2Session, timers: Timers): void {
  let cancel = (): void => undefined;
  const ask = (): void => {
    if (session.destroyed) return;
    cancel = timers.after(keepAliveTimeoutMs, () => session.destroy());
    session.ping((error) => {
      cancel();
      if (error === null) wait();
    });
  };
  const wait = (): void => {
    cancel = timers.after(keepAliveMs, ask);
  };
  session.once('close', () => cancel());
  wait();
}
