"""Learning curves of several learners on a corpus: the runs behind `dalbook curve`."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np

import dalbook
from dalbook.corpora.corpus import Corpus
from dalbook.files.hashing import fingerprint
from dalbook.learners import registry
from dalbook.learners.class_counts import check_classes
from dalbook.learners.dal import DALConfig
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.simulate import check_budgets, initial_labels, simulate

STARTS = ("paper", "nothing")


@dataclass(frozen=True)
class Run:
    """One learner on one fold in one trial; independent of all others."""

    learner: str
    fold: int
    trial: int
    seed: int


def plan(
    corpus: Corpus,
    learners: Sequence[str],
    folds: Sequence[int] | None,
    trials: int,
    seed: int,
    budgets: Sequence[int],
    start: str = "paper",
) -> list[Run]:
    """The runs of an experiment, checked before the first one starts; MAL, which draws nothing at random, runs once.

    Parameters
    ----------
    corpus
        With known labels and folds.
    learners
        Names out of `dalbook.learners.registry.names`.
    folds
        Test folds, None for all.
    trials
        Repetitions; trial t has the seed ``seed + t``.
    budgets
        Numbers of labels N.
    start
        One of STARTS: "paper", three given labels a class (section 5.1), or "nothing", no label and no class known
        until it is met; whoever needs labels to start from then asks for typical clips first.

    Raises
    ------
    ValueError
        An unknown learner or start, a fold that is not there, a budget that does not fit, a class with too few clips.
    """
    if (corpus.labels < 0).any():
        raise ValueError(f"corpus {corpus.name} has clips of unknown class: a learning curve needs the true labels")
    if trials < 1 or seed < 0:
        raise ValueError(f"there must be at least one trial and a seed from 0 on, not {trials} and {seed}")
    if start not in STARTS:
        raise ValueError(f"there is no start {start!r}; choose from {', '.join(STARTS)}")
    families = {name: registry.family(name) for name in learners}
    folds = np.unique(corpus.folds).tolist() if folds is None else list(dict.fromkeys(folds))
    for fold in folds:
        pool, _ = corpus.split(fold)
        check_classes(corpus.labels, corpus.classes, pool, minimum=1)  # DAL asks for three, see `initial_labels`
        starts = start == "paper" and any(family.initial for family in families.values())
        initial = initial_labels(corpus.labels, pool, corpus.classes, seed) if starts else {}
        check_budgets(budgets, len(initial), len(pool))
    return [
        Run(name, fold, trial, seed + trial)
        for trial in range(trials)
        for fold in folds
        for name, family in families.items()
        if trial == 0 or family.draws
    ]


def run(
    one: Run, x: np.ndarray, corpus: Corpus, budgets: Sequence[int], device: str = "auto", start: str = "paper"
) -> list[dict]:
    """Run one learner up to the largest budget: a row for each budget with its macro-averaged recall."""
    pool, test = corpus.split(one.fold)
    needs = start == "paper" and registry.family(one.learner).initial
    initial = initial_labels(corpus.labels, pool, corpus.classes, one.seed) if needs else {}
    _, recordings = np.unique(corpus.recordings, return_inverse=True)
    learner = registry.build(
        one.learner, x, len(corpus.classes), initial, pool, one.seed, device=device, recordings=recordings
    )
    curve = simulate(learner, corpus.labels, budgets, macro_recall_on(x[test], corpus.labels[test]))
    return [{**asdict(one), "budget": budget, "macro_recall": score} for budget, score in curve.items()]


def run_all(
    runs: Sequence[Run],
    x: np.ndarray,
    corpus: Corpus,
    budgets: Sequence[int],
    jobs: int,
    device: str = "auto",
    start: str = "paper",
) -> Iterator[list[dict]]:
    """Run them, `jobs` at a time with one compute thread each; results come in order, as they are ready."""
    from joblib import Parallel, delayed

    if jobs == 1 or len(runs) == 1:
        yield from (run(one, x, corpus, budgets, device, start) for one in runs)
        return
    tasks = (delayed(_run_alone)(one, x, corpus, budgets, device, start) for one in runs)
    try:
        yield from Parallel(n_jobs=min(jobs, len(runs)), return_as="generator")(tasks)
    except BrokenProcessPool:
        raise ChildProcessError("a process was killed, probably for want of memory: use fewer --jobs") from None


def _run_alone(one: Run, x: np.ndarray, corpus: Corpus, budgets: Sequence[int], device: str, start: str) -> list[dict]:
    import torch

    torch.set_num_threads(1)
    return run(one, x, corpus, budgets, device, start)


def settings(corpus: Corpus, embedding: str, x: np.ndarray, **rest: object) -> dict:
    """All that decides a result, for the file it goes into."""
    return {
        "corpus": corpus.name,
        "clips": len(corpus),
        "corpus_fingerprint": corpus.fingerprint,
        "embedding": embedding,
        "embedding_fingerprint": fingerprint(x),
        "dimensions": int(x.shape[1]),
        "dal": asdict(DALConfig()),
        **rest,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of dalbook, Python and the libraries that compute."""
    libraries = ("numpy", "scipy", "scikit-learn", "torch", "numba")
    own = {"dalbook": dalbook.__version__, "python": platform.python_version()}
    return own | {name: version(name) for name in libraries}
