"""Every plot of the book: the look they share, how they get onto a page, and one function a figure.

Importing this module registers the Plotly template ``dalbook``. Its background is transparent and its text a grey that
reads on white and on black; in the built book ``_static/figures.js`` gives both the colours of the page's theme.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import plotly.io

if TYPE_CHECKING:
    import pandas as pd

# The ten classes look the same on every page. The colours were chosen by a search for the largest smallest distance
# between any two, seen with normal vision, protanopia, deuteranopia and tritanopia (the simulation matrices of Machado,
# Oliveira, Fernandes, 2009), among those with a contrast of 3 or more on white and on the book's dark background.
# Ten colours are too many to rely on colour alone: each class has a marker of its own as well.
CLASS_COLOURS = {
    "air_conditioner": "#0098c0",
    "car_horn": "#f840b8",
    "children_playing": "#c88028",
    "dog_bark": "#885888",
    "drilling": "#b870f8",
    "engine_idling": "#788870",
    "gun_shot": "#d80818",
    "jackhammer": "#b800c8",
    "siren": "#3050f8",
    "street_music": "#487020",
}
CLASS_SYMBOLS = dict(
    zip(
        CLASS_COLOURS,
        ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "triangle-down", "hexagram", "pentagon"),
        strict=True,
    )
)

# How the learners of one learning curve are told apart: by colour, by dash and by marker.
LEARNER_STYLES = (
    ("#3050f8", "solid", "circle"),
    ("#c88028", "dash", "square"),
    ("#487020", "dot", "diamond"),
    ("#d80818", "dashdot", "triangle-up"),
    ("#885888", "longdash", "cross"),
    ("#0098c0", "longdashdot", "x"),
)

TEXT = "#767676"
LINE = "rgba(128, 128, 128, 0.3)"
CONFIG = {"displaylogo": False, "responsive": True}

plotly.io.templates["dalbook"] = go.layout.Template(
    layout={
        "colorway": list(CLASS_COLOURS.values()),
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"color": TEXT, "size": 14},
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 60, "r": 20, "t": 50, "b": 55},
        "xaxis": {"gridcolor": LINE, "linecolor": LINE, "zerolinecolor": LINE, "automargin": True},
        "yaxis": {"gridcolor": LINE, "linecolor": LINE, "zerolinecolor": LINE, "automargin": True},
    }
)


def figure_html(fig: go.Figure, *, alt: str, caption: str = "") -> str:
    """Return a figure as HTML for a page that has loaded Plotly: the figure, what it shows in words, and its caption.

    Raises ``ValueError`` without a description.

    >>> html = figure_html(go.Figure(), alt="An empty figure.", caption="Nothing <yet>")
    >>> 'role="img" aria-label="An empty figure."' in html, "Nothing &lt;yet&gt;" in html
    (True, True)
    """
    if not alt.strip():
        raise ValueError("alt is empty: say in words what the figure shows, for those who cannot see it")
    plot = fig.to_html(
        full_html=False, include_plotlyjs=False, include_mathjax=False, config=CONFIG, default_height="430px"
    )
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    described = f'<div role="img" aria-label="{escape(alt)}">{plot}</div>'
    return f'<figure class="dalbook-figure">{described}{below}</figure>'


def show(fig: go.Figure, *, alt: str, caption: str = "") -> None:
    """Show a figure in a chapter, with ``alt`` saying what it shows for those who cannot see it.

    In a live notebook this is Plotly's ordinary ``fig.show()`` and a caption. In a build of the book (``make book``
    sets the environment variable ``DALBOOK_STATIC``) it is :func:`figure_html`, as Plotly's own output is blank there.
    """
    from IPython.display import HTML, display

    html = figure_html(fig, alt=alt, caption=caption)  # checks alt while the chapter is being written, too
    if os.environ.get("DALBOOK_STATIC"):
        display(HTML(html))
        return
    fig.show(config=CONFIG)
    if caption:
        display(HTML(f"<p><em>{escape(caption)}</em></p>"))


def learning_curve(rows: pd.DataFrame | Iterable[Mapping]) -> go.Figure:
    """Draw macro-averaged recall over the labeling budget, one line a learner, as in Figures 2 to 4 of the paper.

    ``rows`` is a table with the columns ``learner``, ``budget`` (labels), ``mean`` (macro-averaged recall, 0 to 1) and
    ``low`` and ``high`` (the ends of its 80 % interval, section 5.1, drawn as a band). Rows may come in any order; the
    learners keep the order of their first rows. Budgets that span a factor of 20 or more get a logarithmic axis.
    Raises ``ValueError`` for an empty table or a missing column.

    >>> rows = [{"learner": "dal", "budget": n, "mean": 0.6, "low": 0.5, "high": 0.7} for n in (30, 60)]
    >>> [trace.name for trace in learning_curve(rows).data if trace.name]
    ['dal']
    """
    table = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    if not table:
        raise ValueError("The learning curve has no rows: run at least one learner over one budget")
    for column in ("learner", "budget", "mean", "low", "high"):
        if any(column not in row for row in table):
            raise ValueError(f"The learning curve's rows lack the column {column!r}: summarise the runs first")

    fig = go.Figure()
    for number, learner in enumerate(dict.fromkeys(row["learner"] for row in table)):
        points = sorted((row for row in table if row["learner"] == learner), key=lambda row: row["budget"])
        _add_learner(fig, learner, points, *LEARNER_STYLES[number % len(LEARNER_STYLES)])

    budgets = sorted({row["budget"] for row in table})
    # A handful of budgets are the ticks: what was measured is what the axis names.
    ticks = {"tickvals": budgets, "ticktext": [str(n) for n in budgets]} if len(budgets) <= 12 else {}
    wide = budgets[-1] >= 20 * budgets[0] > 0
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="Labeling budget N", type="log" if wide else "linear", **ticks)
    fig.update_yaxes(title="Macro-averaged recall", tickformat=".2f")
    return fig


# What a reader calls the corpora.
CORPORA = {"urbansound8k": "UrbanSound8K", "toy-city": "toy-city"}


def experiment(table: pd.DataFrame) -> go.Figure:
    """Draw the learning curves of an experiment, with buttons to switch between corpora where there are several.

    ``table`` is that of ``dalbook table``. Its first corpus is shown first.
    """
    from dalbook.compare import curves

    parts = {str(name): part for name, part in table.groupby("corpus", sort=False)}
    return _switch({name: learning_curve(curves(part)) for name, part in parts.items()})


def guesses(table: pd.DataFrame) -> go.Figure:
    """Draw how many pseudo-labels each variant gives itself over the budget, and which share of them is right.

    ``table`` is that of ``dalbook table``; the counts stand above, the shares below.
    """
    from dalbook.compare import guesses as counted

    drawn = {}
    for corpus, part in table.groupby("corpus", sort=False):
        fig = go.Figure()
        for number, (learner, points) in enumerate(counted(part).groupby("learner", sort=False)):
            colour, _, symbol = LEARNER_STYLES[number % len(LEARNER_STYLES)]
            common = {"x": points["budget"].tolist(), "legendgroup": learner, "mode": "lines+markers"}
            marker = {"color": colour, "symbol": symbol, "size": 8}
            fig.add_scatter(
                **common,
                y=points["pseudo"].tolist(),
                name=learner,
                line={"color": colour, "width": 2.5},
                marker=marker,
                hovertemplate="N = %{x}: %{y:.0f} pseudo-labels",
            )
            fig.add_scatter(
                **common,
                y=points["right"].tolist(),
                name=learner,
                showlegend=False,
                line={"color": colour, "width": 2.5, "dash": "dot"},
                marker=marker,
                xaxis="x2",
                yaxis="y2",
                hovertemplate="N = %{x}: %{y:.1%} of them right",
            )
        axis = {"title": "Labeling budget N"}
        wide = part["budget"].max() >= 20 * part["budget"].min() > 0
        fig.update_layout(
            template="dalbook",
            grid={"rows": 2, "columns": 1, "pattern": "independent"},
            height=640,
            xaxis={"type": "log" if wide else "linear"},
            xaxis2={**axis, "type": "log" if wide else "linear"},
            yaxis={"title": "pseudo-labels", "rangemode": "tozero"},
            yaxis2={"title": "share that is right", "tickformat": ".0%"},
        )
        drawn[str(corpus)] = fig
    return _switch(drawn)


def _switch(drawn: Mapping[str, go.Figure]) -> go.Figure:
    """One figure out of several with the same axes: all their lines, and a button for each that shows only its own."""
    first, *others = drawn.values()
    counts = [len(fig.data) for fig in drawn.values()]
    for fig in others:
        first.add_traces([trace.update(visible=False) for trace in fig.data])
    if not others:
        return first
    buttons = []
    for number, name in enumerate(drawn):
        shown = [number == group for group, count in enumerate(counts) for _ in range(count)]
        buttons.append({"label": CORPORA.get(name, name), "method": "update", "args": [{"visible": shown}]})
    first.update_layout(
        updatemenus=[
            {"type": "buttons", "direction": "right", "buttons": buttons, "x": 0, "xanchor": "left", "y": -0.18}
            | {"yanchor": "top", "showactive": True}
        ],
        margin={"b": 100},
    )
    return first


def _add_learner(fig: go.Figure, learner: str, points: list, colour: str, dash: str, symbol: str) -> None:
    budgets = [row["budget"] for row in points]
    high, low = [row["high"] for row in points], [row["low"] for row in points]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    fig.add_scatter(
        x=budgets + budgets[::-1],
        y=high + low[::-1],
        fill="toself",
        fillcolor=f"rgba({red}, {green}, {blue}, 0.18)",
        line={"width": 0},
        mode="lines",
        legendgroup=learner,
        showlegend=False,
        hoverinfo="skip",
    )
    fig.add_scatter(
        x=budgets,
        y=[row["mean"] for row in points],
        customdata=list(zip(low, high, strict=True)),
        hovertemplate="N = %{x}: %{y:.3f} (80 % interval %{customdata[0]:.3f} to %{customdata[1]:.3f})",
        mode="lines+markers",
        name=learner,
        legendgroup=learner,
        line={"color": colour, "dash": dash, "width": 2.5},
        marker={"color": colour, "symbol": symbol, "size": 9},
    )
