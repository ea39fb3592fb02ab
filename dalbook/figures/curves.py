"""Learning curves, in one plot or a panel each, and the curves of an experiment with several corpora."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dalbook.figures.style import LEARNER_STYLES

if TYPE_CHECKING:
    import pandas as pd

BEHIND = "rgba(128, 128, 128, 0.55)"  # the other learners' lines, on light and on dark
COLUMNS = 2  # which a phone still shows
MANY = 4  # learners that one plot holds; the bands of more hide each other
WIDE = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)  # what a logarithmic axis with many budgets names


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
            raise ValueError(f"The learning curve's rows lack the column {column!r}: summarize the runs first")

    fig = go.Figure()
    for number, learner in enumerate(dict.fromkeys(row["learner"] for row in table)):
        points = sorted((row for row in table if row["learner"] == learner), key=lambda row: row["budget"])
        _add_learner(fig, learner, points, *LEARNER_STYLES[number % len(LEARNER_STYLES)])

    budgets = sorted({row["budget"] for row in table})
    # A handful of budgets are the ticks: what was measured is what the axis names.
    wide = budgets[-1] >= 20 * budgets[0] > 0
    named = budgets
    if len(budgets) > 12:
        named = [n for n in WIDE if budgets[0] <= n <= budgets[-1]] if wide else []
    ticks = {"tickvals": named, "ticktext": [str(n) for n in named]} if named else {}
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="Labeling budget N", type="log" if wide else "linear", **ticks)
    fig.update_yaxes(title="Macro-averaged recall", tickformat=".2f")
    return fig


def panels(rows: pd.DataFrame | Iterable[Mapping]) -> go.Figure:
    """Draw what `learning_curve` draws, with a panel for each learner: it in color with its band, all others in gray.

    Parameters
    ----------
    rows
        As `learning_curve` takes them.

    Examples
    --------
    >>> rows = [{"learner": c, "budget": n, "mean": 0.6, "low": 0.5, "high": 0.7} for c in "ab" for n in (30, 60)]
    >>> fig = panels(rows)
    >>> [note.text for note in fig.layout.annotations], sum(trace.line.color == BEHIND for trace in fig.data)
    (['a', 'b'], 2)
    """
    whole = learning_curve(rows)
    bands, lines = whole.data[::2], whole.data[1::2]
    height = -(-len(lines) // COLUMNS)
    fig = make_subplots(
        rows=height,
        cols=COLUMNS,
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[line.name for line in lines],
        horizontal_spacing=0.04,
        vertical_spacing=0.24 / height,
    )
    for number, (band, line) in enumerate(zip(bands, lines, strict=True)):
        place = {"row": number // COLUMNS + 1, "col": number % COLUMNS + 1}
        for other in lines:
            if other is not line:
                gray = {"line": {"color": BEHIND, "width": 1.2}, "mode": "lines", "hoverinfo": "skip"}
                fig.add_scatter(x=other.x, y=other.y, showlegend=False, **gray, **place)
        line.showlegend = False
        fig.add_trace(band, **place)
        fig.add_trace(line, **place)
    fig.update_layout(template="dalbook", height=150 + 190 * height)
    fig.update_xaxes(type=whole.layout.xaxis.type)
    fig.update_yaxes(tickformat=".2f")
    fig.update_xaxes(title="Labeling budget N", row=height)
    fig.update_yaxes(title="Recall", col=1)
    return fig


# What a reader calls the corpora.
CORPORA = {"urbansound8k": "UrbanSound8K", "esc10": "ESC-10", "toy-city": "toy-city"}


def experiment(table: pd.DataFrame) -> go.Figure:
    """Draw the learning curves of an experiment, with buttons to switch between corpora where there are several.

    ``table`` is that of ``dalbook table``. Its first corpus is shown first. More than four variants get a panel each.
    """
    from dalbook.experiments.analysis import curves, variants

    draw = panels if variants(table).nunique() > MANY else learning_curve
    parts = {str(name): part for name, part in table.groupby("corpus", sort=False)}
    return _switch({name: draw(curves(part)) for name, part in parts.items()})


def guesses(table: pd.DataFrame) -> go.Figure:
    """Draw how many pseudo-labels each variant gives itself over the budget, and which share of them is right.

    ``table`` is that of ``dalbook table``; the counts stand above, the shares below.
    """
    from dalbook.experiments.analysis import guesses as counted

    drawn = {}
    for corpus, part in table.groupby("corpus", sort=False):
        fig = go.Figure()
        for number, (learner, points) in enumerate(counted(part).groupby("learner", sort=False)):
            color, _, symbol = LEARNER_STYLES[number % len(LEARNER_STYLES)]
            common = {"x": points["budget"].tolist(), "legendgroup": learner, "mode": "lines+markers"}
            marker = {"color": color, "symbol": symbol, "size": 8}
            fig.add_scatter(
                **common,
                y=points["pseudo"].tolist(),
                name=learner,
                line={"color": color, "width": 2.5},
                marker=marker,
                hovertemplate="N = %{x}: %{y:.0f} pseudo-labels",
            )
            fig.add_scatter(
                **common,
                y=points["right"].tolist(),
                name=learner,
                showlegend=False,
                line={"color": color, "width": 2.5, "dash": "dot"},
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
    buttons, height = [], first.layout.height or 450
    for number, name in enumerate(drawn):
        shown = [number == group for group, count in enumerate(counts) for _ in range(count)]
        buttons.append({"label": CORPORA.get(name, name), "method": "update", "args": [{"visible": shown}]})
    first.update_layout(
        updatemenus=[
            {"type": "buttons", "direction": "right", "buttons": buttons, "x": 0, "xanchor": "left", "y": -95 / height}
            | {"yanchor": "top", "showactive": True}
        ],
        margin={"b": 100},
    )
    return first


def _add_learner(fig: go.Figure, learner: str, points: list, color: str, dash: str, symbol: str) -> None:
    budgets = [row["budget"] for row in points]
    high, low = [row["high"] for row in points], [row["low"] for row in points]
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
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
        line={"color": color, "dash": dash, "width": 2.5},
        marker={"color": color, "symbol": symbol, "size": 9},
    )
