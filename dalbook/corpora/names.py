"""Names of clips as text that can be written, and found again however their accents are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def text(name: str) -> str:
    """A name as it can be written: what is no valid Unicode (some old file names) becomes a visible escape.

    >>> text("caf\\udce9.wav")
    'caf\\\\udce9.wav'
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


class Positions:
    """Where names stand in a list; "é" in one sign or in two (NFC, NFD), as file systems differ, is the same.

    Parameters
    ----------
    names
        Unique, such as a corpus's ids.

    Examples
    --------
    >>> positions = Positions(["cafe\\u0301.wav", "b.wav"])
    >>> positions.find("caf\\u00e9.wav"), positions.find("c.wav")
    (0, None)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._exact = {text(name): i for i, name in enumerate(names)}
        self._alike: dict[str, int | None] = {}
        for name, i in self._exact.items():
            form = unicodedata.normalize("NFC", name)
            self._alike[form] = None if form in self._alike else i  # two that differ in nothing else are two

    def find(self, name: str) -> int | None:
        """The position of a name; None if it is not there."""
        name = text(name)
        exact = self._exact.get(name)
        return self._alike.get(unicodedata.normalize("NFC", name)) if exact is None else exact
