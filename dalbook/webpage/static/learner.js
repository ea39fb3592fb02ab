// Monte Carlo dropout active learning (DAL), section 4.2, in plain JavaScript, for a page without a kernel: what
// dalbook/learners/dal.py does, with the same symbols and equation numbers, and held to it by tests. Clips are rows of the
// embeddings, classes 0 to C - 1; a matrix is one typed array, row after row.

import { argmax, Classifier, randomSource, wordsOf } from "./dropout.js";
import { macroRecall } from "./metrics.js";

/** Table 1: Θ, α, T0, |D|, B, gradient descent steps on the initial labels and an iteration, and Adam's two. */
export const TABLE_1 = {
  threshold: 0.5,
  alpha: 0.01,
  wait: 3,
  masks: 128,
  batch: 256,
  firstSteps: 1600,
  steps: 40,
  learningRate: 1e-3,
  weightDecay: 1e-3,
};

const ACQUISITIONS = ["vote_entropy", "random"];

/** The vote entropies (7) of m clips, in nats, from the votes for each class (m * C): 0 (all alike) to log C. */
export function voteEntropy(votes, classes) {
  return Float64Array.from({ length: votes.length / classes }, (_, i) => {
    const own = votes.subarray(i * classes, (i + 1) * classes);
    const total = own.reduce((sum, count) => sum + count, 0);
    if (!total) throw new Error("a clip without a single vote has no vote entropy: scan with at least one mask");
    return own.reduce((sum, count) => (count ? sum - (count / total) * Math.log(count / total) : sum), 0);
  });
}

/**
 * Pseudo-labels (4): the clips whose highest probability is larger than Θ. Θ = 0 takes every clip, Θ = 1 none.
 *
 * @param {Float32Array} probs P(c|x), m * C
 * @returns {{rows: number[], classes: number[]}} which of the m clips, and what the classifier takes them for
 */
export function pseudoLabels(probs, C, threshold) {
  const [rows, classes] = [[], []];
  for (let i = 0; i < probs.length / C; i++) {
    const c = argmax(probs, i * C, C);
    const confidence = Math.min(probs[i * C + c], 1); // a mean of probabilities may exceed 1 by a rounding
    if (confidence > Math.fround(threshold)) {
      rows.push(i);
      classes.push(c);
    }
  }
  return { rows, classes };
}

/** The places [B_L,c, B_P,c] (8), (9) of a class with |S_L,c| labels and |S_P,c| pseudo-labels; they add up to B. */
export function minibatchShares(labeled, pseudo, alpha, size) {
  const weight = alpha * pseudo;
  if (labeled + weight === 0) return [0, 0];
  const share = (weight * size) / (labeled + weight);
  const places = Math.floor(share + 0.5 + 5e-10); // half up, also where rounding errors push one half just below
  return [size - places, places];
}

/**
 * DAL as a learner that is asked and told.
 *
 * Built with the initial labels, it trains on them (section 4.2.1) and runs the first T0 iterations, which ask for
 * nothing, as soon as something is asked of it. Then `ask` is stage I (scan the unlabeled clips, pseudo-label the
 * confident ones, pick the clip with the highest acquisition value) and `tell` is stage II (train on labels and
 * pseudo-labels). Weights and Adam's moments are kept between iterations. Of equal acquisition values the first counts.
 */
export class DropoutLearner {
  #scanned = null; // what the hypotheses say of the unlabeled clips, until the weights or the labels change

