"""A corpus of 45 clips without sounds, and runs on it that take milliseconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.experiments.dataset import Inputs
from dalbook.experiments.plan import Run
from dalbook.learners.dal import DALConfig

N = 45
CONFIG = DALConfig(batch=6, first_steps=10, steps=4, n_masks=12, wait=2, learning_rate=0.02)


def corpus(**changed) -> Corpus:
    """Two classes in turn, in three folds."""
    ids = [f"{i}.wav" for i in range(N)]
    folds = np.arange(N) // 15 + 1
    return replace(Corpus("tiny", ("dog", "siren"), ids, np.arange(N) % 2, folds, None, "", ""), **changed)


def embeddings(d: int = 24, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((2, d))[np.arange(N) % 2] + 1.5 * rng.standard_normal((N, d)), 0)


def inputs(embedding: str = "small", d: int = 24, seed: int = 0) -> Inputs:
    return Inputs.of(corpus(), embedding, embeddings(d, seed))


def run(
    learner: str = "dal", fold: int = 1, trial: int = 0, budgets=(6, 9, 12), start="paper", unequal=False, **config
) -> Run:
    """A run on `inputs()`; MAL on the Kullback-Leibler distance needs 275 dimensions."""
    name = (inputs("mfcc", 275) if learner == "mal:kl" else inputs()).name
    settings = None if learner.startswith("mal") else replace(CONFIG, **config)
    return Run(learner, name, fold, trial, trial, tuple(budgets), settings, start, unequal)


def save(folder) -> None:
    """Put what the runs read into a folder."""
    for one in (inputs(), inputs("mfcc", 275)):
        one.save(folder)


def without_seconds(result: dict) -> dict:
    return {k: v for k, v in result.items() if k != "seconds"}


def written(folder, pattern: str = "*") -> dict:
    """Which files are there, and when each was written last."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in Path(folder).glob(pattern)}
