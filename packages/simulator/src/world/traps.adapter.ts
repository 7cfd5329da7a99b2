/**
 * While a simulation runs, real time, real timers and real randomness are out of bounds: one use, and the same seed
 * would not give the same run. Each use is reported and throws.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';

type Property = readonly [object: object, name: string];

const trapped: readonly Property[] = [
  [Date, 'now'],
  [Math, 'random'],
  [performance, 'now'],
  [AbortSignal, 'timeout'],
  [process, 'hrtime'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'].map((name): Property => [
    globalThis,
    name,
  ]),
  ...['setTimeout', 'setInterval', 'setImmediate'].map((name): Property => [timers, name]),
  ...['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID'].map((name): Property => [
    crypto,
    name,
  ]),
  ...['getRandomValues', 'randomUUID'].map((name): Property => [globalThis.crypto, name]),
];

/** Sets all traps. The returned function takes them away. Traps are the process's: one simulation at a time. */
export function setTraps(onUse: (what: string) => void): () => void {
  const restore = trapped.map(([object, name]) => replace(object, name, onUse));
  const RealDate = globalThis.Date;
  globalThis.Date = trappedDate(RealDate, onUse);
  syncBuiltinESMExports();
  return () => {
    globalThis.Date = RealDate;
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}

function replace(object: object, name: string, onUse: (what: string) => void): () => void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, {
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? true,
    value: () => touched(name, onUse),
  });
  return () => {
    if (before === undefined) Reflect.deleteProperty(object, name);
    else Object.defineProperty(object, name, before);
  };
}

/** `new Date()` and `Date()` read the clock; `new Date(value)` does not. */
function trappedDate(RealDate: DateConstructor, onUse: (what: string) => void): DateConstructor {
  return new Proxy(RealDate, {
    construct: (target, args: unknown[]) =>
      args.length === 0 ? touched('new Date()', onUse) : (Reflect.construct(target, args) as Date),
    apply: () => touched('Date()', onUse),
  });
}

function touched(what: string, onUse: (what: string) => void): never {
  onUse(what);
  throw new Error(`${what} is out of bounds in a simulation: take it from a port`);
}
