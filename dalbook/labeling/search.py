"""A search by example in a labeling session: the clips nearest to it first, in an order that each answer sharpens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dalbook.labeling.examples import Example
from dalbook.labeling.factory import LearnerFactory
from dalbook.labeling.refused import Refused, whole
from dalbook.labeling.session import LabelSession
from dalbook.learners.cold_start import Pick
from dalbook.learners.geometry import MOST, Geometry
from dalbook.learners.search import best_cosine, spread_over_recordings, worth

SOON = 50  # picks that are worked out; an answer makes a new order


class Space:
    """All clips as points between which cosines are taken; made once, when the first search needs it.

    Parameters
    ----------
    x
        Embeddings (n, d) of the whole corpus.
    pool
        Positions of the clips to label.
    """

    def __init__(self, x: np.ndarray, pool: np.ndarray) -> None:
        some = pool if len(pool) <= MOST else np.sort(np.random.default_rng(0).choice(pool, MOST, replace=False))
        self._geometry = Geometry(x[some])
        self.points = self._geometry.points(x)

    def point(self, example: Example) -> np.ndarray:
        """An example's point, (p,)."""
        return self._geometry.points(example.vector[None])[0]


class ExampleSearch:
    """Clips like the examples; iterating gives a `Pick` for each, the nearest first, as of the answers so far.

    Parameters
    ----------
    session
        Whose clips these are, and who says what was answered.
    space
        Of the session's corpus.
    examples
        At least one.
    recordings
        The recording of each clip, int (n,).
    target
        The class that is looked for. Where it is not known, it is that of an example that has a label; else the class
        given most often since the search began, and of several the first.
    own
        Whether clips of an example's own recording come too.

    Attributes
    ----------
    words
        What is searched by.
    """

    def __init__(
        self,
        session: LabelSession,
        space: Space,
        examples: Sequence[Example],
        recordings: np.ndarray,
        target: int | None = None,
        own: bool = True,
    ) -> None:
        self._session, self._points, self._recordings = session, space.points, recordings
        self._examples = np.array([space.point(example) for example in examples])
        self._clips = [example.clip for example in examples if example.clip is not None]
        left_out = [] if own else np.unique(recordings[self._clips])
        pool = np.array(session.pool)
        self._pool = pool[~np.isin(recordings[pool], left_out)]
        self._target, self._begun = target, len(session.file.rows)
        self._made: tuple[int, list[Pick]] = (-1, [])
        names = [example.name or "a clip you chose" for example in examples]
        self.words = ", ".join(dict.fromkeys(names))

    def __iter__(self) -> Iterator[Pick]:
        if self._made[0] != self._session.book.rows:
            self._made = self._session.book.rows, self._order()
        return iter(self._made[1])

    @property
    def target(self) -> int | None:
        """The class that is looked for, as far as it is known."""
        if self._target is not None:
            return self._target
        labels = self._session.book.labels
        own = [labels[clip] for clip in self._clips if clip in labels]
        given = own or [label for clip, label in labels.items() if clip in self._answered]
        return Counter(given).most_common(1)[0][0] if given else None

    @property
    def found(self) -> int:
        """Clips found since the search began."""
        labels, target = self._session.book.labels, self.target
        return sum(labels.get(clip) == target for clip in self._answered) if target is not None else 0

    @property
    def heard(self) -> int:
        """Answers since the search began."""
        return len(self._answered)

    @property
    def _answered(self) -> list[int]:
        """Clips decided on since the search began that stand, in that order."""
        book = self._session.book
        clips = [book.clips[row.clip] for row in self._session.file.rows[self._begun :]]
        return [clip for clip in dict.fromkeys(clips) if clip in book.standing]

    def _order(self) -> list[Pick]:
        book, target = self._session.book, self.target
        labels = book.labels
        found = [clip for clip, label in labels.items() if label == target]
        other = [clip for clip, label in labels.items() if label != target] if target is not None else []
        wanted = np.concatenate([self._examples, self._points[found]])
        clips = self._pool[~np.isin(self._pool, list(book.standing))]
        score = worth(self._points[clips], wanted, self._points[other])
        best = np.argsort(-score, kind="stable")[: 10 * SOON]
        order = spread_over_recordings(clips[best], self._recordings, self._answered)[:SOON]
        near = best_cosine(self._points[order], wanted)
        what = "what you found" if found else "your example"
        return [
            Pick(
                int(clip), "search", round(float(cosine), 6), f"its similarity to {what} is {cosine:.2f} (1: the same)"
            )
            for clip, cosine in zip(order, near, strict=True)
        ]


class Search:
    """The search of one labeler, if there is one: what begins and ends it, and what is shown of it.

    Parameters
    ----------
    session
        The labeler's.
    factory
        Has the embeddings, the pool and the recordings.
    examples
        What to search by from the start; none where one does not.
    own
        Whether clips of an example's own recording come too.

    Attributes
    ----------
    order
        The `ExampleSearch`; None while nothing is searched for.
    fresh
        Whether it began just now, so that the clip on screen makes way.
    """

    def __init__(
        self, session: LabelSession, factory: LearnerFactory, examples: Sequence[Example] = (), own: bool = True
    ) -> None:
        self._session, self._factory, self._own = session, factory, own
        self._space: Space | None = None
        self.order: ExampleSearch | None = None
        self.fresh = False
        if examples:
            self.begin(examples)

    def act(self, request: Mapping) -> bool:
        """Carry out "like" (with `clip`) or "found"; whether this was one of them.

        Raises
        ------
        Refused
            There is no such clip.
        """
        if request.get("do") == "found":
            self.order = None
        elif request.get("do") == "like":
            clip = request.get("clip")
            if not (whole(clip) and 0 <= clip < len(self._session.corpus)):
                raise Refused(f"there is no clip {clip!r} to search by")
            self.begin([Example("", self._factory.x[clip], clip)])
        else:
            return False
        return True

    def begin(self, examples: Sequence[Example]) -> None:
        """Search by these from now on."""
        factory = self._factory
        self._space = self._space or Space(factory.x, factory.pool)
        self.order = ExampleSearch(self._session, self._space, examples, factory.recordings, own=self._own)
        self.fresh = True

    @property
    def shown(self) -> dict | None:
        """What the user interface shows of it."""
        order = self.order
        return order and {"words": order.words, "target": order.target, "heard": order.heard, "found": order.found}
