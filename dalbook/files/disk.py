"""Whether a disk has room, asked before anything is written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

RESERVE = 100_000_000  # bytes that must stay free


def check_room(folder: str | os.PathLike, needed: int, what: str) -> None:
    """Make sure, before anything is written, that a disk has room for it.

    Parameters
    ----------
    folder
        Where it will be written; need not be there yet.
    needed
        Bytes.
    what
        What needs them.

    Raises
    ------
    OSError
        If it has not, with both numbers.
    """
    folder = Path(folder).absolute()
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    free = shutil.disk_usage(there).free
    if needed + RESERVE > free:
        raise OSError(
            f"{what}: {gigabytes(needed)} are to come onto the disk of {there}, {gigabytes(free)} are free there; make "
            "room, or choose a folder on another disk (--root, DALBOOK_CACHE)"
        )


def gigabytes(count: int) -> str:
    """Bytes for people.

    >>> gigabytes(6_023_741_708), gigabytes(327_428_481), gigabytes(400)
    ('6.02 GB', '327 MB', '400 bytes')
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
