import { type Inflict, targetOf } from './fault.js';

type ClockFault = 'clock-jump-forward' | 'clock-jump-back' | 'clock-step' | 'clock-rate' | 'clock-freeze';

export const clockFaults: Record<ClockFault, Inflict> = {
  'clock-jump-forward': (fault, surroundings) => jump(fault, surroundings, farMs(fault.amount)),
  'clock-jump-back': (fault, surroundings) => jump(fault, surroundings, -farMs(fault.amount)),
  /** Small enough to go unnoticed: what clocks that are synchronised badly do. */
  'clock-step': (fault, surroundings) => jump(fault, surroundings, (fault.amount - 0.5) * 480),
  'clock-rate': (fault, surroundings) => {
    const { clock } = targetOf(fault, surroundings);
    const before = clock.rate;
    // Up to 1 %: far worse than any crystal, as on a virtual machine that is starved.
    clock.setRate(before * (1 + (fault.amount - 0.5) * 0.02));
    return () => clock.setRate(before);
  },
  'clock-freeze': (fault, surroundings) => {
    const { clock } = targetOf(fault, surroundings);
    clock.freeze();
    return () => clock.thaw({ catchUp: fault.amount < 0.5 });
  },
};

/** A few hundred milliseconds to an hour. */
function farMs(amount: number): number {
  return 200 * 18_000 ** (amount * amount);
}

function jump(...[fault, surroundings, byMs]: [...Parameters<Inflict>, number]) {
  const { clock } = targetOf(fault, surroundings);
  clock.jump(byMs);
  return () => clock.jump(-byMs);
}
