"""Chapter 5: one network under many dropout masks, how far their average is off, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dalbook.figures.style import CLASS_COLORS, CLASS_SYMBOLS, LEARNER_STYLES, LINE

GOLDEN = 0.618033988749895  # multiples of it, modulo 1, spread evenly: jitter that is the same every time


def colors(classes: Sequence[str]) -> list[str]:
    """The color of each class; those of the ten urban classes are the same on every page.

    >>> colors(["siren", "cuckoo"])
    ['#3050f8', '#f840b8']
    """
    palette = list(CLASS_COLORS.values())
    return [CLASS_COLORS.get(name, palette[c % len(palette)]) for c, name in enumerate(classes)]


def network(
    x_d: np.ndarray, mask_d: np.ndarray, probs_C: np.ndarray, classes: Sequence[str], shown: Sequence[int]
) -> go.Figure:
    """Figure 1 of the paper with one clip in it: the embedding, one dropout mask, the dense layer, the softmax.

    Parameters
    ----------
    x_d
        The clip's embedding, (d,).
    mask_d
        Zeros (dropped) and ones (kept), (d,).
    probs_C
        P(c|x, d), (C,): the outcome with all d dimensions.
    classes
        C names.
    shown
        The dimensions to draw; all of them would be too many.

    Examples
    --------
    >>> fig = network(np.ones(4), np.array([1, 0, 1, 1]), np.array([0.9, 0.1]), ["siren", "dog_bark"], [0, 1])
    >>> [trace.name for trace in fig.data]
    ['weights', 'embedding', 'dropped', 'kept', 'dense', 'siren', 'dog_bark']
    """
    shown = np.asarray(shown)
    rows, lines = np.linspace(0, 1, len(shown)), np.linspace(0.02, 0.98, len(classes))
    kept = np.asarray(mask_d)[shown].astype(bool)
    fig = go.Figure()
    from_kept = [(y, to) for y in rows[kept] for to in lines]
    fig.add_scatter(
        x=[0.82, 1.43, None] * len(from_kept),
        y=[value for y, to in from_kept for value in (y, to, None)],
        mode="lines",
        line={"color": LINE, "width": 0.8},
        hoverinfo="skip",
        name="weights",
    )
    fig.add_scatter(
        x=[0] * len(shown),
        y=rows,
        mode="markers",
        marker={
            "symbol": "square",
            "size": 18,
            "color": np.asarray(x_d, float)[shown].round(3),
            "colorscale": [[0, "rgba(48, 80, 248, 0.12)"], [1, "rgba(48, 80, 248, 1)"]],
            "cmin": 0,
            "cmax": round(float(np.max(x_d)), 3) or 1,
            "line": {"color": "#3050f8", "width": 1},
        },
        customdata=shown,
        hovertemplate="dimension %{customdata}: %{marker.color:.2f}<extra></extra>",
        name="embedding",
    )
    for name, rows_of, symbol, color in (
        ("dropped", rows[~kept], "x-thin-open", "#d80818"),
        ("kept", rows[kept], "square", "#3050f8"),
    ):
        fig.add_scatter(
            x=[0.75] * len(rows_of),
            y=rows_of,
            mode="markers",
            marker={"symbol": symbol, "size": 12, "color": color, "line": {"color": color, "width": 2}},
            hovertemplate=f"{name}: times {0 if name == 'dropped' else 2}<extra></extra>",
            name=name,
        )
    fig.add_scatter(
        x=[1.5] * len(classes),
        y=lines,
        mode="markers",
        marker={
            "symbol": [CLASS_SYMBOLS.get(name, "circle") for name in classes],
            "color": colors(classes),
            "size": 12,
        },
        text=list(classes),
        hovertemplate="%{text}<extra></extra>",
        name="dense",
    )
    for name, color, y, p in zip(classes, colors(classes), lines, np.asarray(probs_C, float), strict=True):
        fig.add_scatter(
            x=[1.65, 1.65 + round(p, 4)],
            y=[y + 0.028] * 2,
            mode="lines",
            line={"color": color, "width": 8},
            hovertemplate=f"{name}: {p:.3f}<extra></extra>",
            name=name,
        )
        fig.add_annotation(
            x=1.62, y=y - 0.012, text=f"{name} {p:.2f}", showarrow=False, xanchor="left", font={"size": 12}
        )
    for x, words in ((0, "x"), (0.75, "mask d"), (1.5, "dense"), (2.15, "softmax")):
        fig.add_annotation(x=x, y=-0.09, text=f"<b>{words}</b>", showarrow=False)
    fig.add_annotation(x=0, y=1.07, text=f"… {len(x_d)} in all", showarrow=False, font={"size": 12}, xanchor="left")
    fig.update_layout(template="dalbook", showlegend=False, height=560, margin={"l": 10, "r": 10, "t": 20, "b": 10})
    fig.update_xaxes(visible=False, range=[-0.13, 2.78], fixedrange=True)
    fig.update_yaxes(visible=False, range=[1.1, -0.14], fixedrange=True)
    return fig


def opinions(probs_DC: np.ndarray, classes: Sequence[str], truth: int | None = None) -> go.Figure:
    """What each hypothesis thinks of one clip, a point a hypothesis and class, and the mean prediction (2) as a line.

    Parameters
    ----------
    probs_DC
        P(c|x, d), (|D|, C).
    classes
        C names.
    truth
        The true class, whose name is then marked; none by default.

    Examples
    --------
    >>> fig = opinions(np.array([[0.9, 0.1], [0.5, 0.5]]), ["siren", "dog_bark"])
    >>> fig.data[0].name, fig.data[-1].name, [float(v) for v in fig.data[-1].x]
    ('siren', 'mean', [0.7, 0.3])
    """
    probs = np.asarray(probs_DC, float)
    jitter = (np.arange(len(probs)) * GOLDEN % 1 - 0.5) * 0.6 if len(probs) > 1 else np.zeros(1)
    fig = go.Figure()
    for c, (name, color) in enumerate(zip(classes, colors(classes), strict=True)):
        fig.add_scatter(
            x=probs[:, c].round(3),
            y=(c + jitter).round(3),
            mode="markers",
            marker={"color": color, "symbol": CLASS_SYMBOLS.get(name, "circle"), "size": 7, "opacity": 0.55},
            hovertemplate=f"{name}: %{{x:.2f}}<extra>one hypothesis</extra>",
            name=name,
        )
    fig.add_scatter(
        x=probs.mean(axis=0).round(3),
        y=list(range(len(classes))),
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 32, "color": colors(classes), "line": {"width": 4}},
        text=list(classes),
        hovertemplate="%{text}: %{x:.2f}<extra>the mean</extra>",
        name="mean",
    )
    ticks = [f"<b>{name} (true)</b>" if c == truth else name for c, name in enumerate(classes)]
    fig.update_layout(template="dalbook", showlegend=False, height=520, margin={"t": 20})
    fig.update_xaxes(title="P(c | x, d)", range=[-0.03, 1.03])
    fig.update_yaxes(tickvals=list(range(len(classes))), ticktext=ticks, range=[len(classes) - 0.4, -0.6])
    return fig


def monte_carlo_error(sizes: Sequence[int], errors: Sequence[float]) -> go.Figure:
    """How far an average over so many masks is off, beside the line 1 / sqrt(|D|) from the first point on.

    Parameters
    ----------
    sizes
        Numbers of masks |D|, rising.
    errors
        The root mean square error of each.

    Examples
    --------
    >>> fig = monte_carlo_error([1, 4, 16], [0.2, 0.11, 0.05])
    >>> [round(float(y), 3) for y in fig.data[0].y]
    [0.2, 0.1, 0.05]
    """
    line = errors[0] * np.sqrt(sizes[0] / np.asarray(sizes, float))
    fig = go.Figure()
    fig.add_scatter(x=list(sizes), y=line, mode="lines", name="1 / √|D|", line={"color": "#c88028", "dash": "dash"})
    fig.add_scatter(
        x=list(sizes),
        y=list(errors),
        mode="markers",
        name="measured",
        marker={"color": "#3050f8", "size": 10},
        hovertemplate="|D| = %{x}: %{y:.4f}<extra></extra>",
    )
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="number of masks |D|", type="log", tickvals=list(sizes), ticktext=[str(n) for n in sizes])
    fig.update_yaxes(title="error of P(c | x)", type="log", dtick="D2", tickformat=".3~f")
    return fig


def reliability(table: pd.DataFrame) -> go.Figure:
    """A reliability diagram: how often a prediction is right, over how sure it was.

    Parameters
    ----------
    table
        Columns model, confidence (mean of a bin), right (share), clips (number): a row a bin that is not empty.

    Examples
    --------
    >>> rows = pd.DataFrame({"model": ["a"], "confidence": [0.9], "right": [0.8], "clips": [5]})
    >>> [trace.name for trace in reliability(rows).data]
    ['calibrated', 'a']
    """
    fig = go.Figure()
    fig.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="calibrated", line={"color": "#767676", "dash": "dot"}, hoverinfo="skip"
    )
    for number, (model, part) in enumerate(table.groupby("model", sort=False)):
        color, dash, symbol = LEARNER_STYLES[number % len(LEARNER_STYLES)]
        fig.add_scatter(
            x=part["confidence"].round(4).tolist(),
            y=part["right"].round(4).tolist(),
            customdata=part["clips"].tolist(),
            mode="lines+markers",
            name=str(model),
            line={"color": color, "dash": dash, "width": 2.5},
            marker={"color": color, "symbol": symbol, "size": 9},
            hovertemplate="confidence %{x:.2f}, right %{y:.0%} of %{customdata} clips",
        )
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="confidence", range=[0, 1.02])
    fig.update_yaxes(title="share that is right", range=[0, 1.02], tickformat=".0%")
    return fig
