"""JavaScript modules as one script that no page has to load as a module, and scripts that lie beside a page.

A page that is read from a folder (file://) may load neither modules nor files, but it may load scripts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from dalbook.cache import write_whole

HERE = Path(__file__).parent
IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
DEFAULT = re.compile(r"^export default .*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)


def bundle(names: Iterable[str]) -> str:
    """Modules of this package, each after those that it imports from, as statements that define what they export.

    >>> bundle(["replay.js"]).splitlines()[0], bundle(["replay.js"]).splitlines()[-1]
    ('const { replay } = (() => {', 'return { replay }; })();')
    """
    parts = []
    for name in names:
        code = (HERE / name).read_text(encoding="utf-8")
        exported = ", ".join(EXPORT.findall(code))
        inside = EXPORT.sub("", DEFAULT.sub("", IMPORT.sub("", code)))
        bound = f"const {{ {exported} }} = " if exported else ""
        parts.append(f"{bound}(() => {{\n{inside}return {{ {exported} }}; }})();")
    return "\n".join(parts)


def style(names: Iterable[str]) -> str:
    """Statements that put style sheets of this package on the page."""
    text = "".join((HERE / name).read_text(encoding="utf-8") for name in names)
    return (
        "const style = document.createElement('style');\n"
        f"style.textContent = {literal(text)};\n"
        "document.head.append(style);\n"
    )


def literal(value: object) -> str:
    """As JavaScript; names in it cannot end the script they stand in.

    >>> literal("</script>")
    '"<\\\\/script>"'
    """
    return json.dumps(value).replace("</", "<\\/")


def content_name(content: str) -> str:
    """A name that changes with the content."""
    return hashlib.sha256(content.encode()).hexdigest()[:20]


def sound_beside(folder: Path, sound: dict) -> dict:
    """Put a sound into a script of its own, which the page loads when the clip comes near."""
    name = f"{content_name(json.dumps(sound))}.js"
    if not (folder / name).exists():
        script = f'(window.dalbookSounds ??= {{}})["{name}"] = {json.dumps(sound)};'
        write_whole(folder / name, lambda file: file.write(script.encode()))
    return {"src": name}
