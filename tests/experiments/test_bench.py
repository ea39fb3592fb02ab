"""The benchmark runs, on a fifth of the paper's size, and the way dalbook does it is the faster one by far."""

import pytest

from dalbook.corpora.urbansound8k import CLASSES
from dalbook.experiments.benchmarks import bench, common, rehearsal
from dalbook.experiments.benchmarks.bench_iteration import iteration
from dalbook.experiments.benchmarks.rehearsal import Cost
from dalbook.learners.dal import DALConfig


def test_random_embeddings_are_like_real_ones():
    x, classes = common.random_embeddings(900, 512)
    assert abs((x > 0).mean() - common.DENSITY) < 0.01
    assert x.min() == 0
    assert set(classes) == set(range(common.CLASSES))
    # clips of one recording are more alike than clips of one class
    unit = x / (x**2).sum(1, keepdims=True) ** 0.5
    neighbors = (unit[:-1] * unit[1:]).sum(1)
    same_class = [unit[classes == c] @ unit[classes == c].T for c in range(3)]
    assert neighbors.mean() > max(s.mean() for s in same_class) + 0.1


def test_an_iteration_is_many_times_faster_than_the_plain_way():
    lines = []
    figures = iteration(*common.random_embeddings(1600, 1024), lines.append)
    assert figures["speedup"] > 8  # 60 to 110 are usual; this leaves room for a busy machine
    assert figures["scoring_over_product"] < 4  # about 1.3 is usual
    assert figures["over_floors"] < 6  # 1.3 to 1.6 are usual
    assert any("times faster" in line for line in lines)


def test_clustering_is_measured_against_fasterpam():
    x, _ = common.random_embeddings(8 * 300, 256)
    figures = bench._clustering(x, lambda line: None)
    assert figures["k_medoids_loss"] / figures["fasterpam_loss"] < 1.08


def test_the_default_learners_questions_are_timed_at_both_sizes(monkeypatch):
    monkeypatch.setattr(bench, "MANY", (6000, 64))
    lines = []
    figures = bench._herding(common.random_embeddings(500, 64), lines.append)
    assert set(figures) == {f"herding_{first}{n}_s" for first in ("", "first_") for n in (500, 6000)}
    # twelve times the clips, and less than half of them stand for the pool: the cost of a question stays in hand
    assert figures["herding_6000_s"] < 100 * figures["herding_500_s"]
    assert ["6000 clips" in line for line in lines] == [False, True]


def test_peak_memory_is_below_the_promise():
    peak = bench._peak_memory()
    assert peak is None or 200 < peak < 1.2 * 1024


def test_a_rehearsal_adds_up_what_a_run_costs():
    cost = Cost(8.0, {30: 0.2, 130: 0.4}, {30: 1.0, 130: 1.0}, 0.5, 10.0, {30: 1.0, 1000: 3.0}, None)
    config = DALConfig()
    # T0 = 3 iterations with 30 labels, one at each number of labels from 30 to 32, two scores
    assert cost.run("dal", config, [30, 32]) == pytest.approx(3 * 0.2 + 0.2 + 0.202 + 0.204 + 2 * 0.5)
    assert cost.run("dal", DALConfig(alpha=1.0), [30]) == pytest.approx(4 * 1.0 + 0.5)
    assert cost.run("mal", None, [30, 515]) == pytest.approx(10 + 1 + 2)


def test_a_rehearsal_measures_on_the_folds_of_the_metadata(tmp_path, monkeypatch):
    lines = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for i in range(600):
        c = i % 10
        lines.append(f"{i // 3}-{c}-0-{i}.wav,{i // 3},0,4,1,{i // 10 % 2 + 1},{c},{CLASSES[c]}")
    (tmp_path / "UrbanSound8K.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(rehearsal, "_SIZES", (30, 40))
    said = []
    figures = rehearsal.rehearse(tmp_path / "UrbanSound8K.csv", 1, said.append)
    assert figures["clips"] == 600
    assert set(figures["hours"]) == {"fig2", "fig3", "fig4", "acquisition"}
    assert all(hours > 0 for hours in figures["hours"].values())
    assert any("300 to learn from" in line for line in said)
