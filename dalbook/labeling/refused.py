"""A request that a session does not carry out, and what a request may hold."""

from __future__ import annotations


class Refused(ValueError):
    """A request that cannot be carried out; nothing has changed."""


def whole(value: object) -> bool:
    """Whether this is a whole number, as a clip or a class is; True and False are not.

    >>> whole(3), whole(True), whole(3.0)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool)
