"""The paper's experiments (section 5.3) as lists of independent runs.

A figure is a list of `Run`s: every variant it compares, on every test fold, in every trial. A run is named by a hash of
all that decides its result, so two figures share the runs they have in common, and nobody mistakes one for another.
`dalbook.experiments.runner` does a run, `dalbook.experiments.batch` keeps the list of a figure and shares it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields

import numpy as np

from dalbook.experiments.dataset import Inputs
from dalbook.files.hashing import fingerprint
from dalbook.learners import registry
from dalbook.learners.class_counts import check_classes
from dalbook.learners.dal import DALConfig
from dalbook.learners.simulate import check_budgets, initial_labels

METHOD = 1  # counted up when the method changes: results of an older one then no longer count as done

SMALL = tuple(range(30, 131, 10))
THRESHOLDS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
ALPHAS = (0.0, 0.001, 0.01, 0.1, 1.0)
FIGURES = {
    "fig2": "the confidence threshold Θ (section 5.3.1)",
    "fig3": "the sampling weight α (section 5.3.2)",
    "fig4": "DAL, random questions and medoids, from 30 to all labels (section 5.3.3)",
    "acquisition": "which question to ask: the open end of section 6",
}


@dataclass(frozen=True)
class Run:
    """One learner on one test fold in one trial; independent of all others.

    Attributes
    ----------
    learner
        A name out of `dalbook.learners.registry`: "dal", "dal:bald", "mal", "mal:kl" and so on.
    inputs
        The name of its `Inputs`, a hash of their content.
    fold, trial, seed
        The test fold, the repetition, and the seed of all that is drawn at random.
    budgets
        Numbers of labels N at which it is scored, rising.
    config
        Table 1 with what this run changes; MAL has none of it.
    """

    learner: str
    inputs: str
    fold: int
    trial: int
    seed: int
    budgets: tuple[int, ...]
    config: DALConfig | None = field(default_factory=DALConfig)

    @property
    def key(self) -> str:
        """Its name: 16 hexadecimal digits out of all that decides its result.

        >>> a, b = Run("dal", "x", 1, 0, 0, (30,)), Run("dal", "x", 1, 0, 0, (30,), DALConfig(alpha=0.1))
        >>> len(a.key), a.key == b.key
        (16, False)
        """
        return fingerprint(self.to_json())

    def to_json(self) -> dict:
        """All that decides the result, as JSON values."""
        return {**asdict(self), "budgets": list(self.budgets), "method": METHOD}

    @classmethod
    def from_json(cls, values: dict) -> Run:
        """What `to_json` gave.

        >>> run = Run("mal", "x", 1, 0, 0, (30, 40), None)
        >>> Run.from_json(run.to_json()) == run
        True
        """
        known = {f.name: values[f.name] for f in fields(cls)}
        config = None if known["config"] is None else DALConfig(**known["config"])
        return cls(**{**known, "budgets": tuple(known["budgets"]), "config": config})

    @property
    def initial_key(self) -> str:
        """Names what the training on the initial labels depends on: neither Θ, α nor the acquisition function."""
        c = self.config
        decides = [c.first_steps, c.batch, c.learning_rate, c.weight_decay, self.inputs, self.fold, self.seed, METHOD]
        return fingerprint(decides)


def variants(figure: str, mfcc: bool = False) -> list[tuple[str, DALConfig | None]]:
    """What a figure compares: names of learners with their parameters; those of Table 1 come in every figure.

    >>> [config.alpha for _, config in variants("fig3")]
    [0.0, 0.001, 0.01, 0.1, 1.0]
    >>> [name for name, _ in variants("fig4", mfcc=True)]
    ['dal', 'dal:random', 'mal', 'mal:kl']
    """
    if figure == "fig2":
        return [("dal", DALConfig(threshold=threshold)) for threshold in THRESHOLDS]
    if figure == "fig3":
        return [("dal", DALConfig(alpha=alpha)) for alpha in ALPHAS]
    if figure == "fig4":
        return [("dal", DALConfig()), ("dal:random", DALConfig()), ("mal", None)] + [("mal:kl", None)] * mfcc
    if figure == "acquisition":
        return [(name, DALConfig()) for name in registry.names() if name.partition(":")[0] == "dal"]
    raise ValueError(f"there is no figure {figure!r}; choose from {', '.join(FIGURES)}")


def wide_budgets(clips: int) -> tuple[int, ...]:
    """Figure 4's budgets: as in the others up to 130, then in steps of a fifth or so, and the number of clips last.

    >>> wide_budgets(1000)
    (30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 1000)
    """
    round_numbers = [f * 10**e for e in (2, 3, 4) for f in (1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10)]
    return tuple(int(n) for n in (*SMALL, *round_numbers) if n < clips) + (clips,)


def plan(
    figure: str,
    inputs: Inputs,
    *,
    mfcc: Inputs | None = None,
    folds: Sequence[int] | None = None,
    trials: int | None = None,
    seed: int = 0,
    budgets: Sequence[int] | None = None,
) -> list[Run]:
    """The runs of a figure, checked before the first one starts.

    Parameters
    ----------
    figure
        A name in FIGURES.
    inputs
        The embeddings to learn from, with the true labels and folds.
    mfcc
        The same clips' MFCC statistics, for Figure 4's MAL as it was; left out if None.
    folds
        Test folds, None for all.
    trials
        Repetitions, trial t with seed ``seed + t``; 10 by default, Figure 4: one. MAL, which draws nothing at random,
        runs once.
    seed
        Of the first trial.
    budgets
        Numbers of labels N; by default 30 to 130 in steps of 10, Figure 4: to all that every fold can give.

    Returns
    -------
    list of Run
        The variants of one fold and trial next to each other, as they share their initial training.

    Raises
    ------
    ValueError
        An unknown figure or fold, a budget that does not fit, a class with too few clips.
    """
    compared = variants(figure, mfcc is not None)
    trials = (1 if figure == "fig4" else 10) if trials is None else trials
    if trials < 1 or seed < 0:
        raise ValueError(f"there must be at least one trial and a seed from 0 on, not {trials} and {seed}")
    folds = np.unique(inputs.folds).tolist() if folds is None else list(dict.fromkeys(folds))
    pools = {fold: inputs.split(fold)[0] for fold in folds}
    smallest = min(map(len, pools.values()))
    if budgets is None:
        budgets = wide_budgets(smallest) if figure == "fig4" else SMALL
    for pool in pools.values():
        check_classes(inputs.labels, inputs.classes, pool, minimum=3)
        budgets = check_budgets(budgets, len(initial_labels(inputs.labels, pool, inputs.classes, seed)), len(pool))
    return [
        Run(name, (mfcc if name == "mal:kl" else inputs).name, fold, trial, seed + trial, tuple(budgets), config)
        for trial in range(trials)
        for fold in folds
        for name, config in compared
        if trial == 0 or registry.family(name).draws
    ]
