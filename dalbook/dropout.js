// Many hypotheses from one network: the classifier of Figure 1 with Monte Carlo dropout (section 4.1), in plain
// JavaScript: what dalbook/dropout.py does. Clips are rows of the embeddings, classes 0 to C - 1; a matrix is one typed
// array, row after row.

const BLOCK = 5; // classes whose scores are summed up together, each in a variable of its own
const PURPOSES = { weights: 0, minibatch: 1, train: 2, scan: 3, predict: 4, acquisition: 5 };

/**
 * Random numbers as a function of what they are for: sfc32 (Doty-Humphrey's PractRand), keyed by three whole numbers.
 * So there is no generator to save with a learner, and nothing that is drawn disturbs what is drawn for something else.
 *
 * @param {number} seed 0 to 2^32 - 1
 * @param {string} purpose one of PURPOSES
 * @param {number} step
 * @returns {{words: function(number): Uint32Array, uniform: function(number): Float64Array,
 *   integers: function(number, number): Int32Array}} n random words; n numbers of -1 to 1; n integers below a bound
 */
export function randomSource(seed, purpose, step) {
  let [a, b, c, counter] = [seed | 0, PURPOSES[purpose], step | 0, 1];
  const next = () => {
    const word = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return word >>> 0;
  };
  const drawn = (array, from) => {
    for (let i = 0; i < array.length; i++) array[i] = from(next());
    return array;
  };
  drawn(new Uint32Array(15), (word) => word);
  return {
    words: (n) => drawn(new Uint32Array(n), (word) => word),
    uniform: (n) => drawn(new Float64Array(n), (word) => word / 2 ** 31 - 1),
    integers: (bound, n) => drawn(new Int32Array(n), (word) => Math.floor((word / 2 ** 32) * bound)),
  };
}

/** The words of 32 bits that a mask of d inputs takes: input j is kept where bit j % 32 of word j / 32 is 1. */
export const wordsOf = (d) => (d + 31) >>> 5;

/** The position of the largest of `count` numbers from `begin` on; of equals the first. */
export function argmax(numbers, begin = 0, count = numbers.length) {
  let top = 0;
  for (let i = 1; i < count; i++) if (numbers[begin + i] > numbers[begin + top]) top = i;
  return top;
}

/**
 * The classifier of Figure 1: P(c|x, d) = softmax(W (x * d) / 0.5 + b), a dense layer behind dropout that is never off.
 *
 * What makes it quick: the zeros of x are never visited; of a clip's other inputs those that a mask keeps are copied out
 * first, without a branch (`keep`); W lies with the classes side by side, W[c, j] at j * width + c; and b is one more
 * row of it, the weights of an input that is always 1 and never dropped.
 */
export class Classifier {
  /**
   * @param {Float32Array} x embeddings, n * d
   * @param {number} d
   * @param {number} classes C
   * @param {Float32Array} weight W, C * d
   * @param {Float32Array} bias b, C
   * @param {{learningRate: number, weightDecay: number}} adam
   */
  constructor(x, d, classes, weight, bias, { learningRate, weightDecay }) {
    Object.assign(this, { d, classes, learningRate, weightDecay, steps: 0 });
    this.width = Math.ceil(classes / BLOCK) * BLOCK;
    const size = (d + 1) * this.width;
    this.w = new Float32Array(size);
    this.gradient = new Float32Array(size);
    this.first = new Float32Array(size); // Adam's moments
    this.second = new Float32Array(size);
    for (let c = 0; c < classes; c++) {
      for (let j = 0; j < d; j++) this.w[j * this.width + c] = weight[c * d + j];
      this.w[d * this.width + c] = bias[c];
    }
    // The inputs above or below zero, clip after clip: clip i's are `starts[i]` to `starts[i + 1]`.
    this.starts = new Int32Array(x.length / d + 1);
    this.inputs = new Int32Array(x.reduce((count, value) => count + (value !== 0), 0));
    this.doubled = new Float32Array(this.inputs.length); // x / 0.5
    for (let at = 0, n = 0; at < x.length; at++) {
      if (x[at] !== 0) [this.inputs[n], this.doubled[n++]] = [at % d, 2 * x[at]];
      this.starts[Math.floor(at / d) + 1] = n;
    }
    this.rows = new Int32Array(d + 2); // of W, where the kept inputs' weights begin
    this.values = new Float32Array(d + 2); // of the kept inputs
    this.z = new Float64Array(this.width); // class scores, then probabilities
  }

  /** Copy out the inputs of a clip that the mask at masks[at] keeps, and the 1 of the bias; returns how many. */
  keep(clip, masks, at) {
    const { inputs, doubled, rows, values, width } = this;
    const end = this.starts[clip + 1];
    let n = 0;
    for (let p = this.starts[clip]; p < end; p++) {
      const j = inputs[p];
      rows[n] = j * width;
      values[n] = doubled[p];
      n += (masks[at + (j >>> 5)] >>> (j & 31)) & 1; // else the next one is written over it
    }
    rows[n] = this.d * width;
    values[n] = 1;
    return n + 1;
  }

