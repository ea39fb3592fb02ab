"""Where computed things are kept on disk, and what makes them out of date."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path

import platformdirs

from dalbook.files.hashing import fingerprint


def cache_folder() -> Path:
    """The folder for computed things: the environment variable DALBOOK_CACHE, or the platform's place for caches.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, DALBOOK_CACHE="/tmp/mine"):
    ...     cache_folder().as_posix()
    '/tmp/mine'
    """
    chosen = os.environ.get("DALBOOK_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("dalbook", appauthor=False)


@cache
def code_version(*modules: str) -> str:
    """A hash of the sources of some modules: what they computed is out of date as soon as it differs.

    Whoever keeps a result declares the modules that it depends on. Only their content counts, in the order given: a
    module may be moved, or imported in another way, and the results stay.

    Parameters
    ----------
    modules
        Dotted names.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    ModuleNotFoundError
        If there is no such module.

    Examples
    --------
    >>> code_version("dalbook.corpora.audio") == code_version("dalbook.corpora.corpus")
    False
    """
    return fingerprint([_source(module) for module in modules])


def _source(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"there is no module {module}: correct the list of what a result depends on")
    return Path(spec.origin).read_text(encoding="utf-8")
