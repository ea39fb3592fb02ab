"""What a run begins with."""

import numpy as np
import pytest
import tiny

from dalbook.experiments.plan import Run, curve
from dalbook.experiments.protocols import given_labels, training_clips, unequal
from dalbook.experiments.runner import execute, read_result
from dalbook.learners.simulate import initial_labels


def test_unequal_classes_follow_zipf_s_law_and_come_from_the_pool():
    labels, pool = np.arange(1000) % 5, np.arange(100, 900)
    kept = unequal(labels, pool, 5, seed=0)
    assert sorted(np.bincount(labels[kept]).tolist()) == [32, 40, 53, 80, 160]
    assert np.isin(kept, pool).all()
    assert np.array_equal(kept, np.unique(kept))
    assert np.array_equal(kept, unequal(labels, pool, 5, seed=0))
    orders = {tuple(np.argsort(np.bincount(labels[unequal(labels, pool, 5, seed)]))) for seed in range(8)}
    assert len(orders) > 4  # the large class is another one each time


def test_a_class_that_is_small_already_keeps_what_it_has():
    labels = np.array([0] * 100 + [1] * 2 + [2] * 5)
    for seed in range(6):
        counts = np.bincount(labels[unequal(labels, np.arange(107), 3, seed)])
        assert counts[1] == 2
        assert counts[2] in (3, 4, 5)


def test_the_test_fold_is_not_touched():
    ours = tiny.inputs()
    pool = training_clips(ours, 2, seed=0, is_unequal=True)
    assert set(pool) < set(ours.split(2)[0])
    assert np.array_equal(training_clips(ours, 2, 0, False), ours.split(2)[0])


def test_who_is_given_labels():
    ours = tiny.inputs()
    pool, _ = ours.split(1)
    assert given_labels(ours, pool, 3, "dal", "paper") == initial_labels(ours.labels, pool, ours.classes, 3)
    assert given_labels(ours, pool, 3, "dal", "nothing") == {}
    assert given_labels(ours, pool, 3, "mal", "paper") == {}


@pytest.mark.parametrize("kind", ["dal", "dal:random", "mal"])
@pytest.mark.parametrize("uneven", [False, True])
def test_a_run_from_nothing_is_given_nothing(tmp_path, kind, uneven):
    tiny.save(tmp_path)
    run = tiny.run(kind, budgets=(1, 5, 12), start="nothing", unequal=uneven)
    assert execute(str(tmp_path), run)
    told = read_result(tmp_path, run)
    assert told["initial"] == []
    assert len(told["picked"]) == 12
    assert set(told["picked"]) <= set(training_clips(tiny.inputs(), 1, 0, uneven).tolist())
    assert [n for n, _ in told["curve"]] == [1, 5, 12]
    assert told["curve"][0][1] == 0.5  # one of two classes is met
    assert told["pseudo"] == []


def test_runs_of_the_first_edition_keep_their_names():
    """Their finished result files count: what came later is named only where it is not the default."""
    run = Run("dal", "0123456789abcdef", 1, 0, 0, (30, 40))
    assert run.key == "12da4c2a8a83f9e7"
    assert Run("mal", "0123456789abcdef", 1, 0, 0, (30, 40), None).key == "9f653791da661c27"
    assert "start" not in run.to_json()
    others = [Run("dal", "0123456789abcdef", 1, 0, 0, (30, 40), start="nothing"),
              Run("dal", "0123456789abcdef", 1, 0, 0, (30, 40), unequal=True)]  # fmt: skip
    assert len({run.key, *(one.key for one in others)}) == 3
    assert [Run.from_json(one.to_json()) for one in others] == others
    assert others[1].initial_key != run.initial_key


def test_curves_from_nothing_may_begin_with_one_label():
    ours = tiny.inputs()
    runs = curve(["dal", "mal"], ours, folds=[1], budgets=[1, 4], start="nothing")
    assert {(run.start, run.budgets) for run in runs} == {("nothing", (1, 4))}
    with pytest.raises(ValueError, match="1 labels is smaller than the 6"):
        curve(["dal", "mal"], ours, folds=[1], budgets=[1, 4])
    assert len(curve(["mal"], ours, folds=[1], budgets=[1, 4], trials=3)) == 1
    with pytest.raises(ValueError, match="no start 'now'; choose from paper, nothing"):
        curve(["mal"], ours, budgets=[4], start="now")
