"""What cross-validation says of a classifier: recall, precision and their intervals, confusions, thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dalbook.detection.validation import Held, calibrated

ENDS = (0.025, 0.975)  # of the intervals
DRAWS = 10_000
HALF = 0.5  # the threshold of a class that could not be tested
COLUMNS = (
    *("labels", "recordings", "recall", "recall_low", "recall_high"),
    *("precision", "precision_low", "precision_high", "threshold"),
)


@dataclass(frozen=True, eq=False)
class Report:
    """How good a classifier is on recordings that it has never met; printed, it is a text.

    Recall and precision count each label as often as there are clips nearest to it, see `dalbook.detection.validation`;
    the counts and the confusion table are of the labels themselves. Intervals are of 95 %, with whole recordings as the
    observations.

    Attributes
    ----------
    per_class
        DataFrame, a row a class: ``labels`` and ``recordings`` that they come from; ``recall`` and ``precision`` with
        the ends of their intervals, NaN where the class could not be tested; ``threshold``, the score that `predict`
        asks for with ``threshold="auto"``.
    confusion
        DataFrame, a row a true class, a column a predicted one: labels.
    macro_recall, accuracy
        (value, low, high): the mean of the classes' recalls; the share of clips that are right.
    confidence
        The mean score of the likeliest class, each calibrated without the fold of its clip: the accuracy, where scores
        are good probabilities.
    notes
        What could not be done, and why.
    """

    per_class: pd.DataFrame
    confusion: pd.DataFrame
    macro_recall: tuple[float, float, float]
    accuracy: tuple[float, float, float]
    confidence: float
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = self.per_class.round(2).to_string(na_rep="-")
        lines = [
            f"macro-averaged recall {_interval(self.macro_recall)}, right {_interval(self.accuracy)}, "
            f"mean score {self.confidence:.2f}",
            *(f"note: {note}" for note in self.notes),
            "",
            shown,
            "",
            "confusions, true classes in rows:",
            self.confusion.to_string(),
        ]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """As numbers and texts that JSON can hold."""
        return {
            "per_class": {name: _plain(values) for name, values in self.per_class.items()},
            "classes": list(self.per_class.index),
            "confusion": self.confusion.to_numpy().tolist(),
            **{name: _plain(getattr(self, name)) for name in ("macro_recall", "accuracy")},
            "confidence": _plain([self.confidence])[0],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Report:
        """The report that `to_json` gave."""
        names = pd.Index(kept["classes"], name="class")
        table = {name: [np.nan if v is None else v for v in kept["per_class"][name]] for name in COLUMNS}
        confusion = pd.DataFrame(kept["confusion"], index=names, columns=list(names))
        numbers = [
            tuple(np.nan if v is None else float(v) for v in values)
            for values in (kept["macro_recall"], kept["accuracy"], [kept["confidence"]])
        ]
        return cls(pd.DataFrame(table, index=names), confusion, *numbers[:2], *numbers[2], tuple(kept["notes"]))


def make_report(held: Held, classes: Sequence[str]) -> Report:
    """Put together what cross-validation gave."""
    n_classes = len(classes)
    tested, truth, probs = held.tested, held.truth, calibrated(held)
    predicted = np.where(held.folds >= 0, held.scores.argmax(axis=1), -1)
    rows, draws, rng = [], [], np.random.default_rng(0)
    for c in range(n_classes):
        of_class = truth == c
        recall, spread = _share(held, tested & of_class, predicted == c)
        precision, _ = _share(held, tested & (predicted == c), truth == c)
        recordings = len(np.unique(held.groups[of_class]))
        told = tested & (predicted == c)
        missed = held.weights[tested & of_class & ~told].sum()
        threshold = _threshold(probs[told, c], of_class[told], held.weights[told], missed)
        rows.append([int(of_class.sum()), recordings, *recall, *precision, threshold])
        draws += [rng.beta(*spread, DRAWS)] if np.isfinite(recall[0]) else []
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (truth[tested], predicted[tested]), 1)
    names = pd.Index(classes, name="class")
    recalls = [row[2] for row in rows if np.isfinite(row[2])]
    macro = _around(np.mean(recalls), np.quantile(np.mean(draws, axis=0), ENDS)) if draws else (np.nan,) * 3
    accuracy, _ = _share(held, tested, predicted == truth)
    confidence = np.nan
    if tested.any():
        confidence = float(np.average(probs[tested].max(axis=1), weights=held.weights[tested]))
    return Report(
        pd.DataFrame(rows, index=names, columns=list(COLUMNS)),
        pd.DataFrame(confusion, index=names, columns=list(classes)),
        macro,
        accuracy,
        confidence,
        _notes(held, classes),
    )


def _notes(held: Held, classes: Sequence[str]) -> tuple[str, ...]:
    recordings = len(np.unique(held.groups))
    if recordings < 2:
        return ("all labels come from one recording, so nothing could be tested: label clips of others, too",)
    alone = [name for c, name in enumerate(classes) if not held.tested[held.truth == c].any()]
    if not alone:
        return ()
    return (f"labels of too few recordings to be tested: {', '.join(alone)}",)


def _share(held: Held, among: np.ndarray, right: np.ndarray) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The weighted share of `right` among some clips with its interval, and the beta distribution that this is from.

    It is Jeffreys' interval (Brown, Cai, DasGupta, Statistical Science, 2001), made for few observations. These are the
    recordings, as many as their weights are worth (Kish's effective sample size).
    """
    from scipy.stats import beta

    if not among.any():
        return (np.nan,) * 3, (np.nan,) * 2
    weights = held.weights[among]
    share = np.average(right[among], weights=weights)
    mass = np.bincount(held.groups[among], weights=weights)
    count = mass.sum() ** 2 / (mass**2).sum()
    spread = share * count + 0.5, (1 - share) * count + 0.5
    return _around(share, beta.ppf(ENDS, *spread)), spread


def _around(value: float, ends: np.ndarray) -> tuple[float, float, float]:
    """The value and its interval, which reaches to 0 or 1 where the value does."""
    low, high = min(ends[0], value), max(ends[1], value)
    return float(value), float(low), float(high)


def _threshold(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray, missed: float) -> float:
    """The score from which on a class is best told: the largest F1 of the tested clips; half where none is right.

    Of clips that were told to be of the class: their scores, whether they are, and how much each counts; `missed` is
    how much those count that are of the class and were told to be of another.
    """
    if not truth.any():
        return HALF
    order = np.argsort(-scores, kind="stable")
    scores, truth, weights = scores[order], truth[order], weights[order]
    found, told = np.cumsum(weights * truth), np.cumsum(weights)
    f1 = 2 * found / (told + found[-1] + missed)
    last_of_equals = np.append(scores[1:] != scores[:-1], True)
    best = int(np.argmax(np.where(last_of_equals, f1, -1)))
    below = scores[best + 1] if best + 1 < len(scores) else 0.0
    return float((scores[best] + below) / 2)


def _interval(value: tuple[float, float, float]) -> str:
    if not np.isfinite(value[0]):
        return "not tested"
    return f"{value[0]:.2f} ({value[1]:.2f} to {value[2]:.2f})"


def _plain(values) -> list:
    return [None if isinstance(v, float) and not np.isfinite(v) else v for v in np.asarray(values).tolist()]
