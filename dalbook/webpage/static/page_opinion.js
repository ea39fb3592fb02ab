// What a learner says of the clips without a label, as the page shows it: of each clip, and which it would ask next.

import { minibatchShares } from "./learner.js";

const SEVERAL = 4; // clips that the herding learner is asked for at once: the one to show and those that come next
const COVERS = "it is like many clips that the model is unsure of, and like none that has a label";

/**
 * @param {DropoutLearner | HerdingLearner} learner
 * @returns {object} of: clip -> {votes, masks, entropy, rank, of}, where votes are probabilities and the others null
 *   for a learner without hypotheses; pseudo: clip -> guessed class; picks, the best first; round; places of labels and
 *   guesses in a minibatch, if there are minibatches
 */
export function opinionOf(learner) {
  return learner.scan ? ofHypotheses(learner) : ofProbabilities(learner);
}

function ofHypotheses(learner) {
  const { clips, votes, scores } = learner.scan();
  const { classes: C, config, iteration: round } = learner;
  const order = [...clips.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
  const of = new Map(
    order.map((row, rank) => {
      const own = [...votes.slice(row * C, (row + 1) * C)];
      return [clips[row], { votes: own, masks: config.masks, entropy: scores[row], rank: rank + 1, of: order.length }];
    }),
  );
  const picks = order.map((row, rank) => {
    const words = `vote entropy ${scores[row].toFixed(2)}, rank ${rank + 1} of ${order.length}`;
    const why = `the model is unsure about it: ${words}`;
    return { clip: clips[row], picked_by: "vote_entropy", score: scores[row], why };
  });
  const pseudo = learner.pseudo();
  return { of, pseudo, picks, round, places: places(learner, pseudo) };
}

/** In a minibatch, for labels and for guesses. */
function places({ labels, classes, config: { alpha, batch } }, pseudo) {
  const count = (given, c) => [...given.values()].filter((label) => label === c).length;
  const shares = Array.from({ length: classes }, (_, c) =>
    minibatchShares(count(labels, c), count(pseudo, c), alpha, batch),
  );
  return [0, 1].map((kind) => shares.reduce((sum, share) => sum + share[kind], 0));
}

function ofProbabilities(learner) {
  const { classes: C, labels } = learner;
  const clips = learner.order.filter((clip) => !labels.has(clip));
  const probs = learner.predict(clips);
  const without = { masks: null, entropy: null, rank: null, of: null };
  const of = new Map(clips.map((clip, i) => [clip, { votes: [...probs.slice(i * C, (i + 1) * C)], ...without }]));
  const asked = clips.length ? learner.ask(Math.min(SEVERAL, clips.length)) : [];
  const picks = asked.map((clip) => ({ clip, picked_by: "herding", score: null, why: COVERS }));
  return { of, pseudo: learner.guesses(), picks, round: labels.size, places: null };
}
