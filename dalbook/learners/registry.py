"""The one place that knows learners by name: what `dalbook curve`, `dalbook run`, the labeler and the figures go by.

A family is one line in `FAMILIES`. A name is a family's, or a family's with a variant: "dal", "dal:random", "mal:kl".
Whoever needs to know something of a learner before it is built (is it given labels to start from? does another seed
give another result?) asks its family, and never looks at the name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dalbook.learners.acquisition import ACQUISITIONS
from dalbook.learners.config import DALConfig
from dalbook.learners.dal import DropoutLearner
from dalbook.learners.dal_from_nothing import DALFromNothing
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.herding_scores import HERDING
from dalbook.learners.kl_distance import kl_distance
from dalbook.learners.mal import MedoidLearner
from dalbook.learners.protocol import Learner


@dataclass(frozen=True)
class Given:
    """What a learner is built from: arrays and numbers, see `build`."""

    x: np.ndarray
    n_classes: int
    initial: Mapping[int, int]
    pool: np.ndarray
    seed: int
    config: DALConfig | None
    device: str
    recordings: np.ndarray | None


@dataclass(frozen=True)
class Family:
    """Learners that are built by one function.

    Attributes
    ----------
    make
        From what is given and the variant ("" for the plain one) to a learner.
    variants
        Gives the variants, each with what a figure calls it. Asked each time, because they may grow.
    initial
        Whether it takes labels to start from. One that does not starts from nothing in every protocol.
    draws
        Whether it draws at random, so that another seed gives another result, and trials are repeated.
    config
        Whether it takes a `DALConfig`.
    typical_first
        Whether it cannot learn from nothing, so that the labeler begins with typical clips.
    """

    make: Callable[[Given, str], Learner]
    variants: Callable[[], Mapping[str, str]]
    initial: bool = True
    draws: bool = True
    config: bool = False
    typical_first: bool = False


def _dal(given: Given, variant: str) -> Learner:
    settings = {"pool": given.pool, "config": given.config, "seed": given.seed, "device": given.device}
    settings["acquisition"] = variant or "vote_entropy"
    if given.initial:
        return DropoutLearner(given.x, given.n_classes, given.initial, **settings)
    return DALFromNothing(given.x, given.n_classes, **settings)


def _dal_variants() -> dict[str, str]:
    named = {name: name.replace("_", " ") for name in ACQUISITIONS if name != "vote_entropy"}
    return {"": "DAL (vote entropy)", **named, "bald": "BALD", HERDING: "DAL, uncertainty herding"}


def _mal(given: Given, variant: str) -> Learner:
    distance = kl_distance(given.x[given.pool]) if variant == "kl" else None
    return MedoidLearner(given.x, pool=given.pool, n_classes=given.n_classes, distance=distance)


def _herding(given: Given, variant: str) -> Learner:
    return HerdingLearner(
        given.x,
        given.n_classes,
        given.initial,
        pool=given.pool,
        recordings=given.recordings,
        seed=given.seed,
        acquisition=variant or "herding",
    )


FAMILIES: dict[str, Family] = {
    "dal": Family(_dal, _dal_variants, config=True, typical_first=True),
    "mal": Family(_mal, lambda: {"": "MAL (embeddings)", "kl": "MAL (MFCC)"}, initial=False, draws=False),
    "herding": Family(_herding, lambda: {"": "uncertainty herding", "random": "random, same classifier"}),
}
ALIASES: dict[str, str] = {"default": "herding"}  # another name for a family; the default is the labeler's


def names() -> tuple[str, ...]:
    """All names, families one after the other, the plain learner of each first.

    >>> names()[:2], "mal:kl" in names()
    (('dal', 'dal:bald'), True)
    """
    return tuple(_name(family, variant) for family in FAMILIES for variant in FAMILIES[family].variants())


def words() -> dict[str, str]:
    """What a figure calls each learner.

    >>> words()["dal"]
    'DAL (vote entropy)'
    """
    return {_name(f, v): text for f, family in FAMILIES.items() for v, text in family.variants().items()}


def canonical(name: str) -> str:
    """The name itself, or what it is another name of; results are filed under this one.

    Raises
    ------
    ValueError
        There is no such learner.

    Examples
    --------
    >>> canonical("dal:margin")
    'dal:margin'
    """
    family, colon, variant = name.partition(":")
    known = ALIASES.get(family, family)
    if known not in FAMILIES or variant not in FAMILIES[known].variants() or (colon and not variant):
        both = [*names(), *(_name(a, v) for a, f in ALIASES.items() for v in FAMILIES[f].variants())]
        raise ValueError(f"there is no learner {name!r}; choose from {', '.join(both)}")
    return _name(known, variant)


def family(name: str) -> Family:
    """The family of a learner.

    Raises
    ------
    ValueError
        There is no such learner.

    Examples
    --------
    >>> family("mal").draws
    False
    """
    return FAMILIES[canonical(name).partition(":")[0]]


def build(
    name: str,
    x: np.ndarray,
    n_classes: int,
    initial: Mapping[int, int],
    pool: np.ndarray,
    seed: int,
    config: DALConfig | None = None,
    device: str = "auto",
    recordings: np.ndarray | None = None,
) -> Learner:
    """A learner by its name.

    Parameters
    ----------
    name
        Out of `names`.
    x
        Embeddings of the whole corpus, (n, d), finite.
    n_classes
        C.
    initial
        Labels to start from, clip -> class; left aside by families that start from nothing. With none, DAL asks for
        typical clips first (`DALFromNothing`).
    pool
        int64 (m,), positions of the clips it may learn from, ascending.
    seed
        Of all that it draws.
    config
        Table 1, for families that take it; its defaults if None.
    device
        "auto", "cpu" or "cuda", for families that compute with PyTorch.
    recordings
        int64 (n,), the recording that each clip was cut from, for families that look at it.

    Raises
    ------
    ValueError
        There is no such learner, or what it is given does not fit.

    Examples
    --------
    >>> x = np.eye(2, dtype=np.float32).repeat(6, 0)
    >>> build("dal:margin", x, 2, {0: 0, 6: 1}, np.arange(12), seed=0).acquisition
    'margin'
    """
    known, _, variant = canonical(name).partition(":")
    given = Given(x, n_classes, initial, pool, seed, config, device, recordings)
    return FAMILIES[known].make(given, variant)


def _name(family: str, variant: str) -> str:
    return f"{family}:{variant}" if variant else family
