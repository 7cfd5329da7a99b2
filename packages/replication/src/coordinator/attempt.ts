import { type Unreachable, notSent, unreachableBy } from '../replica/channel.js';

/**
 * Asks a replica; whatever goes wrong is an answer too. Never rejects.
 *
 * @param ask undefined = there is no way to that replica now
 */
export async function attempt<Answer>(ask: () => Promise<Answer> | undefined): Promise<Answer | Unreachable> {
  try {
    return (await ask()) ?? notSent;
  } catch (error) {
    return unreachableBy(error);
  }
}
