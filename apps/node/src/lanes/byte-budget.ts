/** Bytes of requests on their way to one peer, over all its lanes. */
export interface ByteBudget {
  /** False = that many more would be too many. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createByteBudget(bytesMax: number): ByteBudget {
  let taken = 0;
  return {
    take: (bytes) => {
      // One operation always fits, however large: else it could never be sent.
      if (taken > 0 && taken + bytes > bytesMax) return false;
      taken += bytes;
      return true;
    },
    give: (bytes) => {
      taken -= bytes;
    },
  };
}
