// How long one change of members takes, how even the result is and how much it moves. Prints JSON.
//   node benchmarks/ring/claim.bench.mjs
// Time: 1,000 members, 16,384 partitions, 3 replicas, each kind of change alone.
// Quality: 300 random joins and leaves from a seed, 1,024 partitions, 3 replicas, 4 to 60 members.
import { arch, cpus, platform } from 'node:os';

import { claim, claimInOrder, movedShares, sharesByMember } from '@kv/ring';

const replicationFactor = 3;

function members(count, describe = () => ({})) {
  return Array.from({ length: count }, (_, index) => ({
    id: `node${index + 1}`,
    number: index + 1,
    ...describe(index),
  }));
}

function timed(work) {
  const startMs = performance.now();
  const result = work();
  return { result, ms: Math.round(performance.now() - startMs) };
}

function evenness(assignment, memberCount) {
  const shares = [...sharesByMember(assignment).values()];
  const overMean = (counts) =>
    Math.max(...counts) / (counts.reduce((sum, count) => sum + count, 0) / memberCount);
  const replicas = shares.map((share) => share.replicas);
  return {
    replicasMin: Math.min(...replicas),
    replicasMax: Math.max(...replicas),
    replicasMaxOverMean: overMean(replicas),
    primariesMaxOverMean: overMean(shares.map((share) => share.primaries)),
  };
}

function timeOf(kind, before, list) {
  const options = { members: list, partitions: 16_384, replicationFactor };
  const { result, ms } = timed(() => claim(before, options));
  const moved = before === undefined ? undefined : movedShares(before, result);
  return { change: kind, ms, moved, ...evenness(result, list.length), assignment: result };
}

function times(layout, describe) {
  const thousand = members(1_000, describe);
  const create = timeOf('create', undefined, thousand);
  const before = create.assignment;
  const heavier = thousand.map((member) => (member.number === 500 ? { ...member, weight: 2 } : member));
  return [
    create,
    timeOf('join', before, members(1_001, describe)),
    timeOf(
      'leave',
      before,
      thousand.filter(({ number }) => number !== 500),
    ),
    timeOf('weight doubled', before, heavier),
  ].map(({ assignment, ...row }) => ({ layout, partitions: assignment.partitions, members: 1_000, ...row }));
}

function quality(changes) {
  let state = 20_261_122;
  const below = (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const worst = { joinMovedOverLeast: 0, leaveMovedOverLeast: 0, leaveMovedOverLeastFrom10: 0 };
  let spread = 0;
  let primaries = 0;
  let list = members(4);
  let number = list.length;
  let now = claimInOrder(list, { partitions: 1_024, replicationFactor });
  for (let change = 0; change < changes; change += 1) {
    const before = now;
    const gone =
      list.length > 4 && (list.length === 60 || below(2) === 0) ? list[below(list.length)] : undefined;
    if (gone === undefined) number += 1;
    list =
      gone === undefined
        ? [...list, { id: `node${number}`, number }]
        : list.filter((member) => member !== gone);
    now = claim(before, { members: list, partitions: 1_024, replicationFactor });
    const moved = movedShares(before, now);
    const raise = (name, value) => (worst[name] = Math.max(worst[name], value));
    if (gone === undefined) {
      raise('joinMovedOverLeast', moved / Math.floor((1_024 * replicationFactor) / list.length));
    } else {
      const least = sharesByMember(before).get(gone.number).replicas;
      raise(list.length + 1 >= 10 ? 'leaveMovedOverLeastFrom10' : 'leaveMovedOverLeast', moved / least);
    }
    const { replicasMin, replicasMax, primariesMaxOverMean } = evenness(now, list.length);
    spread = Math.max(spread, replicasMax - replicasMin);
    primaries = Math.max(primaries, primariesMaxOverMean);
  }
  return { changes, ...worst, replicasSpreadMax: spread, primariesMaxOverMean: primaries };
}

const inOrder = [3, 5, 100].map((count) => ({
  members: count,
  ms: timed(() => claimInOrder(members(count), { partitions: 1_024, replicationFactor })).ms,
}));

console.log(
  JSON.stringify(
    {
      machine: {
        cpu: cpus()[0]?.model,
        cores: cpus().length,
        node: process.version,
        os: `${platform()} ${arch()}`,
      },
      times: [...times('no zones'), ...times('3 zones', (index) => ({ zone: `zone${index % 3}` }))],
      claimInOrder: inOrder,
      quality: quality(300),
    },
    undefined,
    2,
  ),
);
