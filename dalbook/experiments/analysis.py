"""From the tidy table of an experiment to what it says: curves with intervals, paired differences, the guesses behind.

The tables are those of `dalbook table`, see `dalbook.experiments.batch.Listing.table`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from dalbook.learners import registry
from dalbook.learners.metrics import bootstrap_interval, summary

SURE = 0.05  # below it a corrected p makes a verdict


def variants(table: pd.DataFrame) -> pd.Series:
    """What each row is a variant of, in words: the threshold or weight where these differ, else the learner.

    Where one variant was run on several embeddings of a corpus, these are part of its name, and so is how runs begin
    where that differs.

    >>> table = pd.DataFrame({"learner": ["dal", "dal"], "threshold": [0.5, 1.0], "alpha": [0.01, 0.01]})
    >>> variants(table).tolist()
    ['Θ = 0.5', 'Θ = 1']
    """
    varied = [(c, s) for c, s in (("threshold", "Θ"), ("alpha", "α")) if c in table and table[c].nunique() > 1]
    named = not varied or table["learner"].nunique() > 1
    begins = [c for c in ("start", "unequal") if c in table and table[c].nunique() > 1]
    names, learners = [], registry.words()
    for row in table.reindex(columns=["learner", "threshold", "alpha"]).itertuples(index=False):
        words = [learners.get(row.learner, row.learner)] * named
        words += [f"{symbol} = {getattr(row, c):g}" for c, symbol in varied if pd.notna(getattr(row, c))]
        names.append(", ".join(words))
    names = pd.Series(names, table.index, dtype=object)
    if "start" in begins:
        names += np.where(table["start"] == "nothing", ", from nothing", "")
    if "unequal" in begins:
        names += np.where(table["unequal"].astype(bool), ", unequal classes", "")
    if "embedding" in table:
        by = [names, table["corpus"]] if "corpus" in table else [names]
        several = table.groupby(by, sort=False)["embedding"].transform("nunique") > 1
        names = names.where(~several, names + " (" + table["embedding"].astype(str) + ")")
    return names


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """Mean recall and 80 % interval of each variant at each budget, see `dalbook.learners.metrics.summary`.

    Parameters
    ----------
    table
        The runs of one corpus.

    Returns
    -------
    DataFrame
        learner (the variant in words), budget, mean, low, high, experiments.

    Raises
    ------
    ValueError
        A run stands in the table twice.
    """
    return summary(_each_once(table.assign(learner=variants(table))))


def paired(table: pd.DataFrame, variant: str, reference: str) -> pd.DataFrame:
    """How much better one variant is than another on the same test fold and in the same trial.

    Both start from the same labels and weights there, so what makes one fold or start harder than another drops out.

    Parameters
    ----------
    table
        The runs of one corpus.
    variant, reference
        Two names out of `variants`.

    Returns
    -------
    DataFrame
        One row a budget and one, "all", for the mean over all budgets: the mean difference in recall, its 80 %
        bootstrap interval (low, high), how many of the pairs it is positive in (better) and negative in (worse), and
        p of Wilcoxon's signed-rank test, two-sided, NaN for fewer than six pairs, where it cannot fall below 0.05.

    Raises
    ------
    ValueError
        A variant that is not there, or a run that stands in the table twice.

    Examples
    --------
    >>> rows = [["dal", t, 0.01, 1, i, 30, r + t * i / 100] for t in (0.5, 1.0) for i, r in enumerate((0.5, 0.6, 0.7))]
    >>> table = pd.DataFrame(rows, columns="learner threshold alpha fold trial budget macro_recall".split())
    >>> float(paired(table, "Θ = 1", "Θ = 0.5").loc["all", "difference"])
    0.005
    """
    from scipy.stats import wilcoxon

    table = _each_once(table.assign(learner=variants(table)))
    for name in (variant, reference):
        if name not in set(table["learner"]):
            raise ValueError(f"there is no variant {name!r}; choose from {', '.join(table['learner'].unique())}")
    recall = table.pivot(index=["fold", "trial"], columns=["learner", "budget"], values="macro_recall")
    difference = (recall[variant] - recall[reference]).dropna()
    difference["all"] = difference.mean(axis=1)
    rows = []
    for budget, values in difference.items():
        low, high = bootstrap_interval(values)
        p = wilcoxon(values).pvalue if len(values) >= 6 and values.any() else np.nan
        better, worse = int((values > 0).sum()), int((values < 0).sum())
        rows.append([budget, round(values.mean(), 12), low, high, better, worse, p])
    columns = ["budget", "difference", "low", "high", "better", "worse", "p"]
    return pd.DataFrame(rows, columns=columns).set_index("budget")


def against(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Every other variant against one, over all budgets, fold by fold and trial by trial, see `paired`.

    Parameters
    ----------
    table
        The runs of one corpus.
    reference
        A name out of `variants`.

    Returns
    -------
    DataFrame
        One row a variant: difference, low and high in percentage points, better, worse, p (corrected by `holm` for as
        many comparisons as there are rows), and a verdict: "better" or "worse" where the 80 % interval of the mean
        difference leaves out zero and p is below 0.05, else "not told apart".

    Examples
    --------
    >>> rows = [["dal", t, 0.01, 1, i, 30, r + t * i / 100] for t in (0.5, 1.0) for i, r in enumerate((0.5, 0.6, 0.7))]
    >>> table = pd.DataFrame(rows, columns="learner threshold alpha fold trial budget macro_recall".split())
    >>> float(against(table, "Θ = 0.5").loc["Θ = 1", "difference"])
    0.5
    """
    rows = {}
    for name in variants(table).unique():
        if name != reference:
            row = paired(table, name, reference).loc["all"]
            points = (100 * row[["difference", "low", "high"]]).round(2)
            rows[name] = {**points, **row[["better", "worse"]].astype(int), "p": row["p"]}
    found = pd.DataFrame.from_dict(rows, orient="index")
    found["p"] = holm(found["p"]).round(4)
    found["verdict"] = "not told apart"
    sure = found["p"] < SURE
    found.loc[sure & (found["low"] > 0), "verdict"] = "better"
    found.loc[sure & (found["high"] < 0), "verdict"] = "worse"
    return found


