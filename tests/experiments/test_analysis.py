"""What a table of an experiment says, against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from dalbook.experiments.analysis import curves, guesses, in_words, labels_needed, paired, variants
from dalbook.learners.metrics import bootstrap_interval

COLUMNS = ["corpus", "embedding", "learner", "threshold", "alpha", "fold", "trial", "budget"]
COLUMNS += ["macro_recall", "pseudo", "pseudo_right"]


def table(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS).astype({"pseudo": "Int64", "pseudo_right": "Int64"})


def row(learner="dal", threshold=0.5, alpha=0.01, fold=1, trial=0, budget=30, recall=0.5, pseudo=(10, 5), **where):
    where = {"corpus": "toy-city", "embedding": "logmel", **where}
    return [*where.values(), learner, threshold, alpha, fold, trial, budget, recall, *pseudo]


THRESHOLDS = table(
    *(
        row(threshold=t, fold=fold, trial=trial, budget=n, recall=0.4 + n / 1000 + fold / 100 + trial / 50 + gain)
        for t, gains in ((0.5, (0, 0)), (1.0, (0.02, -0.01)))
        for n, gain in zip((30, 40), gains, strict=True)
        for fold in (1, 2, 3)
        for trial in (0, 1)
    )
)


def test_variants_are_named_by_what_differs():
    assert list(dict.fromkeys(variants(THRESHOLDS))) == ["Θ = 0.5", "Θ = 1"]
    weights = table(row(alpha=0.0), row(alpha=0.001), row(alpha=1.0))
    assert variants(weights).tolist() == ["α = 0", "α = 0.001", "α = 1"]
    learners = table(row(), row("dal:random"), row("mal", None, None), row("mal:kl", None, None), row("dal:newer"))
    names = ["DAL (vote entropy)", "random", "MAL (embeddings)", "MAL (MFCC)", "dal:newer"]
    assert variants(learners).tolist() == names


def test_where_several_things_differ_none_is_left_out():
    both = table(row(), row(alpha=0.1), row(threshold=0.9), row("mal", None, None))
    assert variants(both).tolist() == [
        "DAL (vote entropy), Θ = 0.5, α = 0.01",
        "DAL (vote entropy), Θ = 0.5, α = 0.1",
        "DAL (vote entropy), Θ = 0.9, α = 0.01",
        "MAL (embeddings)",
    ]


def test_two_embeddings_of_a_corpus_are_never_averaged():
    rows = table(row(recall=0.2), row(recall=0.6, embedding="yamnet"))
    told = curves(rows)
    assert told["learner"].tolist() == ["DAL (vote entropy) (logmel)", "DAL (vote entropy) (yamnet)"]
    assert told["mean"].tolist() == [0.2, 0.6]
    two_corpora = table(row(), row(corpus="urbansound8k", embedding="yamnet"))
    assert set(variants(two_corpora)) == {"DAL (vote entropy)"}
    mal = table(row(), row("mal", None, None), row("mal:kl", None, None, embedding="mfcc"))
    assert variants(mal).tolist() == ["DAL (vote entropy)", "MAL (embeddings)", "MAL (MFCC)"]


def test_a_run_that_stands_in_the_table_twice_is_named():
    twice = table(row(), row(budget=40), row(recall=0.9))
    for look in (curves, lambda rows: paired(rows, "DAL (vote entropy)", "DAL (vote entropy)")):
        with pytest.raises(ValueError, match=r"the same run twice \(learner DAL .*fold 1, trial 0, budget 30\)"):
            look(twice)
    with pytest.raises(ValueError, match="give it one corpus"):
        curves(table(row(), row(corpus="urbansound8k")))


def test_curves_average_over_trials_of_fold_means():
    told = curves(THRESHOLDS).set_index(["learner", "budget"])
    assert len(told) == 4
    one = told.loc["Θ = 1", 30]
    trials = [0.4 + 0.03 + 0.02 + trial / 50 + 0.02 for trial in (0, 1)]  # folds 1 to 3 add 0.02 on average
    assert one["mean"] == pytest.approx(np.mean(trials))
    assert one["experiments"] == 2
    assert (one["low"], one["high"]) == pytest.approx(bootstrap_interval(trials))


def test_one_trial_has_the_folds_as_experiments():
    told = curves(THRESHOLDS[THRESHOLDS["trial"] == 0])
    assert set(told["experiments"]) == {3}


def test_paired_differences_by_hand():
    told = paired(THRESHOLDS, "Θ = 1", "Θ = 0.5")
    assert told.index.tolist() == [30, 40, "all"]
    assert told["difference"].tolist() == pytest.approx([0.02, -0.01, 0.005])
    # the folds and trials differ by far more than this, but the same in both variants
    assert told[["low", "high"]].to_numpy() == pytest.approx(np.array([[0.02] * 2, [-0.01] * 2, [0.005] * 2]))
    assert told["better"].tolist() == [6, 0, 6]
    assert told["worse"].tolist() == [0, 6, 0]
    back = paired(THRESHOLDS, "Θ = 0.5", "Θ = 1")
    assert back["difference"].tolist() == pytest.approx([-0.02, 0.01, -0.005])
    assert back["p"].tolist() == pytest.approx(told["p"].tolist())


def test_the_paired_test_is_wilcoxon_s():
    gains = [0.03, -0.01, 0.02, 0.05, 0.01, 0.04, -0.02, 0.06]
    rows = [row(threshold=t, fold=i, recall=0.5 + t * g) for t in (0.0, 1.0) for i, g in enumerate(gains)]
    told = paired(table(*rows), "Θ = 1", "Θ = 0")
    assert told.loc[30, "p"] == pytest.approx(wilcoxon(gains).pvalue)
    assert (told.loc[30, "better"], told.loc[30, "worse"]) == (6, 2)
    few = paired(table(*(r for r in rows if r[5] < 5)), "Θ = 1", "Θ = 0")
    assert np.isnan(few.loc[30, "p"])  # five pairs can prove nothing
    same = paired(table(*rows), "Θ = 1", "Θ = 1")
    assert np.isnan(same.loc[30, "p"])
    assert (same["difference"] == 0).all()


def test_only_pairs_that_both_have_count():
    rows = table(
        *(row(fold=fold, trial=trial, recall=0.6 + trial) for fold in (1, 2) for trial in (0, 1)),
        *(row("mal", None, None, fold=fold, recall=0.5) for fold in (1, 2)),  # MAL has one trial
    )
    told = paired(rows, "DAL (vote entropy)", "MAL (embeddings)")
    assert told.loc[30, "difference"] == pytest.approx(0.1)
    assert told.loc[30, "better"] == 2


def test_a_variant_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no variant 'Θ = 2'; choose from Θ = 0.5, Θ = 1"):
        paired(THRESHOLDS, "Θ = 1", "Θ = 2")


def test_guesses_count_and_weigh_by_their_number():
    rows = table(
        row(pseudo=(10, 5)),
        row(fold=2, pseudo=(30, 30)),
        row(budget=40, pseudo=(0, 0)),
        row(fold=2, budget=40, pseudo=(0, 0)),
        row("mal", None, None, pseudo=(None, None)),
    )
    told = guesses(rows)
    assert told["learner"].tolist() == ["DAL (vote entropy)"] * 2
    assert told["pseudo"].tolist() == [20, 0]
    assert told.loc[0, "right"] == 35 / 40
    assert np.isnan(told.loc[1, "right"])


def test_in_words_tells_each_corpus_and_variant():
    rows = pd.concat([THRESHOLDS, table(row(corpus="urbansound8k", budget=30), row(corpus="urbansound8k", budget=40))])
    words = in_words(rows)
    assert words.startswith("On toy-city: Θ = 0.5 goes from 0.46 with 30 labels to 0.47 with 40; Θ = 1 goes from 0.48")
    assert "On urbansound8k: DAL (vote entropy) goes from 0.50 with 30 labels to 0.50 with 40." in words


def test_csv_and_back_says_the_same(tmp_path):
    THRESHOLDS.to_csv(tmp_path / "table.csv", index=False)
    read = pd.read_csv(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(curves(read), curves(THRESHOLDS))
    pd.testing.assert_frame_equal(guesses(read), guesses(THRESHOLDS))
    pd.testing.assert_frame_equal(
        paired(read, "Θ = 1", "Θ = 0.5"), paired(THRESHOLDS, "Θ = 1", "Θ = 0.5"), check_exact=False
    )


def test_labels_needed_lie_between_the_budgets_and_a_dip_costs_nothing():
    assert labels_needed([10, 20, 40], [0.4, 0.5, 0.7], 0.5) == 20
    assert labels_needed([10, 20, 40], [0.4, 0.5, 0.7], 0.55) == pytest.approx(25)
    assert labels_needed([10, 20, 40], [0.6, 0.5, 0.7], 0.55) == 10  # it had that before it fell
    assert labels_needed([10, 20, 40], [0.4, 0.5, 0.5], 0.51) == np.inf


def test_a_table_without_settings_is_told_apart_by_its_learners():
    plain = THRESHOLDS[THRESHOLDS["threshold"] == 0.5].drop(columns=["threshold", "alpha"])
    assert variants(plain).unique().tolist() == ["DAL (vote entropy)"]
