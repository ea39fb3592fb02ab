"""What goes before the model's own questions: a search by example, and the order of a session about one sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dalbook.labeling.examples import Example
from dalbook.labeling.factory import LearnerFactory
from dalbook.labeling.search import Search
from dalbook.labeling.session import LabelSession
from dalbook.labeling.target import Target


class Orders:
    """The orders that a person asks for, the first one first; a search goes before all else.

    Parameters
    ----------
    session, factory
        Of the labeler.
    examples, own
        See `Search`.
    target
        Whether the session is about one sound, see `Target`.
    """

    def __init__(
        self, session: LabelSession, factory: LearnerFactory, examples: Sequence[Example], own: bool, target: bool
    ) -> None:
        self.search = Search(session, factory, examples, own)
        self.target = Target(session, factory) if target else None

    def act(self, request: Mapping) -> bool:
        """Carry out a request that is about orders; whether it was one.

        Raises
        ------
        Refused
            It cannot be carried out.
        """
        return self.search.act(request) or bool(self.target and self.target.act(request))

    @property
    def first(self) -> list:
        """The orders that go before the model's."""
        return [order for order in (self.search.order, self.target) if order is not None]

    def begun(self) -> bool:
        """Whether one began since this was last asked, so that the clip on screen makes way."""
        parts = [part for part in (self.search, self.target) if part]
        fresh = any(part.fresh for part in parts)
        for part in parts:
            part.fresh = False
        return fresh

    @property
    def traits(self) -> dict:
        """What is shown of them."""
        return {"search": self.search.shown, "target": self.target and self.target.shown}
