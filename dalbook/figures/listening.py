"""Figures of the chapter on listening: from a waveform to a log-mel spectrogram, and folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from dalbook.corpora.preview import envelope
from dalbook.figures.points import points
from dalbook.figures.style import CLASS_COLORS

SOUND, WINDOW, ACCENT = "#0098c0", "#c88028", "#d80818"  # the signal, what weighs it, what is pointed at
SCALE = "Magma"
TICKS = (100, 300, 1000, 3000, 10000)  # Hz
FOLDS = {  # how the folds were made -> color and marker
    "official": ("#3050f8", "circle"),
    "recordings reshuffled": ("#487020", "diamond"),
    "clips reshuffled": ("#d80818", "x"),
}


def frame(x: ArrayLike, rate: int, start: int, window: ArrayLike) -> go.Figure:
    """A waveform (n,) with one frame marked, and below it the frame, the window, and their product.

    ``start`` is the frame's first sample and ``window`` (samples,) what it is multiplied with.

    >>> fig = frame(np.sin(np.arange(8000)), 8000, 4000, np.hanning(1024))
    >>> [trace.name for trace in fig.data]
    ['waveform', 'frame', 'window', 'frame × window']
    """
    x, window = np.asarray(x, dtype=np.float32), np.asarray(window)
    pairs = envelope(x)
    at = np.repeat((np.arange(len(pairs)) + 0.5) * len(x) / len(pairs) / rate, 2)
    inside = x[start : start + len(window)]
    ms = 1000 * np.arange(len(inside)) / rate
    height = float(np.abs(inside).max())
    fig = make_subplots(rows=2, cols=1, vertical_spacing=0.2)
    line = {"width": 1, "color": SOUND}
    fig.add_scatter(x=at.round(4), y=pairs.ravel().round(4), name="waveform", line=line, row=1, col=1, showlegend=False)
    begin, end = start / rate, (start + len(window)) / rate
    fig.add_vrect(x0=begin, x1=end, fillcolor=ACCENT, opacity=0.6, line_width=0, row=1, col=1)
    below = {"row": 2, "col": 1, "x": ms.round(3)}
    fig.add_scatter(y=inside.round(4), name="frame", line={"color": SOUND, "width": 1, "dash": "dot"}, **below)
    fig.add_scatter(y=(height * window).round(4), name="window", line={"color": WINDOW, "width": 2}, **below)
    fig.add_scatter(y=(inside * window).round(4), name="frame × window", line={"color": ACCENT, "width": 2}, **below)
    fig.update_layout(template="dalbook", height=480)
    fig.update_xaxes(title="seconds into the clip", row=1, col=1)
    fig.update_xaxes(title="milliseconds into the frame", row=2, col=1)
    return fig


def spectrum(hz: ArrayLike, power: ArrayLike, centers: ArrayLike, bands: ArrayLike) -> go.Figure:
    """The power (bins,) of a frame at ``hz``, and that of its mel bands (m,) at their ``centers``; 0 dB is the loudest.

    >>> spectrum([100, 200, 300], [1, 0.1, 0.01], [150, 250], [1, 0.1]).data[1].y
    (0.0, -10.0)
    """
    fig = go.Figure()
    for name, at, values, style in (
        ("FFT, one value a frequency", hz, power, {"mode": "lines", "line": {"color": SOUND, "width": 1}}),
        ("mel bands", centers, bands, {"mode": "lines+markers", "line": {"color": ACCENT, "width": 2}}),
    ):
        at, values = np.asarray(at, dtype=float), np.asarray(values, dtype=float)
        level = 10 * np.log10(np.maximum(values / values.max(), 1e-9))
        kept = at > 0
        fig.add_scatter(
            x=[float(f"{f:.5g}") for f in at[kept]], y=[round(float(v), 1) for v in level[kept]], name=name, **style
        )
    fig.update_traces(hovertemplate="%{x:.0f} Hz: %{y:.0f} dB")
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="frequency in Hz", type="log", tickvals=TICKS, ticktext=[f"{f}" for f in TICKS])
    fig.update_yaxes(title="dB under the loudest")
    return fig


def filters(hz: ArrayLike, weights: ArrayLike) -> go.Figure:
    """Mel filters (m, bins) over ``hz`` (bins,), each scaled to a height of 1.

    >>> len(filters([0, 100, 200], [[0, 1, 0], [0, 0.5, 1]]).data)
    2
    """
    fig = go.Figure()
    colors = (SOUND, WINDOW)
    for number, row in enumerate(np.asarray(weights, dtype=float)):
        there = np.flatnonzero(row)
        around = slice(max(0, there[0] - 1), there[-1] + 2)
        fig.add_scatter(
            x=np.asarray(hz, dtype=float)[around].round(1),
            y=(row[around] / row.max()).round(3),
            mode="lines",
            line={"color": colors[number % 2], "width": 1.5},
            name=f"band {number + 1}",
            hovertemplate="%{x:.0f} Hz",
            showlegend=False,
        )
    fig.update_layout(template="dalbook", height=260)
    fig.update_xaxes(title="frequency in Hz")
    fig.update_yaxes(title="weight", range=[0, 1.05])
    return fig


def spectrogram(db: ArrayLike, hz: ArrayLike, step: float, log: bool = True) -> go.Figure:
    """A spectrogram (bands, frames) in dB, whose bands lie at ``hz`` (bands,) and whose frames ``step`` seconds apart.

    The bands are drawn equally high; ``log=False`` says that they are equally far apart in Hz, too.

    >>> spectrogram(np.zeros((3, 5)), [100, 200, 300], 0.01).data[0].z.shape
    (3, 5)
    """
    fig = go.Figure(_heatmap(db, hz, step))
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="seconds")
    fig.update_yaxes(title="Hz", **_band_ticks(hz, TICKS if log else range(0, 20000, 1000)))
    return fig


def gallery(pictures: Mapping[str, np.ndarray], hz: ArrayLike, step: float, sounds: Mapping[str, str]) -> go.Figure:
    """Spectrograms (bands, frames) of several clips by class, two in a row, each with a mark that plays its sound.

    ``sounds`` has an address for each, see `dalbook.book.player.sound_url`.

    >>> fig = gallery({"siren": np.zeros((3, 5)), "gun_shot": np.zeros((3, 5))}, [1, 2, 3], 0.1, {"siren": "a.mp3"})
    >>> len(fig.data), fig.data[1].customdata
    (3, ('a.mp3',))
    """
    names = list(pictures)
    rows = -(-len(names) // 2)
    titles = [name.replace("_", " ") for name in names]
    fig = make_subplots(rows, 2, subplot_titles=titles, vertical_spacing=0.2 / rows, horizontal_spacing=0.08)
    longest = max(picture.shape[1] for picture in pictures.values()) * step
    for number, (name, picture) in enumerate(pictures.items()):
        place = {"row": number // 2 + 1, "col": number % 2 + 1}
        fig.add_trace(_heatmap(picture, hz, step).update(showscale=False), **place)
        if name in sounds:
            fig.add_scatter(
                x=[longest * 0.9],
                y=[len(picture) * 0.87],
                mode="markers",
                marker={
                    "symbol": "triangle-right",
                    "size": 20,
                    "color": "white",
                    "line": {"color": "black", "width": 2},
                },
                hovertext=[titles[number]],
                hovertemplate="%{hovertext}<extra></extra>",
                customdata=[sounds[name]],
                meta={"listen": 0},
                showlegend=False,
                **place,
            )
        fig.update_yaxes(**_band_ticks(hz, (100, 1000, 10000)), showticklabels=place["col"] == 1, **place)
        fig.update_xaxes(range=[0, longest], showticklabels=place["row"] == rows, **place)
    fig.update_xaxes(title="seconds", row=rows)
    fig.update_layout(template="dalbook", height=60 + 170 * rows, margin={"t": 30})
    return fig


def slices(labels: ArrayLike, folds: ArrayLike, recordings: ArrayLike, classes: Sequence[str]) -> go.Figure:
    """Recordings by fold and class: one bar each, as long as it has slices in that fold.

    ``labels``, ``folds`` and ``recordings`` are (n,), one entry a clip.

    >>> fig = slices([0, 0, 1], [1, 1, 2], [7, 7, 8], ["siren", "gun_shot"])
    >>> fig.data[0].hovertext[:2]
    ('recording 7, 2 slices', 'recording 7, 2 slices')
    """
    labels, folds, recordings = map(np.asarray, (labels, folds, recordings))
    fig = go.Figure()
    there = np.unique(folds)
    for c, name in enumerate(classes):
        x, words = [], []
        for fold in there:
            ours = recordings[(labels == c) & (folds == fold)]
            begin = 0
            for recording, count in zip(*np.unique(ours, return_counts=True), strict=True):
                ends = np.array([begin + 0.15, begin + count - 0.15]) / len(ours)
                x += [*(fold - 0.45 + 0.9 * ends).round(3).tolist(), None]
                words += [f"recording {recording}, {count} slice{'s' * bool(count > 1)}"] * 2 + [""]
                begin += count
        fig.add_scatter(
            x=x,
            y=[len(classes) - c] * len(x),
            mode="lines",
            name=name.replace("_", " "),
            line={"color": CLASS_COLORS.get(name, SOUND), "width": 12},
            hovertext=words,
            hovertemplate="%{hovertext}",
            showlegend=False,
        )
    fig.update_layout(template="dalbook", height=380)
    fig.update_xaxes(title="fold", tickvals=there.tolist(), showgrid=False)
    names = [name.replace("_", " ") for name in classes]
    fig.update_yaxes(tickvals=list(range(len(classes), 0, -1)), ticktext=names, showgrid=False)
    return fig


def fold_recall(table: pd.DataFrame) -> go.Figure:
    """Macro-averaged recall on each fold, for several ways to make the folds; a line marks each mean.

    ``table`` has the columns ``group`` (what is measured, a row of the figure), ``folds`` (a key of ``FOLDS``) and
    ``recall``.

    >>> rows = pd.DataFrame({"group": ["a", "a"], "folds": ["official", "clips reshuffled"], "recall": [0.8, 0.9]})
    >>> [trace.name for trace in fold_recall(rows).data]
    ['official', 'clips reshuffled']
    """
    return points(table, "folds", FOLDS)


def _heatmap(db: ArrayLike, hz: ArrayLike, step: float) -> go.Heatmap:
    db = np.asarray(db)
    return go.Heatmap(
        z=np.round(db).astype(np.int8),  # whole dB: the eye sees no more, and a page stays light
        x0=0,
        dx=round(step, 5),
        y0=0,
        dy=1,
        colorscale=SCALE,
        zmin=-60,
        zmax=0,
        colorbar={"title": "dB", "thickness": 12},
        hovertemplate="%{x:.2f} s: %{z} dB<extra></extra>",
    )


def _band_ticks(hz: ArrayLike, wanted: Sequence[int]) -> dict:
    """Ticks at round frequencies, in an axis that counts bands."""
    hz = np.asarray(hz, dtype=float)
    inside = [f for f in wanted if hz[0] <= f <= hz[-1]]
    return {
        "tickvals": np.interp(inside, hz, np.arange(len(hz))).round(2).tolist(),
        "ticktext": [str(f) for f in inside],
    }
