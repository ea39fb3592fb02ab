"""The page that learns: the labeler, two learners in JavaScript, and toy-city's clips, on a page without a kernel."""

from __future__ import annotations

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.files.bundle import bundle
from dalbook.webpage.data import page_data, split
from dalbook.webpage.mount import beside, mounted, style
from dalbook.webpage.sounds import page_sounds

STYLES = ("labeling/static/labeler.css", "webpage/static/page_panel.css")


def page_game(corpus: Corpus, x: np.ndarray) -> None:
    """Show `page_game_html` in a chapter."""
    from IPython.display import HTML, display

    display(HTML(page_game_html(corpus, x)))


def page_game_html(corpus: Corpus, x: np.ndarray) -> str:
    """HTML in which a reader labels clips by ear and a model learns from it; nothing is asked of a kernel.

    In a build of the book it becomes a script beside the pages and one more for each sound, which also load where the
    book is read from a folder; in a live notebook all of it is in the HTML.

    Parameters
    ----------
    corpus, x
        As for `page_data`.

    Raises
    ------
    ValueError
        See `page_data`; or a clip that cannot be played.
    """
    from dalbook.figures.style import CLASS_COLORS

    pool, _ = split(corpus)
    sounds = beside(dict(enumerate(page_sounds(corpus, pool))))
    colors = [CLASS_COLORS.get(name, "#545c68") for name in corpus.classes]
    room = f"function room(self) {{\n{bundle('webpage/static/page_worker.js')}\n}}"
    return mounted(
        "page",
        f"{room}\n{bundle('webpage/static/page_start.js')}\n{style(STYLES)}",
        {"data": page_data(corpus, x), "colors": colors, "sounds": sounds},
        "start(el, page, room);",
        "Here you label sounds, and a model learns from it: that needs JavaScript.",
    )
