// How good a learner is, from the probabilities that it gives held-out clips.

import { argmax } from "./dropout.js";

/**
 * The share of each class's clips predicted right, averaged over the classes that there are.
 *
 * @param {ArrayLike<number>} probs m * C
 * @param {number} C
 * @param {ArrayLike<number>} truth the classes of the m clips
 */
export function macroRecall(probs, C, truth) {
  const [right, all] = [new Map(), new Map()];
  Array.from(truth).forEach((c, i) => {
    all.set(c, (all.get(c) ?? 0) + 1);
    right.set(c, (right.get(c) ?? 0) + (argmax(probs, i * C, C) === c));
  });
  return [...all].reduce((sum, [c, count]) => sum + right.get(c) / count / all.size, 0);
}
