"""The one place that knows learners by name."""

import numpy as np
import pytest

from dalbook.learners import coverage, registry
from dalbook.learners.acquisition import ACQUISITIONS
from dalbook.learners.dal import DALConfig, DropoutLearner
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.mal import MedoidLearner
from dalbook.learners.registry import Family, build, canonical, family, names, words

X = np.random.default_rng(0).random((24, 275), np.float32)
TRUTH = np.arange(24) % 2
POOL = np.arange(20)
SMALL = DALConfig(batch=4, first_steps=5, steps=2, n_masks=8, wait=1)


@pytest.mark.parametrize("name", names())
def test_every_name_builds_a_learner_that_learns_from_its_pool(name):
    learner = build(name, X, 2, {0: 0, 1: 1}, POOL, seed=0, config=SMALL if family(name).config else None)
    assert learner.labels == ({0: 0, 1: 1} if family(name).initial else {})
    for _ in range(3):
        clip = learner.ask()
        assert clip in POOL
        learner.tell(clip, int(TRUTH[clip]))
    assert learner.predict_proba(X).shape == (24, 2)


@pytest.mark.parametrize("name", names())
def test_a_family_that_draws_at_random_says_so(name, monkeypatch):
    """Runs of one that does not are not repeated: they would be the same."""
    monkeypatch.setattr(coverage, "REFERENCES", 10)  # of a pool this small it would take all
    monkeypatch.setattr(coverage, "PAIRS", 0)

    def state(seed):
        learner = build(name, X, 2, {0: 0, 1: 1}, POOL, seed=seed, config=SMALL if family(name).config else None)
        for _ in range(3):
            clip = learner.ask()
            learner.tell(clip, int(TRUTH[clip]))
        return learner.predict_proba(X)

    assert family(name).draws != np.array_equal(state(0), state(1))


def test_the_names_of_the_first_edition_build_what_they_built():
    dal = build("dal", X, 2, {0: 0}, POOL, seed=3, config=SMALL)
    assert isinstance(dal, DropoutLearner)
    assert (dal.acquisition, dal.seed, dal.config) == ("vote_entropy", 3, SMALL)
    assert build("dal:margin", X, 2, {0: 0}, POOL, seed=0).acquisition == "margin"
    assert isinstance(build("mal", X, 2, {}, POOL, seed=0), MedoidLearner)
    assert set(names()) >= {"dal", "mal", "mal:kl", *(f"dal:{name}" for name in set(ACQUISITIONS) - {"vote_entropy"})}
    assert "dal:vote_entropy" not in names()  # one name for one learner


def test_an_acquisition_function_that_is_added_has_a_name(monkeypatch):
    monkeypatch.setitem(ACQUISITIONS, "least_sure", lambda scan, rng: 1 - scan.probs_nC.max(1))
    assert canonical("dal:least_sure") == "dal:least_sure"
    assert words()["dal:least_sure"] == "least sure"


def test_a_family_is_one_line_and_may_have_another_name(monkeypatch):
    made = []
    monkeypatch.setitem(
        registry.FAMILIES,
        "mine",
        Family(lambda given, variant: made.append((given, variant)), lambda: {"": "mine", "b": "b"}),
    )
    monkeypatch.setitem(registry.ALIASES, "usual", "mine")
    assert canonical("usual:b") == "mine:b"
    assert names()[-2:] == ("mine", "mine:b")
    recordings = np.zeros(24, int)
    build("usual:b", X, 2, {1: 1}, POOL, seed=5, device="cpu", recordings=recordings)
    ((given, variant),) = made
    assert (given.seed, given.initial, given.device, variant) == (5, {1: 1}, "cpu", "b")
    assert given.recordings is recordings


def test_the_default_is_the_learner_that_needs_no_label_to_start_from():
    assert canonical("default") == "herding"
    assert canonical("default:random") == "herding:random"
    recordings = np.arange(24) // 4
    learner = build("default", X, 2, {}, POOL, seed=3, recordings=recordings)
    assert isinstance(learner, HerdingLearner)
    assert (learner.labels, learner.seed, learner.acquisition) == ({}, 3, "herding")
    np.testing.assert_array_equal(learner.recordings, recordings)
    assert build("default:random", X, 2, {1: 0}, POOL, seed=0).labels == {1: 0}


@pytest.mark.parametrize("name", ["coreset", "dal:", "dal:coreset", "dal:vote_entropy", "mal:random", "", ":kl"])
def test_an_unknown_name_is_refused_with_those_that_are_known(name):
    with pytest.raises(ValueError, match=f"there is no learner '{name}'; choose from dal, .*mal:kl"):
        canonical(name)
