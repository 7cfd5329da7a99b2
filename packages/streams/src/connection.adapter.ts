/**
 * The HTTP/2 connection to one endpoint: made when it is first wanted, and again after it was lost. Whoever wants it while
 * the endpoint cannot be reached is told so, and that nothing was sent.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { types } from 'node:util';

import { KvError } from '@kv/errors';

import type { Timers } from './ports.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionLimits {
  /** Bytes that may be on their way here, of each stream and of all: less would stop a busy one once every round trip. */
  readonly windowBytes: number;
  /** Nobody waits for an attempt to connect longer than this, and it is given up after that. */
  readonly patienceMs: number;
  readonly attemptMs: number;
  /** An endpoint is asked for a sign of life so often, and must give it within so long. */
  readonly keepAliveMs: number;
  readonly keepAliveTimeoutMs: number;
  /**
   * It tries by itself until the endpoint can be reached again, and meanwhile everybody is told at once that it cannot;
   * pauses double from the first to the last. Undefined: it tries when somebody wants it.
   */
  readonly redialPauses?: { readonly firstMs: number; readonly lastMs: number };
}

/** `unreachable`: the last attempt failed, or takes so long that nobody waits for it. */
type State = 'idle' | 'connecting' | 'open' | 'unreachable' | 'closed';

/** One of each kind at a time. */
type TimerKind = 'patience' | 'attempt' | 'redial' | 'steady';

interface Waiter {
  resolve(session: ClientHttp2Session): void;
  reject(error: KvError): void;
}

export class Connection {
  readonly #endpoint: Endpoint;
  readonly #limits: ConnectionLimits;
  readonly #timers: Timers;
  #state: State = 'idle';
  #session: ClientHttp2Session | undefined;
  /** With those that are left, but whose last streams are not over yet. */
  readonly #sessions = new Set<ClientHttp2Session>();
  readonly #waiters = new Set<Waiter>();
  readonly #cancels = new Map<TimerKind, () => void>();
  #failures = 0;
  #lastError: unknown;

  constructor(endpoint: Endpoint, limits: ConnectionLimits, { timers }: { readonly timers: Timers }) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    this.#timers = timers;
  }

  /** Undefined: there is none at the moment. */
  get open(): ClientHttp2Session | undefined {
    const session = this.#session;
    return this.#state === 'open' && session?.closed === false ? session : undefined;
  }

  /** @throws KvError, not applied */
  connected({ timeoutMs }: { readonly timeoutMs: number }): Promise<ClientHttp2Session> {
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

  /** Its streams end with it. */
  close(): void {
    this.#leave('closed');
    for (const session of this.#sessions) destroyNext(session);
  }

  #connect(): void {
    const { patienceMs, attemptMs, windowBytes } = this.#limits;
    const session = connect(`http://${textOf(withoutZone(this.#endpoint))}`, {
      settings: { enablePush: false, initialWindowSize: windowBytes },
      // In megabytes. What is under way is bounded where it is handed over.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      createConnection: () => connectSocket({ ...this.#endpoint, noDelay: true }),
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
    this.#after('patience', patienceMs, () => this.#leaveWaiting('unreachable'));
    this.#after('attempt', attemptMs, () => session.destroy());
  }

  #opened(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    this.#clearTimers();
    this.#state = 'open';
    session.setLocalWindowSize(this.#limits.windowBytes);
    keepAlive(session, this.#limits, this.#timers);
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.resolve(session);
    const { redialPauses } = this.#limits;
    if (redialPauses === undefined) return;
    // One that is lost at once does not count: else a peer that drops every connection would be dialled without a pause.
    this.#after('steady', redialPauses.lastMs, () => {
      this.#failures = 0;
    });
  }

  #lost(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    const { redialPauses } = this.#limits;
    const isSteady = this.#state === 'open' && this.#failures === 0;
    const waitsToBeWanted = isSteady || redialPauses === undefined;
    this.#failures += 1;
    this.#leave(waitsToBeWanted ? 'idle' : 'unreachable');
    if (waitsToBeWanted) return;
    const { firstMs, lastMs } = redialPauses;
    const pauseMs = Math.min(firstMs * 2 ** Math.min(this.#failures - 1, 10), lastMs);
    this.#after('redial', pauseMs, () => this.#connect());
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

  #unreachable(): KvError {
    const cause = this.#lastError;
    const facts = { outcome: 'not-applied', cause } as const;
    const address = textOf(this.#endpoint);
    if (this.#state === 'closed')
      return new KvError('closed', `the connection to ${address} is closed`, facts);
    const reason = types.isNativeError(cause) ? `: ${cause.message}` : '';
    return new KvError('unavailable', `${address} cannot be reached${reason}`, facts);
  }
}

/**
 * In the next turn. Node 20 aborts the process if a connection is destroyed in the turn in which a stream with unsent
 * messages was reset, and its peer resets that stream, too.
 */
function destroyNext(session: ClientHttp2Session): void {
  setImmediate(() => session.destroy());
}

/** A peer that hangs, or a network that drops everything, closes no connection. */
function keepAlive(
  session: ClientHttp2Session,
  { keepAliveMs, keepAliveTimeoutMs }: ConnectionLimits,
  timers: Timers,
): void {
  let cancel = (): void => undefined;
  const ask = (): void => {
    if (session.destroyed) return;
    cancel = timers.after(keepAliveTimeoutMs, () => destroyNext(session));
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

/** The zone of an IPv6 address means something to this machine only, and no URL has one. */
function withoutZone({ host, port }: Endpoint): Endpoint {
  return { host: host.replace(/%.*$/, ''), port };
}

function textOf({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
