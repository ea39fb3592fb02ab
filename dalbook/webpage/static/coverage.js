// Uncertainty herding: which clip covers most of what is uncertain and not covered yet. It does what
// dalbook/learners/coverage.py does, for a pool so small that each of its clips stands for itself.

/** The number that a share q of some numbers lies below, between two of them in proportion. */
export function quantile(numbers, q) {
  const sorted = Float64Array.from(numbers).sort();
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

/** How much each clip counts: the n clips of one recording weigh the square root of n together. */
export function recordingWeights(recordings) {
  return recordings.map((own) => recordings.filter((other) => other === own).length ** -0.5);
}

/**
 * The kernel's squared width: how far apart the labeled clips are; with fewer than two, the clips of the pool.
 *
 * @param {(i: number, j: number) => number} far squared distance between two of the m clips
 * @param {number} m
 * @param {number[]} labeled
 * @param {{quantile: number, thinnest: number}} constants
 */
export function squaredWidth(far, m, labeled, { quantile: share, thinnest }) {
  const few = labeled.length < 2;
  const clips = few ? Array.from({ length: m }, (_, i) => i) : labeled;
  if (clips.length < 2) return 1;
  const apart = clips.map((i) => Math.sqrt(Math.min(...clips.map((j) => (i === j ? Infinity : far(i, j))))));
  return Math.max(quantile(apart, few ? 0.5 : share) ** 2, thinnest);
}

/**
 * What a label of each of some clips would newly cover.
 *
 * @param {(i: number, j: number) => number} far as above
 * @param {ArrayLike<number>} worth of each clip of the pool: how uncertain it is, times its weight
 * @param {ArrayLike<number>} nearest squared distance of each to its nearest labeled one; Infinity while there is none
 * @param {number} width squared
 * @param {number[]} clips to weigh
 */
export function coverageGain(far, worth, nearest, width, clips) {
  const covered = Float64Array.from(nearest, (d) => Math.exp((-0.5 * d) / width));
  return clips.map((clip) => {
    let gain = 0;
    for (let r = 0; r < covered.length; r++)
      gain += worth[r] * Math.max(Math.exp((-0.5 * far(r, clip)) / width) - covered[r], 0);
    return gain;
  });
}
