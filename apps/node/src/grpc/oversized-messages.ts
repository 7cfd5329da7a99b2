import { Metadata, type ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { KvError } from '@kv/errors';
import { errorTrailerKey, kvErrorToTrailer } from '@kv/proto';

/**
 * Says of a message beyond the transport's limit what is said of every other request that is too large: INVALID_ARGUMENT, with
 * the trailer. grpc-js ends such a call by itself, with a bare RESOURCE_EXHAUSTED, which clients take for a reason to
 * try again. It must be the first of the interceptors: it stands between grpc-js and its own call.
 */
export function oversizedMessages(): ServerInterceptor {
  return ({ requestStream }, call) => {
    const sendStatus = call.sendStatus.bind(call);
    call.sendStatus = (told) => {
      const isBare = told.metadata?.get(errorTrailerKey)[0] === undefined;
      if (told.code !== status.RESOURCE_EXHAUSTED || !isBare) {
        sendStatus(told);
        return;
      }
      // What came before it on a stream may have been carried out.
      const facts = requestStream ? {} : ({ outcome: 'not-applied' } as const);
      const error = new KvError('invalid-argument', told.details, facts);
      const metadata = new Metadata();
      metadata.set(errorTrailerKey, Buffer.from(kvErrorToTrailer(error)));
      sendStatus({ code: status.INVALID_ARGUMENT, details: told.details, metadata });
    };
    // The class adds nothing to the interface but private fields; wrapping every call would only cost.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- see above
    return call as ServerInterceptingCall;
  };
}
