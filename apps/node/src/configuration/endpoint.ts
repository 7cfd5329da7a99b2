/** Where a node listens or is reached. An IPv6 host is held without its brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export const portMax = 65_535;

const hostName = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const ipv6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?$/;

/** `host:port` or `[IPv6]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, portText] = match;
  const port = Number(portText);
  if (port < 1 || port > portMax) return undefined;
  const host = bracketed ?? plain ?? '';
  return (bracketed === undefined ? hostName : ipv6).test(host) ? { host, port } : undefined;
}

/** A host by itself, as `--host` takes it: a name, an IPv4 address, an IPv6 address with or without brackets. */
export function parseHost(text: string): string | undefined {
  const bracketed = /^\[([^[\]]+)\]$/.exec(text)?.[1];
  const host = bracketed ?? text;
  if (ipv6.test(host)) return host;
  return bracketed === undefined && hostName.test(host) ? host : undefined;
}

/** The form that `parseEndpoint` reads: an IPv6 host in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
