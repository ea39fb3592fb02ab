"""What a script of a page has in it, and the scripts beside it.

A page that is read from a folder (file://) may load neither modules nor files, but it may load scripts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from dalbook.book.beside import content_name, is_static, put_beside

HERE = Path(__file__).parents[1]  # the package


NAME = "NAME OF THE SCRIPT"  # in its text, until its content gives it one


def mounted(kind: str, statements: str, value: object, start: str, instead: str) -> str:
    """HTML with a place for a script, and the script, which no page has to load as a module.

    In a build of the book the script lies beside the pages (`dalbook.book.beside`), and sounds as `beside` puts them;
    in a live notebook it is in the HTML.

    Parameters
    ----------
    kind
        Of the place, which is known by the attribute ``data-dalbook-KIND``. A class of the labeler's would have the
        book load its module as well.
    statements
        What the script defines.
    value
        What `start` is given as ``page``: JSON, with ``base``, the address of the script, added to it.
    start
        The statement that starts it in ``el``, the place.
    instead
        What a reader without JavaScript sees.
    """
    script = (
        f"(() => {{\n{statements}\nconst page = {literal(value)};\n"
        "page.base = document.currentScript?.src || document.baseURI;\n"
        f"for (const el of document.querySelectorAll('[data-dalbook-{kind}=\"{NAME}\"]:not([data-on])')) {{\n"
        f'  el.dataset.on = "";\n  {start}\n}}\n}})();\n'
    )
    own = content_name(script.encode())
    script = script.replace(NAME, own)
    mount = f'<div data-dalbook-{kind}="{own}"><noscript>{instead}</noscript></div>'
    url = put_beside(f"{own}.js", script.encode())
    return f'{mount}<script src="{url}" defer></script>' if url else f"{mount}<script>{script}</script>"


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


def beside(sounds: Mapping) -> dict:
    """Sounds (clip -> sound), each in a script of its own that the page loads when the clip comes near.

    In a live notebook they stay as they are, and so in the HTML.
    """
    return {clip: _put(sound) for clip, sound in sounds.items()} if is_static() else dict(sounds)


def _put(sound: dict) -> dict:
    text = json.dumps(sound)
    name = f"{content_name(text.encode())}.js"
    put_beside(name, f'(window.dalbookSounds ??= {{}})["{name}"] = {text};'.encode())
    return {"src": name}
