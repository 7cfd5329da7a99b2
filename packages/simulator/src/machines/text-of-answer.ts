import type { Answered } from '../network/serve.js';

/** For people who read a trace: what a node answered, without its headers and without long bytes. */
export function textOfAnswer({ method, response, error }: Answered): string {
  if (error !== undefined)
    return `${method} fails: ${error instanceof Error ? error.message : JSON.stringify(error)}`;
  return `${method} answers ${JSON.stringify(response, shortened)}`;
}

const bytesMax = 24;

function shortened(name: string, value: unknown): unknown {
  if (name === 'header' || name === 'serverTime') return undefined;
  if (!isBytes(value)) return value;
  const { data } = value;
  return data.length > bytesMax ? `${data.length} bytes` : Buffer.from(data).toString('latin1');
}

/** What a Buffer becomes in JSON. */
function isBytes(value: unknown): value is { readonly data: number[] } {
  return (value as { type?: unknown } | null)?.type === 'Buffer';
}
