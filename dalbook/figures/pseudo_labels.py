"""Figures of the chapter on learning from one's own guesses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from dalbook.figures.style import CLASS_COLORS, LEARNER_STYLES, TEXT
from dalbook.learners.pseudo_labels import minibatch_shares

# Told apart by hatching, too, not by color alone.
RIGHT = {"color": "#3050f8"}
WRONG = {"color": "#c88028", "pattern": {"shape": "/", "fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.7}}


def confidences(confidence: ArrayLike, right: ArrayLike, threshold: float) -> go.Figure:
    """How many guesses have which confidence (n,), the right ones (n,) bool and the wrong ones stacked.

    What is larger than the threshold is counted in the title; the others are pale.

    >>> confidences([0.4, 0.6, 0.9], [True, False, True], 0.5).layout.title.text
    'Θ = 0.5: 2 pseudo-labels,<br>1 of them wrong (50 %)'
    """
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    edges = np.linspace(0, 1, 41)
    fig = go.Figure()
    for name, rows, marker in (("right", right, RIGHT), ("wrong", ~right, WRONG)):
        for taken in (True, False):
            group = confidence[rows & ((confidence > threshold) == taken)]
            fig.add_bar(
                x=((edges[1:] + edges[:-1]) / 2).round(4),
                y=np.histogram(group, edges)[0],
                name=name,
                marker=marker | {"opacity": 1 if taken else 0.25},
                showlegend=taken,
                legendgroup=name,
                hovertemplate="confidence %{x:.2f}: %{y}",
            )
    taken = confidence > threshold
    n, wrong = int(taken.sum()), int((taken & ~right).sum())
    share = f" ({wrong / n:.0%})".replace("%", " %") if n else ""
    title = f"Θ = {threshold}: {n} pseudo-labels,<br>{wrong} of them wrong{share}"
    fig.add_vline(x=threshold, line={"color": TEXT, "width": 2, "dash": "dash"})
    fig.update_layout(template="dalbook", barmode="stack", bargap=0.05, **_title(title))
    fig.update_xaxes(title="confidence of the guess", range=[0, 1.01])
    fig.update_yaxes(title="unlabeled clips")
    return fig


def beliefs(probs: ArrayLike, classes: Sequence[str]) -> go.Figure:
    """What a classifier believes of one clip: the probability (C,) of each class as a bar.

    >>> beliefs([0.6, 0.4], ["siren", "dog_bark"]).data[0].y
    ('siren', 'dog bark')
    """
    fig = go.Figure()
    fig.add_bar(
        x=np.asarray(probs, float).round(4),
        y=[c.replace("_", " ") for c in classes],
        orientation="h",
        marker={"color": [CLASS_COLORS[c] for c in classes]},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    fig.update_layout(template="dalbook", height=340)
    fig.update_xaxes(title="P(c|x)", range=[0, 1])
    fig.update_yaxes(autorange="reversed")
    return fig


def places(labeled: int, alphas: Sequence[float], most: int, size: int) -> go.Figure:
    """Equation (8): the places of a class's pseudo-labels over how many of them there are, one line an α.

    ``labeled`` is |S_L,c|, ``most`` the largest |S_P,c| drawn, ``size`` is B.

    >>> [trace.name for trace in places(3, [0.01, 1], 100, 256).data]
    ['α = 0.01', 'α = 1']
    """
    fig = go.Figure()
    at = np.unique(np.round(np.geomspace(1, most, 60)).astype(int))
    for alpha, (color, dash, _) in zip(alphas, LEARNER_STYLES, strict=False):
        fig.add_scatter(
            x=at,
            y=[minibatch_shares(labeled, int(n), alpha, size)[1] for n in at],
            mode="lines",
            line={"color": color, "dash": dash, "width": 2.5},
            name=f"α = {alpha}",
            hovertemplate="%{x} pseudo-labels: %{y} places",
        )
    fig.update_layout(template="dalbook")
    ticks = [n for n in (1, 3, 10, 30, 100, 300, 1000, 3000) if n <= most]
    fig.update_xaxes(title="|S<sub>P,c</sub>|, pseudo-labels of the class", type="log", tickvals=ticks)
    fig.update_yaxes(title="B<sub>P,c</sub>, their places", range=[-0.02 * size, 1.03 * size])
    return fig


def counter(table: pd.DataFrame, most: int) -> go.Figure:
    """Pseudo-labels along the iterations, right and wrong ones stacked.

    ``table`` has the columns ``iteration``, ``right`` and ``wrong``, both numbers of clips; ``most`` is the height of
    the axis.

    >>> table = pd.DataFrame({"iteration": [0, 1], "right": [5, 6], "wrong": [1, 2]})
    >>> counter(table, 10).layout.title.text
    'wrong: 1 of 6 at first,<br>2 of 8 at last'
    """
    fig = go.Figure()
    for name, marker in (("wrong", WRONG), ("right", RIGHT)):
        fig.add_bar(
            x=table["iteration"].tolist(),
            y=table[name].tolist(),
            name=name,
            marker=marker,
            hovertemplate="iteration %{x}: %{y} " + name + "<extra></extra>",
        )
    ends = (table.iloc[0], table.iloc[-1])
    first, last = (f"{row['wrong']} of {row['wrong'] + row['right']}" for row in ends)
    fig.update_layout(
        template="dalbook", barmode="stack", bargap=0.15, **_title(f"wrong: {first} at first,<br>{last} at last")
    )
    fig.update_xaxes(title="iteration")
    fig.update_yaxes(title="pseudo-labels", range=[0, most])
    return fig


def hardening(table: pd.DataFrame, told_at: int) -> go.Figure:
    """The share of wrong guesses along the iterations, and how confident these are, one line an α.

    ``table`` has the columns ``alpha``, ``iteration``, ``wrong`` and ``confidence``, both 0 to 1; ``told_at`` is the
    first iteration that knows the labels told late.

    >>> rows = [{"alpha": a, "iteration": i, "wrong": 0.3, "confidence": 0.6} for a in (0, 1) for i in (0, 1)]
    >>> [trace.name for trace in hardening(pd.DataFrame(rows), 1).data if trace.showlegend]
    ['α = 0', 'α = 1']
    """
    fig = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12,
        subplot_titles=("share of guesses that are wrong", "confidence of the wrong ones"),
    )  # fmt: skip
    for (alpha, part), (color, dash, symbol) in zip(table.groupby("alpha", sort=False), LEARNER_STYLES, strict=False):
        for row, column in enumerate(("wrong", "confidence"), 1):
            fig.add_scatter(
                x=part["iteration"].tolist(),
                y=part[column].round(4).tolist(),
                mode="lines+markers",
                line={"color": color, "dash": dash, "width": 2.5},
                marker={"color": color, "symbol": symbol, "size": 7},
                name=f"α = {alpha:g}",
                legendgroup=f"{alpha}",
                showlegend=row == 1,
                hovertemplate="iteration %{x}: %{y:.1%}",
                row=row,
                col=1,
            )
    for row in (1, 2):
        fig.add_vline(x=told_at - 0.5, line={"color": TEXT, "width": 1, "dash": "dot"}, row=row, col=1)
    fig.update_layout(template="dalbook", height=560, margin={"t": 90}, legend={"y": 1.08})
    fig.update_xaxes(title="iteration", row=2, col=1)
    fig.update_yaxes(tickformat=".0%")
    fig.update_yaxes(range=[0, 1.15 * float(table["wrong"].max())], row=1, col=1)
    fig.update_yaxes(range=[0, 1], row=2, col=1)
    return fig


def swallowed(counts: ArrayLike, classes: Sequence[str]) -> go.Figure:
    """Which class takes whose clips: ``counts`` (C, C) of clips, a row a true class, a column a guess.

    >>> swallowed([[3, 1], [0, 4]], ["siren", "dog_bark"]).data[0].x
    ('siren', 'dog bark')
    """
    counts = np.asarray(counts)
    names = [c.replace("_", " ") for c in classes]
    fig = go.Figure(
        go.Heatmap(
            z=counts,
            x=names,
            y=names,
            colorscale=[[0, "rgba(200, 128, 40, 0)"], [1, "rgba(200, 128, 40, 0.75)"]],
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate="%{y} taken for %{x}: %{z}<extra></extra>",
        )
    )
    rows, columns = np.nonzero(counts)
    # numbers as points: their color is that of the page's text, light or dark
    fig.add_scatter(
        x=[names[c] for c in columns],
        y=[names[r] for r in rows],
        text=[str(n) for n in counts[rows, columns]],
        mode="text",
        textfont={"size": 11},
        hoverinfo="skip",
        showlegend=False,
    )
    fig.update_layout(template="dalbook", height=520, margin={"l": 10, "r": 10, "t": 20})
    every = {"dtick": 1, "tickfont": {"size": 11}, "showgrid": False}
    fig.update_xaxes(title="taken for", tickangle=-60, **every)
    fig.update_yaxes(title={"text": "is", "standoff": 12}, autorange="reversed", **every)
    return fig


def _title(text: str) -> dict:
    title = {"text": text, "x": 0, "xref": "paper", "y": 0.94, "yanchor": "top", "font": {"size": 15}}
    return {"title": title, "margin": {"t": 100}}
