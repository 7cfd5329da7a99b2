import { toKvError } from '@kv/errors';
import type { Version } from '@kv/hlc';

import type { Caller, RunningOperation } from './caller.js';
import {
  checkDelete,
  type CheckedWrite,
  checkKey,
  checkLevel,
  checkPut,
  checkTicketRequest,
} from './check-request.js';
import { Flights } from './flights/flights.js';
import { GetCaller } from './get-caller.js';
import { LinearizableWrite } from './linearizable-write.js';
import { ReadOperation } from './read-operation.js';
import { ReplicaReads } from './own-copy/replica-reads.js';
import { ReplicaWrites } from './own-copy/replica-writes.js';
import type {
  CallOptions,
  DeleteRequest,
  GetRequest,
  GetResult,
  PutRequest,
  ReplicaReadRequest,
  ReplicaReadResult,
  ReplicaWriteRequest,
  ReplicaWriteResult,
  TicketRequest,
  TicketResult,
  WriteResult,
} from './requests.js';
import { reserveVersion, type Shell } from './shell.js';
import { TicketCaller } from './ticket-caller.js';
import { TicketOperation } from './ticket-operation.js';
import { WriteOperation } from './write-operation.js';

/**
 * Operations without a promise for each: the caller is told, perhaps before this returns, and may abandon what it no longer
 * waits for. What each does, and fails with, is said at `Coordinator`.
 */
export interface Submissions {
  get(request: GetRequest, options: CallOptions, caller: Caller<GetResult>): RunningOperation;
  put(request: PutRequest, options: CallOptions, caller: Caller<WriteResult>): RunningOperation;
  delete(request: DeleteRequest, options: CallOptions, caller: Caller<WriteResult>): RunningOperation;
  ticket(request: TicketRequest, options: CallOptions, caller: Caller<TicketResult>): RunningOperation;
  /** What this member's own copy shows. Rejects as `get` at ONE would if there were no other owner. */
  replicaRead(
    request: ReplicaReadRequest,
    options: CallOptions,
    caller: Caller<ReplicaReadResult>,
  ): RunningOperation;
  /** Stores it in this member's own copy. Rejects as `put` at ONE would if there were no other owner. */
  replicaWrite(
    request: ReplicaWriteRequest,
    options: CallOptions,
    caller: Caller<ReplicaWriteResult>,
  ): RunningOperation;
  /** A version for a later `replicaWrite`; undefined if none can be issued at once. */
  reserve(): Version | undefined;
}

export function createSubmissions(shell: Shell): Submissions {
  const flights = new Flights(shell);
  const replicaReads = new ReplicaReads(shell);
  const replicaWrites = new ReplicaWrites(shell);
  const write = (checked: CheckedWrite, options: CallOptions, caller: Caller<WriteResult>) =>
    flights.write(checked, options, caller) ?? started(createWrite(shell, checked, options, caller));
  return {
    get: (request, options, caller) =>
      begun(caller, () => {
        checkKey(request.key);
        const read = { key: request.key, level: checkLevel(request.consistency) };
        return (
          flights.read(read, options, caller) ??
          started(new ReadOperation(shell, read, options, new GetCaller(shell, caller)))
        );
      }),
    put: (request, options, caller) => begun(caller, () => write(checkPut(request), options, caller)),
    delete: (request, options, caller) => begun(caller, () => write(checkDelete(request), options, caller)),
    ticket: (request, options, caller) =>
      begun(caller, () => {
        const checked = checkTicketRequest(request);
        return (
          flights.ticket(checked, options, caller) ??
          started(new TicketOperation(shell, checked, options, new TicketCaller(shell, caller)))
        );
      }),
    replicaRead: (request, options, caller) =>
      begun(caller, () => replicaReads.read(request, options, caller)),
    replicaWrite: (request, options, caller) =>
      begun(caller, () => replicaWrites.write(request, options, caller)),
    reserve: () => reserveVersion(shell),
  };
}

function createWrite(
  shell: Shell,
  write: CheckedWrite,
  options: CallOptions,
  caller: Caller<WriteResult>,
): Startable {
  const isTwoRounds = write.consistency === 'linearizable' && write.ticket === undefined;
  return isTwoRounds
    ? new LinearizableWrite(shell, write, options, caller)
    : new WriteOperation(shell, write, options, caller);
}

interface Startable extends RunningOperation {
  start(): void;
}

function started(operation: Startable): RunningOperation {
  operation.start();
  return operation;
}

/** What a check throws is told to the caller like any other failure. */
function begun(caller: Caller<never>, begin: () => RunningOperation): RunningOperation {
  try {
    return begin();
  } catch (error) {
    caller.reject(error instanceof TypeError ? error : toKvError(error));
    return ended;
  }
}

const ended: RunningOperation = { abandon: () => undefined };
