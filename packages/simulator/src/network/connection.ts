/**
 * A connection as gRPC's users know it: established on first use, again after it broke, and calls over it that are
 * answered, refused before they left, or lost.
 *
 * What it promises its callers is what the real adapters promise, since the guarantees build on it: `not-sent` only for a
 * request that no server ever sees; and a request of a write that was answered is not delivered again. Below that, anything goes: a
 * request whose answer was lost may arrive once more, seconds later, when its caller has long given up.
 */
import type { SimulatedProcess } from '../world/simulated-process.js';
import { labels } from '../world/world.js';
import type { Link } from './link.js';
import type { Listening, Network } from './network.js';
import { isRepeatable } from './rpc.js';
import { type Answering, Delivery, type OutgoingCall, RunningCall } from './running-call.js';

export type { OutgoingCall };

/** Real ones are the adapters' `connectTimeoutMs`, reconnect back-off and keep-alive. */
const connectTimeoutMs = 1_000;
const backoffMsFirst = 100;
const backoffMsMax = 1_000;
const silenceMsMax = 8_000;
/** A request whose answer was lost may arrive again within this time. */
const lateCopyMs = 3_000;

/** A call, for who made it. */
export interface OwnCall {
  /** Gives it up: nothing is reported of it any more. */
  cancel(): void;
  wasSent(): boolean;
  /** A further message, if it is still under way. */
  tell(message: Uint8Array): void;
}

type State = 'idle' | 'connecting' | 'ready' | 'failed' | 'closed';

export class Connection {
  readonly from: string;
  readonly to: string;
  readonly owner: SimulatedProcess;
  readonly #network: Network;
  /** To the server, and from it. */
  readonly #there: Link;
  readonly #back: Link;
  #state: State = 'idle';
  /** Tells the handshake, or the connection, of now from earlier ones. */
  #era = 0;
  #retryAtMs = 0;
  #backoffMs = backoffMsFirst;
  #heardAtMs = 0;
  #peer: Listening | undefined;
  readonly #waiting = new Set<RunningCall>();
  readonly #running = new Set<RunningCall>();

  constructor(
    { from, to, owner }: { readonly from: string; readonly to: string; readonly owner: SimulatedProcess },
    network: Network,
  ) {
    this.from = from;
    this.to = to;
    this.owner = owner;
    this.#network = network;
    this.#there = network.link(from, to);
    this.#back = network.link(to, from);
    network.opened(this);
  }

