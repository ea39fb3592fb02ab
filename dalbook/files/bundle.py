"""The package's JavaScript modules, put together where one text has to do.

anywidget takes a single module, and a page that is read from a folder (file://) may load scripts only.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

HERE = Path(__file__).parents[1]  # the package: names are paths in it
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w./]+)";\n', re.MULTILINE)
DEFAULT = re.compile(r"^export default .*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)


def module(name: str) -> str:
    """A module with all that it imports, as one text that imports nothing; its default export stays.

    Parameters
    ----------
    name
        A file of the package, as a path in it.

    Raises
    ------
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> module("labeling/static/labeler.js").rstrip().splitlines()[-1]
    'export default { render };'
    """
    return f"{bundle(name)}\n{''.join(DEFAULT.findall(_text(name)))}"


def bundle(name: str) -> str:
    """A module and all that it imports, as statements that define what they export; names inside do not clash.

    Raises
    ------
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> lines = bundle("labeling/static/labeler_picture.js").splitlines()
    >>> lines[0], lines[-1]
    ('const { hertz, outline, paint, ticks } = (() => {', 'return { hertz, outline, paint, ticks }; })();')
    """
    done = []
    for part in parts(name):
        code = _text(part)
        exported = ", ".join(EXPORT.findall(code))
        inside = EXPORT.sub("", DEFAULT.sub("", IMPORT.sub("", code)))
        bound = f"const {{ {exported} }} = " if exported else ""
        done.append(f"{bound}(() => {{\n{inside}return {{ {exported} }}; }})();")
    return "\n".join(done)


def parts(name: str) -> list[str]:
    """The files that a module needs, each after those that it imports; itself is the last.

    >>> parts("labeling/static/labeler_keys.js")
    ['labeling/static/labeler_parts.js', 'labeling/static/labeler_keys.js']
    """
    found: dict[str, None] = {}
    for other in IMPORT.findall(_text(name)):
        found |= dict.fromkeys(parts(posixpath.normpath(posixpath.join(posixpath.dirname(name), other))))
    return [*found, name]


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
