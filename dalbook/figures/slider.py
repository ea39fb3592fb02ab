"""A figure with a slider: drawn beforehand for every value in the built book, recomputed in a live kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from zlib import crc32

import plotly.graph_objects as go

from dalbook.book.beside import is_static
from dalbook.figures.display import check, display_html, figure_html, live_caption, name
from dalbook.figures.style import CONFIG


def explore(
    draw: Callable[[object], go.Figure],
    values: Sequence,
    label: str,
    *,
    alt: str,
    caption: str = "",
    number: str = "",
) -> None:
    """Show a figure with a slider over `values`.

    In the built book all figures are drawn now and travel with the page; in a live notebook the slider is one of
    ipywidgets and calls `draw` again. Give the axes a fixed range, or they jump when the slider moves.

    Parameters
    ----------
    draw
        Takes one of `values`, returns the figure.
    values
        At least two, in the slider's order; the first is shown first.
    label
        What the slider sets, as a reader reads it.
    alt, caption, number
        As in `dalbook.figures.show`; ``alt`` speaks of all values.

    Raises
    ------
    ValueError
        Without a description, with a number that is not one, or for fewer than two values.
    """
    check(alt, number)
    if len(values) < 2:
        raise ValueError(f"The slider {label!r} has {len(values)} values: give two or more, or use figures.show")
    if is_static():
        display_html(slider_html(draw, values, label, alt=alt, caption=caption, number=number))
        return
    _live(draw, values, label)
    live_caption(caption, number)


def slider_html(draw: Callable, values: Sequence, label: str, *, alt: str, caption: str, number: str) -> str:
    """The figure with a slider as HTML; ``_static/figures.js`` moves it.

    >>> def draw(n):
    ...     return go.Figure(go.Scatter(x=[0, n], y=[0, 1]))
    >>> html = slider_html(draw, [1, 2, 3], "labels", alt="A line.", caption="", number="8.1")
    >>> '<label for="slider-8-1">labels</label>' in html, 'max="2"' in html
    (True, True)
    """
    figures = [draw(value) for value in values]
    anchor = f"slider-{name(number)}" if number else f"slider-{crc32((label + alt).encode()):x}"
    slider = (
        f'<div class="dalbook-slider"><label for="{anchor}">{escape(label)}</label>'
        f'<input type="range" id="{anchor}" min="0" max="{len(values) - 1}" step="1" value="0" autocomplete="off"'
        f' aria-valuetext="{escape(str(values[0]))}"><output for="{anchor}">{escape(str(values[0]))}</output></div>'
    )
    frames = json.dumps(_frames(figures, values), separators=(",", ":")).replace("<", "\\u003c")
    data = f'<script type="application/json" class="dalbook-frames">{frames}</script>'
    return figure_html(figures[0], alt=alt, caption=caption, number=number, above=slider + data)


def _frames(figures: Sequence[go.Figure], values: Sequence) -> dict:
    """All figures; what several of them share, a trace or the layout, travels once."""
    parts: dict[str, int] = {}

    def place(part: dict) -> int:
        return parts.setdefault(json.dumps(part, separators=(",", ":")), len(parts))

    frames = []
    for figure in figures:
        plain = json.loads(figure.to_json())
        frames.append({"data": [place(trace) for trace in plain["data"]], "layout": place(plain["layout"])})
    return {"values": [str(value) for value in values], "parts": [json.loads(part) for part in parts], "frames": frames}


def _live(draw: Callable, values: Sequence, label: str) -> None:
    import ipywidgets
    from IPython.display import display

    slider = ipywidgets.SelectionSlider(
        options=[(str(value), value) for value in values],
        description=label,
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "min(100%, 36rem)"},
    )
    place = ipywidgets.Output()

    def redraw(_=None) -> None:
        with place:
            place.clear_output(wait=True)
            draw(slider.value).show(config=CONFIG)

    slider.observe(redraw, "value")
    display(slider, place)
    redraw()
