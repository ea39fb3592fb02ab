"""Single results as points and their means as lines, in rows: for results that should not be seen as means alone."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go


def points(table: pd.DataFrame, by: str, styles: Mapping[str, tuple[str, str]]) -> go.Figure:
    """Recall in rows, a point a result and a line a mean, told apart by color and marker.

    Parameters
    ----------
    table
        With the columns ``group`` (the row of the figure), `by`, and ``recall``.
    by
        The column that says which results belong together.
    styles
        What may stand in that column -> color and marker, in the order of the legend.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["a", "a"], "way": ["x", "y"], "recall": [0.8, 0.9]})
    >>> [trace.name for trace in points(rows, "way", {"x": ("red", "x"), "y": ("blue", "circle")}).data]
    ['x', 'y']
    """
    groups = list(dict.fromkeys(table["group"]))
    there = [name for name in styles if (table[by] == name).any()]
    fig = go.Figure()
    for number, name in enumerate(there):
        color, symbol = styles[name]
        shift = 0.5 * (number - (len(there) - 1) / 2) / len(there)
        part = table[table[by] == name]
        fig.add_scatter(
            x=part["recall"].round(4).tolist(),
            y=[len(groups) - groups.index(group) - shift for group in part["group"]],
            mode="markers",
            name=name,
            marker={"color": color, "symbol": symbol, "size": 8, "opacity": 0.7},
            hovertemplate="%{x:.3f} on one fold",
        )
        for group, values in part.groupby("group", sort=False)["recall"]:
            at, mean = len(groups) - groups.index(group) - shift, float(values.mean())
            fig.add_shape(type="line", x0=mean, x1=mean, y0=at - 0.09, y1=at + 0.09, line={"color": color, "width": 4})
    fig.update_layout(template="dalbook", height=150 + 60 * len(groups), margin={"t": 70})
    fig.update_xaxes(title="macro-averaged recall", tickformat=".2f")
    ticks = {"tickvals": list(range(len(groups), 0, -1)), "ticktext": [group.replace(", ", "<br>") for group in groups]}
    fig.update_yaxes(**ticks, range=[0.4, len(groups) + 0.6], zeroline=False)
    return fig
