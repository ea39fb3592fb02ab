"""How a figure gets onto a page: with its number, its caption, and what it shows in words."""

from __future__ import annotations

import re
from html import escape

import plotly.graph_objects as go

from dalbook.book.beside import is_static
from dalbook.figures.style import CONFIG, listens


def figure_html(
    fig: go.Figure, *, alt: str, caption: str = "", number: str = "", listen: bool = False, above: str = ""
) -> str:
    """Return a figure as HTML for a page that has loaded Plotly: the figure, what it shows in words, and its caption.

    Parameters
    ----------
    fig
        What to draw.
    alt
        What the figure shows, with the numbers that matter, for those who cannot see it.
    caption
        Plain text.
    number
        Chapter and figure, ``"3.1"``; links to ``#fig-3-1`` lead there.
    listen
        Offer the sounds of the figure in a select box, too (see `show`).
    above
        HTML that stands above the figure, such as a slider.

    Raises
    ------
    ValueError
        Without a description, or if `number` is not one.

    Examples
    --------
    >>> html = figure_html(go.Figure(), alt="An empty figure.", caption="Nothing <yet>", number="3.1")
    >>> 'role="img" aria-label="An empty figure."' in html, "Figure 3.1.</span> Nothing &lt;yet&gt;" in html
    (True, True)
    """
    check(alt, number)
    plot = fig.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        config=CONFIG,
        default_height="430px",
        div_id=f"plot-{name(number)}" if number else None,  # the same page again, byte for byte
    )
    described = f'<div class="dalbook-plot" role="img" aria-label="{escape(alt)}">{plot}</div>'
    sounds = ""
    if any(listens(trace) for trace in fig.data):
        sounds = f'<div class="dalbook-listen"{" data-choose" if listen else ""}></div>'
    heading = f'<span class="dalbook-number">Figure {number}.</span>' if number else ""
    words = " ".join(filter(None, (heading, escape(caption))))
    below = f"<figcaption>{words}</figcaption>" if words else ""
    anchor = f' id="fig-{name(number)}"' if number else ""
    return f'<figure class="dalbook-figure"{anchor}>{above}{described}{sounds}{below}</figure>'


def show(fig: go.Figure, *, alt: str, caption: str = "", number: str = "", listen: bool = False) -> None:
    """Show a figure in a chapter, with ``alt`` saying what it shows for those who cannot see it.

    In a build of the book (`dalbook.book.beside`) this is :func:`figure_html`, as Plotly's own output is blank there.
    In a live notebook it is Plotly's ordinary ``fig.show()`` and a caption.

    Click to listen: a trace with ``meta={"listen": k}`` has the addresses of sounds (`dalbook.book.player.sound_url`)
    in column ``k`` of its ``customdata`` (0 where that is a plain list); a click on a point plays its sound. Not
    everybody can click: with ``listen=True`` a select box below the figure offers the same sounds. There and while it
    plays, a point goes by its ``text``, its ``hovertext``, or the trace's name and its number.

    Parameters and errors are those of :func:`figure_html`.
    """
    from IPython.display import display

    check(alt, number)
    if is_static():
        display_html(figure_html(fig, alt=alt, caption=caption, number=number, listen=listen))
        return
    if any(listens(trace) for trace in fig.data):
        from dalbook.figures.listen import widget  # only a live kernel needs ipywidgets

        display(widget(fig, choose=listen))
    else:
        fig.show(config=CONFIG)
    live_caption(caption, number)


def live_caption(caption: str, number: str) -> None:
    """Show the caption of a figure in a live notebook."""
    words = " ".join(filter(None, (f"Figure {number}." if number else "", caption)))
    if words:
        display_html(f"<p><em>{escape(words)}</em></p>")


def display_html(html: str) -> None:
    """Show HTML as the output of a cell."""
    from IPython.display import HTML, display

    display(HTML(html))


def name(number: str) -> str:
    """A figure's number as part of an HTML id.

    >>> name("3.1")
    '3-1'
    """
    return number.replace(".", "-")


def check(alt: str, number: str) -> None:
    """Raise ``ValueError`` without a description, or for a number that is not chapter.figure."""
    if not alt.strip():
        raise ValueError("alt is empty: say in words what the figure shows, for those who cannot see it")
    if number and not re.fullmatch(r"\d+\.\d+", number):
        raise ValueError(f'number is {number!r}: give chapter and figure, as in "3.1"')
