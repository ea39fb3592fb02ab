"""Chapters 9 and 10: labels given by hand, against the truth and against each other; and which clips are doubtful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dalbook.figures.style import CLASS_COLORS, CLASS_SYMBOLS, LEARNER_STYLES, LINE


def curves(runs: Mapping[str, Sequence[Mapping[int, float]]]) -> go.Figure:
    """Single runs as thin lines and their mean as a thick one, a color a name.

    Parameters
    ----------
    runs
        Name -> its runs, each number of labels -> recall; all runs of a name at the same numbers.

    Examples
    --------
    >>> fig = curves({"you": [{20: 0.5, 30: 0.6}], "random": [{20: 0.5, 30: 0.5}, {20: 0.5, 30: 0.6}]})
    >>> [(line.name, line.y) for line in fig.data if line.showlegend]
    [('you', (0.5, 0.6)), ('random', (0.5, 0.55))]
    """
    fig = go.Figure()
    for number, (name, each) in enumerate(runs.items()):
        color, dash, symbol = LEARNER_STYLES[number]
        budgets = sorted(each[0])
        heights = np.array([[run[n] for n in budgets] for run in each])
        if len(each) > 1:
            for row in heights:
                fig.add_scatter(
                    x=budgets,
                    y=row.round(4).tolist(),
                    mode="lines",
                    line={"color": color, "width": 1},
                    opacity=0.45,
                    hoverinfo="skip",
                    legendgroup=name,
                    showlegend=False,
                )
        fig.add_scatter(
            x=budgets,
            y=heights.mean(axis=0).round(4).tolist(),
            mode="lines+markers",
            name=name,
            legendgroup=name,
            showlegend=True,
            line={"color": color, "dash": dash, "width": 2.5},
            marker={"color": color, "symbol": symbol, "size": 8},
            hovertemplate=f"{name}, N = %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="labels N")
    fig.update_yaxes(title="recall", tickformat=".2f")
    return fig


def answers(truth: Sequence[str], said: Sequence[str], names: Sequence[str]) -> go.Figure:
    """What was said of the clips of each class: one dot a pair, as large as it is frequent; right ones on the diagonal.

    Parameters
    ----------
    truth
        The class of each clip, a name.
    said
        The class it was given; anything that is not among `names` has a row of its own.
    names
        The classes, in order.

    Examples
    --------
    >>> fig = answers(["siren", "siren", "dog"], ["siren", "dog", "unsure"], ["siren", "dog"])
    >>> [(dots.name, dots.x, dots.y, dots.text) for dots in fig.data]
    [('right', ('siren',), ('siren',), ('1',)), ('other', ('siren', 'dog'), ('dog', 'unsure'), ('1', '1'))]
    """
    count: dict[tuple[str, str], int] = {}
    for pair in zip(truth, said, strict=True):
        count[pair] = count.get(pair, 0) + 1
    others = [name for name in dict.fromkeys(said) if name not in names]
    fig = go.Figure()
    for kind, wanted, (color, _, _) in zip(("right", "other"), (True, False), LEARNER_STYLES[:2], strict=True):
        pairs = [pair for pair in count if (pair[0] == pair[1]) == wanted]
        numbers = [count[pair] for pair in pairs]
        fig.add_scatter(
            x=[is_ for is_, _ in pairs],
            y=[given for _, given in pairs],
            mode="markers+text",
            name=kind,
            text=[str(n) for n in numbers],
            textfont={"color": "#fff" if wanted else "#000"},
            marker={
                "size": [14 + 2 * min(n, 6) for n in numbers],
                "color": color,
                "symbol": "circle" if wanted else "square",
            },
            hovertemplate="it is %{x}, said: %{y}; %{text} clips<extra></extra>",
        )
    fig.update_layout(template="dalbook", height=520, margin={"l": 10, "r": 10, "b": 10})
    axis = {"type": "category", "gridcolor": LINE, "dtick": 1, "tickfont": {"size": 11}}
    fig.update_xaxes(
        title="what it is",
        tickangle=-60,
        categoryorder="array",
        categoryarray=list(names),
        range=[-0.8, len(names) - 0.2],
    )
    fig.update_xaxes(**axis)
    fig.update_yaxes(
        title="what was said",
        categoryorder="array",
        categoryarray=[*names, *others],
        range=[len(names) + len(others) - 0.4, -0.6],
        **axis,
    )
    return fig


def doubt(
    confidence: Sequence[float],
    uncertainty: Sequence[float],
    guesses: Sequence[int],
    classes: Sequence[str],
    names: Sequence[str],
    sounds: Sequence[str],
) -> go.Figure:
    """Confidence and uncertainty of predictions, in the color of the class that is predicted; a click plays a clip.

    Parameters
    ----------
    confidence
        Of each clip's prediction, (m,).
    uncertainty
        One minus the margin, (m,).
    guesses
        The predicted class of each, a position in `classes`.
    classes
        C names.
    names
        A name a clip.
    sounds
        An address a clip, of `dalbook.book.player.sound_url`.

    Examples
    --------
    >>> fig = doubt([0.4, 0.9], [0.8, 0], [1, 0], ["siren", "dog_bark"], ["a.wav", "b.wav"], ["a.mp3", "b.mp3"])
    >>> [(dots.name, dots.x, dots.y, dots.customdata) for dots in fig.data]
    [('siren', (0.9,), (0.0,), ('b.mp3',)), ('dog_bark', (0.4,), (0.8,), ('a.mp3',))]
    """
    guesses = np.asarray(guesses)
    confidence, uncertainty = np.asarray(confidence, float), np.asarray(uncertainty, float)
    colors, symbols = list(CLASS_COLORS.values()), list(CLASS_SYMBOLS.values())
    fig = go.Figure()
    for c, name in enumerate(classes):
        rows = np.flatnonzero(guesses == c)
        if not len(rows):
            continue
        fig.add_scatter(
            x=confidence[rows].round(4).tolist(),
            y=uncertainty[rows].round(4).tolist(),
            mode="markers",
            name=name,
            text=[names[row] for row in rows],
            customdata=[sounds[row] for row in rows],
            meta={"listen": 0},
            marker={
                "color": CLASS_COLORS.get(name, colors[c % len(colors)]),
                "symbol": CLASS_SYMBOLS.get(name, symbols[c % len(symbols)]),
                "size": 11,
            },
            hovertemplate=f"%{{text}}<br>{name}, %{{x:.2f}}; uncertainty %{{y:.2f}}<extra></extra>",
        )
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="confidence", tickformat=".1f")
    fig.update_yaxes(title="uncertainty (1 - margin)", tickformat=".1f")
    return fig
