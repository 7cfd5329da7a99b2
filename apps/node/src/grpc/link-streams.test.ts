import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { LinkRequest, LinkResponse, type PingRequest, PingResponse, ReadResponse } from '@kv/proto/internal';
import { createRecordingLogger } from '@kv/testing';

import { linkAnswerBytesMax, linkCallsMax } from '../limits.js';
import type { ReplicaService } from '../transport.js';
import type { DirectStream } from './direct-streams.js';
import { LinkStreams } from './link-streams.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The answering end of one link, between a replica and a caller that the test plays. */
function open(replica: Partial<ReplicaService>) {
  const sent: LinkResponse[] = [];
  const seen = { isPaused: false, isEnded: false };
  const stream: DirectStream = {
    send: (bytes) => void sent.push(LinkResponse.decode(bytes)),
    unsent: 0,
    pause: () => void (seen.isPaused = true),
    resume: () => void (seen.isPaused = false),
    end: () => void (seen.isEnded = true),
  };
  const logger = createRecordingLogger();
  const links = new LinkStreams({ replica: replica as ReplicaService, logger });
  const handler = links.open(stream);
  const ask = (request: Parameters<typeof LinkRequest.fromPartial>[0]) =>
    handler.onMessage(LinkRequest.fromPartial(request));
  return { links, handler, ask, sent, seen, logger };
}

const pong = () => Promise.resolve(PingResponse.fromPartial({}));

describe('the answering end of a link', () => {
  it('answers under the number of the call, each in its own time', async () => {
    const answers: (() => void)[] = [];
    const ping = () =>
      new Promise<PingResponse>((resolve) => answers.push(() => resolve(PingResponse.fromPartial({}))));
    const { ask, sent } = open({ ping });
    ask({ call: 7, ping: {} });
    ask({ call: 9, ping: {} });
    answers[1]!();
    await turn();
    answers[0]!();
    await turn();
    expect(sent.map(({ call }) => call)).toEqual([9, 7]);
  });

  it('gives a call no more time than its caller has left', async () => {
    const told: (number | undefined)[] = [];
    const read: ReplicaService['read'] = ({ header }) => {
      told.push(header?.deadlineMs);
      return Promise.resolve(ReadResponse.fromPartial({}));
    };
    const { ask } = open({ read });
    for (const [headerMs, deadlineMs] of [
      [500, 100],
      [100, 500],
      [0, 100],
      [100, 0],
      [0, 0],
    ] as const) {
      ask({ call: 1, deadlineMs, read: { header: { deadlineMs: headerMs } } });
      await turn();
    }
    expect(told).toEqual([100, 100, 100, 100, 0]);
  });

  it('tells a refusal as it is, and of a defect no more than that it was one', async () => {
    const failures = [
      new KvError('overloaded', 'later', { outcome: 'not-applied' }),
      new Error('the secret path'),
    ];
    const { ask, sent, logger } = open({ ping: () => Promise.reject(failures.shift()!) });
    ask({ call: 1, ping: {} });
    ask({ call: 2, ping: {} });
    ask({ call: 3 });
    await turn();
    const errors = sent.map(({ error }) => [error?.code, error?.message]);
    expect(errors).toContainEqual(['overloaded', 'later']);
    expect(errors).toContainEqual(['internal', expect.not.stringContaining('secret')]);
    expect(errors).toContainEqual(['unimplemented', expect.any(String)]);
    expect(logger.messages('error')).toHaveLength(1);
  });

  it('reads no further while too many calls are under way', async () => {
    const answers: (() => void)[] = [];
    const ping = () =>
      new Promise<PingResponse>((resolve) => answers.push(() => resolve(PingResponse.fromPartial({}))));
    const { ask, seen } = open({ ping });
    for (let call = 1; call < linkCallsMax; call += 1) ask({ call, ping: {} });
    expect(seen.isPaused).toBe(false);
    ask({ call: linkCallsMax, ping: {} });
    expect(seen.isPaused).toBe(true);
    answers[0]!();
    await turn();
    expect(seen.isPaused).toBe(false);
  });

  it('reads no further while its caller does not take the answers', async () => {
    const records = Buffer.alloc(linkAnswerBytesMax / 2);
    const { ask, seen, handler } = open({
      read: () => Promise.resolve(ReadResponse.fromPartial({ records })),
    });
    ask({ call: 1, read: {} });
    await turn();
    expect(seen.isPaused).toBe(false);
    ask({ call: 2, read: {} });
    await turn();
    expect(seen.isPaused).toBe(true);
    handler.onSent();
    expect(seen.isPaused).toBe(false);
  });

  it('refuses what comes once the node stops, answers what is under way, and then ends', async () => {
    let answer = (): void => undefined;
    const ping = () =>
      new Promise<PingResponse>((resolve) => {
        answer = () => resolve(PingResponse.fromPartial({}));
      });
    const { links, handler, ask, sent, seen } = open({ ping });
    ask({ call: 1, ping: {} });
    const drained = links.drain();
    ask({ call: 2, ping: {} });
    await turn();
    expect(sent).toMatchObject([{ call: 2, error: { code: 'unavailable' } }]);
    expect(seen.isEnded).toBe(false);
    handler.onEnd(); // The caller was told that the node stops.
    answer();
    await drained;
    expect(sent[1]).toMatchObject({ call: 1, error: undefined });
    expect(seen.isEnded).toBe(true);
  });

  it('ends after its last answer when the caller has nothing more to ask', async () => {
    const { ask, handler, seen, sent } = open({ ping: pong });
    ask({ call: 1, ping: {} });
    handler.onEnd();
    await turn();
    expect(sent).toHaveLength(1);
    expect(seen.isEnded).toBe(true);
  });

  it('tells those at work when the caller is gone', () => {
    let signal: AbortSignal | undefined;
    const ping = (_: PingRequest, context: { signal: AbortSignal }) => {
      signal = context.signal;
      return new Promise<PingResponse>(() => undefined);
    };
    const { ask, handler } = open({ ping });
    ask({ call: 1, ping: {} });
    expect(signal?.aborted).toBe(false);
    handler.onClosed();
    expect(signal?.aborted).toBe(true);
  });
});
