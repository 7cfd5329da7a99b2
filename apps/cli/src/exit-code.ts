/** What the process ends with. */
export const exitCodes = {
  ok: 0,
  /** `get` of an absent key. */
  notFound: 1,
  /** The command line was wrong; nothing was done. */
  usage: 2,
  /** It did not succeed, or not completely. */
  failed: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
