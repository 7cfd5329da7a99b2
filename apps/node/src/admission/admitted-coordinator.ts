import type { CallOptions, Caller, Coordinator, RunningOperation, Submissions } from '@kv/replication';

import { requestOverheadBytes } from '../limits.js';
import type { Admission } from './admission.js';

/** The coordinator as clients reach it: it takes on what is admitted, and refuses the rest untouched. */
export function admittedCoordinator(coordinator: Coordinator, admission: Admission): Coordinator {
  const { submit } = coordinator;
  const admitted =
    <Request extends Sized, Result>(begin: Begin<Request, Result>): Begin<Request, Result> =>
    (request, options, caller) => {
      const bytes = bytesOf(request);
      try {
        admission.take(bytes);
      } catch (error) {
        caller.reject(error);
        return ended;
      }
      const operation = new AdmittedOperation(caller, admission, bytes);
      operation.running = begin(request, options, operation);
      return operation;
    };
  const submitAdmitted: Submissions = {
    get: admitted((request, options, caller) => submit.get(request, options, caller)),
    put: admitted((request, options, caller) => submit.put(request, options, caller)),
    delete: admitted((request, options, caller) => submit.delete(request, options, caller)),
    ticket: admitted((request, options, caller) => submit.ticket(request, options, caller)),
    replicaRead: admitted((request, options, caller) => submit.replicaRead(request, options, caller)),
    replicaWrite: admitted((request, options, caller) => submit.replicaWrite(request, options, caller)),
    reserve: () => submit.reserve(),
  };
  return {
    ...coordinator,
    submit: submitAdmitted,
    get: (request, call = {}) => promised((caller) => submitAdmitted.get(request, call, caller)),
    put: (request, call = {}) => promised((caller) => submitAdmitted.put(request, call, caller)),
    delete: (request, call = {}) => promised((caller) => submitAdmitted.delete(request, call, caller)),
    ticket: (request, call = {}) => promised((caller) => submitAdmitted.ticket(request, call, caller)),
    async *scan(request, call) {
      // Its pages are bounded by themselves; only what keeps the scan itself is counted.
      admission.take(requestOverheadBytes);
      try {
        yield* coordinator.scan(request, call);
      } finally {
        admission.give(requestOverheadBytes);
      }
    },
  };
}

type Begin<Request, Result> = (
  request: Request,
  options: CallOptions,
  caller: Caller<Result>,
) => RunningOperation;

interface Sized {
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
}

function bytesOf({ key, value }: Sized): number {
  return requestOverheadBytes + key.length + (value === undefined ? 0 : value.length);
}

function promised<Result>(submit: (caller: Caller<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => submit({ resolve, reject }));
}

const ended: RunningOperation = { abandon: () => undefined };

/** Gives back what its operation took, once, when it is answered or nobody waits for it any more. */
class AdmittedOperation<Result> implements Caller<Result>, RunningOperation {
  readonly #caller: Caller<Result>;
  readonly #admission: Admission;
  #bytes: number;
  /** Undefined as long as it is being begun; it may be answered within that. */
  running: RunningOperation | undefined;

  constructor(caller: Caller<Result>, admission: Admission, bytes: number) {
    this.#caller = caller;
    this.#admission = admission;
    this.#bytes = bytes;
  }

  resolve(result: Result): void {
    this.#giveBack();
    this.#caller.resolve(result);
  }

  reject(error: unknown): void {
    this.#giveBack();
    this.#caller.reject(error);
  }

  abandon(): void {
    this.#giveBack();
    this.running?.abandon();
  }

  #giveBack(): void {
    this.#admission.give(this.#bytes);
    this.#bytes = 0;
  }
}
