"""Figures of the chapter on embeddings: the map to listen to, and what a clip's nearest neighbors are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from dalbook.figures.points import points
from dalbook.figures.style import CLASS_COLORS, CLASS_SYMBOLS

KINDS = {"same recording": "#0098c0", "same class": "#487020", "other class": "#d80818"}
CLASSIFIERS = {"nearest clip": ("#3050f8", "circle"), "SVM": ("#c88028", "square")}


def angle(vectors: dict[str, tuple[float, float]]) -> go.Figure:
    """Vectors in the plane, from the origin, under their names.

    >>> len(angle({"a": (1, 2), "b": (2, 1)}).data)
    2
    """
    fig = go.Figure()
    colors = ("#3050f8", "#487020", "#d80818", "#c88028")
    for number, (name, (x, y)) in enumerate(vectors.items()):
        fig.add_scatter(
            x=[0, x],
            y=[0, y],
            mode="lines+markers+text",
            marker={"symbol": "arrow", "size": 16, "angleref": "previous", "color": colors[number % 4]},
            line={"width": 3, "color": colors[number % 4], "dash": ("dot", "solid")[number % 2]},
            text=["", name],
            textposition="middle right",
            hovertemplate=name + "<extra></extra>",
            showlegend=False,
        )
    widest = max(max(x, y) for x, y in vectors.values())
    fig.update_layout(template="dalbook", height=340)
    fig.update_xaxes(range=[0, widest * 1.45], title="first number", constrain="domain")
    fig.update_yaxes(range=[0, widest * 1.1], title="second number", scaleanchor="x")
    return fig


def sound_map(
    xy: ArrayLike,
    labels: ArrayLike,
    classes: Sequence[str],
    names: Sequence[str],
    sounds: Sequence[str] | None = None,
) -> go.Figure:
    """Clips as points of a map; a class has its color and its marker, and a click on a point plays its clip.

    Parameters
    ----------
    xy
        Where the clips lie, float (n, 2). The axes mean nothing, so they are not drawn.
    labels
        Positions in `classes`, int (n,).
    classes
        Class names.
    names
        What the clips are called, n of them.
    sounds
        An address for each, see `dalbook.book.player.sound_url`; without them the map is silent.

    Examples
    --------
    >>> fig = sound_map([[0, 0], [1, 1]], [0, 1], ["siren", "dog_bark"], ["clip 0", "clip 1"], ["a.mp3", "b.mp3"])
    >>> fig.data[1].name, fig.data[1].hovertext, fig.data[1].customdata
    ('dog bark', ('dog bark, clip 1',), ('b.mp3',))
    """
    xy, labels = np.asarray(xy, dtype=float), np.asarray(labels)
    fig = go.Figure()
    for c, name in enumerate(classes):
        ours = np.flatnonzero(labels == c)
        words = name.replace("_", " ")
        heard = {} if sounds is None else {"customdata": [sounds[i] for i in ours], "meta": {"listen": 0}}
        fig.add_scatter(
            x=xy[ours, 0].round(2).tolist(),
            y=xy[ours, 1].round(2).tolist(),
            mode="markers",
            name=words,
            marker={
                "color": CLASS_COLORS.get(name),
                "symbol": CLASS_SYMBOLS.get(name, "circle"),
                "size": 11,
                "line": {"width": 0.5, "color": "rgba(255, 255, 255, 0.7)"},
            },
            hovertext=[f"{words}, {names[i]}" for i in ours],
            hovertemplate="%{hovertext}<extra></extra>",
            **heard,
        )
    fig.update_layout(template="dalbook", height=560, margin={"l": 10, "r": 10, "b": 10})
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False, scaleanchor="x")
    return fig


def neighbor_kinds(table: pd.DataFrame) -> go.Figure:
    """Where the nearest neighbor of each class's clips comes from, as shares of a bar.

    ``table`` has the columns ``class`` and, with numbers of clips, those named in ``KINDS``.

    >>> row = {"class": "siren", "same recording": 6, "same class": 3, "other class": 1}
    >>> neighbor_kinds(pd.DataFrame([row])).data[0].x
    (0.6,)
    """
    total = table[list(KINDS)].sum(axis=1)
    fig = go.Figure()
    for kind, color in KINDS.items():
        fig.add_bar(
            x=(table[kind] / total).round(4).tolist(),
            y=[name.replace("_", " ") for name in table["class"]],
            orientation="h",
            name=kind,
            marker={"color": color, "pattern": {"shape": {"other class": "/", "same class": "."}.get(kind, "")}},
            customdata=table[kind].tolist(),
            hovertemplate="%{y}, " + kind + ": %{customdata} clips (%{x:.0%})<extra></extra>",
        )
    fig.update_layout(template="dalbook", barmode="stack", height=440, legend={"traceorder": "normal"})
    fig.update_xaxes(title="share of the class's clips", tickformat=".0%")
    fig.update_yaxes(autorange="reversed")
    return fig


def mixing(shares: ArrayLike, classes: Sequence[str]) -> go.Figure:
    """Which share of the neighbors of a class's clips (row) is of which class (column): (C, C), rows sum to 1.

    >>> mixing([[0.9, 0.1], [0.5, 0.5]], ["siren", "dog_bark"]).data[0].z.shape
    (2, 2)
    """
    shares = np.asarray(shares, dtype=float).round(3)
    names = [name.replace("_", " ") for name in classes]
    fig = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            colorscale="Viridis",
            zmin=0,
            zmax=1,
            text=[[f"{100 * share:.0f}" if share >= 0.005 else "" for share in row] for row in shares],
            texttemplate="%{text}",
            showscale=False,
            hovertemplate="neighbors of %{y}: %{z:.1%} %{x}<extra></extra>",
        )
    )
    fig.update_layout(template="dalbook", height=480)
    every = {"tickmode": "array", "tickvals": names, "ticktext": names}
    fig.update_xaxes(tickangle=-60, **every)
    fig.update_yaxes(autorange="reversed", **every)
    return fig


def recall(table: pd.DataFrame) -> go.Figure:
    """Macro-averaged recall of embeddings (column ``group``), fold by fold, for each of ``CLASSIFIERS``.

    >>> rows = pd.DataFrame({"group": ["logmel"], "classifier": ["SVM"], "recall": [0.8]})
    >>> recall(rows).data[0].name
    'SVM'
    """
    return points(table, "classifier", CLASSIFIERS)
