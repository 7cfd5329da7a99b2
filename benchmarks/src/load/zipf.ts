/** The skew that YCSB uses: with 10,000 ranks the first tenth of them gets about three quarters of the draws. */
const theta = 0.99;

/**
 * Ranks from 0, where rank r is drawn in proportion to 1 / (r + 1)^theta, in constant time after O(count) once: the
 * inversion of Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994), which YCSB uses too.
 */
export function createZipf(uniform: () => number, count: number): () => number {
  const zeta = zetaOf(count);
  const alpha = 1 / (1 - theta);
  const second = 1 + 0.5 ** theta;
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zetaOf(2) / zeta);
  return () => {
    const drawn = uniform();
    const scaled = drawn * zeta;
    if (scaled < 1 || count === 1) return 0;
    if (scaled < second || count === 2) return 1;
    return Math.min(count - 1, Math.floor(count * (eta * drawn - eta + 1) ** alpha));
  };
}

function zetaOf(count: number): number {
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) sum += 1 / rank ** theta;
  return sum;
}
