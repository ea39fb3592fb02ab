"""Is the recall that a classifier reports, cross-validated on the labels of a session, that on other recordings?

Sessions of 60 labels in each of UrbanSound8K's folds, as the labeler has them, with the other folds for testing; once
with its recordings known, and once joined to files of ten minutes, as a recorder leaves them. A row a session, and in
the end what the words in `dalbook.detection.validation` say of them.

    python tools/report_check.py --root DIR --embedding yamnet.npz
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from dalbook import HerdingLearner, load_embeddings, load_urbansound8k, macro_recall
from dalbook.detection.report import make_report
from dalbook.detection.validation import held_out

SESSIONS, LABELS, PER_FILE = 4, 60, 150


def main() -> None:
    """Print the rows and the means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", required=True)
    parser.add_argument("--embedding", required=True)
    options = parser.parse_args()
    corpus = load_urbansound8k(options.root)
    x = load_embeddings(options.embedding, corpus)
    own = np.unique(corpus.recordings, return_inverse=True)[1]
    found = {"counted by what they stand for": [], "counted alike": []}
    for joined in (False, True):
        for fold in np.unique(corpus.folds):
            for seed in range(SESSIONS):
                pool, test = np.flatnonzero(corpus.folds == fold), np.flatnonzero(corpus.folds != fold)
                groups = files(own, pool, seed) if joined else own
                learner = HerdingLearner(x, 10, pool=pool, recordings=groups, seed=seed)
                for _ in range(LABELS):
                    clip = learner.ask()
                    learner.tell(clip, int(corpus.labels[clip]))
                met, given = np.unique(list(learner.labels.values()), return_inverse=True)
                target = np.full(len(corpus), -1)
                target[list(learner.labels)] = given
                held = held_out(x[pool], target[pool], groups[pool], np.ones(len(pool), bool), len(met))
                told = met[learner.predict_proba(x[test])[:, met].argmax(axis=1)]
                true = macro_recall(corpus.labels[test], told)
                for how, one in zip(found, (held, replace(held, weights=np.ones(len(held.clips)))), strict=True):
                    value, low, high = make_report(one, list(map(str, met))).macro_recall
                    found[how].append((value - true, low <= true <= high))
                    print(
                        joined, fold, seed, how, f"{value:.3f} ({low:.3f} to {high:.3f}), true {true:.3f}", flush=True
                    )
    for how, rows in found.items():
        differences, inside = np.array(rows).T
        print(
            f"{how}: {100 * differences.mean():+.1f} points in the mean, {100 * abs(differences).mean():.1f} in size; "
            f"the interval holds the true recall in {int(inside.sum())} of {len(rows)}"
        )


def files(own: np.ndarray, pool: np.ndarray, seed: int) -> np.ndarray:
    """The file of each clip of the pool, whole recordings side by side in a random order; others stay as they are."""
    place = {name: i for i, name in enumerate(np.random.default_rng(seed).permutation(np.unique(own[pool])))}
    order = np.argsort([place[name] for name in own[pool]], kind="stable")
    groups = own + len(pool)
    groups[pool[order]] = np.arange(len(pool)) // PER_FILE
    return groups


if __name__ == "__main__":
    main()
