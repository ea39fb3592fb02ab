"""Several people, the same clips: how far they agree, and which clips to listen to together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import Row, text
from dalbook.labeling.read import read_rows, standing


@dataclass(frozen=True, eq=False)
class Agreement:
    """What several annotators say.

    Attributes
    ----------
    labels
        DataFrame, a row a clip, a column an annotator: the class each gave; missing where they gave none (unsure and
        skipped clips are none).
    kappa
        DataFrame, a row a pair of annotators: ``clips`` that both labeled, the share ``agree`` of them with the same
        label, and Cohen's ``kappa``: 1 for perfect agreement, 0 for as much as chance gives; missing where both gave
        one and the same class throughout, or no clip is common.
    per_class
        DataFrame, a row a class: how many ``labels`` of it were given on clips that two or more people labeled, and
        ``agree``: of all pairs of labels of one clip in which the class occurs, the share of its labels whose partner
        says the same (specific agreement: 2 both / (2 both + one only)).
    disagreements
        DataFrame, the rows of `labels` where two people gave different classes.
    """

    labels: pd.DataFrame
    kappa: pd.DataFrame
    per_class: pd.DataFrame
    disagreements: pd.DataFrame

    def sounds(self, corpus: Corpus, most: int = 10) -> dict[str, tuple[np.ndarray, int]]:
        """The first clips they disagree on, under names that tell who said what; for `dalbook.book.player.play`."""
        position = {text(name): clip for clip, name in enumerate(corpus.ids)}
        found = {}
        for clip, said in self.disagreements.head(most).iterrows():
            if clip not in position:
                raise ValueError(f"clip {clip!r} is not in corpus {corpus.name}: take the corpus that was labeled")
            words = ", ".join(f"{who}: {label}" for who, label in said.dropna().items())
            found[f"{clip} ({words})"] = corpus.audio(position[clip])
        return found


def agreement(*paths: str | os.PathLike) -> Agreement:
    """Compare annotators: those of several files of labels, or the several of one file.

    In one file the last decision of each annotator on a clip counts as theirs.

    Parameters
    ----------
    paths
        Files of the labeler.

    Raises
    ------
    ValueError
        There is only one annotator.

    Examples
    --------
    >>> import tempfile
    >>> from dalbook.labeling.csv_rows import HEADER, line
    >>> path = Path(tempfile.mkdtemp(), "labels.csv")
    >>> said = [("a", "cat", "anna"), ("b", "dog", "anna"), ("a", "cat", "bob"), ("b", "cat", "bob")]
    >>> rows = [Row(clip, label, "labeled", who, "", None, 0, None, "") for clip, label, who in said]
    >>> _ = path.write_bytes(HEADER + b"".join(map(line, rows)))
    >>> found = agreement(path)
    >>> found.kappa.values.tolist()
    [['anna', 'bob', 2, 0.5, 0.0]]
    >>> found.disagreements.index.tolist()
    ['b']
    """
    said = _annotators(paths)
    if len(said) < 2:
        who = ", ".join(map(repr, said)) or "nobody"
        raise ValueError(f"agreement needs labels of at least two annotators, and these are of {who} only")
    clips = list(dict.fromkeys(clip for labels in said.values() for clip in labels))
    table = pd.DataFrame({who: pd.Series(labels, dtype=object) for who, labels in said.items()}, index=clips)
    table.index.name = "clip"
    differ = table.nunique(axis=1) > 1
    return Agreement(table, _kappa(table), _per_class(table), table[differ])


def _annotators(paths: Sequence[str | os.PathLike]) -> dict[str, dict[str, str]]:
    """Annotator -> clip -> class; people of one name in different files are different people."""
    groups: list[tuple[str, str, list[Row]]] = []
    for path in paths:
        by_name: dict[str, list[Row]] = {}
        for row in read_rows(path):
            by_name.setdefault(row.annotator, []).append(row)
        groups += [(who, Path(path).name if _unique(paths) else str(path), rows) for who, rows in by_name.items()]
    names = Counter(who for who, _, _ in groups)
    said = {}
    for who, where, rows in groups:
        name = who if who and names[who] == 1 else f"{who or 'somebody'} ({where})"
        labels = {clip: row.label for clip, row in standing(rows).items() if row.status == "labeled"}
        if labels:
            said[name] = labels
    return said


def _unique(paths: Sequence[str | os.PathLike]) -> bool:
    return len({Path(path).name for path in paths}) == len(paths)


def _kappa(table: pd.DataFrame) -> pd.DataFrame:
    from sklearn.metrics import cohen_kappa_score

    rows = []
    for one, other in combinations(table.columns, 2):
        both = table[[one, other]].dropna()
        a, b = both[one].astype(str), both[other].astype(str)
        defined = len(both) and len({*a, *b}) > 1
        kappa = cohen_kappa_score(a, b) if defined else np.nan
        rows.append([one, other, len(both), float((a == b).mean()) if len(both) else np.nan, float(kappa)])
    return pd.DataFrame(rows, columns=["annotator", "other", "clips", "agree", "kappa"])


def _per_class(table: pd.DataFrame) -> pd.DataFrame:
    given: Counter = Counter()
    same: Counter = Counter()
    pairs: Counter = Counter()
    for _, row in table.iterrows():
        labels = row.dropna().tolist()
        if len(labels) > 1:
            given.update(labels)
        for a, b in combinations(labels, 2):
            pairs.update((a, b))
            same.update((a, b) if a == b else ())
    names = sorted(given)
    rows = [[name, given[name], same[name] / pairs[name]] for name in names]
    return pd.DataFrame(rows, columns=["class", "labels", "agree"]).set_index("class")
