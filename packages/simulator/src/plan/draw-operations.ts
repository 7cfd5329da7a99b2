import type { SeededRandom } from '@kv/testing';
import type { Level } from '@kv/testing/checkers';

import type { ClientPlan, PlannedOperation } from './plan.js';
import type { Profile } from './profiles.js';

export interface OperationsFacts {
  readonly clients: readonly ClientPlan[];
  readonly safetyMs: number;
  /** About so many. */
  readonly count: number;
  readonly profile: Profile;
}

interface Mix {
  readonly keys: readonly string[];
  /** Levels with their shares, for each key. */
  readonly levels: ReadonlyMap<string, readonly Level[]>;
  readonly getShare: number;
  readonly deleteShare: number;
  readonly ttlShare: number;
  readonly abandonShare: number;
  readonly thinkMs: number;
  readonly coldShare: number;
  readonly ttlMsMax: number;
  readonly scanShare: number;
}

/** Many: each is written a few times only. */
const coldKeys = 100;

const ttlMsLong = 4_000;

const roundTripMs = 8;

/** What the clients will do: few keys and bursts, so that operations meet; pauses, so that faults have their time. */
export function drawOperations(random: SeededRandom, facts: OperationsFacts): PlannedOperation[] {
  const { clients, safetyMs, count, profile } = facts;
  const strands = clients.flatMap(({ strands }, client) =>
    Array.from({ length: strands }, (_, strand) => ({ client, strand })),
  );
  const each = Math.ceil(count / strands.length);
  const mix = drawMix(random, profile, Math.max(1, safetyMs / each - roundTripMs));
  const operations: PlannedOperation[] = [];
  for (let number = 0; number < each; number += 1) {
    for (const strand of strands) {
      operations.push({ id: operations.length, ...strand, ...drawOperation(random, mix) });
    }
  }
  return operations;
}

function drawMix(random: SeededRandom, profile: Profile, thinkMs: number): Mix {
  const { keysMax = 17, thinkFactor = 1, linearizableShare } = profile;
  const { coldShare = 0.02, scanShare = 0.006, ttlMsMax = ttlMsLong } = profile;
  const keyCount = Math.min(keysMax, 3 + random.below(14));
  const keys = Array.from({ length: keyCount }, (_, index) => `k${index}`);
  const levels = new Map(keys.map((key) => [key, drawLevels(random, linearizableShare)]));
  const drawn = {
    getShare: 0.4 + random.float() * 0.25,
    deleteShare: 0.05 + random.float() * 0.15,
    ttlShare: random.float() < 0.5 ? 0 : 0.05 + random.float() * 0.25,
    abandonShare: random.float() < 0.5 ? 0 : random.float() * 0.08,
  };
  return {
    keys,
    levels,
    thinkMs: thinkMs * thinkFactor,
    coldShare,
    scanShare,
    ttlMsMax,
    ...drawn,
    ...sharesOf(profile),
  };
}

function sharesOf({ getShare, deleteShare, ttlShare, abandonShare }: Profile): Partial<Mix> {
  const given = Object.entries({ getShare, deleteShare, ttlShare, abandonShare });
  return Object.fromEntries(given.filter(([, share]) => share !== undefined));
}

/** A key is used at one level mostly: what is promised of LINEARIZABLE holds for keys written at nothing else. */
function drawLevels(random: SeededRandom, linearizableShare = 0.2): readonly Level[] {
  if (random.float() < linearizableShare) return ['linearizable'];
  const draw = random.float();
  if (draw < 0.6) return ['quorum'];
  if (draw < 0.8) return ['quorum', 'quorum', 'all', 'linearizable'];
  if (draw < 0.93) return ['quorum', 'quorum', 'one'];
  return ['one'];
}

function drawOperation(random: SeededRandom, mix: Mix): Omit<PlannedOperation, 'id' | 'client' | 'strand'> {
  const operation = drawHotOperation(random, mix);
  const draw = random.float();
  if (draw >= mix.coldShare + mix.scanShare) return operation;
  if (draw >= mix.coldShare) {
    // A scan is refused at LINEARIZABLE.
    const level = operation.level === 'linearizable' ? 'quorum' : operation.level;
    return { ...operation, kind: 'scan', level };
  }
  const kind = random.float() < 0.6 ? 'delete' : 'put';
  return { ...operation, kind, key: `cold${random.below(coldKeys)}`, level: 'quorum' };
}

function drawHotOperation(
  random: SeededRandom,
  mix: Mix,
): Omit<PlannedOperation, 'id' | 'client' | 'strand'> {
  // Half of all operations go to two keys.
  const key = random.pick(random.float() < 0.5 ? mix.keys.slice(0, 2) : mix.keys);
  const draw = random.float();
  const kind = draw < mix.getShare ? 'get' : draw < mix.getShare + mix.deleteShare ? 'delete' : 'put';
  const isBurst = random.float() < 0.85;
  return {
    kind,
    key,
    level: random.pick(mix.levels.get(key)!),
    ttlMs: random.float() < mix.ttlShare ? drawTtlMs(random, mix) : 0,
    valueBytes: random.float() < 0.95 ? 8 + random.below(60) : random.below(4_000),
    // Bursts with pauses between them; the mean is what the time allows.
    thinkMs: isBurst ? random.float() * 4 : random.float() * 2 * (mix.thinkMs / 0.15),
    timeoutMs: random.pick([500, 1_500, 3_000, 5_000]),
    abandonMs: random.float() < mix.abandonShare ? 1 + random.below(200) : 0,
    wantPrevious: random.float() < 0.7,
  };
}

function drawTtlMs(random: SeededRandom, { ttlMsMax }: Mix): number {
  return 20 + random.below(random.float() < 0.7 ? ttlMsMax : ttlMsLong);
}