  /** z = P(c|x, d) of the n inputs kept. Returns the vote (6), the class of the highest score. */
  predict(n) {
    const { rows, values, w, z, width, classes } = this;
    for (let block = 0; block < width; block += BLOCK) {
      let [z0, z1, z2, z3, z4] = [0, 0, 0, 0, 0];
      for (let p = 0; p < n; p++) {
        const value = values[p];
        const at = rows[p] + block;
        z0 += value * w[at];
        z1 += value * w[at + 1];
        z2 += value * w[at + 2];
        z3 += value * w[at + 3];
        z4 += value * w[at + 4];
      }
      z[block] = z0;
      z[block + 1] = z1;
      z[block + 2] = z2;
      z[block + 3] = z3;
      z[block + 4] = z4;
    }
    const vote = argmax(z, 0, classes);
    const top = z[vote];
    let total = 0;
    for (let c = 0; c < classes; c++) total += z[c] = Math.exp(z[c] - top);
    for (let c = 0; c < classes; c++) z[c] /= total;
    return vote;
  }

  /** gradient[j, c] += value of input j * z[c], for the n inputs kept. */
  addGradient(n) {
    const { rows, values, gradient, z, width } = this;
    for (let block = 0; block < width; block += BLOCK) {
      const [z0, z1, z2, z3, z4] = [z[block], z[block + 1], z[block + 2], z[block + 3], z[block + 4]];
      for (let p = 0; p < n; p++) {
        const value = values[p];
        const at = rows[p] + block;
        gradient[at] += value * z0;
        gradient[at + 1] += value * z1;
        gradient[at + 2] += value * z2;
        gradient[at + 3] += value * z3;
        gradient[at + 4] += value * z4;
      }
    }
  }

  /**
   * One gradient descent step of the mean cross-entropy on a minibatch; every row has a mask of its own.
   *
   * @param {Int32Array} clips rows of x, may repeat
   * @param {Int32Array} targets their classes
   * @param {Uint32Array} masks one a row, `wordsOf(d)` words each
   */
  step(clips, targets, masks) {
    const words = wordsOf(this.d);
    const { z, classes } = this;
    z.fill(0);
    this.gradient.fill(0);
    for (let b = 0; b < clips.length; b++) {
      const n = this.keep(clips[b], masks, b * words);
      this.predict(n);
      z[targets[b]] -= 1;
      for (let c = 0; c < classes; c++) z[c] /= clips.length;
      for (let c = classes; c < this.width; c++) z[c] = 0;
      this.addGradient(n);
    }
    this.adam();
  }

  /** Adam with L2 weight decay, as torch.optim.Adam. */
  adam() {
    const { w, gradient, first, second, weightDecay } = this;
    this.steps += 1;
    const size = this.learningRate / (1 - 0.9 ** this.steps);
    const root = Math.sqrt(1 - 0.999 ** this.steps);
    for (let i = 0; i < w.length; i++) {
      const g = gradient[i] + weightDecay * w[i];
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.999 * second[i] + 0.001 * g * g;
      w[i] -= (size * first[i]) / (Math.sqrt(second[i]) / root + 1e-8);
    }
  }

  /**
   * What |D| hypotheses say of m clips: one mask is one hypothesis, the same for all clips.
   *
   * @param {ArrayLike<number>} clips rows of x, m of them
   * @param {Uint32Array} masks |D| of them, `wordsOf(d)` words each
   * @returns {{votes: Int32Array, probs: Float32Array}} m * C each: the votes for each class (6), P(c|x) (2)
   */
  scan(clips, masks) {
    const { z, classes } = this;
    const words = wordsOf(this.d);
    const votes = new Int32Array(clips.length * classes);
    const probs = new Float32Array(clips.length * classes);
    const sums = new Float64Array(classes);
    for (let i = 0; i < clips.length; i++) {
      sums.fill(0);
      for (let at = 0; at < masks.length; at += words) {
        votes[i * classes + this.predict(this.keep(clips[i], masks, at))] += 1;
        for (let c = 0; c < classes; c++) sums[c] += z[c];
      }
      for (let c = 0; c < classes; c++) probs[i * classes + c] = (sums[c] * words) / masks.length;
    }
    return { votes, probs };
  }

  /** Weights, Adam's moments and the number of steps: all that decides how training goes on. */
  state() {
    return { w: this.w.slice(), first: this.first.slice(), second: this.second.slice(), steps: this.steps };
  }

  /** Go on from what `state` gave. */
  restore({ w, first, second, steps }) {
    this.w.set(w);
    this.first.set(first);
    this.second.set(second);
    this.steps = steps;
  }
}