  call(outgoing: OutgoingCall): OwnCall {
    const call = new RunningCall(outgoing);
    const { nowMs } = this.#network.world;
    if (this.#state === 'ready' && this.#running.size > 0 && nowMs - this.#heardAtMs > silenceMsMax) {
      this.break('no sign of life');
    }
    if (this.#state === 'closed') this.later(() => call.fail({ kind: 'not-sent', reason: 'closed' }));
    else if (this.#state === 'failed' && nowMs < this.#retryAtMs) {
      this.later(() => call.fail({ kind: 'not-sent', reason: `${this.to} cannot be reached` }));
    } else if (this.#state === 'ready') this.#transmit(call);
    else {
      this.#waiting.add(call);
      if (this.#state !== 'connecting') this.#connect();
    }
    return {
      cancel: () => this.#cancel(call),
      wasSent: () => call.wasSent,
      tell: (message) => {
        if (this.#running.has(call)) this.#toServer(() => call.serverSide.further(message));
      },
    };
  }

  close(): void {
    this.#network.closed(this);
    this.break('closed');
    this.#state = 'closed';
    this.#failWaiting('closed');
  }

  /** Everything under way is lost; the next call connects again. */
  break(reason: string): void {
    if (this.#state !== 'ready') return;
    this.#state = 'idle';
    this.#era += 1;
    const running = [...this.#running];
    this.#running.clear();
    for (const call of running) {
      this.#tellServer(call, reason);
      call.fail({ kind: 'lost', reason });
    }
  }

  /** The process that opened it is no more: the server hears of that. */
  ownerEnded(): void {
    for (const call of this.#running) this.#tellServer(call, 'the caller ended');
    this.#running.clear();
    this.#waiting.clear();
    this.#state = 'closed';
  }

  /** Its server's process ended, and the host says so. */
  peerEnded(process: SimulatedProcess): void {
    if (this.#peer?.process !== process || this.#state !== 'ready') return;
    this.#fromPeer(() => this.break('reset by peer'));
  }

  #connect(): void {
    this.#state = 'connecting';
    const era = (this.#era += 1);
    const isCurrent = (): boolean => this.#era === era && this.#state === 'connecting';
    const { world } = this.#network;
    const cancelTimer = world.after(connectTimeoutMs, { process: this.owner, label: labels.packet }, () => {
      if (isCurrent()) this.#connectFailed('did not answer in time');
    });
    this.#network.send(this.#there, () => {
      if (!this.#network.isPowered(this.to)) return;
      // A program that is paused is connected to all the same: its operating system does that.
      const peer = this.#network.listeningOn(this.to);
      this.#network.send(this.#back, () =>
        this.#asOwner(() => {
          if (!isCurrent()) return;
          cancelTimer();
          if (peer === undefined) this.#connectFailed('connection refused');
          else this.#connected(peer);
        }),
      );
    });
  }

  #connected(peer: Listening): void {
    this.#state = 'ready';
    this.#peer = peer;
    this.#backoffMs = backoffMsFirst;
    this.#heardAtMs = this.#network.world.nowMs;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) this.#transmit(call);
  }

  #connectFailed(reason: string): void {
    this.#state = 'failed';
    this.#retryAtMs = this.#network.world.nowMs + this.#backoffMs;
    this.#backoffMs = Math.min(backoffMsMax, this.#backoffMs * 2);
    this.#failWaiting(`${this.to}: ${reason}`);
  }

  #failWaiting(reason: string): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) call.fail({ kind: 'not-sent', reason });
  }

  #cancel(call: RunningCall): void {
    this.#waiting.delete(call);
    if (this.#running.delete(call)) this.#tellServer(call, 'cancelled');
    call.settle();
  }

  #transmit(call: RunningCall): void {
    call.wasSent = true;
    this.#running.add(call);
    const { world } = this.#network;
    const { method, request } = call.outgoing;
    world.trace.word(request.length);
    world.trace.line(world.nowMs, this.from, () => `${method} to ${this.to} (${request.length} bytes)`);
    if (!this.#network.isDuplicated(this.#there)) this.#deliver(call, 'returned');
    else if (isRepeatable(method)) this.#sendTwice(call, ['returned', 'returned']);
    else {
      // Its answer never comes. A second answer to a write might refuse what the first copy did: "not applied" would lie.
      this.#sendTwice(call, ['lost', 'lost']);
      this.#breakSoon();
    }
  }

  #sendTwice(call: RunningCall, [first, second]: readonly [Answering, Answering]): void {
    const { world, random } = this.#network;
    this.#deliver(call, first);
    // Soon more often than late: bounds on stamps are a matter of some hundred milliseconds.
    const lateMs = random.float() * random.float() * lateCopyMs;
    world.after(lateMs, { label: labels.packet }, () => this.#deliver(call, second));
  }

  /** Or the caller waits for its deadline. */
  #breakSoon(): void {
    const { world, random } = this.#network;
    if (random.float() < 0.5) return;
    const era = this.#era;
    world.after(random.float() * 50, { process: this.owner, label: labels.packet }, () => {
      if (this.#era === era) this.break('reset');
    });
  }

  #deliver(call: RunningCall, answering: Answering): void {
    const peer = this.#peer;
    this.#network.send(this.#there, () => {
      if (!this.#network.isPowered(this.to)) return;
      if (peer === undefined || this.#network.listeningOn(this.to) !== peer) {
        // A host that knows nothing of the connection says so.
        this.#fromPeer(() => this.#peer === peer && this.break('reset by peer'));
        return;
      }
      this.#in(peer.process, () => this.#serve(call, peer, answering));
    });
  }

  #serve(call: RunningCall, peer: Listening, answering: Answering): void {
    peer.handle(
      new Delivery(call, answering, {
        reply: (number, response, isLast) => {
          this.#network.world.trace.word(response.length);
          if (answering === 'lost') return;
          this.#fromPeer(() =>
            this.#arrived(call, number, () => {
              call.outgoing.onReply(response);
              if (isLast) this.#finish(call);
            }),
          );
        },
        end: (number) => {
          if (answering === 'returned')
            this.#fromPeer(() => this.#arrived(call, number, () => this.#finish(call)));
        },
        fail: (answer) => {
          if (answering === 'lost') return;
          this.#fromPeer(() => {
            if (this.#running.delete(call)) call.fail({ kind: 'answered', answer });
          });
        },
      }),
    );
  }

  #arrived(call: RunningCall, number: number, act: () => void): void {
    call.arrived(number, act, (next) => this.later(next));
  }

  #finish(call: RunningCall): void {
    if (!this.#running.delete(call)) return;
    call.settle();
    call.outgoing.onEnd();
  }

  #tellServer(call: RunningCall, reason: string): void {
    if (call.wasSent) this.#toServer(() => call.serverSide.signal.abort(reason));
  }

  #toServer(act: () => void): void {
    const peer = this.#peer;
    this.#network.send(this.#there, () => {
      if (peer?.process.isAlive === true) this.#in(peer.process, act);
    });
  }

  #fromPeer(act: () => void): void {
    this.#network.send(this.#back, () =>
      this.#asOwner(() => {
        this.#heardAtMs = this.#network.world.nowMs;
        act();
      }),
    );
  }

  #asOwner(act: () => void): void {
    this.#in(this.owner, act);
  }

  /** At once, or when the process may run again. */
  #in(process: SimulatedProcess, act: () => void): void {
    const { world } = this.#network;
    if (!process.isAlive) return;
    if (process.pausedUntilMs <= world.nowMs) act();
    else world.after(0, { process, label: labels.packet }, act);
  }

  /** As an event of its own. */
  later(act: () => void): void {
    this.#network.world.after(0, { process: this.owner, label: labels.packet }, act);
  }
}
