/**
 * Nearly all operations meet nothing: their owners store the record, or show the same one. Those that were submitted together
 * and have the same owners travel as one then, a _flight_, which costs each of them little more than its place in a list.
 *
 * A flight decides one thing only: that a quorum said the same. For whatever else is said, or not said, an operation leaves
 * its flight and goes on by itself, through its core, with the answers that came so far.
 */
import type { Caller, RunningOperation } from '../caller.js';
import type { CheckedTicketRequest, CheckedWrite } from '../check-request.js';
import { type Crew, Crews } from './crew.js';
import { flightBytesMax, flightOperationsMax } from '../../limits.js';
import type { CheckedRead } from '../read-operation.js';
import { FlyingRead, ReadFlight } from './read-flight.js';
import type { CallOptions, GetResult, TicketResult, WriteResult } from '../requests.js';
import { boundedTimeoutMs, partitionOfKey, type Shell } from '../shell.js';
import { FlyingTicket, TicketFlight } from './ticket-flight.js';
import { FlyingWrite, WriteFlight } from './write-flight.js';

/** Flights that still take passengers, by who is asked. */
interface Gate {
  writes: WriteFlight | undefined;
  /** Whose callers want to know what they replace. */
  replacements: WriteFlight | undefined;
  reads: ReadFlight | undefined;
  readsAtOne: ReadFlight | undefined;
  tickets: TicketFlight | undefined;
}

interface Departing {
  depart(): void;
}

export class Flights {
  readonly #shell: Shell;
  readonly #crews: Crews;
  readonly #gates = new Map<Crew, Gate>();
  #departures: Departing[] = [];

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#crews = new Crews(shell);
  }

  /** Undefined: it needs a way of its own. */
  write(
    write: CheckedWrite,
    options: CallOptions,
    caller: Caller<WriteResult>,
  ): RunningOperation | undefined {
    const timeoutMs = this.#timeoutMs(options);
    // A ticket has to be obtained first.
    if (timeoutMs === undefined || (write.consistency === 'linearizable' && write.ticket === undefined)) {
      return undefined;
    }
    const { wantPrevious } = write;
    const crew = this.#crews.of(partitionOfKey(this.#shell, write.key));
    // Else all previous records would come over the network, and their number in a message is bounded.
    if (wantPrevious && !(crew.hasSelf && this.#shell.peek !== undefined)) return undefined;
    const gate = this.#gateOf(crew);
    const kind = wantPrevious ? 'replacements' : 'writes';
    const bytes = write.key.length + (write.value?.length ?? 0);
    let flight = gate[kind];
    if (flight?.takes(bytes) !== true) {
      flight = new WriteFlight(this.#shell, crew, wantPrevious ? replacementOptions : writeOptions);
      gate[kind] = flight;
      this.#schedule(flight);
    }
    return flight.board(new FlyingWrite(flight, timeoutMs, write, caller), bytes);
  }

  /** Undefined: it needs a way of its own. */
  read(read: CheckedRead, options: CallOptions, caller: Caller<GetResult>): RunningOperation | undefined {
    const timeoutMs = this.#timeoutMs(options);
    if (timeoutMs === undefined) return undefined;
    const crew = this.#crews.of(partitionOfKey(this.#shell, read.key));
    // Else all values would come over the network, and their number in a message is bounded.
    if (!crew.hasSelf) return undefined;
    const gate = this.#gateOf(crew);
    const kind = read.level === 'one' ? 'readsAtOne' : 'reads';
    let flight = gate[kind];
    if (flight?.takes(read.key.length) !== true) {
      const { self } = this.#shell.placement;
      flight = new ReadFlight(this.#shell, read.level === 'one' ? [self] : crew.members, flightBounds);
      gate[kind] = flight;
      this.#schedule(flight);
    }
    return flight.board(new FlyingRead(flight, timeoutMs, read, caller), read.key.length);
  }

  /** Undefined: it needs a way of its own. */
  ticket(
    request: CheckedTicketRequest,
    options: CallOptions,
    caller: Caller<TicketResult>,
  ): RunningOperation | undefined {
    const timeoutMs = this.#timeoutMs(options);
    if (timeoutMs === undefined) return undefined;
    const crew = this.#crews.of(partitionOfKey(this.#shell, request.key));
    const gate = this.#gateOf(crew);
    if (gate.tickets?.takes(request.key.length) !== true) {
      gate.tickets = new TicketFlight(this.#shell, crew.members, flightBounds);
      this.#schedule(gate.tickets);
    }
    return gate.tickets.board(new FlyingTicket(gate.tickets, timeoutMs, request, caller), request.key.length);
  }

  /** Undefined: none of its operations may fly. */
  #timeoutMs(call: CallOptions): number | undefined {
    const { options, decisions } = this.#shell;
    if (call.signal !== undefined || !decisions.flies()) return undefined;
    const boundMs = boundedTimeoutMs(this.#shell, call);
    return boundMs > options.impatientAfterMs ? boundMs : undefined;
  }

  #gateOf(crew: Crew): Gate {
    let gate = this.#gates.get(crew);
    if (gate === undefined) {
      gate = {
        writes: undefined,
        replacements: undefined,
        reads: undefined,
        readsAtOne: undefined,
        tickets: undefined,
      };
      this.#gates.set(crew, gate);
    }
    return gate;
  }

  /** At the end of what runs now: a session hands over a whole message in one go. */
  #schedule(flight: Departing): void {
    this.#departures.push(flight);
    if (this.#departures.length > 1) return;
    void Promise.resolve().then(() => {
      const departures = this.#departures;
      this.#departures = [];
      for (const gate of this.#gates.values()) closeAll(gate);
      for (const departing of departures) departing.depart();
    });
  }
}

const flightBounds = { operationsMax: flightOperationsMax, bytesMax: flightBytesMax };
const writeOptions = { ...flightBounds, wantPrevious: false };
const replacementOptions = { ...flightBounds, wantPrevious: true };

function closeAll(gate: Gate): void {
  gate.writes = undefined;
  gate.replacements = undefined;
  gate.reads = undefined;
  gate.readsAtOne = undefined;
  gate.tickets = undefined;
}
