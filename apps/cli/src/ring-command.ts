import type { ClusterDescription } from '@kv/client';
import type { Command } from 'commander';

import { printable } from './bytes.js';
import type { Act } from './command.js';
import { exitCodes } from './exit-code.js';
import { formatTable } from './table.js';

export function addRingCommand(program: Command, act: Act): void {
  program
    .command('ring')
    .description('members, the partitions that each holds, and those of which it is the first owner')
    .action(
      act<object>(async ({ client, out, global, signal }) => {
        const cluster = await client.describe({ signal });
        if (global.json) await out.line(JSON.stringify(cluster));
        else {
          const { clusterId, epoch, partitions, replicationFactor, keyHash } = cluster;
          await out.line(
            `cluster ${shown(clusterId)}, epoch ${epoch}: ${partitions.length} partitions, ` +
              `replication factor ${replicationFactor}, keys by ${shown(keyHash.algorithm)}`,
          );
          await out.line(formatTable(header, rowsOf(cluster)));
        }
        return exitCodes.ok;
      }),
    );
}

const header = ['ID', 'NUMBER', 'ADDRESS', 'ZONE', 'STATE', 'PARTITIONS', 'PRIMARIES'];

function rowsOf({ members, partitions }: ClusterDescription): (string | number)[][] {
  return members.map(({ id, number, address, zone, state }) => [
    shown(id),
    number,
    shown(address),
    shown(zone) || '-',
    state,
    partitions.filter((owners) => owners.includes(number)).length,
    partitions.filter(([primary]) => primary === number).length,
  ]);
}

function shown(text: string): string {
  return printable(Buffer.from(text));
}
