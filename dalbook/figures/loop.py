"""Chapter 8: DAL's loop as a diagram, and its learning curve as it grows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dalbook.figures.disagreement import votes
from dalbook.figures.style import LEARNER_STYLES, TEXT

# A box: middle, half its width and height, text. On a unit of 10 by 11, so that a phone can show it.
BOXES = {
    "start": (5, 10.3, 3.2, 0.62, "<b>Initialize</b><br>1600 steps on S<sub>L</sub>"),
    "scan": (5, 7.9, 3.2, 0.62, "<b>Stage I</b>: |D| hypotheses<br>judge all of S<sub>U</sub> (2), (5)"),
    "ask": (2.35, 5.2, 2.25, 0.95, "<b>Ask</b> for the clip<br>with the highest<br>vote entropy (7)"),
    "guess": (7.25, 5.2, 2.25, 0.95, "<b>Guess</b> the label<br>of confident<br>clips (4)"),
    "labeled": (2.35, 2.9, 2.25, 0.62, "a person answers:<br>into <b>S<sub>L</sub></b>"),
    "pseudo": (7.25, 2.9, 2.25, 0.62, "<b>S<sub>P</sub></b>, made anew<br>each time"),
    "train": (5, 0.7, 3.2, 0.62, "<b>Stage II</b>: 40 steps on<br>minibatches (8), (9)"),
}
# An arrow: from, to.
ARROWS = (
    ((5, 9.68), (5, 8.52)),
    ((3.4, 7.28), (2.35, 6.15)),
    ((6.6, 7.28), (7.25, 6.15)),
    ((2.35, 4.25), (2.35, 3.52)),
    ((7.25, 4.25), (7.25, 3.52)),
    ((2.35, 2.28), (3.6, 1.32)),
    ((7.25, 2.28), (6.4, 1.32)),
    ((9.75, 7.9), (8.2, 7.9)),
)


def diagram() -> go.Figure:
    """The loop of section 4.2: initialize, then stage I and stage II in turn until the budget is spent.

    >>> len(diagram().layout.shapes)
    8
    """
    fig = go.Figure(go.Scatter(x=[0], y=[0], mode="markers", marker={"opacity": 0}, hoverinfo="skip", name="loop"))
    for x, y, width, height, words in BOXES.values():
        fig.add_shape(
            type="rect",
            x0=x - width,
            x1=x + width,
            y0=y - height,
            y1=y + height,
            line={"color": "#3050f8", "width": 1.5},
            fillcolor="rgba(48, 80, 248, 0.08)",
        )
        fig.add_annotation(x=x, y=y, text=words, showarrow=False, font={"size": 13})
    for (x, y), (to_x, to_y) in ARROWS:
        fig.add_annotation(
            x=to_x,
            y=to_y,
            ax=x,
            ay=y,
            axref="x",
            ayref="y",
            text="",
            arrowhead=2,
            arrowsize=1.2,
            arrowwidth=1.5,
            arrowcolor=TEXT,
        )
    # from stage II back to stage I
    fig.add_shape(type="path", path="M 8.2,0.7 L 9.75,0.7 L 9.75,7.9", line={"color": TEXT, "width": 1.5})
    fig.add_annotation(
        x=0, y=6.75, text="not in the<br>first T<sub>0</sub>", showarrow=False, xanchor="left", align="left"
    )
    fig.update_layout(template="dalbook", showlegend=False, height=560, margin={"l": 5, "r": 5, "t": 5, "b": 5})
    fig.update_xaxes(visible=False, range=[-0.1, 10.1], fixedrange=True)
    fig.update_yaxes(visible=False, range=[-0.2, 11.1], fixedrange=True)
    return fig


def growing(history: pd.DataFrame, budget: int, votes_C: np.ndarray, classes: Sequence[str]) -> go.Figure:
    """One run of DAL as far as a budget: recall, pseudo-labels, and the votes for the clip that it asks for next.

    Parameters
    ----------
    history
        A row a budget, of the whole run: columns budget, recall, right and wrong (numbers of pseudo-labels). The axes
        are as long as the run, so that they stand still.
    budget
        The last one to draw.
    votes_C
        Votes for the clip asked for with so many labels, (C,).
    classes
        C names.

    Examples
    --------
    >>> run = pd.DataFrame({"budget": [30, 31], "recall": [0.5, 0.6], "right": [80, 90], "wrong": [20, 15]})
    >>> fig = growing(run, 30, np.array([3, 1]), ["siren", "dog_bark"])
    >>> [(trace.name, len(trace.x)) for trace in fig.data][:3]
    [('recall', 1), ('right', 1), ('wrong', 1)]
    """
    part = history[history["budget"] <= budget]
    budgets = part["budget"].tolist()
    blue, brown = LEARNER_STYLES[0][0], LEARNER_STYLES[1][0]
    fig = go.Figure()
    fig.add_scatter(
        x=budgets,
        y=part["recall"].round(4).tolist(),
        mode="lines+markers",
        name="recall",
        showlegend=False,
        line={"color": blue, "width": 2.5},
        marker={"color": blue, "size": [6] * (len(part) - 1) + [13], "opacity": 1},
        hovertemplate="N = %{x}: recall %{y:.3f}<extra></extra>",
    )
    for name, color, pattern in (("right", blue, ""), ("wrong", brown, "/")):
        fig.add_bar(
            x=budgets,
            y=part[name].tolist(),
            name=name,
            marker={"color": color, "pattern": {"shape": pattern, "fillmode": "overlay", "size": 5, "solidity": 0.3}},
            hovertemplate=f"N = %{{x}}: %{{y}} pseudo-labels {name}<extra></extra>",
            xaxis="x2",
            yaxis="y2",
        )
    shares = np.asarray(votes_C, float)[None]
    for bar in votes(shares / shares.sum(), ["votes"], classes).data:
        fig.add_trace(bar.update(xaxis="x3", yaxis="y3", showlegend=False))

    first, last = history["budget"].min(), history["budget"].max()
    along = {"range": [first - 1, last + 1]}
    high = float((history["right"] + history["wrong"]).max())
    fig.update_layout(
        template="dalbook",
        barmode="stack",
        height=680,
        margin={"t": 30, "b": 50},
        legend={"x": 0.02, "y": 0.59, "yanchor": "bottom"},
        uniformtext={"minsize": 10, "mode": "hide"},
        xaxis={**along, "anchor": "y"},
        yaxis={
            "domain": [0.68, 1],
            "title": "recall",
            "range": [history["recall"].min() - 0.03, history["recall"].max() + 0.03],
            "tickformat": ".2f",
        },
        xaxis2={**along, "anchor": "y2", "title": "Labeling budget N"},
        yaxis2={"domain": [0.3, 0.58], "title": "pseudo-labels", "range": [0, 1.02 * high]},
        xaxis3={"anchor": "y3", "range": [0, 1], "tickformat": ".0%"},
        yaxis3={"domain": [0, 0.09], "visible": False, "range": [0.5, -0.5]},
    )
    fig.add_annotation(
        x=0,
        y=0.105,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        align="left",
        text=f"votes for the clip<br>it asks for, N = {budget}",
    )
    return fig
