import { isUtf8 } from 'node:buffer';

import { UsageError } from './errors.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** Undefined if it is no base64: `Buffer.from` would skip what it does not know, and lose data. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  return base64Form.test(text) ? Buffer.from(text, 'base64') : undefined;
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The text, or undefined if the bytes are no valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? decoder.decode(bytes) : undefined;
}

/** An argument of the command line. */
export function bytesOfArgument(
  argument: string,
  { name, base64 }: { readonly name: string; readonly base64: boolean },
): Uint8Array {
  if (!base64) return encoder.encode(argument);
  const bytes = bytesOfBase64(argument);
  if (bytes === undefined) throw new UsageError(`${name}: ${JSON.stringify(argument)} is not base64`);
  return bytes;
}

const controls = /[\u0000-\u001f\u007f-\u009f\\]/g;

/**
 * One line for a person's terminal: what stored bytes would do to it (colours, cursor, further lines) is written out. What is
 * no text comes as base64.
 */
export function printable(bytes: Uint8Array): string {
  const text = textOf(bytes);
  if (text === undefined) return `base64:${base64Of(bytes)}`;
  return text.replaceAll(controls, (control) => escapes[control] ?? hexEscape(control));
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function hexEscape(control: string): string {
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
