"""The ablation of the herding learner: every variant is what it says, and a table that was begun is gone on with."""

import csv

import herding_ablation
import numpy as np
import pytest

from dalbook.experiments.dataset import Inputs
from dalbook.learners.herding import HerdingLearner


@pytest.fixture(scope="module")
def inputs():
    rng = np.random.default_rng(0)
    centers = rng.exponential(1, (4, 16)) * (rng.random((4, 16)) < 0.5)
    truth = np.repeat(np.arange(4), 20)
    x = np.maximum(centers[truth] + 0.4 * rng.standard_normal((80, 16)), 0).astype(np.float32)
    folds, recordings = np.arange(80) % 2, np.repeat(np.arange(16), 5)
    return Inputs("toy", "made", x, truth, folds, ("a", "b", "c", "d"), "name", recordings)


@pytest.mark.parametrize("variant", herding_ablation.VARIANTS)
def test_a_variant_runs_to_each_budget(variant, inputs, monkeypatch):
    monkeypatch.setattr(herding_ablation, "BUDGETS", (2, 8))
    rows = herding_ablation.run(inputs, variant, 0, 0)
    assert [row[:6] for row in rows] == [("toy", "made", variant, 0, 0, budget) for budget in (2, 8)]
    assert all(0 <= row[6] <= 1 for row in rows)


def asked(make, inputs, n=8):
    learner = make(inputs.x, 4, recordings=inputs.recordings)
    for _ in range(n):
        clip = learner.ask()
        learner.tell(clip, int(inputs.labels[clip]))
    return learner


def test_what_is_left_out_is_left_out(inputs):
    variants = {name: asked(make, inputs) for name, make in herding_ablation.VARIANTS.items()}
    whole, unsure = variants["whole"], variants["uncertainty alone"]
    assert type(whole) is HerdingLearner
    assert (variants["coverage alone"].uncertainty() == 1).all()
    assert not (whole.uncertainty() == 1).all()
    assert (variants["all clips weigh the same"]._weights == 1).all()
    assert not (whole._weights == 1).all()
    assert variants["no recordings"].recordings is None
    assert variants["random questions"].acquisition == "random"
    left = [clip for clip in unsure.pool if clip not in unsure.labels]
    p = np.sort(unsure.predict_proba(inputs.x[left]), axis=1)
    assert left[(p[:, -1] - p[:, -2]).argmin()] == unsure.ask()


def test_without_spreading_only_labeled_clips_teach(inputs):
    """Another clip of the graph, near a labeled one, changes nothing."""
    learner = asked(herding_ablation.NoSpreading, inputs)
    assert not learner._spread_ridge._flow(0).any()
    assert asked(HerdingLearner, inputs)._spread_ridge._flow(0).any()


def test_it_goes_on_with_a_table(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(herding_ablation, "BUDGETS", (2, 8))
    table = tmp_path / "table.csv"
    names = ["whole", "coverage alone"]
    assert len(list(herding_ablation.missing(table, inputs, names, trials=1))) == 4
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(herding_ablation.COLUMNS)
        writer.writerows([("toy", "made", "whole", 1, 0, 2, 0.5), ("toy", "made", "whole", 1, 0, 8, 0.7)])
        writer.writerow(("toy", "made", "coverage alone", 0, 0, 2, 0.5))  # stopped before its second budget
    rest = list(herding_ablation.missing(table, inputs, names, trials=1))
    assert rest == [("whole", 0, 0), ("coverage alone", 0, 0), ("coverage alone", 1, 0)]
