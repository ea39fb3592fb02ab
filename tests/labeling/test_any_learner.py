"""The labeler with learners that ask from the first clip on: the default one, and MAL, which can neither forget nor
be stopped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from dalbook import DALConfig, Labeler, embed, load_toy_city, macro_recall
from dalbook.corpora.corpus import Corpus
from dalbook.labeling.read import read_labels
from dalbook.learners.registry import build

N, NAMES = 60, ("cat", "dog", "owl")
TRUTH = np.arange(N) % len(NAMES)
LEARNERS = ("default", "mal")


def corpus(folds=None) -> Corpus:
    labels = np.full(N, -1) if folds is None else TRUTH
    sound = lambda i: (np.zeros(800, np.float32), 8000)  # noqa: E731
    return Corpus("demo", NAMES, [f"clip {i}.wav" for i in range(N)], labels, folds or [0] * N, sound, "x", "")


def embeddings() -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.exponential(1, (len(NAMES), 40)) * (rng.random((len(NAMES), 40)) < 0.4)
    return (centers[TRUTH] + 0.6 * rng.random((N, 40))).astype(np.float32)


@pytest.fixture
def labeler(tmp_path):
    made = []

    def make(learner: str, **options) -> Labeler:
        options = {"embedding": embeddings(), "out": tmp_path / "labels.csv"} | options
        made.append(Labeler(options.pop("corpus", None) or corpus(), learner=learner, **options))
        assert made[-1].wait(300)
        return made[-1]

    yield make
    for one in made:
        one.close()


def act(one: Labeler, do: str, **request) -> None:
    """As a person does, who waits for the model before the next clip."""
    if do in ("label", "skip", "unsure"):
        request = {"clip": one.clip["clip"], "seconds": 1.5} | request
    if do == "label":
        request = {"label": int(TRUTH[request["clip"]])} | request
    one.act({"do": do, **request})
    assert one.wait(300)
    assert one.notice == ""


@pytest.mark.parametrize("learner", LEARNERS)
def test_it_asks_from_the_first_clip_on(labeler, learner):
    one = labeler(learner)
    picked_by = {"default": "herding", "mal": "mal"}[learner]
    assert (one.clip["picked_by"], one.progress["stage"]) == (picked_by, "learning")
    assert not one.progress["can_start"]
    assert one.progress["words"].startswith("The model asks for")
    straight = build(learner, embeddings(), 3, {}, np.arange(N), seed=0, recordings=np.arange(N))
    assert one.clip["clip"] == straight.ask()
    for _ in range(8):
        act(one, "label")
    rows = read_labels(one._session.file.path)
    # MAL gives one question at a time: what is shown while it finds the next one is unlike what came before
    assert set(rows["picked_by"]) == ({picked_by} if learner == "default" else {picked_by, "farthest"})
    assert rows["score"].isna()[rows["picked_by"] == picked_by].all()
    assert rows["round"].is_monotonic_increasing
    for clip, label in one.learner.labels.items():
        straight.tell(clip, label)
    assert one.learner.ask() == straight.ask()
    assert_array_equal(one.learner.predict_proba(embeddings()), straight.predict_proba(embeddings()))


def test_the_default_learner_says_why_and_what_it_takes_the_clip_for(labeler):
    one = labeler("default")
    assert "unsure of" in one.clip["why"]
    assert one.opinion is None  # no label yet
    for _ in range(6):
        act(one, "label")
    opinion = one.opinion
    assert (opinion["clip"], opinion["masks"], opinion["entropy"]) == (one.clip["clip"], None, None)
    assert sum(opinion["votes"]) == pytest.approx(1, abs=0.01)
    best = NAMES[int(np.argmax(opinion["votes"]))]
    assert f"The model takes it for {best}, with a probability of " in opinion["words"]


@pytest.mark.parametrize("learner", LEARNERS)
def test_undo_correction_and_a_class_more_reach_the_model(labeler, learner):
    one = labeler(learner)
    for _ in range(4):
        act(one, "label")
    first = one.history[-1]["clip"]
    act(one, "undo")
    act(one, "label", clip=first, label=2)
    act(one, "unsure", clip=one.history[1]["clip"])
    labels = {item["clip"]: item["label"] for item in one.history if item["status"] == "labeled"}
    assert one.learner.labels == labels
    assert len(labels) == 2
    act(one, "class", name="wren")
    act(one, "label", label=3)
    assert 3 in one.learner.labels.values()
    assert one.learner.predict_proba(embeddings()[:1]).shape == (1, 4)
    assert len(one.labels) == 4


@pytest.mark.parametrize("learner", LEARNERS)
def test_reopening_changes_neither_the_clips_nor_the_model(labeler, tmp_path, learner):
    """The same person, once without a break and once with three: the same rows and the same model."""

    def work(path, reopen_after):
        one = labeler(learner, out=path)
        for step in range(14):
            if step in reopen_after:
                before = one.clip, one.history, one.progress["labeled"]
                one.close()
                one = labeler(learner, out=path)
                assert (one.clip, one.history, one.progress["labeled"]) == before
            if step in (5, 9):
                act(one, "undo" if step == 5 else "skip")
            else:
                act(one, "label")
        rows = pd.read_csv(path, keep_default_na=False)
        return rows[["clip", "label", "status", "picked_by"]].values.tolist(), one.learner

    rows, model = work(tmp_path / "straight.csv", [])
    again, reopened = work(tmp_path / "with breaks.csv", [0, 3, 6, 11])
    assert again == rows
    assert model.ask() == reopened.ask()
    assert_array_equal(model.predict_proba(embeddings()), reopened.predict_proba(embeddings()))


def test_labels_of_one_learner_go_on_with_another(labeler):
    one = labeler("default")
    for _ in range(7):
        act(one, "label")
    one.close()
    paper = labeler("dal", config=DALConfig(batch=8, first_steps=40, steps=4, n_masks=16, wait=2))
    assert paper.progress["labeled"] == 7
    act(paper, "label")
    paper.close()
    again = labeler("default")
    assert set(again.learner.labels) == {item["clip"] for item in again.history}


def test_a_game_with_the_default_learner_has_random_picking_beside_it(labeler):
    one = labeler("default", corpus=corpus([1 + i // 3 % 5 for i in range(N)]), game=True, budget=6)
    while one.clip:
        act(one, "label")
    assert [n for n, _ in one.curve["mine"]] == [1, 2, 3, 4, 5, 6]
    for _ in range(600):
        if one.curve["random"] and one.curve["random"][-1][0] == 6:
            break
        one._trainer._thread.join(0.1)
        one.wait()
    assert [n for n, _ in one.curve["random"]] == [1, 2, 3, 4, 5, 6]


def test_sixty_labels_are_worth_what_the_simulation_says(labeler):
    """A person's clips are chosen a few ahead, so the questions are not one for one the simulation's.

    One fold, on which a test clip is more than a point: the margins are wide.
    """
    city = load_toy_city()
    x, recordings = embed(city, "logmel", progress=False), np.unique(city.recordings, return_inverse=True)[1]
    pool, test = city.split(3)
    one = labeler("default", corpus=city.take(pool), embedding=x[pool])
    given = {"n_classes": 10, "initial": {}, "pool": pool, "recordings": recordings}
    straight = build("default", x, seed=0, **given)
    drawn = [build("default:random", x, seed=seed, **given) for seed in range(3)]
    for _ in range(60):
        clip = one.clip["clip"]
        one.act({"do": "label", "clip": clip, "label": int(city.labels[pool[clip]]), "seconds": 1.0})
        assert one.wait(300)
        for learner in (straight, *drawn):
            asked = learner.ask()
            learner.tell(asked, int(city.labels[asked]))

    def recall(learner) -> float:
        return macro_recall(city.labels[test], learner.predict_proba(x[test]).argmax(1))

    assert len(one.learner.labels) == 60
    assert recall(one.learner) > recall(straight) - 0.1
    assert recall(one.learner) > np.mean([recall(learner) for learner in drawn])


def test_what_does_not_fit_a_learner_is_named(labeler):
    for learner, options, message in (
        ("random forest", {}, "there is no learner 'random forest'"),
        ("default", {"config": DALConfig()}, "takes no config"),
        ("mal", {"game": True, "corpus": corpus([1 + i % 5 for i in range(N)])}, "no counterpart that picks at random"),
    ):
        with pytest.raises(ValueError, match=message):
            labeler(learner, **options)
