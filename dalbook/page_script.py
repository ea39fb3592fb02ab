"""What a script of a page has in it, and the scripts beside it.

A page that is read from a folder (file://) may load neither modules nor files, but it may load scripts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from dalbook.cache import write_whole

HERE = Path(__file__).parent


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
