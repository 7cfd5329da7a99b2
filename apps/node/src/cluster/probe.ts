/**
 * Asks every peer again and again whether it is there. The answers tell people who is up, the clock fence what time it
 * is elsewhere, and the health service when a quorum was seen. They decide nothing about who owns what, nor does a
 * coordinator skip a peer because of them.
 */
import { hasCode } from '@kv/errors';

import { probeFailuresMax } from '../limits.js';
import type { Timing } from '../options.js';
import type { Logger, Timers } from '../ports.js';
import type { MemberLiveness } from './members.js';

export interface ProbedPeer {
  readonly id: string;
  readonly number: number;
  /** Resolves once this very member of this cluster has answered. */
  ping(options: { readonly timeoutMs: number }): Promise<void>;
}

export interface ProbePorts {
  readonly timers: Timers;
  readonly logger: Logger;
  onAnswer(peer: ProbedPeer): void;
  /** While false, peers are asked more often. */
  isSettled(): boolean;
}

export interface Probe {
  start(): void;
  stateOf(member: number): MemberLiveness;
  stop(): void;
}

interface Watched {
  readonly peer: ProbedPeer;
  state: MemberLiveness;
  failures: number;
  cancelTimer: () => void;
}

export type ProbeTiming = Pick<Timing, 'probeIntervalMs' | 'probeIntervalAtStartMs' | 'probeTimeoutMs'>;

export function createProbe(peers: readonly ProbedPeer[], timing: ProbeTiming, ports: ProbePorts): Probe {
  const { probeIntervalMs, probeIntervalAtStartMs, probeTimeoutMs } = timing;
  const { timers, logger } = ports;
  let isStopped = false;
  const watched = new Map(
    peers.map((peer): [number, Watched] => [
      peer.number,
      { peer, state: 'down', failures: 0, cancelTimer: () => undefined },
    ]),
  );

  async function ask(entry: Watched): Promise<void> {
    try {
      await entry.peer.ping({ timeoutMs: probeTimeoutMs });
      if (!isStopped) onAnswer(entry);
    } catch (error) {
      if (!isStopped) onSilence(entry, error);
    }
    if (isStopped) return;
    const delayMs = ports.isSettled() ? probeIntervalMs : probeIntervalAtStartMs;
    entry.cancelTimer = timers.after(delayMs, () => void ask(entry));
  }

  function onAnswer(entry: Watched): void {
    const { id } = entry.peer;
    if (entry.state === 'down') logger.info({ peer: id }, 'peer is up');
    entry.state = 'up';
    entry.failures = 0;
    ports.onAnswer(entry.peer);
  }

  function onSilence(entry: Watched, error: unknown): void {
    const { id } = entry.peer;
    entry.failures += 1;
    if (entry.state === 'up' && entry.failures >= probeFailuresMax) {
      entry.state = 'down';
      logger.warn({ peer: id, reason: reasonOf(error) }, 'peer is down');
    } else if (entry.failures === 1 && hasCode(error, 'wrong-epoch')) {
      logger.error({ peer: id, reason: reasonOf(error) }, 'peer belongs to another cluster');
    } else if (entry.failures === 1 && entry.state === 'down') {
      logger.info({ peer: id, reason: reasonOf(error) }, 'peer does not answer yet');
    }
  }

  return {
    start: () => {
      for (const entry of watched.values()) void ask(entry);
    },
    stateOf: (member) => watched.get(member)?.state ?? 'up',
    stop: () => {
      isStopped = true;
      for (const { cancelTimer } of watched.values()) cancelTimer();
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
