"""Every plot of the book: the style they share, how they get onto a page, and one function a figure.

Figures that belong to one chapter have a module of their own here, ``from dalbook.figures import listening``.
"""

from dalbook.figures.curves import CORPORA, experiment, guesses, learning_curve
from dalbook.figures.display import figure_html, show
from dalbook.figures.slider import explore
from dalbook.figures.style import CLASS_COLORS, CLASS_SYMBOLS, CONFIG, LEARNER_STYLES, LINE, TEXT

__all__ = [
    "CLASS_COLORS",
    "CLASS_SYMBOLS",
    "CONFIG",
    "CORPORA",
    "LEARNER_STYLES",
    "LINE",
    "TEXT",
    "experiment",
    "explore",
    "figure_html",
    "guesses",
    "learning_curve",
    "show",
]
