// The checkers held against more histories than a test can take: npm run -s checkers [-- --histories 100000].
//
// - valid histories: none may be rejected;
// - short registers, right or wrong: zones, search with memory, and all orders must agree;
// - valid histories with one fact made wrong: most must be rejected, though not all of them are wrong then.
//
// In plain Node (in a test runner each access to a global costs many times more), on two threads. Prints JSON.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import {
  check,
  checkerNames,
  corruptHistory,
  generateHistory,
  generateRegister,
  isLinearizable,
  isLinearizableByAllOrders,
  measureHistory,
} from '@kv/testing/checkers';
import { createSeededRandom } from '@kv/testing';

const share = { registers: 0.5, corrupted: 0.2 };
const caughtShareMin = 0.6;

function add(total, other) {
  for (const [name, value] of Object.entries(other)) {
    if (typeof value === 'number') total[name] = (total[name] ?? 0) + value;
    else add((total[name] ??= {}), value);
  }
  return total;
}

/** Small ones are the more likely to be telling; a few are longer. */
function optionsOf(seed) {
  return { seed, clients: 2 + (seed % 3), operationsPerClient: seed % 10 === 0 ? 12 : 2 + (seed % 5) };
}

function judgeValid(seed, total, failures) {
  const history = generateHistory(optionsOf(seed));
  const { violations, figures, quorum, linearizable, returnsWhileRunning } = check(history);
  for (const { checker, message } of violations) failures.push(`seed ${seed}: ${checker}: ${message}`);
  const { operations, checkedReads, concurrentPairs, writes } = measureHistory(history);
  const judged = Object.fromEntries(checkerNames.map((name) => [name, figures[name].judged]));
  const measured = { operations, checkedReads, concurrentPairs, writes, judged, quorum, linearizable };
  add(total, { histories: 1, ...measured, returnsWhileRunning });
}

function judgeRegister(seed, total, failures) {
  const isShort = seed % 4 !== 0;
  const operations = generateRegister({ seed, operations: isShort ? 1 + (seed % 6) : 7 + (seed % 8) });
  const byZones = check({ operations, evidence: {} }).figures.linearizable.violations === 0;
  const bySearch = isLinearizable(operations);
  const byAllOrders = isShort ? isLinearizableByAllOrders(operations) : bySearch;
  add(total, { registers: { judged: 1, linearizable: bySearch ? 1 : 0 } });
  if (byZones !== bySearch || bySearch !== byAllOrders) {
    failures.push(`seed ${seed}: zones ${byZones}, search ${bySearch}, all orders ${byAllOrders}`);
  }
}

function judgeCorrupted(seed, total) {
  const corruption = corruptHistory(generateHistory(optionsOf(seed)), createSeededRandom(seed));
  if (corruption === undefined) return;
  const caught = check(corruption.history).violations.length > 0 ? 1 : 0;
  add(total, { corrupted: { made: 1, caught, byKind: { [corruption.name]: { made: 1, caught } } } });
}

function work({ from, step, histories }) {
  const total = {};
  const failures = [];
  for (let seed = from; seed <= histories; seed += step) {
    judgeValid(seed, total, failures);
    if (seed <= histories * share.registers) judgeRegister(seed, total, failures);
    if (seed <= histories * share.corrupted) judgeCorrupted(seed, total);
  }
  return { total, failures: failures.slice(0, 20) };
}

async function main() {
  const { values } = parseArgs({ options: { histories: { type: 'string', default: '100000' } } });
  const histories = Number(values.histories);
  const began = performance.now();
  const threads = Math.min(2, availableParallelism());
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, index) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { from: index + 1, step: threads, histories },
      });
      return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    }),
  );
  const total = parts.reduce((sum, part) => add(sum, part.total), {});
  const failures = parts.flatMap((part) => part.failures);
  const { made, caught } = total.corrupted;
  if (caught < made * caughtShareMin) failures.push(`only ${caught} of ${made} corruptions were caught`);
  for (const name of checkerNames) {
    if (total.judged[name] < histories) failures.push(`${name} judged only ${total.judged[name]} facts`);
  }
  for (const failure of failures) console.error(failure);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  console.log(JSON.stringify({ seconds, failures: failures.length, caughtShare: caught / made, ...total }));
  if (failures.length > 0) process.exitCode = 1;
}

if (isMainThread) {
  main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  parentPort.postMessage(work(workerData));
}
