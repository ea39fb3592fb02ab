"""Experiments as lists of independent runs: the paper's figures (section 5.3), and learning curves of any learners.

A figure is a list of `Run`s: every variant it compares, on every test fold, in every trial. A run is named by a hash of
all that decides its result, so two figures share the runs they have in common, and nobody mistakes one for another.
`dalbook.experiments.batch` keeps a list and shares it out, `dalbook.experiments.runner` does a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields

import numpy as np

from dalbook.experiments.dataset import Inputs
from dalbook.experiments.protocols import LEAST, STARTS, given_labels, training_clips
from dalbook.files.hashing import fingerprint
from dalbook.learners import registry
from dalbook.learners.class_counts import check_classes
from dalbook.learners.config import DALConfig
from dalbook.learners.herding_scores import HERDING
from dalbook.learners.simulate import check_budgets

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
LATER = {"start": "paper", "unequal": False}  # settings that came later: not in the name of a run that has the default


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
        Table 1 with what this run changes; None for a learner that has none of it.
    start
        What it begins with, a name in `dalbook.experiments.protocols.STARTS`.
    unequal
        Whether the classes of its pool are of unequal size.
    """

    learner: str
    inputs: str
    fold: int
    trial: int
    seed: int
    budgets: tuple[int, ...]
    config: DALConfig | None = field(default_factory=DALConfig)
    start: str = "paper"
    unequal: bool = False

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
        values = {**asdict(self), "budgets": list(self.budgets), "method": METHOD}
        return {name: value for name, value in values.items() if name not in LATER or value != LATER[name]}

    @classmethod
    def from_json(cls, values: dict) -> Run:
        """What `to_json` gave.

        >>> run = Run("mal", "x", 1, 0, 0, (30, 40), None)
        >>> Run.from_json(run.to_json()) == run
        True
        """
        known = {f.name: {**LATER, **values}[f.name] for f in fields(cls)}
        config = None if known["config"] is None else DALConfig(**known["config"])
        return cls(**{**known, "budgets": tuple(known["budgets"]), "config": config})

    @property
    def initial_key(self) -> str:
        """Names what the training on the initial labels depends on: neither Θ, α nor the acquisition function."""
        c = self.config
        decides = [c.first_steps, c.batch, c.learning_rate, c.weight_decay, self.inputs, self.fold, self.seed, METHOD]
        return fingerprint(decides + ["unequal"] * self.unequal)

    @property
    def guesses(self) -> bool:
        """Whether its result tells of pseudo-labels: DAL's, where the paper's DAL it is."""
        return self.config is not None and self.start == "paper"


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
        # of what the hypotheses say; herding, which also looks at where clips lie, is compared by `dalbook curve`
        names = [name for name in registry.names() if name.partition(":")[0] == "dal"]
        return [(name, DALConfig()) for name in names if name != f"dal:{HERDING}"]
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
    start: str = "paper",
    unequal: bool = False,
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
    start
        A name in `dalbook.experiments.protocols.STARTS`.
    unequal
        Whether classes are of unequal size, see `dalbook.experiments.protocols.unequal`.

    Returns
    -------
    list of Run
        The variants of one fold and trial next to each other, as they share their initial training.

    Raises
    ------
    ValueError
        An unknown figure or fold, a budget that does not fit, a class with too few clips.
    """
    compared = [
        (name, (mfcc if name == "mal:kl" else inputs).name, config) for name, config in variants(figure, bool(mfcc))
    ]
    trials = (1 if figure == "fig4" else 10) if trials is None else trials
    if budgets is None and figure != "fig4":
        budgets = SMALL
    return _runs(compared, inputs, folds, trials, seed, budgets, start, unequal)


def curve(
    learners: Sequence[str],
    inputs: Inputs,
    *,
    folds: Sequence[int] | None = None,
    trials: int = 1,
    seed: int = 0,
    budgets: Sequence[int],
    start: str = "paper",
    unequal: bool = False,
) -> list[Run]:
    """The runs of learning curves, checked before the first one starts.

    Parameters
    ----------
    learners
        Names out of `dalbook.learners.registry`; MAL on the Kullback-Leibler distance takes inputs that are MFCC
        statistics.
    inputs, folds, trials, seed, budgets, start, unequal
        As for `plan`.

    Raises
    ------
    ValueError
        An unknown learner or fold, a budget that does not fit, a class with too few clips.
    """
    compared = []
    for name in dict.fromkeys(registry.canonical(one) for one in learners):
        compared.append((name, inputs.name, DALConfig() if registry.family(name).config else None))
    return _runs(compared, inputs, folds, trials, seed, budgets, start, unequal)


def _runs(
    compared: Sequence[tuple[str, str, DALConfig | None]],
    inputs: Inputs,
    folds: Sequence[int] | None,
    trials: int,
    seed: int,
    budgets: Sequence[int] | None,
    start: str,
    unequal: bool,
) -> list[Run]:
    """Every variant on every fold in every trial; budgets None: to all that every fold can give."""
    if trials < 1 or seed < 0:
        raise ValueError(f"there must be at least one trial and a seed from 0 on, not {trials} and {seed}")
    if start not in STARTS:
        raise ValueError(f"there is no start {start!r}; choose from {', '.join(STARTS)}")
    folds = np.unique(inputs.folds).tolist() if folds is None else list(dict.fromkeys(folds))
    seeds = range(seed, seed + trials) if unequal else [seed]  # pools of equal classes are the same in each trial
    for fold in folds:
        pool, _ = inputs.split(fold)
        check_classes(inputs.labels, inputs.classes, pool, minimum=LEAST if unequal else 1)
    pools = [training_clips(inputs, fold, one, unequal) for fold in folds for one in seeds]
    if budgets is None:
        budgets = wide_budgets(min(map(len, pools)))
    for pool in pools:
        given = max(len(given_labels(inputs, pool, seed, name, start)) for name, _, _ in compared)
        budgets = check_budgets(budgets, given, len(pool))
    return [
        Run(name, read, fold, trial, seed + trial, tuple(budgets), config, start, unequal)
        for trial in range(trials)
        for fold in folds
        for name, read, config in compared
        if trial == 0 or unequal or registry.family(name).draws
    ]
