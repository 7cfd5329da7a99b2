import { setTimeout as sleep } from 'node:timers/promises';

const { Date } = globalThis;

/** Asks until the answer is true; fails after a bound that no healthy run comes near. */
export async function eventually(
  what: string,
  ask: () => boolean | Promise<boolean>,
  boundMs = 60_000,
): Promise<void> {
  const end = Date.now() + boundMs;
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`waited ${boundMs} ms in vain until ${what}`);
    await sleep(50);
  }
}
