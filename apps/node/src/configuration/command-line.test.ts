import { describe, expect, it } from '@jest/globals';

import { readCommandLine } from './command-line.js';
import { environmentName, settings } from './settings.js';

const read = (argv: readonly string[], environment: Record<string, string> = {}) =>
  readCommandLine({ argv, environment, version: '1.2.3' });

function configuration(argv: readonly string[], environment: Record<string, string> = {}) {
  const line = read(argv, environment);
  if (line.kind !== 'run') throw new Error(JSON.stringify(line));
  return line.configuration;
}

const everything: readonly (readonly [flag: string, text: string, field: string, value: unknown])[] = [
  ['id', 'a-1', 'id', 'a-1'],
  ['port', '0', 'port', 0],
  ['host', '[::1]', 'host', '::1'],
  ['advertise', '[2001:db8::1]:7000', 'advertise', '[2001:db8::1]:7000'],
  ['data-dir', 'some where', 'dataDirectory', 'some where'],
  ['replication-factor', '5', 'replicationFactor', 5],
  ['partitions', '64', 'partitions', 64],
  ['zone', 'rack-7', 'zone', 'rack-7'],
  ['durability', 'interval', 'durability', 'interval'],
  ['durability-interval-ms', '20', 'durabilityIntervalMs', 20],
  ['snapshot-interval', '60', 'snapshotIntervalMs', 60_000],
  ['memory-limit', '1073741824', 'memoryBytesMax', 1_073_741_824],
  ['request-timeout-ms', '900', 'requestTimeoutMs', 900],
  ['join', 'there:50051', 'join', 'there:50051'],
];

describe('the command line', () => {
  it.each(everything)('reads --%s %s, and its environment variable', (flag, text, field, value) => {
    expect(configuration([`--${flag}`, text]).options).toMatchObject({ [field]: value });
    const variable = environmentName({ flag });
    expect(configuration([], { [variable]: text }).options).toMatchObject({ [field]: value });
    expect(configuration([`--${flag}`, text], { [variable]: 'wrong=' }).options).toMatchObject({
      [field]: value,
    });
  });

  it('knows every setting of this test, and no other but these', () => {
    const tested = everything.map(([flag]) => flag);
    const all = Object.values(settings).map(({ flag }) => flag);
    expect([...tested, 'peers', 'log-level'].sort()).toEqual(all.sort());
  });

  it('sorts the peers by id', () => {
    const { peers } = configuration(['--peers', 'b@h:2,a@[::1]:1']).options;
    expect(peers).toEqual([
      { id: 'a', address: '[::1]:1' },
      { id: 'b', address: 'h:2' },
    ]);
  });

  it('has defaults', () => {
    const { options, logLevel } = configuration([]);
    expect(options.dataDirectory).toBe('.data/node1');
    expect(configuration(['--id', 'x']).options.dataDirectory).toBe('.data/x');
    expect(logLevel).toBe('info');
    expect(configuration(['--snapshot-interval', '0']).options.snapshotIntervalMs).toBe(0);
  });

  it('takes an empty variable for an absent one', () => {
    expect(configuration([], { KV_PORT: '' }).options.port).toBeUndefined();
  });

  it.each([
    ['--port', 'abc', 'a whole number from 0 to 65535'],
    ['--port', '65536', 'a whole number from 0 to 65535'],
    ['--port', '-1', 'a whole number from 0 to 65535'],
    ['--port', '1e3', 'a whole number from 0 to 65535'],
    ['--host', 'a b', 'a host name or an IP address'],
    ['--host', 'h:1', 'a host name or an IP address'],
    ['--id', 'a/b', 'an id of 1 to 64'],
    ['--id', '', 'an id of 1 to 64'],
    ['--advertise', 'h', 'host:port'],
    ['--advertise', '::1:7', 'host:port'],
    ['--data-dir', '', 'the path of a directory'],
    ['--data-dir', ':memory:', 'the path of a directory'],
    ['--peers', 'a@h', 'id@host:port'],
    ['--peers', 'a@h:1,', 'id@host:port'],
    ['--peers', 'a@h:1,a@h:2', 'every id once'],
    ['--peers', 'a@h:1,b@h:1', 'every address once'],
    ['--join', 'h:0', 'host:port'],
    ['--replication-factor', '0', 'a whole number from 1 to 9'],
    ['--partitions', '1000', 'a power of two'],
    ['--durability', 'maybe', 'one of always, interval, os'],
    ['--snapshot-interval', '1.5', 'a whole number'],
    ['--memory-limit', '1G', 'a whole number of at least 1048576'],
    ['--log-level', 'loud', 'one of trace'],
  ])('refuses %s %j, naming the flag and what it expects', (flag, text, expectation) => {
    const line = read([flag, text]);
    expect(line).toMatchObject({ kind: 'refused', problem: expect.stringContaining(expectation) });
    expect(line).toMatchObject({ problem: expect.stringContaining(`${flag}: `) });
    if (text === '') return;
    const variable = environmentName({ flag: flag.slice(2) });
    expect(read([], { [variable]: text })).toMatchObject({
      kind: 'refused',
      problem: expect.stringContaining(`${variable} (${flag}): `),
    });
  });

  it('refuses an unknown flag, a word too many and a missing value in one sentence', () => {
    for (const argv of [['--prot', '1'], ['start'], ['--port'], ['--peers', 'a@h:1', '--join', 'h:1']]) {
      const line = read(argv);
      expect(line.kind).toBe('refused');
      expect((line as { problem: string }).problem).toMatch(/^[^\n]+$/);
    }
    expect(read(['--prot', '1'])).toMatchObject({ problem: "unknown option '--prot'" });
  });

  it('answers --version and --help', () => {
    expect(read(['--version'])).toEqual({ kind: 'answer', text: '1.2.3\n' });
    const help = read(['--help']);
    for (const { flag } of Object.values(settings)) {
      expect(help).toMatchObject({ kind: 'answer', text: expect.stringContaining(`--${flag} `) });
    }
  });
});
