import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { ClusterDefinition, KVDefinition } from '@kv/proto';
import { ReplicaDefinition } from '@kv/proto/internal';
import { ServerReflection, ServerReflectionService } from 'nice-grpc-server-reflection';

export const serviceNames: readonly string[] = [
  KVDefinition.fullName,
  ClusterDefinition.fullName,
  ReplicaDefinition.fullName,
];

/** The standard reflection service: tools such as grpcurl learn the services from it. */
export function createReflection() {
  const packageFile = createRequire(import.meta.url).resolve('@kv/proto/package.json');
  const descriptors = readFileSync(join(dirname(packageFile), 'descriptors.binpb'));
  return {
    definition: ServerReflectionService,
    implementation: ServerReflection(descriptors, [...serviceNames, 'grpc.health.v1.Health']),
  };
}
