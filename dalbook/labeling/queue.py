"""Which clip is due: the one on screen, those that were taken back, and then the order in which clips were picked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict

from dalbook.learners.cold_start import Pick

AHEAD = 3  # clips that come next


class LabelQueue:
    """The clips to decide on.

    Parameters
    ----------
    pool
        Positions of the clips to label.
    decided
        Those with a decision; it grows and shrinks, and is looked at each time.

    Attributes
    ----------
    shown
        The `Pick` on screen; None where there is none.
    orders
        Where the next ones come from, the first one first.

    Examples
    --------
    >>> decided = set()
    >>> queue = LabelQueue([0, 1, 2], decided)
    >>> queue.orders = ([Pick(2, "medoid")],)
    >>> queue.advance()
    >>> queue.shown.clip, [pick.clip for pick in queue.ahead]
    (2, [0, 1])
    """

    def __init__(self, pool: Sequence[int], decided: Collection[int]) -> None:
        self.pool, self.decided = pool, decided
        self.orders: tuple[Iterable[Pick], ...] = ()
        self.shown: Pick | None = None
        self._back: list[Pick] = []  # due before all others, the last first
        self._before: list[Pick] = []  # what came next when the file was closed

    @property
    def ahead(self) -> list[Pick]:
        """What comes next, at most three."""
        picks: dict[int, Pick] = {}
        for pick in self._due():
            picks.setdefault(pick.clip, pick)
            if len(picks) == AHEAD:
                break
        return list(picks.values())

    def advance(self, done: bool = False) -> None:
        """Show the next clip; none if that is enough."""
        self.shown = None
        if not done:
            self.shown = next(self._due(), None)
        self._back = [pick for pick in self._back if self._open(pick)]

    def show(self, pick: Pick) -> None:
        """Show a clip now, and what is on screen after it."""
        if self.shown:
            self._back.append(self.shown)
        self.shown = pick

    def state(self) -> dict[str, list[dict]]:
        """What `resume` needs, as JSON."""
        shown = [self.shown] if self.shown else []
        parts = {"shown": shown, "back": self._back, "ahead": self.ahead}
        return {name: [asdict(pick) for pick in picks] for name, picks in parts.items()}

    def resume(self, state: object, taken_back: Iterable[Pick], done: bool) -> None:
        """Go on where `state` was taken; if it was lost, or is older than the last decision, as far as can be known.

        Parameters
        ----------
        state
            From `state`, or anything else.
        taken_back
            Clips whose decision was undone, the last one at the end.
        done
            Whether there is nothing to show.
        """
        known = set(self.pool)
        try:
            picks = [[Pick(**pick) for pick in state[name]] for name in ("shown", "back", "ahead")]
            shown, back, ahead = ([p for p in some if p.clip in known and p.clip not in self.decided] for some in picks)
        except (TypeError, KeyError):
            shown, back, ahead = [], [], []
        there = {pick.clip for pick in shown + back}
        self._back = [*back, *shown, *(pick for pick in taken_back if pick.clip not in there)]
        self._before = ahead
        self.shown = None
        if not done and (self._back or ahead):
            self.shown = self._back.pop() if self._back else ahead[0]

    def _open(self, pick: Pick) -> bool:
        return pick.clip not in self.decided and not (self.shown and pick.clip == self.shown.clip)

    def _due(self) -> Iterator[Pick]:
        for order in (reversed(self._back), *self.orders, self._before, (Pick(clip, "order") for clip in self.pool)):
            yield from filter(self._open, order)
