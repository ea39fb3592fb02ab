"""Where numba keeps the loops that it has compiled, ours and librosa's, so that they are compiled once."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import warnings
from pathlib import Path


def keep_compiled() -> None:
    """Have numba keep its compiled code in our cache where it cannot keep it beside the packages.

    That is so in an installation that may only be read; with a home that cannot be written either, numba would refuse
    to load them. `NUMBA_CACHE_DIR` is respected where it is set.

    Warns
    -----
    UserWarning
        If the cache cannot be written either, so that it is kept in a temporary folder.
    """
    if os.environ.get("NUMBA_CACHE_DIR") or all(map(_can_write, _packages())):
        return
    from dalbook.files.cache import cache_folder  # it brings NumPy, and ``import dalbook`` is light

    folder = cache_folder() / "numba"
    if not _can_write(folder):
        user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
        temporary = Path(tempfile.gettempdir(), f"dalbook-numba-{user}")
        warnings.warn(
            f"{folder} cannot be written to, so compiled code is kept in {temporary} and may have to be compiled "
            "again; set DALBOOK_CACHE to a folder that can",
            stacklevel=2,
        )
        folder = temporary
    os.environ["NUMBA_CACHE_DIR"] = str(folder)  # also for processes that are started from here
    if "numba" in sys.modules:  # it has looked already
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def _packages() -> list[Path]:
    found = (importlib.util.find_spec(name) for name in ("dalbook", "librosa"))
    return [Path(spec.origin).parent for spec in found if spec and spec.origin]


def _can_write(folder: Path) -> bool:
    """Whether a folder can be written to, or made."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
