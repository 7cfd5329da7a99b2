import { describe, expect, it } from '@jest/globals';
import { ConsistencyLevel, type GetRequest, type GetResponse } from '@kv/proto';

import { ReadResponses } from './read-responses.js';

function request(key: string, consistency = ConsistencyLevel.QUORUM): GetRequest {
  return { key: Buffer.from(key), consistency };
}

function hiddenBy(timestamp: number): GetResponse {
  return { found: false, version: { timestamp, node: 1 } } as GetResponse;
}

const nothing = { found: false, version: undefined } as GetResponse;

describe('responses to reads', () => {
  it('belong to the read of their key and level, however many come at once', () => {
    const responses = new ReadResponses();
    const a = responses.begin('a', 'quorum');
    const b = responses.begin('b', 'quorum');
    const one = responses.begin('a', 'one');
    responses.arrived(request('b'), nothing);
    responses.arrived(request('a'), hiddenBy(5));
    responses.arrived(request('a', ConsistencyLevel.ONE), hiddenBy(4));
    expect(a.notFound()).toEqual({ kind: 'hidden', version: { timestamp: 5, node: 1 } });
    expect(b.notFound()).toEqual({ kind: 'nothing' });
    expect(one.notFound()).toEqual({ kind: 'hidden', version: { timestamp: 4, node: 1 } });
  });

  it('tell nothing where they differ, or where there is none', () => {
    const responses = new ReadResponses();
    const first = responses.begin('a', 'quorum');
    responses.arrived(request('a'), hiddenBy(5));
    first.end();
    const second = responses.begin('a', 'quorum');
    expect(second.notFound()).toEqual({ kind: 'untold' });
    responses.arrived(request('a'), hiddenBy(6));
    responses.arrived(request('a'), hiddenBy(6));
    expect(second.notFound()).toEqual({ kind: 'hidden', version: { timestamp: 6, node: 1 } });
    responses.arrived(request('a'), hiddenBy(7));
    expect(second.notFound()).toEqual({ kind: 'untold' });
  });
});
