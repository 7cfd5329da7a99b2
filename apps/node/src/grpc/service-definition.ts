/**
 * The generated service definitions with two differences from what nice-grpc makes of them:
 *
 * - A request that cannot be decoded, or is larger than its service accepts, reaches the middleware as `Undecodable`.
 *   grpc-js would answer INTERNAL without a trailer, as if the fault were the server's.
 * - Messages are encoded as they are. nice-grpc first copies each of them field by field (`fromPartial`), which costs
 *   more than the encoding; here every message is complete.
 */
import { decodeDirectly, encodeDirectly } from '@kv/proto';
import type { TsProtoServiceDefinition } from 'nice-grpc';

import { asBuffer } from '../remote/wire-bytes.js';

/** Stands in the place of a request whose bytes are no such message. */
export class Undecodable {
  constructor(readonly reason: string) {}
}

/** What ts-proto generates, of which nice-grpc knows less. */
type Encoder = Parameters<typeof encodeDirectly>[0];

interface Limits {
  readonly requestBytesMax: number;
}

type Method = TsProtoServiceDefinition['methods'][string];

export function guardedDefinition<Service extends TsProtoServiceDefinition>(
  service: Service,
  limits: Limits,
): Service {
  const methods: Record<string, Method> = {};
  for (const [name, method] of Object.entries(service.methods)) {
    const { requestType, responseType } = method;
    methods[name] = {
      ...method,
      requestType: {
        encode: (message) => requestType.encode(message),
        decode: (bytes): unknown =>
          decodeGuarded(bytes, (input) => decodeDirectly(requestType, asBuffer(input)), limits),
      },
      responseType: {
        encode: (message) => ({ finish: () => encodeDirectly(responseType as unknown as Encoder, message) }),
        decode: (bytes): unknown => responseType.decode(bytes),
      },
    };
  }
  return { ...service, methods };
}

/** Of a guarded definition, the one stream whose handler takes and gives the messages' bytes. */
export function withBytesOf<Service extends TsProtoServiceDefinition>(
  service: Service,
  name: keyof Service['methods'] & string,
  limits: Limits,
): Service {
  const method: Method = {
    ...service.methods[name]!,
    requestType: {
      encode: asEncoded,
      decode: (bytes): unknown => decodeGuarded(bytes, (input) => input, limits),
    },
    responseType: { encode: asEncoded, decode: (bytes): unknown => bytes },
  };
  return { ...service, methods: { ...service.methods, [name]: method } };
}

/** For handlers that encode their answers themselves, because they count the bytes. */
export function withEncodedAnswers<Service extends TsProtoServiceDefinition>(service: Service): Service {
  const methods: Record<string, Method> = {};
  for (const [name, method] of Object.entries(service.methods)) {
    methods[name] = { ...method, responseType: { ...method.responseType, encode: asEncoded } };
  }
  return { ...service, methods };
}

const asEncoded = (bytes: Uint8Array) => ({ finish: () => bytes });

function decodeGuarded(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
  { requestBytesMax }: Limits,
): unknown {
  if (bytes.length > requestBytesMax) {
    return new Undecodable(`the request has ${bytes.length} bytes, at most ${requestBytesMax} are accepted`);
  }
  try {
    return decode(bytes);
  } catch (error) {
    return new Undecodable(
      `the request cannot be decoded: ${error instanceof Error ? error.message : 'malformed'}`,
    );
  }
}
