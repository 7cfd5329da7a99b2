import { KvError } from '@kv/errors';

import { type CallFailure, kvErrorOf } from './rpc.js';

/** As the client's real transport tells it. */
export function clientFailure(failure: CallFailure): KvError {
  switch (failure.kind) {
    case 'not-sent':
      return new KvError('unavailable', failure.reason, { outcome: 'not-applied' });
    case 'lost':
      return new KvError('unavailable', failure.reason);
    case 'answered':
      return kvErrorOf(failure.answer);
  }
}
