import { createHash } from 'node:crypto';

type Fields = Readonly<Record<string, unknown>>;

/** JSON for people to read, with a digest that tells when it was edited or has rotted. */
export function sealJson(fields: Fields): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ ...fields, digest: digestOf(fields) }, null, 2)}\n`);
}

/** @returns undefined if these are not the fields that were sealed */
export function openSealedJson(bytes: Uint8Array): Fields | undefined {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null) return undefined;
  const { digest, ...fields } = content as Record<string, unknown>;
  return digest === digestOf(fields) ? fields : undefined;
}

function digestOf(fields: Fields): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 16);
}
