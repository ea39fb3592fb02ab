"""What each part of the herding learner buys: the whole, and the whole without one part, from nothing.

A row a run and budget is added to the table as each run ends; started again, it does what is missing.

    python tools/herding_ablation.py --root DIR --embedding yamnet.npz --out data/results/herding_ablation.csv --jobs 2
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from dalbook import load_embeddings, load_urbansound8k
from dalbook.experiments.dataset import Inputs
from dalbook.learners.acquisition import margin
from dalbook.learners.dal import DropoutLearner
from dalbook.learners.geometry import Geometry
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.metrics import macro_recall
from dalbook.learners.spread_ridge import LANDMARKS, SPREAD_TO, SpreadRidge

BUDGETS = (10, 20, 30, 60, 120)
DAL_BUDGETS = (20, 60)  # the paper's classifier is trained anew for each, which takes as long as a whole run
COLUMNS = ("corpus", "embedding", "variant", "fold", "trial", "budget", "macro_recall")


class _PlainSpace:
    """Embeddings of unit length, and nothing else."""

    def points(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, np.float32)
        return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.float32(1e-9))


class _Unspread(SpreadRidge):
    """The ridge on the labeled clips alone: a label reaches no other clip."""

    def _flow(self, clip: int) -> np.ndarray:
        return np.zeros(len(self.some), np.float32)


class PlainUnitLength(HerdingLearner):
    """Distances between embeddings of unit length, for questions and for the classifier."""

    @cached_property
    def _space(self) -> Geometry | _PlainSpace:
        return _PlainSpace()


class CoverageAlone(HerdingLearner):
    """Every clip is as uncertain as any other."""

    def uncertainty(self) -> np.ndarray:
        """One for each reference clip."""
        return np.ones(len(self.references))


class AllClipsWeighTheSame(HerdingLearner):
    """A long recording counts as what it has of clips; labels are spread within recordings all the same."""

    @cached_property
    def _weights(self) -> np.ndarray:
        return np.ones(len(self.references))


class FewReferences(HerdingLearner):
    """A random 600 clips stand for the pool, as they must where it is large."""

    @property
    def references(self) -> np.ndarray:
        """Positions, ascending."""
        return np.sort(self._order[:600])


class UncertaintyAlone(HerdingLearner):
    """The clip of the smallest margin; at random until two classes are met."""

    def _choose(self, k: int) -> list[int]:
        unlabeled = self._order[~np.isin(self._order, list(self.labels))]
        if len(set(self.labels.values())) > 1:
            unsure = margin(self.predict_proba(self.x[unlabeled]))
            unlabeled = unlabeled[np.argsort(-unsure, kind="stable")]
        return unlabeled[:k].tolist()


class NoSpreading(HerdingLearner):
    """The classifier learns from the labeled clips alone."""

    @cached_property
    def _spread_ridge(self) -> SpreadRidge:
        some, landmarks = (np.sort(self._order[:most]) for most in (SPREAD_TO, LANDMARKS))
        return _Unspread(self.x, some, landmarks, self._space)


VARIANTS: dict[str, Callable[..., HerdingLearner]] = {
    "whole": HerdingLearner,
    "plain unit length": PlainUnitLength,
    "coverage alone": CoverageAlone,
    "uncertainty alone": UncertaintyAlone,
    "random questions": lambda *given, **named: HerdingLearner(*given, **named, acquisition="random"),
    "no spreading": NoSpreading,
    "no recordings": lambda *given, **named: HerdingLearner(*given, **{**named, "recordings": None}),
    "all clips weigh the same": AllClipsWeighTheSame,
    "few references": FewReferences,
}
DAL_HEAD = "DAL's head"  # what the paper's classifier makes of the labels that the whole learner asked for
NAMES = (*VARIANTS, DAL_HEAD)


def budgets(variant: str) -> tuple[int, ...]:
    """Where a variant is scored."""
    return DAL_BUDGETS if variant == DAL_HEAD else BUDGETS


def run(inputs: Inputs, variant: str, fold: int, trial: int) -> list[tuple]:
    """One run from nothing: a row for each budget; the trial is the seed."""
    pool, test = inputs.split(fold)
    make = VARIANTS.get(variant, HerdingLearner)
    learner = make(inputs.x, len(inputs.classes), pool=pool, recordings=inputs.recordings, seed=trial)
    rows = []
    for budget in budgets(variant):
        while len(learner.labels) < budget:
            clip = learner.ask()
            learner.tell(clip, int(inputs.labels[clip]))
        predict = dal_head(inputs.x, learner.labels, pool, trial) if variant == DAL_HEAD else learner.predict_proba
        recall = macro_recall(inputs.labels[test], predict(inputs.x[test]).argmax(axis=1))
        rows.append((inputs.corpus, inputs.embedding, variant, fold, trial, budget, round(recall, 6)))
    return rows


def dal_head(x: np.ndarray, labels: dict[int, int], pool: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """The paper's classifier trained from scratch on given labels; it knows the classes met, and no other."""
    met = np.unique(list(labels.values()))
    if len(met) < 2:
        return lambda x: np.eye(met[0] + 1)[np.full(len(x), met[0])]
    renumbered = {clip: int(np.searchsorted(met, label)) for clip, label in labels.items()}
    learner = DropoutLearner(x, len(met), renumbered, pool=pool, seed=seed, device="cpu")

    def predict(x: np.ndarray) -> np.ndarray:
        probs = np.zeros((len(x), met[-1] + 1))
        probs[:, met] = learner.predict_proba(x)
        return probs

    return predict


def missing(table: Path, inputs: Inputs, names: list[str], trials: int) -> Iterator[tuple[str, int, int]]:
    """The runs that the table does not have yet: variant, fold, trial."""
    done = set()
    if table.exists():
        with table.open(newline="") as file:
            done = {(r["variant"], int(r["fold"]), int(r["trial"]), int(r["budget"])) for r in csv.DictReader(file)}
    for trial in range(trials):
        for name in names:
            for fold in np.unique(inputs.folds).tolist():
                if not all((name, fold, trial, budget) in done for budget in budgets(name)):
                    yield name, fold, trial


def main() -> None:
    """Run what is missing, `jobs` at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="folder of urbansound8k, with metadata/ and audio/")
    parser.add_argument("--embedding", required=True, help="an .npz file with its embeddings")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table, CSV; rows are added to it")
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--variants", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    corpus = load_urbansound8k(options.root)
    inputs = Inputs.of(corpus, Path(options.embedding).stem, load_embeddings(options.embedding, corpus))
    runs = list(missing(options.out, inputs, options.variants, options.trials))
    new = not options.out.exists()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # of the processes that are started here
    with (
        ProcessPoolExecutor(options.jobs, get_context("spawn")) as processes,
        options.out.open("a", newline="") as file,
    ):
        futures = [processes.submit(run, inputs, *one) for one in runs]
        table = csv.writer(file, lineterminator="\n")
        if new:
            table.writerow(COLUMNS)
        for n, future in enumerate(as_completed(futures), start=1):
            rows = future.result()
            table.writerows(rows)
            file.flush()
            print(f"{n} of {len(runs)}: {rows[0][2]}, fold {rows[0][3]}, trial {rows[0][4]}", flush=True)


if __name__ == "__main__":
    main()
