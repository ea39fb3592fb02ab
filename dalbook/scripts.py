"""The package's JavaScript: modules that import each other by name, put together where one text has to do."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def module(name: str) -> str:
    """A module with all that it imports, as one text that imports nothing; its default export stays.

    Every module stands in it once, after those that it imports. Their names share one scope, so no two may be equal.

    Parameters
    ----------
    name
        A file of the package.

    Raises
    ------
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> text = module("labeler.js")
    >>> "import {" in text, text.rstrip().splitlines()[-1]
    (False, 'export default { render };')
    """
    return "\n".join(EXPORT.sub("", IMPORT.sub("", (HERE / part).read_text(encoding="utf-8"))) for part in parts(name))


def parts(name: str) -> list[str]:
    """The files that a module needs, itself last.

    >>> parts("labeler_keys.js")
    ['labeler_parts.js', 'labeler_keys.js']
    """
    found: dict[str, None] = {}
    for other in IMPORT.findall((HERE / name).read_text(encoding="utf-8")):
        found |= dict.fromkeys(parts(other))
    return [*found, name]