  /**
   * @param {object} options
   * @param {Float32Array} options.x embeddings, n * d, finite
   * @param {number} options.d
   * @param {number} options.classes C
   * @param {number[]} options.pool the clips it may learn from
   * @param {number[][]} options.initial the initial labels, [clip, class] each
   * @param {object} [options.config] what differs from TABLE_1
   * @param {"vote_entropy" | "random"} [options.acquisition]
   * @param {number} [options.seed]
   * @param {typeof randomSource} [options.source] where random numbers come from
   */
  constructor({
    x, d, classes, pool, initial, config = {}, acquisition = "vote_entropy", seed = 0, source = randomSource,
  }) {
    const bad = x.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new Error(`the embedding of clip ${Math.floor(bad / d)} is not finite`);
    if (!ACQUISITIONS.includes(acquisition)) throw new Error(`there is no acquisition function ${acquisition}`);
    this.config = checked({ ...TABLE_1, ...config });
    Object.assign(this, { d, classes, acquisition, seed, source, iteration: 0, labels: new Map() });
    this.pool = Int32Array.from(pool).sort();
    const outside = this.pool.find((clip, i) => !(clip >= 0 && clip < x.length / d) || clip === this.pool[i - 1]);
    if (outside !== undefined) throw new Error(`the pool names clip ${outside} twice, or there is no such clip`);
    for (const [clip, label] of initial) {
      this.#check(clip, label);
      this.labels.set(clip, label);
    }
    if (!this.labels.size) throw new Error("DAL starts from labeled clips: give some initial labels");
    // nn.Linear's own start: uniform within 1 / sqrt(d)
    const start = Float32Array.from(source(seed, "weights", 0).uniform((d + 1) * classes), (u) => u / Math.sqrt(d));
    const [weight, bias] = [start.subarray(0, d * classes), start.subarray(d * classes)];
    this.classifier = new Classifier(x, d, classes, weight, bias, this.config);
    const { threshold, alpha, masks, ...fixed } = this.config;
    const settings = JSON.stringify([d, classes, [...this.pool], initial, fixed, acquisition, seed]);
    const numbers = new Uint32Array(x.buffer, x.byteOffset, x.length);
    this.builtWith = hash(hash(2166136261, numbers), new TextEncoder().encode(settings));
  }

  /** Stage I: the unlabeled clip with the highest acquisition value. */
  ask() {
    const { clips, scores } = this.scan();
    if (!clips.length) throw new Error(`all ${this.pool.length} clips of the pool are labeled: none is left to ask`);
    return clips[argmax(scores)];
  }

  /** Stage II: move a clip of the pool to the labeled set; train on it, the other labels and the pseudo-labels. */
  tell(clip, label) {
    this.#check(clip, label);
    const pseudo = this.pseudo();
    pseudo.delete(clip);
    this.labels.set(clip, label);
    this.#train(pseudo);
  }

  /** Take a label back. The weights stay: what they learned of it fades as training goes on without it. */
  forget(clip) {
    if (!this.labels.delete(clip)) throw new Error(`clip ${clip} has no label that could be taken back`);
    this.#scanned = null;
  }

  /**
   * What the hypotheses say of the m unlabeled clips; the same until the next `tell`.
   *
   * @returns {{clips: Int32Array, votes: Int32Array, probs: Float32Array, scores: Float64Array}} m clips in rising
   *   order; m * C votes (6) and P(c|x) (2); m acquisition values
   */
  scan() {
    this.#start();
    return this.#scan();
  }

  /** S_P of equation (4) as it stands, a Map clip -> guessed class; made anew in each iteration. */
  pseudo() {
    this.#start();
    return this.#confident();
  }

  /** Votes (6) and P(c|x) (2) of any rows of x, m * C each, by |D| masks drawn for that. */
  predict(rows) {
    this.#start();
    return this.classifier.scan(rows, this.#masks("predict"));
  }

  /** The share of each class's clips predicted right, averaged over the classes in `truth`, the rows' classes. */
  macroRecall(rows, truth) {
    return macroRecall(this.predict(rows).probs, this.classes, truth);
  }

  /** Change Θ, α or |D| (`threshold`, `alpha`, `masks`); the next ask, tell or predict goes by it. */
  configure(changes) {
    const fixed = Object.keys(changes).find((name) => !["threshold", "alpha", "masks"].includes(name));
    if (fixed) throw new Error(`${fixed} is settled once a learner is built`);
    this.config = checked({ ...this.config, ...changes });
    if (changes.masks) this.#scanned = null;
  }

  /** All that decides how the learner goes on: typed arrays, lists and numbers, to be cloned or stored. */
  state() {
    this.#start();
    const { iteration, builtWith, config } = this;
    return { ...this.classifier.state(), labels: [...this.labels], config: { ...config }, iteration, builtWith };
  }

  /** Go on exactly where `state` was taken, in a learner built with the same arguments. */
  restore(state) {
    if (state.builtWith !== this.builtWith)
      throw new Error("this state comes from a learner built with other embeddings, clips, settings or seed");
    this.classifier.restore(state);
    this.labels = new Map(state.labels);
    this.config = { ...state.config };
    this.iteration = state.iteration;
    this.#scanned = null;
  }

  #check(clip, label) {
    if (!this.pool.includes(clip)) throw new Error(`clip ${clip} is not among those this learner may learn from`);
    if (this.labels.has(clip)) throw new Error(`clip ${clip} has a label already: class ${this.labels.get(clip)}`);
    if (!Number.isInteger(label) || label < 0 || label >= this.classes)
      throw new Error(`there is no class ${label}: classes go from 0 to ${this.classes - 1}`);
  }

