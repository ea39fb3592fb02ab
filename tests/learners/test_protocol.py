"""One contract for every learner, and saving one."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dalbook.learners.dal import NAMES, DALConfig, DropoutLearner
from dalbook.learners.dal_from_nothing import DALFromNothing
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.mal import MedoidLearner
from dalbook.learners.protocol import check_pool, load_state, save_state

N, CLASSES = 60, 3
TRUTH = np.arange(N) // 20
POOL = np.setdiff1d(np.arange(N), [0, 25, 50])
SMALL = DALConfig(batch=8, first_steps=20, steps=3, n_masks=16, wait=2)


def embeddings() -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.exponential(1, (CLASSES, 40)) * (rng.random((CLASSES, 40)) < 0.4)
    return (centers[TRUTH] + 0.4 * rng.random((N, 40))).astype(np.float32)


def dal(acquisition="vote_entropy", seed=0):
    initial = {1: 0, 21: 1, 41: 2}
    return DropoutLearner(
        embeddings(), CLASSES, initial, pool=POOL, config=SMALL, acquisition=acquisition, seed=seed, device="cpu"
    )


def mal():
    return MedoidLearner(embeddings(), pool=POOL, n_classes=CLASSES)


def mal_by_distance():
    x = embeddings()[POOL]
    return MedoidLearner(
        embeddings(), pool=POOL, n_classes=CLASSES, distance=np.abs(x[:, None] - x[None]).sum(2).astype(np.float32)
    )


def herding(acquisition="herding", recordings=None):
    return HerdingLearner(embeddings(), CLASSES, pool=POOL, acquisition=acquisition, recordings=recordings)


def dal_from_nothing(acquisition="vote_entropy"):
    return DALFromNothing(embeddings(), CLASSES, pool=POOL, config=SMALL, acquisition=acquisition, device="cpu")


def first_class(scan, weight):
    return weight * scan.probs_nC[:, 0]


MAKERS = {
    **{f"dal:{name}": partial(dal, name) for name in NAMES},
    "dal:function": lambda: dal(lambda scan: scan.probs_nC[:, 0]),
    "dal:partial": lambda: dal(partial(first_class, weight=2)),
    "dal from nothing": dal_from_nothing,
    "dal:random from nothing": partial(dal_from_nothing, "random"),
    "dal:uncertainty_herding from nothing": partial(dal_from_nothing, "uncertainty_herding"),
    "mal": mal,
    "mal:distance": mal_by_distance,
    "herding": herding,
    "herding:random": partial(herding, "random"),
    "herding:recordings": partial(herding, recordings=np.arange(N) // 4),
}


def label(learner, n: int) -> list[int]:
    asked = []
    for _ in range(n):
        clip = learner.ask()
        learner.tell(clip, int(TRUTH[clip]))
        asked.append(clip)
    return asked


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
class TestContract:
    def test_asking_twice_gives_the_same_clip(self, make):
        learner = make()
        label(learner, 2)
        assert learner.ask() == learner.ask()

    def test_each_clip_of_the_pool_is_asked_for_once_and_then_none(self, make):
        learner = make()
        start = list(learner.labels)
        asked = label(learner, len(POOL) - len(start))
        assert sorted(start + asked) == POOL.tolist()
        assert list(learner.labels) == start + asked
        assert all(type(clip) is int for clip in asked)
        with pytest.raises(ValueError, match="labeled"):
            learner.ask()

    def test_probabilities(self, make):
        learner = make()
        label(learner, 6)
        x = embeddings()
        p = learner.predict_proba(x)
        assert p.shape == (N, CLASSES)
        assert np.isfinite(p).all()
        assert p.min() >= 0
        assert_allclose(p.sum(1), 1, atol=1e-5)
        assert_array_equal(p, learner.predict_proba(x))
        assert_allclose(learner.predict_proba(x[:7]), p[:7], atol=1e-5)

    def test_it_learns(self, make):
        learner = make()
        # from nothing the third label of a class may come late, and until then the order does not care for it
        label(learner, 45 if isinstance(learner, DALFromNothing) else 25)
        assert (learner.predict_proba(embeddings()).argmax(1) == TRUTH).mean() > 0.9

    def test_predicting_changes_nothing(self, make):
        watched, other = make(), make()
        for _ in range(4):
            watched.predict_proba(embeddings())
            assert label(watched, 1) == label(other, 1)

    def test_the_same_arguments_ask_the_same_questions(self, make):
        assert label(make(), 10) == label(make(), 10)

    @pytest.mark.parametrize(
        ("clip", "answer", "message"),
        [
            (0, 0, "clip 0 is unknown"),  # a test clip
            (N, 0, f"clip {N} is unknown"),
            (-1, 0, "clip -1 is unknown"),
            (2.0, 0, "an integer, not by 2.0"),
            ("2", 0, "an integer, not by '2'"),
            (2, CLASSES, "unknown class"),
            (2, -1, "unknown class"),
            (2, "dog_bark", "unknown class"),
            (2, None, "unknown class"),
        ],
    )
    def test_tell_refuses(self, make, clip, answer, message):
        learner = make()
        before, asked = dict(learner.labels), learner.ask()
        with pytest.raises(ValueError, match=message):
            learner.tell(clip, answer)
        assert learner.labels == before
        assert learner.ask() == asked

    def test_tell_refuses_a_second_label(self, make):
        learner = make()
        (clip,) = label(learner, 1)
        with pytest.raises(ValueError, match=f"clip {clip} has a label already: class {TRUTH[clip]}"):
            learner.tell(clip, 0)

    def test_any_clip_of_the_pool_may_be_told(self, make):
        learner = make()
        other = next(int(c) for c in POOL if c != learner.ask() and c not in learner.labels)
        learner.tell(np.int64(other), np.int64(TRUTH[other]))
        assert list(learner.labels)[-1] == other
        assert learner.ask() != other

    @pytest.mark.parametrize("before", [0, 5])
    def test_resumed_from_a_file_equals_uninterrupted(self, make, before, tmp_path):
        straight, stopped, resumed = make(), make(), make()
        label(stopped, before)
        stopped.ask()
        save_state(tmp_path / "state.npz", stopped.state())
        resumed.restore(load_state(tmp_path / "state.npz"))
        label(straight, before)
        assert label(resumed, 8) == label(straight, 8)
        assert resumed.labels == straight.labels
        assert_array_equal(resumed.predict_proba(embeddings()), straight.predict_proba(embeddings()))
        for name, value in straight.state().items():
            assert_array_equal(resumed.state()[name], value, err_msg=name)

    def test_restoring_what_another_learner_saved_is_refused(self, make):
        medoids = isinstance(make(), MedoidLearner)
        other = MedoidLearner(embeddings() + 1, pool=POOL, n_classes=CLASSES) if medoids else dal(seed=9)
        with pytest.raises(ValueError, match="built|other|differ"):
            make().restore(other.state())


def test_pool_is_checked():
    assert check_pool(None, 3).tolist() == [0, 1, 2]
    assert check_pool(np.array([2, 0]), 3).tolist() == [0, 2]
    for bad, message in (
        ([], "at least one"),
        ([0.5], "at least one"),
        ([1, 1], "clip 1 twice"),
        ([3], "clip 3, but clips go from 0 to 2"),
        ([-1, 0], "clip -1"),
    ):
        with pytest.raises(ValueError, match=message):
            check_pool(np.array(bad), 3)


def test_a_state_cut_short_is_named(tmp_path):
    path = tmp_path / "state.npz"
    save_state(path, dal().state())
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"state\.npz is not a saved learner"):
            load_state(path)
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "none.npz")


def test_saving_keeps_the_old_state_when_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    save_state(path, {"a": 1})

    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        save_state(path, {"a": 2})
    assert load_state(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state.npz"]