def holm(p: ArrayLike) -> np.ndarray:
    """Holm's correction of several tests' p values for how many they are: the chance of one false alarm among them all.

    Parameters
    ----------
    p
        Shape (k,); a test that could not be made, NaN, stays so and does not count.

    References
    ----------
    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.array(p, float)
    made = np.flatnonzero(np.isfinite(p))
    order = made[np.argsort(p[made], kind="stable")]
    p[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return p


def labels_needed(budgets: ArrayLike, recalls: ArrayLike, recall: float) -> float:
    """How many labels a learning curve needs for a recall, between its budgets by straight lines; infinity if never.

    Parameters
    ----------
    budgets
        Labels (b,), ascending.
    recalls
        Mean recall at each, (b,). Where a curve falls, what it had before counts.
    recall
        What is to be reached. One that the first budget has already needs that many at most.

    Examples
    --------
    >>> labels_needed([10, 20, 40], [0.4, 0.5, 0.7], 0.6), labels_needed([10, 20], [0.4, 0.5], 0.6)
    (30.0, inf)
    """
    best = np.maximum.accumulate(np.asarray(recalls, float))
    if recall > best[-1]:
        return float("inf")
    at = int(np.searchsorted(best, recall))
    if at == 0:
        return float(np.asarray(budgets)[0])
    (x0, x1), (y0, y1) = np.asarray(budgets, float)[at - 1 : at + 1], best[at - 1 : at + 1]
    return float(x0 + (x1 - x0) * (recall - y0) / (y1 - y0))


def guesses(table: pd.DataFrame) -> pd.DataFrame:
    """The pseudo-labels of each variant at each budget: how many on average, and the share of them that is right.

    Returns
    -------
    DataFrame
        learner (the variant in words), budget, pseudo, right (NaN where there is none).
    """
    table = table[table["pseudo"].notna()]
    groups = table.assign(learner=variants(table)).groupby(["learner", "budget"], sort=False)
    summed = groups[["pseudo", "pseudo_right"]].sum().astype(float)
    pseudo = groups["pseudo"].mean().astype(float)
    right = summed["pseudo_right"] / summed["pseudo"].where(summed["pseudo"] > 0)
    return pd.DataFrame({"pseudo": pseudo, "right": right}).reset_index()


def in_words(table: pd.DataFrame) -> str:
    """The curves as sentences, for those who cannot see the figure: where each begins and ends, corpus by corpus.

    >>> rows = [["toy-city", "dal", 0.5, 0.01, 1, 0, n, r] for n, r in ((30, 0.5), (40, 0.6))]
    >>> in_words(pd.DataFrame(rows, columns="corpus learner threshold alpha fold trial budget macro_recall".split()))
    'On toy-city: DAL (vote entropy) goes from 0.50 with 30 labels to 0.60 with 40.'
    """
    sentences = []
    for corpus, part in table.groupby("corpus", sort=False):
        ends = []
        for name, curve in curves(part).groupby("learner", sort=False):
            first, last = curve.iloc[0], curve.iloc[-1]
            ends.append(
                f"{name} goes from {first['mean']:.2f} with {first['budget']} labels to {last['mean']:.2f} with "
                f"{last['budget']}"
            )
        sentences.append(f"On {corpus}: {'; '.join(ends)}.")
    return " ".join(sentences)


def described(name: str, part: pd.DataFrame) -> str:
    """What a corpus's part of a table was measured on: embedding (DAL's), trials, folds held out.

    >>> rows = [["yamnet", "dal", fold, trial] for fold in (1, 2) for trial in range(10)]
    >>> described("UrbanSound8K", pd.DataFrame(rows, columns="embedding learner fold trial".split()))
    'UrbanSound8K, yamnet, 10 trials, held out: fold 1, 2'
    """
    folds = ", ".join(map(str, sorted(part["fold"].unique())))
    n = part["trial"].nunique()
    embedding = part.loc[part["learner"].str.startswith("dal"), "embedding"].iloc[0]
    return f"{name}, {embedding}, {'one trial' if n == 1 else f'{n} trials'}, held out: fold {folds}"


def _each_once(table: pd.DataFrame) -> pd.DataFrame:
    """The table as it is, or an error where averaging would count a run twice, such as one of two corpora."""
    where = ["learner", "fold", "trial", "budget"]
    twice = table[table.duplicated(where)]
    if len(twice):
        first = ", ".join(f"{column} {twice.iloc[0][column]}" for column in where)
        raise ValueError(f"the table has the same run twice ({first}): give it one corpus, and each run once")
    return table
