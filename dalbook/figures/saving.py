"""Figures of the chapter on what saves labels: two maps, what is covered, how labels flow, and the labels saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from dalbook.experiments.analysis import labels_needed
from dalbook.figures.curves import learning_curve
from dalbook.figures.embeddings import sound_map
from dalbook.figures.style import CLASS_COLORS, CLASS_SYMBOLS, TEXT

BROWN = "#c88028"
GRAY = {"color": TEXT, "symbol": "circle-open", "size": 4}


def two_maps(
    maps: Mapping[str, ArrayLike],
    labels: ArrayLike,
    classes: Sequence[str],
    names: Sequence[str],
    sounds: Sequence[str] | None = None,
) -> go.Figure:
    """The same clips on several maps, with a button for each; the first is shown first.

    ``maps`` gives each map's positions (n, 2) under the name on its button; turned and mirrored so that a clip moves as
    little as may be. The other arguments are those of `dalbook.figures.embeddings.sound_map`.

    >>> fig = two_maps({"a": [[0, 0], [1, 1]], "b": [[0, 0], [-2, -2]]}, [0, 1], ["siren", "dog_bark"], ["1", "2"])
    >>> [button.label for button in fig.layout.updatemenus[0].buttons]
    ['a', 'b']
    """
    labels = np.asarray(labels)
    first, *others = (np.asarray(xy, float) for xy in maps.values())
    drawn = [first - first.mean(axis=0), *(_turned(xy, first) for xy in others)]
    fig = sound_map(drawn[0], labels, classes, names, sounds)
    groups = [np.flatnonzero(labels == c) for c in range(len(classes))]
    buttons = []
    for name, xy in zip(maps, drawn, strict=True):
        x, y = ([xy[rows, axis].round(2).tolist() for rows in groups] for axis in (0, 1))
        buttons.append({"label": name, "method": "restyle", "args": [{"x": x, "y": y}]})
    menu = {"type": "buttons", "direction": "right", "buttons": buttons, "showactive": True}
    fig.update_layout(updatemenus=[menu | {"x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top"}], margin={"b": 60})
    return fig


def covered(
    xy: ArrayLike, share: ArrayLike, asked: Sequence[int], names: Sequence[str], sounds: Mapping[int, str] | None = None
) -> go.Figure:
    """A map of what labeled clips cover: the more a clip is covered, the larger and the darker its dot.

    Parameters
    ----------
    xy
        Where the clips lie, (n, 2).
    share
        How much of each is covered, (n,), 0 to 1.
    asked
        Rows of the clips asked for, in their order; they get their number.
    names
        What each clip is called, n of them.
    sounds
        Row -> an address, for those asked for at least; without it they are silent.

    Examples
    --------
    >>> fig = covered([[0, 0], [1, 1]], [1.0, 0.1], [0], ["siren", "dog bark"])
    >>> [(trace.name, len(trace.x)) for trace in fig.data]
    [('not covered', 2), ('covered', 2), ('asked for', 1)]
    """
    xy, share, asked = np.asarray(xy, float).round(2), np.asarray(share, float), list(asked)
    some = np.flatnonzero(share >= 0.05)  # a smaller dot could not be seen
    part = share[some].round(2)
    fig = go.Figure()
    fig.add_scatter(
        x=xy[:, 0].tolist(),
        y=xy[:, 1].tolist(),
        mode="markers",
        name="not covered",
        marker=GRAY,
        hovertext=list(names),
        hovertemplate="%{hovertext}<extra></extra>",
    )
    fig.add_scatter(
        x=xy[some, 0].tolist(),
        y=xy[some, 1].tolist(),
        mode="markers",
        name="covered",
        marker={
            "color": part.tolist(),
            "colorscale": [[0, "rgba(48, 80, 248, 0.5)"], [1, "rgba(48, 80, 248, 1)"]],
            "cmin": 0,
            "cmax": 1,
            "size": (2 + 10 * part).round(1).tolist(),
            "line": {"width": 0},
        },
        hoverinfo="skip",
    )
    heard = {} if sounds is None else {"customdata": [sounds[i] for i in asked], "meta": {"listen": 0}}
    fig.add_scatter(
        x=xy[asked, 0].tolist(),
        y=xy[asked, 1].tolist(),
        mode="markers+text",
        name="asked for",
        marker={"symbol": "square", "size": 19, "color": BROWN, "line": {"color": "#000", "width": 1}},
        text=[str(n) for n in range(1, len(asked) + 1)],
        textfont={"color": "#000", "size": 12},
        hovertext=[names[i] for i in asked],
        hovertemplate="question %{text}: %{hovertext}<extra></extra>",
        **heard,
    )
    return _still(fig, xy)


def flowed(
    xy: ArrayLike, flow: ArrayLike, labels: Mapping[int, int], classes: Sequence[str], truth: ArrayLike
) -> go.Figure:
    """A map of how far labels have flowed: each clip has the color and marker of the class that reached it most.

    Open markers are wrong guesses; a clip that no label has reached is a gray dot.

    Parameters
    ----------
    xy
        Where the clips lie, (n, 2).
    flow
        How much of each class has come to each clip, (n, C).
    labels
        Row -> class, of the labeled clips; they are drawn large.
    classes
        C names.
    truth
        Class of each clip, int (n,).

    Examples
    --------
    >>> fig = flowed([[0, 0], [1, 1], [2, 2]], [[1, 0], [0.2, 0], [0, 0]], {0: 0}, ["siren", "dog_bark"], [0, 1, 1])
    >>> [(trace.name, len(trace.x)) for trace in fig.data if len(trace.x)]
    [('not reached', 1), ('siren', 1), ('siren, wrong', 1)]
    """
    xy, flow, truth = np.asarray(xy, float).round(2), np.asarray(flow, float), np.asarray(truth)
    guess = np.where(flow.sum(axis=1) > 1e-9, flow.argmax(axis=1), -1)
    words = [name.replace("_", " ") for name in classes]
    fig = go.Figure()
    rest = np.flatnonzero(guess < 0)
    fig.add_scatter(
        x=xy[rest, 0].tolist(),
        y=xy[rest, 1].tolist(),
        mode="markers",
        name="not reached",
        marker=GRAY,
        text=[words[t] for t in truth[rest]],
        hovertemplate="not reached, in truth %{text}<extra></extra>",
    )
    for c, name in enumerate(classes):
        color, symbol = CLASS_COLORS.get(name), CLASS_SYMBOLS.get(name, "circle")
        for right in (True, False):
            rows = np.flatnonzero((guess == c) & ((truth == c) == right))
            large = [i in labels for i in rows.tolist()]
            fig.add_scatter(
                x=xy[rows, 0].tolist(),
                y=xy[rows, 1].tolist(),
                mode="markers",
                name=words[c] if right else f"{words[c]}, wrong",
                legendgroup=name,
                showlegend=right,
                marker={
                    "color": color,
                    "symbol": symbol if right else f"{symbol}-open",
                    "size": [18 if one else 7 for one in large],
                    "line": {
                        "color": TEXT if right else color,
                        "width": [2 if one else 0 if right else 1.2 for one in large],
                    },
                },
                text=None if right else [words[t] for t in truth[rows]],
                hovertemplate=words[c] + ("" if right else ", in truth %{text}") + "<extra></extra>",
            )
    return _still(fig, xy)


def saved(rows: pd.DataFrame, learner: str, reference: str, at: Sequence[int]) -> go.Figure:
    """Learning curves, and between two of them how many labels one needs less than the other for the same recall.

    ``rows`` is that of `dalbook.figures.learning_curve`, ``at`` are budgets of `learner` from which an arrow leads to
    the budget at which `reference` has the same; none where it never has.

    >>> curve = [("a", 10, 0.5), ("a", 20, 0.6), ("b", 10, 0.4), ("b", 20, 0.5)]
    >>> rows = pd.DataFrame([(*r, r[2], r[2]) for r in curve], columns=["learner", "budget", "mean", "low", "high"])
    >>> [note.text for note in saved(rows, "a", "b", [10, 20]).layout.annotations if note.text]
    ['10 saved']
    """
    fig = learning_curve(rows)
    ours, theirs = (rows[rows["learner"] == name].sort_values("budget") for name in (learner, reference))
    for budget in at:
        recall = float(ours.loc[ours["budget"] == budget, "mean"].iloc[0])
        needed = labels_needed(theirs["budget"], theirs["mean"], recall)
        if not np.isfinite(needed):
            continue
        arrow = {"x": needed, "y": recall, "ax": budget, "ay": recall, "axref": "x", "ayref": "y", "text": ""}
        fig.add_annotation(**arrow, arrowhead=2, arrowwidth=2, arrowcolor=TEXT)
        words = f"{round(needed) - budget} saved"
        at_its_tail = budget + (needed - budget) / 4  # where the other curve is farthest below
        fig.add_annotation(x=at_its_tail, y=recall, text=words, showarrow=False, yanchor="top")
    return fig


def _turned(xy: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Positions turned and mirrored to lie as near to others as may be (orthogonal Procrustes)."""
    xy = xy - xy.mean(axis=0)
    u, _, v = np.linalg.svd(xy.T @ (like - like.mean(axis=0)))
    return xy @ u @ v


def _still(fig: go.Figure, xy: np.ndarray) -> go.Figure:
    """The axes of a map: without a meaning, and the same whatever is drawn on it."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    edge = 0.04 * (high - low)
    fig.update_layout(template="dalbook", height=560, margin={"l": 10, "r": 10, "b": 10})
    fig.update_xaxes(range=[float(low[0] - edge[0]), float(high[0] + edge[0])], visible=False)
    fig.update_yaxes(range=[float(low[1] - edge[1]), float(high[1] + edge[1])], visible=False)
    return fig
