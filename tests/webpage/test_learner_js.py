"""The page's learner held to `DropoutLearner`: to the pick where both draw the same, else by their curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from learner_browser import exported, learner_page, masks
from numpy.testing import assert_allclose, assert_array_equal

import dalbook.learners.dal
from dalbook import load_toy_city
from dalbook.embeddings.embed import embed
from dalbook.learners.acquisition import vote_entropy
from dalbook.learners.dal import DALConfig, DropoutLearner
from dalbook.learners.masks import stream
from dalbook.learners.mc_dropout import DropoutClassifier
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.pseudo_labels import draw_minibatch, pseudo_labels
from dalbook.learners.simulate import initial_labels, simulate
from dalbook.webpage.data import CONFIG, config, reduced, split

CLASSES = 10
SEEDS = 20
BUDGETS = (10, 20, 30)
ASKED = 10
SEED = (
    7  # of the run; in it no hypothesis is torn between two classes, and no pick between two clips, but for a rounding
)


class Clips:
    """What the page learns from: its clips first, then the held-out ones."""

    def __init__(self):
        corpus = load_toy_city()
        x = embed(corpus, "logmel", progress=False)
        pool, held = split(corpus)
        rows = np.concatenate([pool, held])
        self.x, self.truth, self.names = reduced(x, pool)[rows], corpus.labels[rows], corpus.classes
        self.pool, self.held = np.arange(len(pool)), np.arange(len(pool), len(rows))

    def learner(self, seed: int, parameters: DALConfig = CONFIG) -> DropoutLearner:
        """With one random clip of each class labeled."""
        initial = initial_labels(self.truth, self.pool, self.names, seed, per_class=1)
        named = {"pool": self.pool, "config": parameters, "seed": seed, "device": "cpu"}
        return DropoutLearner(self.x, CLASSES, initial, **named)

    def recall(self, learner: DropoutLearner) -> float:
        return macro_recall_on(self.x[self.held], self.truth[self.held])(learner)


@pytest.fixture(scope="module")
def clips():
    return Clips()


class Draws:
    """Every random number that a `DropoutLearner` draws, written down by purpose and step."""

    def __init__(self, seed: int, d: int):
        self.seed, self.d = seed, d
        rng = np.random.default_rng(stream(seed, "weights"))
        weights = [rng.uniform(-1, 1, CLASSES * d), rng.uniform(-1, 1, CLASSES)]
        self.weights, self.minibatches = np.concatenate(weights), []

    def minibatch(self, labeled, guessed, alpha, size, rng):
        """`draw_minibatch`, listened to."""
        integers = []

        class Heard:
            def integers(self, low, high, n):
                drawn = rng.integers(low, high, n)
                integers.append([high, drawn.tolist()])
                return drawn

        minibatch = draw_minibatch(labeled, guessed, alpha, size, Heard())
        self.minibatches.append((integers, *minibatch))
        return minibatch

    def as_js(self, scans: list[int], n_masks: int) -> dict:
        def drawn(purpose: str, step: int, rows: int) -> str:
            return masks(self.seed, purpose, step, rows, self.d)

        several = {purpose: {step: drawn(purpose, step, n_masks) for step in scans} for purpose in ("scan", "predict")}
        train = [drawn("train", step, len(clips)) for step, (_, clips, _) in enumerate(self.minibatches)]
        minibatches = [
            {"integers": integers, "clips": clips.tolist(), "targets": targets.tolist()}
            for integers, clips, targets in self.minibatches
        ]
        return {"weights": self.weights.tolist(), "minibatches": minibatches, "masks": {"train": train, **several}}


def seen(learner: DropoutLearner) -> dict:
    """What a learner makes of the clips as it stands."""
    unlabeled, scan = learner.scan()
    return {
        "clips": unlabeled, "votes": scan.votes_nC, "probs": scan.probs_nC, "scores": vote_entropy(scan.votes_nC),
        "pseudo": learner.pseudo(), "weight": learner.classifier.weight, "bias": learner.classifier.bias,
        "asked": learner.ask(),
    }  # fmt: skip


@pytest.fixture(scope="module")
def run(clips):
    """A run of ten answers, with the draws it rests on and what it saw on the way.

    The fifth answer is taken back, and the seventh is about a clip that is pseudo-labeled, and not asked for.
    """
    shorter = replace(CONFIG, first_steps=100)
    draws = Draws(SEED, clips.x.shape[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dalbook.learners.dal, "draw_minibatch", draws.minibatch)
        learner = clips.learner(SEED, shorter)
        learner.train_initially()
        first = learner.classifier.scan_clips(learner.pool, CONFIG.n_masks, "scan")
        first = {"scan": first, "weight": learner.classifier.weight, "bias": learner.classifier.bias}
        states = [seen(learner)]
        for i in range(ASKED):
            clip = next(iter(learner.pseudo())) if i == 6 else learner.ask()
            learner.tell(clip, int(clips.truth[clip]))
            states.append(seen(learner))
            if i == 4:
                learner.forget(clip)
                states.append(seen(learner))
    return {
        "fresh": DropoutClassifier(clips.x, CLASSES, seed=SEED, device="cpu"), "first": first, "states": states,
        "labels": learner.labels, "recall": clips.recall(learner),
        "draws": draws.as_js(list(range(100, learner.classifier.steps + 1, 40)), CONFIG.n_masks),
        "initial": list(learner.initial.items()),
    }  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory, clips, run):
    told = {**run["draws"], "initial": run["initial"], "config": {**config(), "firstSteps": 100}}
    scripts = {"recorded.js": RECORDED, "curves.js": CURVES}
    x = exported(clips.x, clips.truth, CLASSES, clips.pool, clips.held)
    with learner_page(tmp_path_factory.mktemp("learner"), x, scripts, run=told) as page:
        page.evaluate("async () => Object.assign(window, await import('/recorded.js'))")
        yield page


# Draws that are read instead of made; it complains where the learner draws anything else than Python did.
RECORDED = """
import { json, words } from "./shared.js";

