"""What would the paper's figures take at full size on this machine? UrbanSound8K's real folds, random embeddings.

The metadata tells how many clips each class and recording has in each fold; embeddings that cost what real ones cost
are made up (`dalbook.experiments.benchmarks.common.embeddings_like`). Single iterations are timed at several numbers of
labels, with as many processes side by side as the figures would have, one compute thread each, and added up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalbook.corpora.urbansound8k import CLASSES, read_metadata
from dalbook.experiments.benchmarks.common import embeddings_like, machine, peak_memory, timed
from dalbook.experiments.plan import FIGURES, SMALL, variants, wide_budgets
from dalbook.learners.dal import DALConfig, DropoutLearner
from dalbook.learners.mal import MedoidLearner
from dalbook.learners.simulate import initial_labels

STEPS = 100  # of the 1600 initial steps, and of 40 steps an iteration: enough to time one
ITERATIONS = 3
_SIZES = (30, 130, 1000, 3500)  # numbers of labels at which an iteration is timed, besides all


@dataclass(frozen=True)
class Cost:
    """Seconds of the parts of a run on one thread while the other cores are busy with the same."""

    start: float  # the 1600 initial steps
    iterations: dict[int, float]  # stage I and II, at so many labels
    weighted: dict[int, float]  # the same where pseudo-labels weigh as much as labels (alpha = 1)
    score: float  # recall on the test fold
    mal_start: float  # clustering
    mal_score: dict[int, float]  # a fit and recall on the test fold, at so many labels
    peak_mib: float | None

    def run(self, learner: str, config: DALConfig | None, budgets: Sequence[int]) -> float:
        """Seconds of one run up to the last budget, without the initial steps, which the variants share."""
        if config is None:
            return self.mal_start + sum(between(self.mal_score, n) for n in budgets)
        each = self.weighted if config.alpha == 1 else self.iterations
        labels = np.arange(30, budgets[-1] + 1)
        return config.wait * between(each, 30) + sum(between(each, n) for n in labels) + len(budgets) * self.score


def between(seconds: dict[int, float], n: int) -> float:
    """Linear in between what was measured.

    >>> between({30: 1.0, 130: 2.0}, 80)
    1.5
    """
    return float(np.interp(n, list(seconds), list(seconds.values())))


def rehearse(metadata: Path, jobs: int, say: Callable[[str], object]) -> dict:
    """Measure and tell what each figure would take; `metadata` is UrbanSound8K.csv.

    Returns
    -------
    dict
        The machine, seconds an iteration, peak memory of a process in MiB, and hours a figure.
    """
    from joblib import Parallel, delayed

    told = machine()
    say(", ".join(f"{k} {v}" for k, v in told.items()))
    rows = read_metadata(metadata)
    pool = sum(row.fold != 1 for row in rows)
    say(f"{len(rows)} clips x 2048 dimensions, fold 1 held out: {pool} to learn from; {jobs} processes side by side")
    costs = Parallel(n_jobs=jobs)(delayed(_measure)(metadata) for _ in range(jobs))
    cost = max(costs, key=lambda c: c.iterations[30])
    say(f"the 1600 initial steps          {cost.start:8.2f} s")
    for n, seconds in cost.iterations.items():
        say(f"an iteration with {n:5d} labels   {seconds:8.3f} s")
    say(f"recall on the test fold         {cost.score:8.3f} s")
    if cost.peak_mib is not None:
        say(f"peak memory of a process        {cost.peak_mib:8.0f} MiB")
    hours = {}
    for figure in FIGURES:
        trials, budgets = (1, wide_budgets(pool)) if figure == "fig4" else (10, SMALL)
        compared = variants(figure, mfcc=True)
        each = [cost.run(name, config, budgets) for name, config in compared]
        seconds = 10 * trials * (cost.start + sum(each))
        hours[figure] = seconds / jobs / 3600
        say(f"{figure:12s} {len(compared) * 10 * trials:4d} runs: {hours[figure]:6.1f} hours here")
    parts = {"start_s": cost.start, "iteration_s": cost.iterations, "iteration_alpha_1_s": cost.weighted}
    return {"machine": told, "clips": len(rows), "jobs": jobs, **parts, "peak_mib": cost.peak_mib, "hours": hours}


def _measure(metadata: Path) -> Cost:
    """All parts of a run with fold 1 held out, on one thread."""
    import torch

    torch.set_num_threads(1)
    rows = read_metadata(metadata)
    truth, folds = np.array([row.label for row in rows]), np.array([row.fold for row in rows])
    sources, recording = np.unique([row.recording for row in rows], return_inverse=True)
    class_of = np.zeros(len(sources), int)
    class_of[recording] = truth  # of a recording with two classes, one: its clips cost the same
    x = embeddings_like(class_of, recording)
    pool, test = np.flatnonzero(folds != 1), np.flatnonzero(folds == 1)

    def iteration(n: int, alpha: float) -> tuple[float, float]:
        """Seconds of an iteration with n labels, and of scoring."""
        start = initial_labels(truth, pool, CLASSES, seed=0)
        rest = np.random.default_rng(0).permutation(pool[~np.isin(pool, list(start))])[: n - len(start)]
        labels = start | {int(clip): int(truth[clip]) for clip in rest}
        config = DALConfig(alpha=alpha, first_steps=STEPS, wait=0)
        learner = DropoutLearner(x, len(CLASSES), labels, pool=pool, config=config, device="cpu")
        each = []
        for _ in range(ITERATIONS):
            clip = learner.ask()
            train, _ = timed(lambda clip=clip: learner.tell(clip, int(truth[clip])))
            scan, _ = timed(learner.scan)
            each.append(train + scan)
        return float(np.median(each)), timed(lambda: learner.predict_proba(x[test]))[0]

    learner = DropoutLearner(
        x, len(CLASSES), initial_labels(truth, pool, CLASSES, seed=0), pool=pool, config=DALConfig(first_steps=STEPS)
    )
    learner.train_initially()  # compiles, or loads what was compiled
    start, _ = timed(lambda: learner._descend({}, STEPS))
    iterations, weighted, score = {}, {}, 0.0
    for n in (*_SIZES, len(pool) - ITERATIONS):
        iterations[n], score = iteration(n, 0.01)
    for n in _SIZES[:2]:
        weighted[n], _ = iteration(n, 1.0)
    peak = peak_memory()
    mal_start, mal = timed(lambda: MedoidLearner(x, pool=pool, n_classes=len(CLASSES)))
    mal_score = {}
    for n in (_SIZES[0], _SIZES[-1], len(pool)):
        while len(mal.labels) < n:
            clip = mal.ask()
            mal.tell(clip, int(truth[clip]))
        mal_score[n], _ = timed(lambda: mal.predict_proba(x[test]))
    return Cost(start * 1600 / STEPS, iterations, weighted, score, mal_start, mal_score, peak)
