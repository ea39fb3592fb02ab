"""Chapter 6: votes as bars, what disagreement finds, and how its rivals compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dalbook.figures.hypotheses import colors
from dalbook.figures.style import LEARNER_STYLES, TEXT

FACES = ("#fff", "#000")  # of the text on a bar, whichever reads better


def votes(
    shares_nC: np.ndarray, names: Sequence[str], classes: Sequence[str], sounds: Sequence[str] | None = None
) -> go.Figure:
    """The vote distribution (5) of some clips as one bar a clip; a click on the triangle behind it plays the clip.

    Parameters
    ----------
    shares_nC
        The share of the hypotheses that vote for each class, (n, C), rows sum to 1.
    names
        A name a clip, shown beside its bar; ``<br>`` breaks the line.
    classes
        C names.
    sounds
        An address a clip, of `dalbook.book.player.sound_url`; without them there are no triangles.

    Examples
    --------
    >>> fig = votes(np.array([[0.75, 0.25], [0, 1]]), ["clip 3", "clip 7"], ["siren", "dog_bark"], ["3.mp3", "7.mp3"])
    >>> [(bar.name, bar.text) for bar in fig.data if bar.type == "bar"]
    [('siren', ('siren',)), ('dog_bark', ('dog_bark', 'dog_bark'))]
    >>> [(bar.name, bar.customdata) for bar in fig.data if bar.meta]
    [('clip', ('3.mp3', '7.mp3'))]
    """
    shares = np.asarray(shares_nC, float)
    fig = go.Figure()
    for c, (name, color) in enumerate(zip(classes, colors(classes), strict=True)):
        rows = np.flatnonzero(shares[:, c])
        if not len(rows):
            continue
        fig.add_bar(
            x=shares[rows, c].round(4),
            y=rows,
            orientation="h",
            name=name,
            marker={"color": color, "line": {"color": "white", "width": 1}},
            text=[name] * len(rows),
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": _face(color)},
            hovertemplate=f"{name}: %{{x:.1%}} of the votes<extra></extra>",
        )
    if sounds is not None:
        plain = [name.replace("<br>", ", ").replace("<b>", "").replace("</b>", "") for name in names]
        fig.add_scatter(
            x=[1.06] * len(names),
            y=list(range(len(names))),
            mode="markers",
            marker={"symbol": "triangle-right", "size": 16, "color": TEXT},
            customdata=list(sounds),
            meta={"listen": 0},
            hovertext=plain,
            hovertemplate="%{hovertext}: click to listen<extra></extra>",
            name="clip",
            showlegend=False,
        )
    fig.update_layout(
        template="dalbook",
        barmode="stack",
        bargap=0.3,
        showlegend=False,
        height=110 + 52 * len(names),
        margin={"t": 20},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    fig.update_xaxes(title="share of the votes", tickformat=".0%", range=[0, 1.12], tickvals=[0, 0.25, 0.5, 0.75, 1])
    fig.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=list(names),
        range=[len(names) - 0.45, -0.55],
        showgrid=False,
        zeroline=False,
    )
    return fig


def votes_and_mean(
    shares_C: np.ndarray, probs_C: np.ndarray, classes: Sequence[str], truth: int | None = None, title: str = ""
) -> go.Figure:
    """One clip's vote distribution (5) beside its mean prediction (2), two bars a class.

    Parameters
    ----------
    shares_C, probs_C
        Each (C,), sums to 1.
    classes
        C names.
    truth
        The true class, whose name is then marked.
    title
        Above the bars.

    Examples
    --------
    >>> fig = votes_and_mean(np.array([1.0, 0.0]), np.array([0.6, 0.4]), ["siren", "dog_bark"])
    >>> [bar.name for bar in fig.data]
    ['votes (5)', 'mean prediction (2)']
    """
    ticks = [f"<b>{name} (true)</b>" if c == truth else name for c, name in enumerate(classes)]
    fig = go.Figure()
    for name, values, pattern in (("votes (5)", shares_C, ""), ("mean prediction (2)", probs_C, "/")):
        fig.add_bar(
            x=np.asarray(values, float).round(4),
            y=list(range(len(classes))),
            orientation="h",
            name=name,
            marker={
                "color": "#3050f8" if not pattern else "#c88028",
                "pattern": {"shape": pattern, "fillmode": "overlay", "size": 6, "solidity": 0.3},
            },
            hovertemplate=f"{name}: %{{x:.1%}}<extra></extra>",
        )
    fig.update_layout(template="dalbook", barmode="group", bargap=0.25, height=480)
    fig.update_layout(title={"text": title, "font": {"size": 14}, "x": 0.02, "xref": "container"})
    fig.update_layout(legend={"y": -0.2, "yanchor": "top"}, margin={"b": 90})
    fig.update_xaxes(range=[0, 1.02], tickformat=".0%")
    fig.update_yaxes(
        tickvals=list(range(len(classes))),
        ticktext=ticks,
        range=[len(classes) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
    )
    return fig


def found(scores: Mapping[str, np.ndarray], wrong: np.ndarray) -> go.Figure:
    """Which share of the mistakes one has met after so many clips, going down from the highest score.

    Parameters
    ----------
    scores
        Name -> a score a clip, (n,). Of equal scores the first clip comes first.
    wrong
        Whether the prediction of the clip is wrong, bool (n,), at least one True.

    Examples
    --------
    >>> fig = found({"margin": np.array([0.9, 0.1, 0.5])}, np.array([True, False, True]))
    >>> fig.data[-1].name, [float(y) for y in fig.data[-1].y]
    ('margin', [0.0, 0.5, 1.0, 1.0])
    """
    n, mistakes = len(wrong), int(np.sum(wrong))
    if not mistakes:
        raise ValueError("no prediction is wrong: there is nothing to find")
    fig = go.Figure()
    fig.add_scatter(
        x=[0, n], y=[0, 1], mode="lines", name="in any order", line={"color": TEXT, "dash": "dot"}, hoverinfo="skip"
    )
    seen = np.unique(np.linspace(0, n, min(n, 115) + 1).astype(int))
    for number, (name, score) in enumerate(scores.items()):
        color, dash, _ = LEARNER_STYLES[number % len(LEARNER_STYLES)]
        share = np.append(0, np.cumsum(np.asarray(wrong)[np.argsort(-np.asarray(score), kind="stable")])) / mistakes
        fig.add_scatter(
            x=seen,
            y=share[seen].round(4),
            mode="lines",
            name=_words(name),
            line={"color": color, "dash": dash, "width": 2.5},
            hovertemplate="%{y:.0%} of the mistakes in %{x} clips",
        )
    fig.update_layout(template="dalbook", height=480)
    fig.update_xaxes(title="clips, highest score first", range=[0, n])
    fig.update_yaxes(title="share of the mistakes", tickformat=".0%", range=[0, 1.02])
    return fig


def rank_correlation(table: pd.DataFrame) -> go.Figure:
    """A square of rank correlations, each with its number.

    Parameters
    ----------
    table
        Square; index and columns are the names.

    Examples
    --------
    >>> names = ["vote entropy", "margin"]
    >>> fig = rank_correlation(pd.DataFrame([[1, 0.6], [0.6, 1]], names, names))
    >>> fig.data[0].text[0]
    ['1.00', '0.60']
    """
    values = table.to_numpy(float)
    names = [_words(str(name)) for name in table.columns]
    fig = go.Figure(
        go.Heatmap(
            z=values.round(3),
            x=names,
            y=[name.replace(" ", "<br>") for name in names],
            text=[[f"{value:.2f}" for value in row] for row in values],
            texttemplate="%{text}",
            textfont={"color": "black"},
            colorscale=[[0, "#ffffff"], [1, "#6f86ff"]],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, %{x}: %{z:.2f}<extra></extra>",
        )
    )
    fig.update_layout(template="dalbook", height=430, margin={"t": 20})
    fig.update_xaxes(showgrid=False, tickangle=-45)
    fig.update_yaxes(showgrid=False, autorange="reversed")
    return fig


def _words(name: str) -> str:
    """The name of an acquisition function as one reads it."""
    return {"bald": "BALD"}.get(name, name.replace("_", " "))


def _face(color: str) -> str:
    """White or black, whichever has the higher contrast on a color ``#rrggbb``."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return FACES[light > 0.179]
