"""Where computed things are kept on disk, what makes them out of date, and how they get there in one piece."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from dalbook.files.hashing import fingerprint


def cache_folder() -> Path:
    """The folder for computed embeddings: the environment variable DALBOOK_CACHE, or the platform's place for caches.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, DALBOOK_CACHE="/tmp/mine"):
    ...     cache_folder().as_posix()
    '/tmp/mine'
    """
    chosen = os.environ.get("DALBOOK_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home, "dalbook", "Cache")
    if sys.platform == "darwin":
        return Path(home, "Library", "Caches", "dalbook")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path(home, ".cache"), "dalbook")


@cache
def code_version(module: str) -> str:
    """A hash of a module's source and of all of dalbook that it imports.

    What this code computed is out of date as soon as the hash differs: nobody has to remember to count a version up.

    Examples
    --------
    >>> code_version("dalbook.corpora.audio") == code_version("dalbook.corpora.corpus")
    False
    """
    sources: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        spec = importlib.util.find_spec(name) if name not in sources else None
        if spec is None or spec.origin is None:
            continue
        sources[name] = Path(spec.origin).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(sources[name])):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dalbook":
                # `from dalbook import x` names a module, `from dalbook.x import y` is one
                inside = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "dalbook" else []
                waiting += inside or [node.module]
    return fingerprint(*(f"{name}\n{sources[name]}" for name in sorted(sources)))