export const run = await json("run.json");

export function recorded(seed, purpose, step) {
  let at = 0;
  return {
    words: () => words(run.masks[purpose][step]),
    uniform: () => run.weights,
    integers(bound, n) {
      const [low, drawn] = run.minibatches[step].integers[at++];
      if (bound !== low || n !== drawn.length) throw new Error(`drew ${n} of ${bound}, not ${drawn.length} of ${low}`);
      return drawn;
    },
  };
}
"""

CURVES = """
self.onmessage = async ({ data: { initial, budgets, config, seeds } }) => {
  const { clips, make } = await import("./shared.js");
  const truth = clips.held.map((clip) => clips.truth[clip]);
  self.postMessage(seeds.map((seed) => {
    const learner = make({ initial: initial[seed], config, seed });
    return budgets.map((budget) => {
      while (learner.labels.size < budget) {
        const clip = learner.ask();
        learner.tell(clip, clips.truth[clip]);
      }
      return learner.macroRecall(clips.held, truth);
    });
  }));
};
"""


def matrix(values) -> np.ndarray:
    return np.reshape(values, (-1, CLASSES))


def test_a_hundred_steps_and_a_scan_are_pythons(page, run):
    told = page.evaluate(
        """([weight, bias]) => {
        const { learningRate, weightDecay, masks } = run.config;
        const start = [weight, bias].map((values) => Float32Array.from(values));
        const classifier = new Classifier(clips.x, clips.d, 10, ...start, { learningRate, weightDecay });
        run.minibatches.slice(0, 100).forEach(({ clips, targets }, step) => {
            classifier.step(Int32Array.from(clips), Int32Array.from(targets), words(run.masks.train[step]));
        });
        const { votes, probs } = classifier.scan(clips.pool, words(run.masks.scan[100]));
        const { w, width } = classifier;
        const pseudo = pseudoLabels(probs, 10, 0.5);
        const entropies = [...voteEntropy(votes, 10)];
        return { w: [...w], width, votes: [...votes], probs: [...probs], entropies, ...pseudo };
    }""",
        [run["fresh"].weight.ravel().tolist(), run["fresh"].bias.tolist()],
    )
    w = np.reshape(told["w"], (-1, told["width"]))[:, :CLASSES]
    expected = run["first"]
    assert_allclose(w[:-1].T, expected["weight"], rtol=0, atol=1e-4)
    assert_allclose(w[-1], expected["bias"], rtol=0, atol=1e-4)
    assert_array_equal(matrix(told["votes"]), expected["scan"].votes_nC)
    assert_allclose(matrix(told["probs"]), expected["scan"].probs_nC, rtol=0, atol=1e-4)
    assert_allclose(told["entropies"], vote_entropy(expected["scan"].votes_nC), rtol=0, atol=1e-4)
    rows, classes = pseudo_labels(expected["scan"].probs_nC, 0.5)
    assert len(rows) > 20
    assert (told["rows"], told["classes"]) == (rows.tolist(), classes.tolist())


def test_asked_and_told_it_goes_pythons_way(page, run):
    states, labels, recall = page.evaluate(
        """([asked, seed]) => {
        const learner = make({ initial: run.initial, config: run.config, source: recorded, seed });
        const seen = () => {
            const { clips: unlabeled, votes, probs, scores } = learner.scan();
            const { w, width } = learner.classifier;
            const lists = { clips: [...unlabeled], votes: [...votes], probs: [...probs], scores: [...scores] };
            return { ...lists, pseudo: [...learner.pseudo()], w: [...w], width, asked: learner.ask() };
        };
        const states = [seen()];
        for (let i = 0; i < asked; i++) {
            const clip = i === 6 ? [...learner.pseudo().keys()][0] : learner.ask();
            learner.tell(clip, clips.truth[clip]);
            states.push(seen());
            if (i === 4) {
                learner.forget(clip);
                states.push(seen());
            }
        }
        const truth = clips.held.map((clip) => clips.truth[clip]);
        return [states, [...learner.labels], learner.macroRecall(clips.held, truth)];
    }""",
        [ASKED, SEED],
    )
    assert [list(pair) for pair in run["labels"].items()] == labels
    assert recall == pytest.approx(run["recall"], abs=1e-12)
    for own, expected in zip(states, run["states"], strict=True):
        assert own["asked"] == expected["asked"]
        assert own["clips"] == expected["clips"].tolist()
        assert_array_equal(matrix(own["votes"]), expected["votes"])
        assert_allclose(matrix(own["probs"]), expected["probs"], rtol=0, atol=1e-4)
        assert_allclose(own["scores"], expected["scores"], rtol=0, atol=1e-4)
        assert dict(own["pseudo"]) == expected["pseudo"]
        w = np.reshape(own["w"], (-1, own["width"]))[:, :CLASSES]
        assert_allclose(w[:-1].T, expected["weight"], rtol=0, atol=1e-4)
        assert_allclose(w[-1], expected["bias"], rtol=0, atol=1e-4)


def test_numbers_of_classes_and_inputs_that_fill_no_word(page):
    """Three classes, 45 inputs: what is padded stays out of it, and what is zero as well."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((12, 45)), 0).astype(np.float32)
    classifier = DropoutClassifier(x, 3, seed=1, learning_rate=0.01, device="cpu")
    start = [classifier.weight.ravel().tolist(), classifier.bias.tolist()]
    clips, targets = np.arange(12), np.arange(12) % 3
    for _ in range(20):
        classifier.step(clips, targets)
    scan = classifier.scan_clips(clips, 50)
    votes, probs, w = page.evaluate(
        """([x, [weight, bias], masks, scan]) => {
        const start = [x, 45, 3, weight, bias].map((one) => Array.isArray(one) ? Float32Array.from(one) : one);
        const classifier = new Classifier(...start, { learningRate: 0.01, weightDecay: 1e-3 });
        const clips = Int32Array.from({ length: 12 }, (_, i) => i);
        for (const one of masks) classifier.step(clips, clips.map((i) => i % 3), words(one));
        const { votes, probs } = classifier.scan(clips, words(scan));
        return [[...votes], [...probs], [...classifier.w]];
    }""",
        [x.ravel().tolist(), start, [masks(1, "train", i, 12, 45) for i in range(20)], masks(1, "predict", 20, 50, 45)],
    )
    assert_array_equal(np.reshape(votes, (12, 3)), scan.votes_nC)
    assert_allclose(np.reshape(probs, (12, 3)), scan.probs_nC, rtol=0, atol=1e-5)
    w = np.reshape(w, (46, 5))
    assert_allclose(w[:-1, :3].T, classifier.weight, rtol=0, atol=1e-5)
    assert_allclose(w[-1, :3], classifier.bias, rtol=0, atol=1e-5)
    assert not w[:, 3:].any()


