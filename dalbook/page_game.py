"""The page that learns: the labeler, two learners in JavaScript, and toy-city's clips, on a page without a kernel."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from dalbook.cache import write_whole
from dalbook.corpus import Corpus
from dalbook.page_data import page_data, split
from dalbook.page_script import content_name, literal, sound_beside, style
from dalbook.page_sounds import page_sounds
from dalbook.player import BESIDE_THE_PAGE
from dalbook.scripts import bundle

STYLES = ("labeler.css", "page_panel.css")
NAME = "NAME OF THE PAGE"  # in the script, until its content gives it one


def page_game(corpus: Corpus, x: np.ndarray) -> None:
    """Show `page_game_html` in a chapter."""
    from IPython.display import HTML, display

    display(HTML(page_game_html(corpus, x)))


def page_game_html(corpus: Corpus, x: np.ndarray) -> str:
    """HTML in which a reader labels clips by ear and a model learns from it; nothing is asked of a kernel.

    In a build of the book, where ``DALBOOK_STATIC`` names a folder, it becomes a script there and one more for each
    sound, which also load where the book is read from a folder; in a live notebook all of it is in the HTML.

    Parameters
    ----------
    corpus, x
        As for `page_data`.

    Raises
    ------
    ValueError
        See `page_data`; or a clip that cannot be played.
    """
    from dalbook.figures.look import CLASS_COLOURS

    data = page_data(corpus, x)
    pool, _ = split(corpus)
    sounds = dict(enumerate(page_sounds(corpus, pool)))
    static = os.environ.get("DALBOOK_STATIC")
    if static:
        Path(static).mkdir(parents=True, exist_ok=True)
        sounds = {place: sound_beside(Path(static), sound) for place, sound in sounds.items()}
    colors = [CLASS_COLOURS.get(name, "#545c68") for name in corpus.classes]
    script = _script({"data": data, "colors": colors, "sounds": sounds})
    # not known by a class: one of the labeler's would have the book load its module as well
    mount = (
        f'<div data-dalbook-page="{content_name(script)}">'
        "<noscript>Here you label sounds, and a model learns from it: that needs JavaScript.</noscript></div>"
    )
    script = script.replace(NAME, content_name(script))
    if not static:
        return f"{mount}<script>{script}</script>"
    name = f"{content_name(script)}.js"
    write_whole(Path(static) / name, lambda file: file.write(script.encode()))
    return f'{mount}<script src="{BESIDE_THE_PAGE}/{name}" defer></script>'


def _script(page: dict) -> str:
    return (
        f"(() => {{\nfunction room(self) {{\n{bundle('page_worker.js')}\n}}\n{bundle('page_start.js')}\n{style(STYLES)}"
        f"const page = {literal(page)};\n"
        "page.base = document.currentScript?.src || document.baseURI;\n"
        f"for (const el of document.querySelectorAll('[data-dalbook-page=\"{NAME}\"]:not([data-on])')) {{\n"
        '  el.dataset.on = "";\n  start(el, page, room);\n}\n})();\n'
    )
