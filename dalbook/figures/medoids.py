"""Figures of the chapter on medoids: clips on a map, clusters as spokes, two normal distributions, purity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from dalbook.figures.style import CLASS_COLORS, CLASS_SYMBOLS, LEARNER_STYLES, LINE, TEXT


def clip_map(points: ArrayLike, classes: Sequence[str], names: Sequence[str], sounds: Sequence[str]) -> go.Figure:
    """Clips as points (n, 2), each with its class, its name and the address of its sound: a click plays it.

    >>> fig = clip_map([[0, 0], [1, 1]], ["siren", "dog_bark"], ["clip 1", "clip 2"], ["a.mp3", "b.mp3"])
    >>> [trace.name for trace in fig.data]
    ['dog bark', 'siren']
    """
    fig = go.Figure()
    _add_clips(fig, np.asarray(points, float), classes, names, sounds)
    return _map(fig, points)


def clusters(
    points: ArrayLike,
    classes: Sequence[str],
    names: Sequence[str],
    medoids: ArrayLike,
    assignment: ArrayLike | None,
    cost: float | None,
) -> go.Figure:
    """One step of k-medoids on a map: a ring around each medoid, a line from each clip to its own.

    ``points`` (n, 2) are the clips, ``medoids`` (k,) those of them that are medoids, ``assignment`` (n,) the number of
    each clip's medoid, None where the clips have not joined yet; ``cost`` is written above.

    >>> fig = clusters([[0, 0], [1, 1]], ["siren", "siren"], ["clip 1", "clip 2"], [0], [0, 0], 1.5)
    >>> [trace.name for trace in fig.data], fig.layout.title.text
    (['joins', 'siren', 'medoid'], 'cost 1.500')
    """
    points, medoids = np.asarray(points, float), np.asarray(medoids)
    fig = go.Figure()
    spokes = np.full((len(points), 3, 2), np.nan)  # from, to, and a gap
    if assignment is not None:
        spokes[:, 0], spokes[:, 1] = points, points[medoids[np.asarray(assignment)]]
    x, y = spokes.reshape(-1, 2).round(3).T
    # a NaN is a gap, None says so in JSON
    fig.add_scatter(
        x=[None if np.isnan(v) else float(v) for v in x],
        y=[None if np.isnan(v) else float(v) for v in y],
        mode="lines",
        line={"color": TEXT, "width": 1},
        name="joins",
        showlegend=False,
        hoverinfo="skip",
    )
    _add_clips(fig, points, classes, names)
    fig.add_scatter(
        x=points[medoids, 0].round(3),
        y=points[medoids, 1].round(3),
        mode="markers",
        marker={"symbol": "circle-open", "size": 22, "color": TEXT, "line": {"width": 3}},
        name="medoid",
        hoverinfo="skip",
    )
    title = "the clips have not joined yet" if cost is None else f"cost {cost:.3f}"
    fig.update_layout(title={"text": title, "x": 0, "xref": "paper", "y": 0.99, "yanchor": "top", "font": {"size": 15}})
    return _map(fig, points)


def two_normals(values: Mapping[str, ArrayLike], unit: str) -> go.Figure:
    """Histograms of two clips' values over time, name -> (frames,), each with the normal distribution fitted to it.

    >>> fig = two_normals({"clip 1": [0.0, 1.0, 2.0], "clip 2": [5.0, 6.0, 9.0]}, "dB")
    >>> [trace.name for trace in fig.data]
    ['clip 1', 'clip 1: N(1.0, 0.7)', 'clip 2', 'clip 2: N(6.7, 2.9)']
    """
    fig = go.Figure()
    everything = np.concatenate([np.asarray(v, float) for v in values.values()])
    low, high = everything.min(), everything.max()
    edge = 0.1 * (high - low)
    at = np.linspace(low - edge, high + edge, 200)
    bins = np.linspace(low, high, 31)
    for (name, series), (color, dash, _) in zip(values.items(), LEARNER_STYLES, strict=False):
        series = np.asarray(series, float)
        density, _ = np.histogram(series, bins, density=True)
        fig.add_bar(
            x=((bins[1:] + bins[:-1]) / 2).round(2),
            y=density.round(5),
            name=name,
            marker={"color": color, "opacity": 0.35},
            showlegend=False,
            hoverinfo="skip",
        )
        mean, variance = series.mean(), series.var()
        curve = np.exp(-((at - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        fig.add_scatter(
            x=at.round(2),
            y=curve.round(5),
            mode="lines",
            line={"color": color, "dash": dash, "width": 2.5},
            name=f"{name}: N({mean:.1f}, {variance:.1f})",
            hoverinfo="skip",
        )
    fig.update_layout(template="dalbook", barmode="overlay", bargap=0.05)
    fig.update_xaxes(title=unit)
    fig.update_yaxes(title="density", rangemode="tozero")
    return fig


def purity(table: pd.DataFrame, marks: Mapping[str, int]) -> go.Figure:
    """The share of propagated labels that are right over the number of clusters, one line a distance.

    ``table`` has the columns ``distance``, ``clusters`` and ``right`` (0 to 1); ``marks`` are numbers of clusters to
    point out, name -> number.

    >>> rows = pd.DataFrame({"distance": ["cosine"] * 2, "clusters": [10, 20], "right": [0.5, 0.75]})
    >>> [trace.name for trace in purity(rows, {"a quarter": 20}).data]
    ['cosine']
    """
    fig = go.Figure()
    for (name, part), (color, dash, symbol) in zip(table.groupby("distance", sort=False), LEARNER_STYLES, strict=False):
        fig.add_scatter(
            x=part["clusters"].tolist(),
            y=part["right"].round(4).tolist(),
            mode="lines+markers",
            name=name,
            line={"color": color, "dash": dash, "width": 2.5},
            marker={"color": color, "symbol": symbol, "size": 9},
            hovertemplate="%{x} clusters: %{y:.1%} right",
        )
    for number, (name, at) in enumerate(marks.items()):
        fig.add_vline(x=at, line={"color": TEXT, "width": 1, "dash": "dot"})
        left = number % 2 == 0
        fig.add_annotation(
            x=np.log10(at), y=0.04 + 0.1 * number, yref="paper", text=name, showarrow=False,
            xanchor="right" if left else "left", xshift=-4 if left else 4,
        )  # fmt: skip
    fig.update_layout(template="dalbook")
    ticks = sorted(set(table["clusters"].tolist()))
    fig.update_xaxes(title="number of clusters", type="log", tickvals=ticks, ticktext=[str(n) for n in ticks])
    fig.update_yaxes(title="propagated labels that are right", tickformat=".0%", range=[0, 1.03])
    return fig


def _add_clips(fig: go.Figure, points: np.ndarray, classes: Sequence[str], names: Sequence[str], sounds=None) -> None:
    for name, color in CLASS_COLORS.items():
        rows = [i for i, c in enumerate(classes) if c == name]
        if not rows:
            continue
        listening = {} if sounds is None else {"customdata": [sounds[i] for i in rows], "meta": {"listen": 0}}
        fig.add_scatter(
            x=points[rows, 0].round(3),
            y=points[rows, 1].round(3),
            mode="markers",
            marker={"color": color, "symbol": CLASS_SYMBOLS[name], "size": 11},
            name=name.replace("_", " "),
            text=[names[i] for i in rows],
            hovertemplate="%{text}<extra></extra>",
            **listening,
        )


def _map(fig: go.Figure, points: ArrayLike) -> go.Figure:
    points = np.asarray(points, float)
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.08 * (high - low)
    fig.update_layout(template="dalbook", height=480, margin={"l": 10, "r": 10, "t": 110, "b": 10})
    bare = {"showticklabels": False, "zeroline": False, "gridcolor": LINE}
    fig.update_xaxes(range=[low[0] - edge[0], high[0] + edge[0]], **bare)
    fig.update_yaxes(range=[low[1] - edge[1], high[1] + edge[1]], **bare)
    return fig