  /** Section 4.2.1 and the first T0 iterations, when first needed. */
  #start() {
    if (!this.classifier.steps) this.#descend(new Map(), this.config.firstSteps);
    while (this.iteration < this.config.wait) this.#train(this.#confident());
  }

  #masks(purpose) {
    return this.source(this.seed, purpose, this.classifier.steps).words(this.config.masks * wordsOf(this.d));
  }

  #scan() {
    if (!this.#scanned) {
      const clips = this.pool.filter((clip) => !this.labels.has(clip));
      const { votes, probs } = this.classifier.scan(clips, this.#masks("scan"));
      const scores =
        this.acquisition === "random"
          ? this.source(this.seed, "acquisition", this.iteration).uniform(clips.length)
          : voteEntropy(votes, this.classes);
      this.#scanned = { clips, votes, probs, scores };
    }
    return this.#scanned;
  }

  #confident() {
    const { clips, probs } = this.#scan();
    const { rows, classes } = pseudoLabels(probs, this.classes, this.config.threshold);
    return new Map(rows.map((row, i) => [clips[row], classes[i]]));
  }

  #train(pseudo) {
    this.#descend(pseudo, this.config.steps);
    this.iteration += 1;
    this.#scanned = null;
  }

  /** Gradient descent on class-balanced minibatches (8), (9) of labels and pseudo-labels. */
  #descend(pseudo, steps) {
    const groups = this.#groups(pseudo);
    const places = groups.reduce((sum, group) => sum + group.places, 0);
    if (!places) throw new Error("there is no labeled clip to train on: label at least one clip first");
    const [clips, targets] = [new Int32Array(places), new Int32Array(places)];
    for (let step = 0; step < steps; step++) {
      const { integers } = this.source(this.seed, "minibatch", this.classifier.steps);
      let b = 0;
      for (const group of groups)
        for (const drawn of integers(group.clips.length, group.places)) {
          clips[b] = group.clips[drawn];
          targets[b++] = group.label;
        }
      const masks = this.source(this.seed, "train", this.classifier.steps).words(places * wordsOf(this.d));
      this.classifier.step(clips, targets, masks);
    }
  }

  /** The labeled and the pseudo-labeled clips of each class with the places they get, where they get any. */
  #groups(pseudo) {
    const of = (labels, c) => [...labels.keys()].filter((clip) => labels.get(clip) === c);
    return Array.from({ length: this.classes }, (_, label) => {
      const [labeled, guessed] = [of(this.labels, label), of(pseudo, label)];
      const shares = minibatchShares(labeled.length, guessed.length, this.config.alpha, this.config.batch);
      return [labeled, guessed].map((clips, i) => ({ label, clips, places: shares[i] }));
    })
      .flat()
      .filter(({ places }) => places);
  }
}

/** Go on with a hash (FNV-1a of 32 bits) over an array of whole numbers. */
const hash = (before, numbers) => numbers.reduce((h, number) => Math.imul(h ^ number, 16777619) >>> 0, before);

/** The parameters, or an error that names the first one outside its range. */
function checked(config) {
  const unknown = Object.keys(config).find((name) => !(name in TABLE_1));
  if (unknown) throw new Error(`there is no parameter ${unknown}: they are ${Object.keys(TABLE_1).join(", ")}`);
  for (const name of ["threshold", "alpha"])
    if (!(config[name] >= 0 && config[name] <= 1)) throw new Error(`${name} must lie in [0, 1], not ${config[name]}`);
  for (const [name, least] of Object.entries({ wait: 0, masks: 1, batch: 1, firstSteps: 0, steps: 0 }))
    if (!(Number.isInteger(config[name]) && config[name] >= least))
      throw new Error(`${name} must be a whole number from ${least} on, not ${config[name]}`);
  for (const name of ["learningRate", "weightDecay"])
    if (!(config[name] >= 0 && config[name] < Infinity)) throw new Error(`${name} must be finite and not negative`);
  return config;
}
