// Who owns what.
export { claim, claimInOrder } from './claim.js';
export { type ClaimOptions, type RingMember, type RingOptions } from './options.js';
export {
  movedShares,
  preferenceList,
  sharesByMember,
  type Assignment,
  type MemberShare,
} from './assignment.js';

// From key to partition.
export { loadKeyHasher, type KeyHasher } from './key-hasher.js';
export { partitionOf } from './partition.js';

// Errors and limits.
export { InvalidArgumentError } from './errors.js';
export { memberNumberMax, partitionsDefault, partitionsMax, replicationFactorMax } from './limits.js';
