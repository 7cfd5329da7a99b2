import { describe, expect, it } from '@jest/globals';
import { type ClientTransport, grpcTransport, KvClient } from '@kv/client';

import { eventually } from './eventually.js';
import { range } from './in-flight.js';
import { createStage } from './stage.js';

const stage = createStage();

interface Message {
  readonly endpoint: string;
  readonly operations: number;
}

/** The real transport, and what went through it. */
function watched(transport: ClientTransport): { transport: ClientTransport; messages: Message[] } {
  const messages: Message[] = [];
  const connect = (endpoint: string): ReturnType<ClientTransport['connect']> => {
    const connection = transport.connect(endpoint);
    return {
      exchange(operations, sink) {
        messages.push({ endpoint, operations: operations.length });
        return connection.exchange(operations, sink);
      },
      scan: (request, options) => connection.scan(request, options),
      describe: (request, options) => connection.describe(request, options),
      status: (request, options) => connection.status(request, options),
      close: () => connection.close(),
    };
  };
  return { transport: { connect }, messages };
}

describe('operations issued in one turn of the event loop', () => {
  it('travel as one message to one node, and turn by turn each node has its part', async () => {
    const { endpoints } = await stage.cluster();
    const { transport, messages } = watched(grpcTransport());
    const client = new KvClient([...endpoints], { timeoutMs: 20_000, hedging: false }, { transport });
    stage.atEnd(() => client.close());

    const entries = (turn: number) => range(40).map((index) => [`${turn} ${index}`, 'v'] as const);
    const putTurn = async (turn: number): Promise<void> => {
      for (const result of await client.putMany(entries(turn))) expect(result).toHaveProperty('version');
    };
    await client.ready();
    await eventually('every node was met', async () => {
      await putTurn(0);
      return new Set(messages.map(({ endpoint }) => endpoint)).size === endpoints.length;
    });

    messages.length = 0;
    const turns = range(30);
    for (const turn of turns) await putTurn(turn);
    expect(messages.map(({ operations }) => operations)).toEqual(turns.map(() => 40));
    for (const node of endpoints) {
      const part = messages.filter(({ endpoint }) => endpoint === node).length / turns.length;
      expect(Math.abs(part - 1 / endpoints.length)).toBeLessThan(0.2 / endpoints.length);
    }

    messages.length = 0;
    await client.putMany(range(1_200).map((index) => [`burst ${index}`, 'v'] as const));
    expect(messages).toHaveLength(endpoints.length);
    for (const { operations } of messages) expect(Math.abs(operations - 400)).toBeLessThan(80);
  });
});
