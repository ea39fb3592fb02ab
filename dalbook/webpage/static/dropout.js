// Many hypotheses from one network: the classifier of Figure 1 with Monte Carlo dropout (section 4.1), in plain
// JavaScript: what dalbook/learners/mc_dropout.py does. Clips are rows of the embeddings, classes 0 to C - 1; a matrix is one typed
// array, row after row.

const KEEP = 0.5; // Figure 1: 50 % dropout, also the probability of one random bit
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
 * What makes it quick: the inputs that a mask keeps are listed first, without a branch (`keep`), and only these are
 * visited; W lies with the classes side by side, W[c, j] at j * width + c, so that one input serves all of them; and b
 * is the row of W after the last input's.
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
    Object.assign(this, { x, d, classes, learningRate, weightDecay, steps: 0 });
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
    this.kept = new Int32Array(d + 1); // the inputs that the present mask keeps
    this.z = new Float64Array(this.width); // class scores, then probabilities
  }

  /** List the inputs that the mask at masks[at] keeps; returns how many. */
  keep(masks, at) {
    const { kept, d } = this;
    let n = 0;
    for (let j = 0; j < d; j++) {
      kept[n] = j;
      n += (masks[at + (j >>> 5)] >>> (j & 31)) & 1; // where it is 0, the next one is written over it
    }
    return n;
  }

  /** z = P(c|x, d) of a clip under the present mask, which keeps n inputs. Returns the vote (6). */
  predict(clip, n) {
    const { x, kept, w, z, width, classes } = this;
    const [begin, bias] = [clip * this.d, this.d * width];
    for (let block = 0; block < width; block += BLOCK) {
      let [z0, z1, z2, z3, z4] = [0, 0, 0, 0, 0];
      for (let p = 0; p < n; p++) {
        const value = x[begin + kept[p]];
        const at = kept[p] * width + block;
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
    for (let c = 0; c < classes; c++) z[c] = z[c] / KEEP + w[bias + c];
    const vote = argmax(z, 0, classes);
    const top = z[vote];
    let total = 0;
    for (let c = 0; c < classes; c++) total += z[c] = Math.exp(z[c] - top);
    for (let c = 0; c < classes; c++) z[c] /= total;
    return vote;
  }

  /** Add to the gradient what a clip contributes, z being that of its loss with respect to the class scores. */
  addGradient(clip, n) {
    const { x, kept, gradient, z, width, classes } = this;
    const [begin, bias] = [clip * this.d, this.d * width];
    for (let block = 0; block < width; block += BLOCK) {
      const [z0, z1, z2, z3, z4] = [z[block], z[block + 1], z[block + 2], z[block + 3], z[block + 4]];
      for (let p = 0; p < n; p++) {
        const value = x[begin + kept[p]] / KEEP;
        const at = kept[p] * width + block;
        gradient[at] += value * z0;
        gradient[at + 1] += value * z1;
        gradient[at + 2] += value * z2;
        gradient[at + 3] += value * z3;
        gradient[at + 4] += value * z4;
      }
    }
    for (let c = 0; c < classes; c++) gradient[bias + c] += z[c];
  }

  /**
   * One gradient descent step of the mean cross-entropy on a minibatch; every row has a mask of its own.
   *
   * @param {Int32Array} clips rows of x, may repeat
   * @param {Int32Array} targets their classes
   * @param {Uint32Array} masks one a row, `wordsOf(d)` words each
   */
  step(clips, targets, masks) {
    const { z, classes } = this;
    const words = wordsOf(this.d);
    this.gradient.fill(0);
    for (let b = 0; b < clips.length; b++) {
      const n = this.keep(masks, b * words);
      this.predict(clips[b], n);
      z[targets[b]] -= 1;
      for (let c = 0; c < classes; c++) z[c] /= clips.length;
      this.addGradient(clips[b], n);
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
    const sums = new Float64Array(clips.length * classes);
    for (let at = 0; at < masks.length; at += words) {
      const n = this.keep(masks, at);
      for (let i = 0; i < clips.length; i++) {
        votes[i * classes + this.predict(clips[i], n)] += 1;
        for (let c = 0; c < classes; c++) sums[i * classes + c] += z[c];
      }
    }
    const probs = Float32Array.from(sums, (sum) => (sum * words) / masks.length);
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
