import { describe, expect, it } from '@jest/globals';
import {
  ConsistencyLevel,
  type GetRequest,
  type GetResponse,
  type ReplicaReadRequest,
  type ReplicaReadResponse,
} from '@kv/proto';

import { ReadResponses } from './read-responses.js';

function request(key: string, consistency = ConsistencyLevel.QUORUM): GetRequest {
  return { key: Buffer.from(key), consistency };
}

function hiddenBy(timestamp: number): GetResponse {
  return { found: false, version: { timestamp, node: 1 } } as GetResponse;
}

const whole = { key: Buffer.from('a'), omitValue: false } as ReplicaReadRequest;
const head = { ...whole, omitValue: true } as ReplicaReadRequest;

function tombstone(timestamp: number): ReplicaReadResponse {
  const version = { timestamp, node: 1 };
  return { identity: Buffer.from('t'), tombstone: true, version } as ReplicaReadResponse;
}

const absent = { identity: Buffer.alloc(0), tombstone: false } as ReplicaReadResponse;

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

  it('of single owners count for reads of a quorum, by the one that showed all of the record', () => {
    const responses = new ReadResponses();
    const read = responses.begin('a', 'quorum');
    const one = responses.begin('a', 'one');
    responses.shown(head, absent);
    responses.shown(whole, tombstone(5));
    expect(read.notFound()).toEqual({ kind: 'hidden', version: { timestamp: 5, node: 1 } });
    expect(one.notFound()).toEqual({ kind: 'untold' });
  });

  it('of a node supersede those of single owners, unless another read may have got them', () => {
    const responses = new ReadResponses();
    const read = responses.begin('a', 'quorum');
    responses.shown(whole, absent);
    responses.arrived(request('a'), hiddenBy(6));
    expect(read.notFound()).toEqual({ kind: 'hidden', version: { timestamp: 6, node: 1 } });
    const other = responses.begin('a', 'quorum');
    responses.shown(whole, absent);
    responses.arrived(request('a'), hiddenBy(6));
    expect(read.notFound()).toEqual({ kind: 'untold' });
    expect(other.notFound()).toEqual({ kind: 'untold' });
  });
});
