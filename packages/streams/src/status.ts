/** How a stream ended, in gRPC's words: from its trailers or, where there are none, from what HTTP tells. */
import { type CallFailure, errorTrailerKey } from '@kv/proto';

export type Headers = Readonly<Record<string, string | string[] | number | undefined>>;

/** Numbers of google.rpc.Code. */
const cancelledStatus = 1;
const unknownStatus = 2;
export const resourceExhaustedStatus = 8;
const permissionDeniedStatus = 7;
const unimplementedStatus = 12;
export const internalStatus = 13;
export const unavailableStatus = 14;
const unauthenticatedStatus = 16;

/** As gRPC's "HTTP to gRPC Status Code Mapping" has it. */
const statusOfHttp: Readonly<Record<number, number>> = {
  400: internalStatus,
  401: unauthenticatedStatus,
  403: permissionDeniedStatus,
  404: unimplementedStatus,
  429: unavailableStatus,
  502: unavailableStatus,
  503: unavailableStatus,
  504: unavailableStatus,
};

/** By the error code of RST_STREAM (RFC 9113, section 7); the others are internal errors. */
const statusOfReset: Readonly<Record<number, number>> = {
  0x7: unavailableStatus, // REFUSED_STREAM
  0x8: cancelledStatus, // CANCEL
  0xb: resourceExhaustedStatus, // ENHANCE_YOUR_CALM
  0xc: permissionDeniedStatus, // INADEQUATE_SECURITY
};

/** Undefined: the headers tell none. They may be a response's, when there is nothing but a status, or trailers. */
export function statusIn(headers: Headers): CallFailure | undefined {
  const status = headers['grpc-status'];
  if (status === undefined) return undefined;
  const code = /^\d{1,3}$/.test(String(status)) ? Number(status) : unknownStatus;
  const trailer = headers[errorTrailerKey];
  return {
    status: code,
    details: decoded(headers['grpc-message']),
    trailer: typeof trailer === 'string' ? Buffer.from(trailer, 'base64') : undefined,
  };
}

/** Undefined: messages may follow. Something that does not speak gRPC answers with another type, often with a page. */
export function refusalIn(headers: Headers): CallFailure | undefined {
  const httpStatus = Number(headers[':status']);
  if (httpStatus !== 200) {
    return { status: statusOfHttp[httpStatus] ?? unknownStatus, details: `HTTP status ${httpStatus}` };
  }
  const type = headers['content-type'];
  if (typeof type === 'string' && /^application\/grpc(?:$|[+;])/.test(type)) return undefined;
  return { status: unknownStatus, details: `an answer of type ${String(type)}` };
}

/** Of a stream that ended without a status. */
export function statusOfEnd({
  resetCode,
  connectionIsLost,
  cause,
}: {
  readonly resetCode: number | undefined;
  readonly connectionIsLost: boolean;
  readonly cause: Error | undefined;
}): CallFailure {
  if (connectionIsLost) {
    const reason = cause === undefined ? '' : `: ${cause.message}`;
    return { status: unavailableStatus, details: `the connection was lost${reason}`, cause };
  }
  const code = resetCode ?? 0;
  const status = statusOfReset[code] ?? internalStatus;
  const details = cause?.message ?? (code === 0 ? 'no status was told' : `it was reset with code ${code}`);
  return { status, details: `the stream ended: ${details}`, cause };
}

/** Percent-encoded UTF-8. What is no such thing is told as it is: some text says more than none. */
function decoded(message: Headers[string]): string {
  const text = message === undefined ? '' : String(message);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
