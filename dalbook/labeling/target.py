"""A session about one rare sound: what comes next, and how many are probably left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dalbook.labeling.csv_rows import Row
from dalbook.labeling.decisions import NOT
from dalbook.labeling.factory import LearnerFactory
from dalbook.labeling.refused import Refused
from dalbook.labeling.search import SOON, Space
from dalbook.labeling.session import LabelSession
from dalbook.learners.cold_start import Pick
from dalbook.learners.target import share_interval, target_scores, unsureness

ORDERS = ("mixed", "likeliest", "least sure", "random")
MIXED = ("likeliest", "likeliest", "least sure", "likeliest", "random")  # one after the other
WHY = {
    "likeliest": "of all clips without an answer it is the likeliest",
    "least sure": "it is near the border between yes and no",
    "random": "it was drawn at random, for an honest estimate",
}
IN_VAIN = 30  # likeliest clips, all no, after which probably all is found
FEWEST = 20  # clips of the random order that an estimate needs


def target_classes(target: str, classes: Sequence[str] | None = None, game: bool = False) -> tuple[str, str]:
    """The two classes of a session about one sound.

    Raises
    ------
    ValueError
        Classes or a game were asked for as well.

    Examples
    --------
    >>> target_classes("dog_bark")
    ('dog_bark', 'not dog_bark')
    """
    if game or classes is not None:
        raise ValueError(f"target={target!r} has two classes, it and all else: leave classes= and game= out")
    return target, f"{NOT}{target}"


class Target:
    """The order of a session whose first class is the sound and whose second is anything else.

    Iterating gives a `Pick` for each clip that comes next; before the first yes there is nothing to go by but chance,
    and "random" goes on alone.

    The random order is one, drawn from the seed. The clips at its beginning that have an answer, whatever brought them,
    are a sample of the whole pool, and so an honest estimate of how many there are.

    Parameters
    ----------
    session
        With `target_classes`.
    factory
        Has the embeddings, the pool and the seed.

    Attributes
    ----------
    mode
        Out of `ORDERS`.
    """

    def __init__(self, session: LabelSession, factory: LearnerFactory) -> None:
        self._session, self._factory = session, factory
        self._chance = np.random.default_rng([factory.seed, 17]).permutation(np.array(session.pool))
        self._space: Space | None = None
        self._made: tuple[object, list[Pick]] = (None, [])
        self.mode, self.fresh = ORDERS[0], False

    def __iter__(self) -> Iterator[Pick]:
        key = self._session.book.rows, self.mode
        if self._made[0] != key:
            self._made = key, self._order()
        return iter(self._made[1])

    def act(self, request: Mapping) -> bool:
        """Carry out "order" (with `mode`); whether this was it.

        Raises
        ------
        Refused
            There is no such order.
        """
        if request.get("do") != "order":
            return False
        if request.get("mode") not in ORDERS:
            raise Refused(f"there is no order {request.get('mode')!r}: one of {', '.join(ORDERS)}")
        self.mode, self.fresh = request["mode"], True
        return True

    def estimate(self) -> tuple[float, float, float] | None:
        """How many of the sound are left without an answer, and a 95 % interval; None while too few were drawn.

        From the answered beginning of the random order, as a share of the whole pool, less what is found.
        """
        labels, standing = self._session.book.labels, self._session.book.standing
        n, found = len(self._chance), sum(label == 0 for label in labels.values())
        # up to the last that was drawn: what ends the beginning must not depend on what was found otherwise
        drawn = [place for place, clip in enumerate(self._chance) if self._by_chance(standing.get(int(clip)))]
        beginning = map(int, self._chance[: drawn[-1] + 1 if drawn else 0])
        clear = [labels[clip] for clip in beginning if clip in labels]
        if len(clear) < FEWEST:
            return None
        hits = clear.count(0)
        most = n - len(standing)
        low, high = share_interval(hits, len(clear))
        left = (n * share - found for share in (hits / len(clear), low, high))
        return tuple(float(min(most, max(0.0, value))) for value in left)

    @staticmethod
    def _by_chance(row: Row | None) -> bool:
        return row is not None and row.picked_by == "random"

    @property
    def in_vain(self) -> bool:
        """Whether the last thirty of the likeliest were all no."""
        standing = self._session.book.standing.values()
        last = [row for row in standing if row.picked_by == "likeliest" and row.status == "labeled"][-IN_VAIN:]
        return len(last) == IN_VAIN and all(row.label != self._session.classes[0] for row in last)

    @property
    def shown(self) -> dict:
        """What the user interface shows: the order, the orders there are, and words."""
        labels = list(self._session.book.labels.values())
        words = f"{labels.count(0)} found in {len(labels)} heard."
        estimate = self.estimate()
        if estimate:
            left, low, high = estimate
            words += f" About {left:.0f} are left (95 %: {np.floor(low):.0f} to {np.ceil(high):.0f})"
            words += ", by those drawn at random."
        else:
            words += f" How many are left is estimated after {FEWEST} that are drawn at random."
        if self.in_vain:
            words += f" The last {IN_VAIN} of the likeliest were all no: you have probably found what can be found."
        return {"mode": self.mode, "orders": list(ORDERS), "words": words}

    def _order(self) -> list[Pick]:
        session, standing = self._session, self._session.book.standing
        labels = {clip: label == 0 for clip, label in session.book.labels.items()}
        drawn = [int(clip) for clip in self._chance if int(clip) not in standing][:SOON]
        orders: dict[str, list[tuple[int, float | None]]] = {"random": [(clip, None) for clip in drawn]}
        if any(labels.values()):
            self._space = self._space or Space(self._factory.x, self._factory.pool)
            scores = target_scores(self._space.points, labels)
            rest = np.array([clip for clip in session.pool if clip not in standing], np.int64)
            unsure = unsureness(scores, labels)
            for name, by in (("likeliest", scores), ("least sure", unsure)):
                best = rest[np.argsort(-by[rest], kind="stable")[:SOON]]
                orders[name] = [(int(clip), round(float(scores[clip]), 6)) for clip in best]
        names = MIXED if self.mode == "mixed" else (self.mode,)
        picks: dict[int, Pick] = {}
        for turn in range(SOON):
            name = names[(len(standing) + turn) % len(names)]
            name = name if name in orders else "random"
            clip, score = next(((c, s) for c, s in orders[name] if c not in picks), (None, None))
            if clip is not None:
                picks[clip] = Pick(clip, name.replace(" ", "_"), score, WHY[name])
        return list(picks.values())
