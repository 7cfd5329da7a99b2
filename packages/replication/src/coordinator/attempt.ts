import { mayHaveBeenSent } from '../replica/replica.js';

export interface Unreachable {
  readonly kind: 'unreachable';
  /** False: handed to no transport, and never will be. */
  readonly sent: boolean;
}

/**
 * Asks a replica; whatever goes wrong is an answer too. Never rejects.
 *
 * @param ask undefined = there is no way to that replica now
 */
export async function attempt<Answer>(ask: () => Promise<Answer> | undefined): Promise<Answer | Unreachable> {
  try {
    return (await ask()) ?? { kind: 'unreachable', sent: false };
  } catch (error) {
    return { kind: 'unreachable', sent: mayHaveBeenSent(error) };
  }
}
