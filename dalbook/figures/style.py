"""The style that all figures share: the classes' colors and markers, and the Plotly template ``dalbook``.

Importing this module registers the template. Its background is transparent and its text a gray that reads on white and
on black; in the built book ``_static/figures.js`` gives both the colors of the page's theme.
"""

import plotly.graph_objects as go
import plotly.io

# The ten classes look the same on every page. The colors were chosen by a search for the largest smallest distance
# between any two, seen with normal vision, protanopia, deuteranopia and tritanopia (the simulation matrices of Machado,
# Oliveira, Fernandes, 2009), among those with a contrast of 3 or more on white and on the book's dark background.
# Ten colors are too many to rely on color alone: each class has a marker of its own as well.
CLASS_COLORS = {
    "air_conditioner": "#0098c0",
    "car_horn": "#f840b8",
    "children_playing": "#c88028",
    "dog_bark": "#885888",
    "drilling": "#b870f8",
    "engine_idling": "#788870",
    "gun_shot": "#d80818",
    "jackhammer": "#b800c8",
    "siren": "#3050f8",
    "street_music": "#487020",
}
CLASS_SYMBOLS = dict(
    zip(
        CLASS_COLORS,
        ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "triangle-down", "hexagram", "pentagon"),
        strict=True,
    )
)

# How the learners of one learning curve are told apart: by color, by dash and by marker.
LEARNER_STYLES = (
    ("#3050f8", "solid", "circle"),
    ("#c88028", "dash", "square"),
    ("#487020", "dot", "diamond"),
    ("#d80818", "dashdot", "triangle-up"),
    ("#885888", "longdash", "cross"),
    ("#0098c0", "longdashdot", "x"),
)

TEXT = "#767676"
LINE = "rgba(128, 128, 128, 0.3)"
# No button that sends the figure to another host.
CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
}

plotly.io.templates["dalbook"] = go.layout.Template(
    layout={
        "colorway": list(CLASS_COLORS.values()),
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"color": TEXT, "size": 14},
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 60, "r": 20, "t": 50, "b": 55},
        "xaxis": {"gridcolor": LINE, "linecolor": LINE, "zerolinecolor": LINE, "automargin": True},
        "yaxis": {"gridcolor": LINE, "linecolor": LINE, "zerolinecolor": LINE, "automargin": True},
    }
)


def listens(trace) -> bool:
    """Whether a click on a point of this trace is to play a sound."""
    return isinstance(trace.meta, dict) and "listen" in trace.meta
