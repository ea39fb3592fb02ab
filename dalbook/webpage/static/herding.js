// The learner that the labeler takes, uncertainty herding, in plain JavaScript, for a page without a kernel: what
// dalbook/learners/herding.py does, and held to it by tests. It needs no label to start from. The pool is so small that
// all its clips are reference clips and landmarks.

import { coverageGain, recordingWeights, squaredWidth } from "./coverage.js";
import { randomSource } from "./dropout.js";
import { macroRecall } from "./metrics.js";
import { NeighborGraph, squaredDistances } from "./neighbor_graph.js";
import { SpreadRidge } from "./spread_ridge.js";

const SURE = 0.5; // a probability above it is shown as a guess

/**
 * Where clips lie; made once and shared by learners of the same clips.
 *
 * @param {object} options
 * @param {Float32Array} options.points n * d, rows of unit length, those of the pool first
 * @param {number} options.d
 * @param {number} options.pool how many clips may be asked for
 * @param {number[]} options.recordings of the pool's clips
 * @param {object} options.constants from dalbook/webpage/herding_data.py
 */
export function clipSpace({ points, d, pool, recordings, constants }) {
  const distances = squaredDistances(points, d, pool);
  const far = (i, j) => distances[i * pool + j];
  const features = Array.from({ length: points.length / d }, (_, i) =>
    distances.subarray(i * pool, (i + 1) * pool).map((square) => Math.exp(-constants.bend * square)),
  );
  const graph = new NeighborGraph(far, pool, recordings, constants);
  return { m: pool, far, features, constants, graph, weights: recordingWeights(recordings) };
}

export class HerdingLearner {
  #fitted = false;

  /**
   * @param {object} options
   * @param {object} options.space from `clipSpace`
   * @param {number} options.classes C
   * @param {number[][]} [options.initial] labels to start from, [clip, class] each
   * @param {"herding" | "random"} [options.acquisition] "random": the same classifier, any clip equally likely
   * @param {number} [options.seed]
   * @param {number[]} [options.order] of the pool's clips; drawn by the seed if it is not given
   */
  constructor({ space, classes, initial = [], acquisition = "herding", seed = 0, order = shuffled(space.m, seed) }) {
    if (!["herding", "random"].includes(acquisition)) throw new Error(`there is no acquisition function ${acquisition}`);
    Object.assign(this, { space, classes, acquisition, order, labels: new Map() });
    this.classifier = new SpreadRidge(space.graph, space.features, space.constants);
    for (const [clip, label] of initial) this.tell(clip, label);
    this.builtWith = JSON.stringify(["herding", space.m, classes, initial, acquisition, seed]);
  }

  /** The clip to label next; or, with `k`, a list of the k to label next, none of which stands for another. */
  ask(k) {
    return k ? this.#choose(k) : this.#choose(1)[0];
  }

  #choose(k) {
    const left = this.order.filter((clip) => !this.labels.has(clip));
    if (k > left.length) throw new Error(`only ${left.length} clips are unlabeled: ${k} cannot be asked for`);
    if (this.acquisition === "random") return left.slice(0, k);
    const { m, far, constants } = this.space;
    const labeled = [...this.labels.keys()];
    const worth = this.uncertainty().map((u, i) => u * this.space.weights[i]);
    const width = squaredWidth(far, m, labeled, constants);
    const nearest = Float64Array.from({ length: m }, (_, i) => Math.min(...labeled.map((clip) => far(i, clip))));
    const asked = [];
    while (asked.length < k) {
      const gain = coverageGain(far, worth, nearest, width, left);
      const best = gain.indexOf(Math.max(...gain)); // the first of several in the seed's order
      const [clip] = left.splice(best, 1);
      asked.push(clip);
      nearest.forEach((square, i) => (nearest[i] = Math.min(square, far(i, clip))));
    }
    return asked;
  }

  tell(clip, label) {
    if (!this.order.includes(clip)) throw new Error(`clip ${clip} is not among those this learner may learn from`);
    if (this.labels.has(clip)) throw new Error(`clip ${clip} has a label already: class ${this.labels.get(clip)}`);
    if (!Number.isInteger(label) || label < 0 || label >= this.classes)
      throw new Error(`there is no class ${label}: classes go from 0 to ${this.classes - 1}`);
    this.labels.set(clip, label);
    this.#fitted = false;
  }

  /** Take a label back: all is as if it had never been given. */
  forget(clip) {
    if (!this.labels.delete(clip)) throw new Error(`clip ${clip} has no label that could be taken back`);
    this.#fitted = false;
  }

  /** Probabilities of some clips, m * C. */
  predict(rows) {
    if (!this.#fitted) this.classifier.fit(this.labels);
    this.#fitted = true;
    return this.classifier.predict(rows, this.classes);
  }

  /** u of each clip of the pool: one minus the margin of the classifier, one until it has met two classes. */
  uncertainty() {
    const all = Array.from({ length: this.space.m }, (_, clip) => clip);
    if (!this.#known) return Float64Array.from(all, () => 1);
    const [probs, C] = [this.predict(all), this.classes];
    return Float64Array.from(all, (i) => {
      const [second, first] = probs.slice(i * C, (i + 1) * C).sort().slice(-2);
      return 1 - (first - second);
    });
  }

  /** What it takes clips without a label for, where it is sure, clip -> class; nothing until it has met two classes. */
  guesses() {
    const clips = this.#known ? this.order.filter((clip) => !this.labels.has(clip)) : [];
    const probs = this.predict(clips);
    const found = new Map();
    clips.forEach((clip, i) => {
      const own = probs.subarray(i * this.classes, (i + 1) * this.classes);
      const label = own.findIndex((share) => share > SURE);
      if (label >= 0) found.set(clip, label);
    });
    return found;
  }

  macroRecall(rows, truth) {
    return macroRecall(this.predict(rows), this.classes, truth);
  }

  /** The labels in their order: all else follows from them. */
  state() {
    return { labels: [...this.labels], builtWith: this.builtWith };
  }

  restore({ labels, builtWith }) {
    if (builtWith !== this.builtWith) throw new Error("this state comes from a learner built with something else");
    this.labels = new Map(labels);
    this.#fitted = false;
  }

  get #known() {
    return new Set(this.labels.values()).size > 1;
  }
}

/** The clips 0 to m - 1 in random order. */
function shuffled(m, seed) {
  const order = Array.from({ length: m }, (_, i) => i);
  const drawn = randomSource(seed, "acquisition", 0).words(m);
  return order.sort((a, b) => drawn[a] - drawn[b] || a - b);
}
