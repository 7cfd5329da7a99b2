import { describe, expect, it } from '@jest/globals';

import { hostAndPort, parseEndpoints } from './endpoint.js';

describe('endpoints', () => {
  it.each([
    '127.0.0.1:50051',
    'localhost:1',
    'node-1.kv.example:65535',
    '[::1]:50051',
    '[fe80::1%eth0]:50051',
    'n_1:80',
  ])('may be %s', (endpoint) => {
    expect(parseEndpoints([endpoint])).toEqual([endpoint]);
  });

  it('consist of a host, without its brackets, and a port', () => {
    expect(hostAndPort('node-1.kv.example:65535')).toEqual({ host: 'node-1.kv.example', port: 65_535 });
    expect(hostAndPort('[fe80::1%eth0]:50051')).toEqual({ host: 'fe80::1%eth0', port: 50_051 });
  });

  it.each([
    '',
    ' ',
    'localhost',
    ':50051',
    'a:0',
    'a:65536',
    'a:x',
    'http://a:1',
    '::1:50051',
    'a:1,b:2',
    'a b:1',
    'a:1 ',
  ])('may not be %p, and the error names it', (endpoint) => {
    expect(() => parseEndpoints(['a:1', endpoint])).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: `endpoints: ${JSON.stringify(endpoint)} is not host:port`,
      }),
    );
  });

  it('have to be at least one', () => {
    expect(() => parseEndpoints([])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('count once when named twice', () => {
    expect(parseEndpoints(['a:1', 'b:1', 'a:1'])).toEqual(['a:1', 'b:1']);
  });

  it('have to be an array of strings', () => {
    expect(() => parseEndpoints('a:1' as never)).toThrow(TypeError);
    expect(() => parseEndpoints([50051 as never])).toThrow(TypeError);
  });
});
