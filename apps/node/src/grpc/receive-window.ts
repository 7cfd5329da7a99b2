import type { Http2Session, Http2Stream } from 'node:http2';

import { linkWindowBytes } from '../limits.js';

const widened = new WeakSet<Http2Session>();

/**
 * How much a caller may send before this end said that it took it. HTTP/2 begins with 64 KiB, one message of a busy session:
 * every larger one would wait for a round trip, and a link to another data centre would carry 64 KiB in each. The server of
 * grpc-js has no option for it (its channels have), and shows its HTTP/2 stream to nobody, so it is looked for where it is
 * kept. Not found, all works as before, more slowly; a test would tell.
 */
export function widenReceiveWindow(call: object): void {
  const { session } = (call as { readonly stream?: Partial<Pick<Http2Stream, 'session'>> }).stream ?? {};
  if (session === undefined || session.destroyed || widened.has(session)) return;
  widened.add(session);
  session.settings({ initialWindowSize: linkWindowBytes });
  session.setLocalWindowSize(linkWindowBytes);
}
