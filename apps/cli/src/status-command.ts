import type { NodeStatus } from '@kv/client';
import type { Command } from 'commander';

import { printable } from './bytes.js';
import type { Act } from './command.js';
import { errorObjectOf, sentenceOf } from './errors.js';
import { exitCodes } from './exit-code.js';
import { formatTable } from './table.js';

type Answer =
  | { readonly endpoint: string; readonly status: NodeStatus }
  | { readonly endpoint: string; readonly error: unknown };

export function addStatusCommand(program: Command, act: Act): void {
  program
    .command('status')
    .description('figures of each endpoint; exit code 3 if one does not answer or does not serve')
    .action(
      act<object>(async ({ client, out, err, global, signal }) => {
        const answers = await Promise.all(
          global.endpoints.map(async (endpoint): Promise<Answer> => {
            try {
              return { endpoint, status: await client.status(endpoint, { signal }) };
            } catch (error) {
              return { endpoint, error };
            }
          }),
        );
        if (global.json) await out.line(JSON.stringify(answers.map(objectOf)));
        else {
          await out.line(formatTable(header, answers.map(rowOf)));
          for (const answer of answers) if ('error' in answer) await err.line(sentenceOf(answer.error));
        }
        const allServe = answers.every((answer) => 'status' in answer && answer.status.serving);
        return allServe ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

const header = [
  'ENDPOINT',
  'ID',
  'STATE',
  'KEYS',
  'TOMBSTONES',
  'MEMORY',
  'OF',
  'LOG',
  'DURABILITY',
  'UPTIME',
  'VERSION',
];

function rowOf(answer: Answer): (string | number)[] {
  if (!('status' in answer)) return [answer.endpoint, '-', 'no answer'];
  const { status } = answer;
  return [
    answer.endpoint,
    shown(status.id),
    stateOf(status),
    status.keys,
    status.tombstones,
    formatBytes(status.memoryBytes),
    formatBytes(status.memoryBytesMax),
    formatBytes(status.logBytes),
    shown(status.durability),
    formatDuration(status.uptimeMs),
    shown(status.version),
  ];
}

function stateOf({ serving, damagedPartitions }: NodeStatus): string {
  const state = serving ? 'serving' : 'not serving';
  return damagedPartitions.length === 0 ? state : `${state}, ${damagedPartitions.length} partitions damaged`;
}

function objectOf(answer: Answer): object {
  return 'status' in answer
    ? { endpoint: answer.endpoint, ...answer.status }
    : { endpoint: answer.endpoint, ...errorObjectOf(answer.error) };
}

/** What a node says of itself goes to a terminal. */
function shown(text: string): string {
  return printable(Buffer.from(text));
}

function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit] ?? ''}`;
}

function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}
