"""Figures of the chapter on what comes after one question at a time: batches, and clips with two sounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dalbook.figures.style import LEARNER_STYLES, TEXT


def nearness(rows: Iterable[Mapping]) -> go.Figure:
    """How near each pick of a batch is to one picked before it, one line a way of picking; a click plays the pick.

    ``rows`` have ``way``, ``place`` (from 2), ``distance`` (cosine, to the nearest earlier pick), ``again`` (whether an
    earlier pick is of the same recording, drawn as a filled marker), ``name`` and ``sound``, the address of the pick.

    >>> row = {"place": 2, "distance": 0.1, "again": True, "name": "clip 7", "sound": "7.mp3"}
    >>> [trace.name for trace in nearness([{"way": "top", **row}, {"way": "random", **row}]).data]
    ['top', 'random']
    """
    ways: dict[str, list[Mapping]] = {}
    for row in rows:
        ways.setdefault(row["way"], []).append(row)
    fig = go.Figure()
    for (way, picks), (color, dash, symbol) in zip(ways.items(), LEARNER_STYLES, strict=False):
        fig.add_scatter(
            x=[row["place"] for row in picks],
            y=[round(float(row["distance"]), 3) for row in picks],
            name=way,
            text=[row["name"] for row in picks],
            customdata=[[row["sound"]] for row in picks],
            meta={"listen": 0},
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 1.5},
            marker={
                "color": color,
                "symbol": [symbol if row["again"] else f"{symbol}-open" for row in picks],
                "size": 12,
                "line": {"width": 2},
            },
            hovertemplate="pick %{x}: %{text}<br>%{y:.2f} from the nearest earlier pick",
        )
    places = sorted({row["place"] for picks in ways.values() for row in picks})
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="place in the batch", tickvals=places)
    fig.update_yaxes(title="cosine distance to an earlier pick", rangemode="tozero")
    return fig


def informed(curves: Mapping[str, Sequence[float]], ceiling: float) -> go.Figure:
    """The joint vote entropy of the first k picks of a batch in nats, one line a way of picking, under its ceiling.

    ``curves`` maps a way of picking to the entropy of its first 1, 2, ... picks.

    >>> informed({"top": [1.0, 1.5]}, ceiling=2.0).data[0].x
    (1, 2)
    """
    fig = go.Figure()
    longest = max(len(values) for values in curves.values())
    for (way, values), (color, dash, symbol) in zip(curves.items(), LEARNER_STYLES, strict=False):
        fig.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=[round(float(value), 3) for value in values],
            name=way,
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 2.5},
            marker={"color": color, "symbol": symbol, "size": 9},
            hovertemplate="%{x} picks: %{y:.2f}",
        )
    fig.add_hline(
        y=ceiling,
        line={"dash": "dot", "color": TEXT, "width": 1.5},
        annotation={"text": "log |D|", "font": {"color": TEXT}},
        annotation_position="top left",
    )
    fig.update_layout(template="dalbook")
    fig.update_xaxes(title="clips in the batch", tickvals=list(range(1, longest + 1)))
    fig.update_yaxes(title="joint vote entropy", range=[0, 1.15 * ceiling])
    return fig


def yes_votes(shares_nC: np.ndarray, truth_nC: np.ndarray, names: Sequence[str], classes: Sequence[str]) -> go.Figure:
    """For a few clips with several sounds each, the share of hypotheses that hear each class, as bars.

    ``shares_nC`` (n, C) in 0 to 1; ``truth_nC`` (n, C), true where the class is in the clip (written at its bar).

    >>> yes_votes(np.array([[0.9, 0.2]]), np.array([[1, 0]]), ["clip 1"], ["dog_bark", "siren"]).data[0].text
    ('in it', '')
    """
    fig = go.Figure()
    for row, (name, (color, _, _)) in enumerate(zip(names, LEARNER_STYLES, strict=False)):
        fig.add_bar(
            y=[label.replace("_", " ") for label in classes],
            x=[round(float(share), 3) for share in shares_nC[row]],
            orientation="h",
            name=name,
            marker={"color": color, "pattern": {"shape": ["", "/", "x"][row % 3]}},
            text=["in it" if there else "" for there in truth_nC[row]],
            textposition="outside",
            hovertemplate="%{y}: %{x:.0%} of the hypotheses say yes",
        )
    fig.update_layout(template="dalbook", height=120 + 42 * len(classes), barmode="group", bargap=0.25)
    fig.update_xaxes(title="share that says yes", range=[0, 1.25], tickvals=[0, 0.5, 1])
    fig.update_xaxes(tickformat=".0%")
    fig.update_yaxes(autorange="reversed")
    return fig
