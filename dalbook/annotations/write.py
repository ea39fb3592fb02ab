"""How a table of events becomes files: one for each recording, under its name, each in one piece."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from dalbook.annotations.events import check_events
from dalbook.files.atomic import atomic_write

SAFE = str.maketrans({"\t": " ", "\r": " ", "\n": " "})


def one_file_each(
    events: pd.DataFrame, folder: str | os.PathLike, ending: str, content: Callable[[str, pd.DataFrame], str]
) -> list[Path]:
    """Write ``content(recording, its events)`` for each recording, to its name with `ending` behind it."""
    written = []
    for name, own in check_events(events).groupby("file", sort=False):
        written.append(write_text(inside(folder, f"{name}{ending}"), content(name, own)))
    return written


def inside(folder: str | os.PathLike, name: str) -> Path:
    """A path below a folder, whose folders are there.

    Raises
    ------
    ValueError
        It would lie outside.
    """
    folder = Path(os.path.abspath(Path(folder).expanduser()))
    path = Path(os.path.abspath(folder / name))
    if not path.is_relative_to(folder):
        raise ValueError(f"{name} would be written outside of {folder}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write a file in one piece, and give its path."""
    path = Path(path).expanduser()
    atomic_write(path, lambda file: file.write(text.encode()))
    return path


def flat(name: str) -> str:
    """A class's name without what separates fields in a table of tabs.

    >>> flat("two\\twords")
    'two words'
    """
    return " ".join(name.translate(SAFE).split())