def test_its_curves_are_pythons(page, clips):
    """Twenty seeds on either side, each side with its own random numbers, from the same initial labels."""
    learners = [clips.learner(seed) for seed in range(SEEDS)]
    initial = [list(learner.initial.items()) for learner in learners]
    page.evaluate(
        """task => {
        const worker = new Worker("curves.js", { type: "module" });
        worker.onmessage = ({ data }) => { window.curves = data; };
        worker.onerror = ({ message }) => { throw new Error(message); };
        worker.postMessage(task);
    }""",
        {"initial": initial, "budgets": BUDGETS, "config": config(), "seeds": list(range(SEEDS))},
    )
    expected = np.array([list(simulate(learner, clips.truth, BUDGETS, clips.recall).values()) for learner in learners])
    page.wait_for_function("window.curves", timeout=180_000)
    own = np.array(page.evaluate("curves"))
    low, high = np.quantile(expected, [0.1, 0.9], axis=0)  # eight of ten runs
    assert (low <= own.mean(axis=0)).all()
    assert (own.mean(axis=0) <= high).all()
    error = np.sqrt((own.var(axis=0, ddof=1) + expected.var(axis=0, ddof=1)) / SEEDS)
    assert (np.abs(own.mean(axis=0) - expected.mean(axis=0)) < 3.5 * error).all()
    for curves in (own, expected):
        assert curves[:, -1].mean() > curves[:, 0].mean() + 0.03  # and they rise
