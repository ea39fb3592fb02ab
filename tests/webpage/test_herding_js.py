"""The page's herding learner held to `HerdingLearner`: the same questions and the same probabilities."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from learner_browser import exported, learner_page, refusal
from numpy.testing import assert_allclose

from dalbook import HerdingLearner, embed, load_toy_city
from dalbook.learners.metrics import macro_recall
from dalbook.webpage.data import page_data, split

CLASSES = 10
CHECKED = (0, 1, 2, 10, 30)  # labels
SEED = 0  # in its run no question is torn between two clips but for a rounding


class Space:
    """In the place of `Geometry`: the page's points as they are."""

    def points(self, x):
        return x


class Clips:
    """The page's clips, those to label first, where its data has them."""

    def __init__(self):
        corpus = load_toy_city()
        self.corpus, self.x = corpus, embed(corpus, "logmel", progress=False)
        self.data = page_data(corpus, self.x)
        herding = self.data["herding"]
        points = np.frombuffer(base64.b64decode(herding["points"]), "<f2").astype(np.float32)
        points = points.reshape(-1, herding["dimensions"])
        self.points = points / np.linalg.norm(points, axis=1, keepdims=True)
        self.truth, self.pool = np.array(self.data["truth"]), np.arange(self.data["pool"])
        self.held = np.arange(len(self.pool), len(self.truth))
        self.recordings = np.concatenate([herding["recordings"], np.full(len(self.held), -1)])

    def learner(self, **named) -> HerdingLearner:
        """Python's, on the page's points."""
        named = {"pool": self.pool, "recordings": self.recordings, "seed": SEED, **named}
        learner = HerdingLearner(self.points, CLASSES, **named)
        learner._space = Space()
        return learner


@pytest.fixture(scope="module")
def clips():
    return Clips()


@pytest.fixture(scope="module")
def page(tmp_path_factory, clips):
    told = {"data": clips.data, "order": clips.learner()._order.tolist()}
    few = exported(clips.points[:1], clips.truth, CLASSES, clips.pool, clips.held)
    with learner_page(tmp_path_factory.mktemp("herding"), few, {"herds.js": HERDS}, told=told) as page:
        page.evaluate("async () => Object.assign(window, await import('/herds.js'))")
        yield page


HERDS = """
import { clipSpace, HerdingLearner } from "./herding.js";
import { clips, json } from "./shared.js";
import { herdingSpace } from "./page_data.js";

const { data, order } = await json("told.json");
export const space = clipSpace(herdingSpace(data));
export const fresh = (options) => new HerdingLearner({ space, classes: 10, order, ...options });
export const every = data.truth.map((_, clip) => clip);
export const label = (learner, times) => Array.from({ length: times }, () => {
  const clip = learner.ask();
  learner.tell(clip, clips.truth[clip]);
  return clip;
});
"""


def test_it_asks_and_learns_as_python_does(page, clips):
    told = page.evaluate(
        """checked => {
        const learner = fresh();
        return checked.map((labels) => {
            label(learner, labels - learner.labels.size);
            return [[...learner.labels], learner.ask(4), [...learner.predict(every)]];
        });
    }""",
        CHECKED,
    )
    learner = clips.learner()
    for labels, (given, asked, probs) in zip(CHECKED, told, strict=True):
        while len(learner.labels) < labels:
            clip = learner.ask()
            learner.tell(clip, int(clips.truth[clip]))
        assert given == [list(pair) for pair in learner.labels.items()]
        assert asked == learner.ask(4)
        expected = learner.predict_proba(clips.points)
        assert_allclose(np.reshape(probs, (-1, CLASSES)), expected, rtol=0, atol=1e-4)


def test_its_recall_and_random_questions_are_pythons(page, clips):
    asked, recall = page.evaluate(
        """() => {
        const learner = fresh({ acquisition: "random" });
        const asked = label(learner, 25);
        return [asked, learner.macroRecall(clips.held, clips.held.map((clip) => clips.truth[clip]))];
    }"""
    )
    learner = clips.learner(acquisition="random")
    for clip in asked:
        assert learner.ask() == clip
        learner.tell(clip, int(clips.truth[clip]))
    expected = learner.predict_proba(clips.points[clips.held]).argmax(axis=1)
    assert recall == pytest.approx(macro_recall(clips.truth[clips.held], expected), abs=1e-12)


def test_rounding_the_points_changes_next_to_nothing(clips):
    """The package's own learner, on the embeddings themselves, asks the same at first and is about as sure."""
    rows = np.concatenate(split(clips.corpus))
    whole = HerdingLearner(clips.x[rows], CLASSES, pool=clips.pool, recordings=clips.recordings, seed=SEED)
    rounded = clips.learner()
    for _ in range(10):
        clip = whole.ask()
        assert clip == rounded.ask()
        for learner in (whole, rounded):
            learner.tell(clip, int(clips.truth[clip]))
    apart = np.abs(rounded.predict_proba(clips.points) - whole.predict_proba(clips.x[rows]))
    assert apart.max() < 0.05
    assert apart.mean() < 0.002


def test_taken_back_is_as_never_given_and_a_state_goes_on(page):
    taken, other, state = page.evaluate(
        """() => {
        const [learner, never, resumed] = [fresh(), fresh(), fresh()];
        label(learner, 6);
        label(never, 6);
        const clip = learner.ask();
        learner.tell(clip, 0);
        learner.forget(clip);
        resumed.restore(JSON.parse(JSON.stringify(learner.state())));
        return [learner, never, resumed].map((one) => [one.ask(3), [...one.predict(every)], [...one.guesses()]]);
    }"""
    )
    assert taken == other == state


def test_each_clip_once_and_then_none(page, clips):
    asked = page.evaluate("label(fresh(), 150)")
    assert sorted(asked) == clips.pool.tolist()
    assert refusal(page, "label(fresh(), 151)").startswith("only 0 clips are unlabeled")


def test_before_two_classes_are_met_it_guesses_nothing(page):
    guesses = page.evaluate(
        """() => [0, 1, 40].map((labels) => {
        const learner = fresh();
        label(learner, labels);
        return learner.guesses().size;
    })"""
    )
    assert guesses[:2] == [0, 0]
    assert guesses[2] > 10


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("fresh().tell(150, 0)", "clip 150 is not among those"),
        ("fresh().tell(0, 10)", "there is no class 10"),
        ("fresh({ initial: [[3, 1]] }).tell(3, 2)", "clip 3 has a label already: class 1"),
        ("fresh().forget(3)", "clip 3 has no label"),
        ("fresh({ acquisition: 'best' })", "there is no acquisition function best"),
        ("fresh().restore(fresh({ initial: [[3, 1]] }).state())", "built with something else"),
    ],
)
def test_what_cannot_be_is_named(page, wrong, words):
    assert words in refusal(page, wrong)


def test_the_pool_is_small_enough_to_stand_for_itself(clips):
    learner = clips.learner()
    assert learner.references.tolist() == clips.pool.tolist()
    assert len(learner._spread_ridge.landmarks) == len(learner._spread_ridge.some) == len(clips.pool)
    assert json.loads(json.dumps(clips.data["herding"]["constants"])) == clips.data["herding"]["constants"]
