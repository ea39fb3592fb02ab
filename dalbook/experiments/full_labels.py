"""How far an embedding carries with every label given, on the official folds and on reshuffled ones.

Three tables: the recall on each fold, what is taken for what, and where each clip's nearest neighbor comes from.
``tools/full_labels.py`` writes them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.corpus import Corpus
from dalbook.learners.kmedoids import cosine_distance
from dalbook.learners.metrics import macro_recall
from dalbook.learners.svm import PoolSVM

KINDS = ("same recording", "same class", "other class")  # where a nearest neighbor comes from
SEEDS = 3  # how often the folds are reshuffled

# (m, d) training embeddings, (m,) their labels, (k, d) test embeddings -> (k,) predicted labels
Classifier = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def nearest_clip(x_train: np.ndarray, labels: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """The label of the training clip at the smallest cosine distance (1).

    >>> nearest_clip(np.eye(2), np.array([7, 8]), np.array([[3.0, 1.0]]))
    array([7])
    """
    return labels[cosine_distance(x_test, x_train).argmin(axis=1)]


def svm(x_train: np.ndarray, labels: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """What the support vector machine of the baselines says: RBF, C = 1, standardized on the training clips.

    >>> svm(np.array([[0.0], [1.0], [9.0], [10.0]]), np.array([0, 0, 1, 1]), np.array([[2.0], [8.0]]))
    array([0, 1])
    """
    machine = PoolSVM(x_train, int(labels.max()) + 1).fit(np.arange(len(labels)), labels)
    return machine.predict_proba(x_test).argmax(axis=1)


CLASSIFIERS: dict[str, Classifier] = {"nearest clip": nearest_clip, "SVM": svm}


def numbered(recordings: ArrayLike) -> NDArray[np.int64]:
    """A number from 0 for the name of each clip's recording, int64 (n,), in an order in which "99" is before "100".

    The committed tables were drawn in this order.

    >>> numbered(["100", "100", "99"])
    array([1, 1, 0])
    """
    names = np.asarray(recordings).tolist()
    number = {name: k for k, name in enumerate(sorted(set(names), key=lambda name: (len(name), name)))}
    return np.array([number[name] for name in names], dtype=np.int64)


def reshuffled(folds: ArrayLike, seed: int) -> NDArray[np.int64]:
    """Folds of the same sizes with the clips thrown in at random, slices of one recording torn apart: a mistake.

    >>> reshuffled([1, 1, 2, 2], seed=0)
    array([2, 1, 1, 2])
    """
    return np.random.default_rng(seed).permutation(np.asarray(folds, dtype=np.int64))


def reshuffled_whole(folds: ArrayLike, recording: ArrayLike, seed: int) -> NDArray[np.int64]:
    """As `reshuffled`, but every recording stays in one piece: it takes the fold of another.

    >>> reshuffled_whole([1, 1, 2, 2], [5, 5, 8, 9], seed=0)
    array([2, 2, 1, 2])
    """
    folds = np.asarray(folds, dtype=np.int64)
    _, first, which = np.unique(recording, return_index=True, return_inverse=True)
    return np.random.default_rng(seed).permutation(folds[first])[which]


def predictions(classify: Classifier, x: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> NDArray[np.int64]:
    """Each clip's label as predicted from all clips of the other folds, int64 (n,)."""
    predicted = np.empty(len(labels), dtype=np.int64)
    for fold in np.unique(folds):
        test = folds == fold
        predicted[test] = classify(x[~test], labels[~test], x[test])
    return predicted


def recall_by_fold(classify: Classifier, x: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> dict[int, float]:
    """Macro-averaged recall on each fold, with all clips of the others as training clips.

    >>> x, labels = np.array([[1.0, 0], [0, 1], [2, 1], [1, 2]]), np.array([0, 1, 0, 1])
    >>> recall_by_fold(nearest_clip, x, labels, np.array([1, 1, 2, 2]))
    {1: 1.0, 2: 1.0}
    """
    predicted = predictions(classify, x, labels, folds)
    there = [int(fold) for fold in np.unique(folds)]
    return {fold: float(macro_recall(labels[folds == fold], predicted[folds == fold])) for fold in there}


def neighbor_kinds(x: np.ndarray, labels: np.ndarray, recording: np.ndarray) -> NDArray[np.int64]:
    """Where each clip's nearest neighbor (1) comes from, int64 (n,), as a position in ``KINDS``.

    "same class" means another recording of the same class.

    >>> x = np.array([[1.0, 0], [1.0, 0.1], [0, 1]])
    >>> neighbor_kinds(x, np.array([0, 0, 1]), np.array([5, 5, 6]))
    array([0, 0, 2])
    """
    distance = cosine_distance(x)
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    return np.where(recording[nearest] == recording, 0, np.where(labels[nearest] == labels, 1, 2))


def tables(corpus: Corpus, x: np.ndarray, embedding: str) -> dict[str, pd.DataFrame]:
    """The three tables, by name."""
    labels, recording = corpus.labels, numbered(corpus.recordings)
    ways = [("official", 0, corpus.folds)]
    for seed in range(SEEDS):
        ways.append(("clips reshuffled", seed, reshuffled(corpus.folds, seed)))
        ways.append(("recordings reshuffled", seed, reshuffled_whole(corpus.folds, recording, seed)))
    what = {"corpus": corpus.name, "embedding": embedding}
    recall, confusions = [], []
    for name, classify in CLASSIFIERS.items():
        for way, seed, folds in ways:
            for fold, value in recall_by_fold(classify, x, labels, folds).items():
                recall.append({**what, "classifier": name, "folds": way, "seed": seed, "fold": fold, "recall": value})
        pairs = pd.DataFrame({"truth": labels, "predicted": predictions(classify, x, labels, corpus.folds)})
        for (truth, predicted), clips in pairs.value_counts(sort=False).items():
            names = {"truth": corpus.classes[truth], "predicted": corpus.classes[predicted]}
            confusions.append({**what, "classifier": name, **names, "clips": clips})
    kinds = neighbor_kinds(x, labels, recording)
    neighbors = []
    for c in np.unique(labels):
        counts = np.bincount(kinds[labels == c], minlength=len(KINDS))
        neighbors.append({**what, "class": corpus.classes[c]} | dict(zip(KINDS, counts, strict=True)))
    found = {"recall": recall, "confusions": confusions, "neighbors": neighbors}
    return {f"all_labels_{name}": pd.DataFrame(rows) for name, rows in found.items()}
