"""The paper's figures as lists of runs, and how a run is named."""

from dataclasses import replace

import numpy as np
import pytest
import tiny

from dalbook.corpora.toycity.load import load_toy_city
from dalbook.experiments import plan as experiments
from dalbook.experiments.dataset import Inputs
from dalbook.experiments.plan import FIGURES, Run, plan, variants, wide_budgets
from dalbook.learners.dal import DALConfig

SMALL = tuple(range(30, 131, 10))


@pytest.fixture(scope="module")
def city() -> Inputs:
    return Inputs.of(load_toy_city(), "random", np.random.default_rng(0).random((800, 8)))


def test_figure_2_is_six_thresholds_on_ten_folds_in_ten_trials(city):
    runs = plan("fig2", city)
    assert len(runs) == len(set(runs)) == len({run.key for run in runs}) == 6 * 10 * 10
    assert {run.config.threshold for run in runs} == {0, 0.25, 0.5, 0.75, 0.9, 1}
    assert {(run.learner, run.config.alpha, run.budgets) for run in runs} == {("dal", 0.01, SMALL)}
    assert {(run.trial, run.seed) for run in runs} == {(t, t) for t in range(10)}
    assert {run.fold for run in runs} == set(range(1, 11))
    # those that share their training on the initial labels follow one another
    keys = [run.initial_key for run in runs]
    assert all(len(set(keys[i : i + 6])) == 1 for i in range(0, 600, 6))
    assert len(set(keys)) == 100


def test_figure_3_is_five_weights(city):
    runs = plan("fig3", city, trials=1)
    assert len(runs) == 5 * 10
    assert {run.config.alpha for run in runs} == {0, 0.001, 0.01, 0.1, 1}
    assert {(run.learner, run.config.threshold, run.budgets) for run in runs} == {("dal", 0.5, SMALL)}


def test_figure_4_compares_dal_and_its_baselines_up_to_all_labels_once(city):
    mfcc = Inputs.of(load_toy_city(), "mfcc", np.ones((800, 275)))
    runs = plan("fig4", city, mfcc=mfcc)
    assert len(runs) == 4 * 10
    by = {run.learner: run for run in runs if run.fold == 3}
    assert set(by) == {"dal", "dal:random", "mal", "mal:kl"}
    assert by["mal:kl"].inputs == mfcc.name
    assert by["mal"].inputs == by["dal"].inputs == city.name
    assert by["mal"].config is None
    assert by["dal"].config == DALConfig()
    assert {(run.trial, run.budgets[0], run.budgets[-1]) for run in runs} == {(0, 30, 720)}
    assert {run.learner for run in plan("fig4", city)} == {"dal", "dal:random", "mal"}


def test_figure_4_has_the_paper_s_7000_labels():
    assert {30, 130, 1000, 7000, 7732} <= set(wide_budgets(7732))
    assert list(wide_budgets(7732)) == sorted(set(wide_budgets(7732)))
    assert wide_budgets(40) == (30, 40)


def test_mal_draws_nothing_at_random_and_runs_once(city):
    runs = plan("fig4", city, trials=3, folds=[1])
    assert [(run.learner, run.trial) for run in runs if run.learner == "mal"] == [("mal", 0)]
    assert len(runs) == 2 * 3 + 1


def test_the_acquisition_functions(city):
    learners = {"dal", "dal:bald", "dal:predictive_entropy", "dal:margin", "dal:variation_ratio", "dal:random"}
    assert {run.learner for run in plan("acquisition", city, trials=1)} == learners
    assert {run.config for run in plan("acquisition", city, trials=1)} == {DALConfig()}


def test_figures_share_the_runs_that_they_have_in_common(city):
    keys = [{run.key for run in plan(figure, city, trials=1)} for figure in ("fig2", "fig3", "acquisition")]
    assert len(keys[0] & keys[1] & keys[2]) == 10  # Table 1 on ten folds
    assert all(("dal", DALConfig()) in variants(figure) for figure in FIGURES)


def test_the_name_changes_with_all_that_decides_the_result(monkeypatch):
    run = tiny.run()
    others = [
        replace(run, learner="dal:bald"),
        replace(run, inputs="other"),
        replace(run, fold=2),
        replace(run, trial=1),
        replace(run, seed=1),
        replace(run, budgets=(6, 9, 13)),
        replace(run, config=None),
        *(
            replace(run, config=replace(run.config, **{name: value}))
            for name, value in (
                ("threshold", 0.75), ("alpha", 0.1), ("wait", 3), ("n_masks", 13), ("batch", 7), ("first_steps", 11),
                ("steps", 5), ("learning_rate", 0.01), ("weight_decay", 0.0),
            )
        ),
    ]  # fmt: skip
    assert len({run.key, *(other.key for other in others)}) == 1 + len(others)
    assert Run.from_json(run.to_json()).key == run.key
    old = run.key
    monkeypatch.setattr(experiments, "METHOD", experiments.METHOD + 1)
    assert run.key != old


def test_the_initial_training_depends_on_neither_threshold_nor_weight_nor_acquisition():
    run = tiny.run()
    same = [
        tiny.run("dal:bald"),
        tiny.run(budgets=(6, 20)),
        tiny.run(threshold=1.0),
        tiny.run(alpha=1.0),
        tiny.run(wait=0, n_masks=5, steps=1),
    ]
    assert {one.initial_key for one in same} == {run.initial_key}
    others = [
        replace(run, inputs="other"),
        tiny.run(fold=2),
        replace(run, seed=1),
        tiny.run(first_steps=11),
        tiny.run(batch=7),
        tiny.run(learning_rate=0.1),
        tiny.run(weight_decay=0.1),
    ]
    assert len({run.initial_key, *(one.initial_key for one in others)}) == 8


def test_json_and_back():
    for run in (tiny.run(threshold=0.0), tiny.run("mal"), tiny.run(fold=3, trial=2)):
        assert Run.from_json(run.to_json()) == run


def test_chosen_folds_trials_seed_and_budgets(city):
    runs = plan("fig2", city, folds=[2, 5, 2], trials=2, seed=7, budgets=[40, 30, 40])
    assert len(runs) == 6 * 2 * 2
    assert {(run.fold, run.trial, run.seed) for run in runs} == {(f, t, 7 + t) for f in (2, 5) for t in (0, 1)}
    assert {run.budgets for run in runs} == {(30, 40)}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"figure": "fig5"}, "no figure 'fig5'; choose from fig2, fig3, fig4, acquisition"),
        ({"folds": [1, 11]}, "no fold 11"),
        ({"trials": 0}, "at least one trial"),
        ({"seed": -1}, "a seed from 0 on"),
        ({"budgets": [29]}, "29 labels is smaller than the 30"),
        ({"budgets": [721]}, "721 labels is larger than the 720"),
        ({"budgets": []}, "no labeling budget"),
    ],
)
def test_wrong_settings_are_named_before_the_first_run(city, wrong, message):
    with pytest.raises(ValueError, match=message):
        plan(**{"figure": "fig2", "inputs": city, **wrong})


def test_a_class_with_too_few_clips_is_named(city):
    labels = np.array(city.labels)
    labels[(labels == 3) & (city.folds > 1)] = 4
    poor = Inputs.of(replace(load_toy_city(), labels=labels), "random", city.x)
    with pytest.raises(ValueError, match="dog_bark"):
        plan("fig2", poor)
