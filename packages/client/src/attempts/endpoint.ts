import { KvError } from '@kv/errors';

import { nameOfType } from '../encoding.js';

/** `host:port`; an IPv6 host stands in brackets. */
const form =
  /^(?:\[(?<v6>[0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|(?<host>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)):(?<port>\d{1,5})$/;

/** The endpoints, each once. Throws a KvError that names the first malformed one. */
export function parseEndpoints(endpoints: readonly string[]): string[] {
  if (!Array.isArray(endpoints)) throw new TypeError('endpoints: an array of host:port is needed');
  if (endpoints.length === 0) {
    throw new KvError('invalid-argument', 'endpoints: at least one host:port is needed, the list is empty');
  }
  return [...new Set(endpoints.map(parseEndpoint))];
}

/** Of what `parseEndpoint` accepts. */
export function hostAndPort(endpoint: string): { readonly host: string; readonly port: number } {
  const { v6, host, port } = form.exec(parseEndpoint(endpoint))!.groups!;
  return { host: (v6 ?? host)!, port: Number(port) };
}

export function parseEndpoint(endpoint: string): string {
  if (typeof endpoint !== 'string') {
    throw new TypeError(`endpoints: a string is needed, not ${nameOfType(endpoint)}`);
  }
  const port = Number(form.exec(endpoint)?.groups?.['port'] ?? 0);
  if (port < 1 || port > 65_535) {
    throw new KvError('invalid-argument', `endpoints: ${JSON.stringify(endpoint)} is not host:port`);
  }
  return endpoint;
}
