// The space that the herding learner measures in, and labels that flow along a graph of near neighbors in it: what
// dalbook/learners/label_spreading.py does for a pool of some hundred clips, all of which are in the graph. A matrix
// is one typed array, row after row.

/** Squared distances (n * m) between all rows of `points`, of d numbers and unit length, and the first m of them. */
export function squaredDistances(points, d, m) {
  const n = points.length / d;
  const far = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let product = 0;
      for (let k = 0; k < d; k++) product += points[i * d + k] * points[j * d + k];
      far[i * m + j] = Math.max(2 - 2 * product, 0);
    }
  return far;
}

/** Near neighbors among the clips of a pool, and the flow of a label along them. */
export class NeighborGraph {
  #flows = new Map(); // clip -> its label's flow: depends on nothing but the clip

  /**
   * @param {(i: number, j: number) => number} far squared distance between two of the m clips
   * @param {number} m
   * @param {ArrayLike<number>} groups which recording each was cut from; those of one are tied to each other as well
   * @param {{neighbors: number, group: number, stay: number, rounds: number}} constants
   */
  constructor(far, m, groups, { neighbors, group, stay, rounds }) {
    Object.assign(this, { m, stay, rounds });
    const ties = new Float64Array(m * m);
    const clips = Array.from({ length: m }, (_, i) => i);
    const k = Math.min(neighbors, m - 1);
    const nearest = (i) => clips.filter((j) => j !== i).sort((a, b) => far(i, a) - far(i, b)).slice(0, k);
    const near = clips.map(nearest);
    const reach = near.map((own, i) => (k ? Math.sqrt(far(i, own.at(-1))) : 0));
    // near is measured by how near the neighbors of both are, so that dense and thin regions are tied alike
    for (const i of clips)
      for (const j of near[i]) {
        const strength = Math.exp(-far(i, j) / (reach[i] * reach[j] + 1e-9));
        ties[i * m + j] = Math.max(ties[i * m + j], strength);
        ties[j * m + i] = Math.max(ties[j * m + i], strength);
      }
    // a clip's ties to its recording weigh `group` together, however many clips that has
    for (const i of clips) {
      const own = clips.filter((j) => groups[j] === groups[i]);
      if (own.length > 1 && k) for (const j of own) ties[i * m + j] += group / own.length;
    }
    const degree = (i) => ties.subarray(i * m, (i + 1) * m).reduce((sum, tie) => sum + tie, 0);
    const root = clips.map((i) => Math.max(degree(i), 1e-12) ** -0.5);
    this.ties = ties.map((tie, at) => tie * root[Math.floor(at / m)] * root[at % m]);
  }

  /** How much of a label that starts at one clip is at each clip in the end: F = a S F + (1 - a) Y. */
  flow(clip) {
    if (!this.#flows.has(clip)) this.#flows.set(clip, this.#spread(clip));
    return this.#flows.get(clip);
  }

  #spread(clip) {
    const { m, ties, stay } = this;
    let flow = new Float64Array(m);
    flow[clip] = stay;
    for (let round = 0; round < this.rounds; round++) {
      const next = new Float64Array(m);
      for (let i = 0; i < m; i++) {
        if (!flow[i]) continue;
        for (let j = 0; j < m; j++) next[j] += ties[i * m + j] * flow[i]; // ties are the same both ways
      }
      for (let j = 0; j < m; j++) next[j] *= 1 - stay;
      next[clip] += stay;
      flow = next;
    }
    return flow;
  }
}
