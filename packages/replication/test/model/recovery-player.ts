import { zeroTimestamp } from '@kv/hlc';

import {
  type AdmissionEffect,
  type AdmissionInput,
  createAdmissionCore,
  createRebuildCore,
  type RebuildEffect,
  type RebuildInput,
} from '../../src/index.js';

/**
 * Plays the cores of recovery in scenario files:
 *
 *     rebuild from b c, factor 3                 admission among 3, incarnation 1[, admitted before]
 *     b alike | b differs                        b accepts | b accepts, confirmed
 *     b page to k | b last page                  b remembers incarnation 1: outdated
 *     (any of these)[, suspect][, incarnation 2] began incarnation 2
 *     b fails | resume
 */
export type RecoveryPlayer = (event: string) => string[];

export function beginRecovery(event: string): { player: RecoveryPlayer; decided: string[] } | undefined {
  const rebuild = /^rebuild from (.+), factor (\d)$/.exec(event);
  if (rebuild !== null) {
    const others = rebuild[1]!.split(' ').map(numberOf);
    const core = createRebuildCore({ others, replicationFactor: Number(rebuild[2]) });
    const player = (next: string): string[] => core.step(rebuildInput(next)).map(tellRebuild);
    return { player, decided: core.step({ kind: 'start' }).map(tellRebuild) };
  }
  const admission = /^admission among (\d), incarnation (\d)(, admitted before)?$/.exec(event);
  if (admission === null) return undefined;
  let incarnation = Number(admission[2]);
  const admittedBefore = admission[3] === undefined ? 0 : incarnation;
  const core = createAdmissionCore({ members: Number(admission[1]), incarnation, admittedBefore });
  const player = (next: string): string[] => {
    const input = admissionInput(next, incarnation);
    if (input.kind === 'begun') incarnation = input.incarnation;
    return core.step(input).map(tellAdmission);
  };
  return { player, decided: core.step({ kind: 'start' }).map(tellAdmission) };
}

function rebuildInput(event: string): RebuildInput {
  if (event === 'resume') return { kind: 'resume' };
  const parts =
    /^([a-z]) (alike|differs|page to (\S+?)|last page|fails)(, suspect)?(?:, incarnation (\d))?$/.exec(event);
  if (parts === null) throw new Error(`no such event: ${event}`);
  const [, name, what, key, suspect, incarnation] = parts;
  const from = numberOf(name!);
  if (what === 'fails') return { kind: 'failed', from };
  const facts = {
    from,
    suspect: suspect !== undefined,
    incarnation: Number(incarnation ?? 1),
    purgeFloor: zeroTimestamp,
    epoch: 1,
  };
  if (what === 'alike' || what === 'differs') return { kind: 'compared', equal: what === 'alike', ...facts };
  return { kind: 'merged', next: key === undefined ? undefined : new TextEncoder().encode(key), ...facts };
}

function admissionInput(event: string, shown: number): AdmissionInput {
  const began = /^began incarnation (\d)$/.exec(event);
  if (began !== null) return { kind: 'begun', incarnation: Number(began[1]) };
  const accepts = /^([a-z]) accepts(, confirmed)?$/.exec(event);
  if (accepts !== null) {
    const confirmed = accepts[2] !== undefined;
    const by = numberOf(accepts[1]!);
    return { kind: 'judged', by, shown, verdict: 'accepted', remembered: shown, confirmed };
  }
  const outdated = /^([a-z]) remembers incarnation (\d): outdated$/.exec(event);
  if (outdated === null) throw new Error(`no such event: ${event}`);
  const remembered = Number(outdated[2]);
  const by = numberOf(outdated[1]!);
  return { kind: 'judged', by, shown, verdict: 'outdated', remembered, confirmed: true };
}

function tellRebuild(effect: RebuildEffect): string {
  switch (effect.kind) {
    case 'compare':
      return `compare with ${effect.with.map(nameOf).join(' ')}`;
    case 'fetch': {
      const from =
        effect.after === undefined ? 'from the start' : `behind ${new TextDecoder().decode(effect.after)}`;
      return `fetch a page of ${nameOf(effect.from)}, ${from}`;
    }
    case 'pause':
      return 'pause';
    case 'rebuilt':
      return 'rebuilt: the mark goes';
  }
}

function tellAdmission(effect: AdmissionEffect): string {
  switch (effect.kind) {
    case 'begin-incarnation':
      return `a loss: mark everything suspect, begin incarnation ${effect.incarnation}`;
    case 'admit':
      return `admitted with incarnation ${effect.incarnation}`;
  }
}

function numberOf(name: string): number {
  return name.charCodeAt(0) - 96;
}

function nameOf(member: number): string {
  return String.fromCharCode(96 + member);
}
