// The classifier of the herding learner: labels spread over the graph of near neighbors, then a ridge on them, as
// dalbook/learners/spread_ridge.py has it. All clips of the pool are in the graph and are landmarks.

import { fitRidge, predictRidge } from "./ridge.js";

/** One minus the entropy of some shares over its largest possible value: 1 where one class has all, 0 for a tie. */
export function sureness(shares) {
  if (shares.length < 2) return 1;
  const entropy = -shares.reduce((sum, p) => sum + p * Math.log(Math.max(p, 1e-30)), 0);
  return Math.min(Math.max(1 - entropy / Math.log(shares.length), 0), 1);
}

export class SpreadRidge {
  /**
   * @param {NeighborGraph} graph of the pool's clips
   * @param {Float64Array[]} features a row for each clip of the page, those of the pool first: how near it is to each
   *   clip of the pool
   * @param {object} constants
   */
  constructor(graph, features, constants) {
    Object.assign(this, { graph, features, constants, met: [], coefficients: null });
  }

  /** Learn from all labels there are, clip -> class. */
  fit(labels) {
    this.met = [...new Set(labels.values())].sort((a, b) => a - b);
    if (!labels.size) return;
    const { graph, features, met } = this;
    const clips = [...labels.keys()];
    const column = clips.map((clip) => met.indexOf(labels.get(clip)));
    const flows = Array.from({ length: graph.m }, () => new Float64Array(met.length));
    for (const [i, clip] of clips.entries()) {
      const count = column.filter((c) => c === column[i]).length;
      graph.flow(clip).forEach((share, j) => (flows[j][column[i]] += share / count));
    }
    const reached = flows.map((row) => row.reduce((sum, share) => sum + share, 0));
    const soft = flows.map((row, i) => row.map((share) => share / Math.max(reached[i], 1e-30)));
    const sure = soft.map((row, i) => (reached[i] > 1e-12 && !labels.has(i) ? sureness(row) : 0));
    const own = column.map((c) => Float64Array.from(met, (_, other) => (other === c ? 1 : 0)));
    this.coefficients = fitRidge(
      [...features.slice(0, graph.m), ...clips.map((clip) => features[clip])],
      (i, j) => features[i][j],
      [...soft, ...own],
      [...sure, ...clips.map(() => 1)],
      clips.length,
      this.constants,
    );
  }

  /** Probabilities (m * C) of some clips: 0 for a class never met, 1 / C for all while there is no label. */
  predict(rows, classes) {
    const probs = new Float64Array(rows.length * classes).fill(this.met.length ? 0 : 1 / classes);
    if (!this.met.length) return probs;
    rows.forEach((row, i) => {
      const scores = predictRidge(this.coefficients, this.features[row], this.met.length);
      const top = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(this.constants.sharpness * (score - top)));
      const sum = shares.reduce((a, b) => a + b, 0);
      this.met.forEach((c, at) => (probs[i * classes + c] = shares[at] / sum));
    });
    return probs;
  }
}
