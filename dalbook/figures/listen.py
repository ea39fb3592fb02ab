"""Click to listen in a live kernel: a figure whose points play their sounds. In the built book figures.js does it."""

from __future__ import annotations

from html import escape

import ipywidgets
import numpy as np
import plotly.graph_objects as go

from dalbook.figures.style import listens


def widget(fig: go.Figure, choose: bool) -> ipywidgets.VBox:
    """A figure widget with a player below, and a select box of all sounds if `choose`.

    The addresses stay in Python: hundreds of sounds would make the notebook heavy.
    """
    live = go.FigureWidget(fig)
    player = ipywidgets.HTML("<p>Click a point to listen.</p>")
    sounds: dict[tuple[int, int], tuple[str, str]] = {}  # (trace, point) -> name, address

    def listen(key: tuple[int, int]) -> None:
        words, address = map(escape, sounds[key])
        player.value = f'<p>Playing: {words}</p><audio controls autoplay aria-label="{words}" src="{address}"></audio>'

    for number, trace in enumerate(live.data):
        if not listens(trace):
            continue
        for point, words in enumerate(_names(trace)):
            sounds[number, point] = words, _address(trace, point)
        trace.customdata = _without_addresses(trace)
        trace.on_click(lambda trace, points, _: [listen((points.trace_index, i)) for i in points.point_inds[:1]])
    rows = [live, player]
    if choose:
        options = [("Choose a sound", None), *((words, key) for key, (words, _) in sounds.items())]
        box = ipywidgets.Dropdown(options=options, description="Listen to")
        box.observe(lambda change: change["new"] and listen(change["new"]), "value")
        rows.insert(1, box)
    return ipywidgets.VBox(rows)


def _names(trace) -> list[str]:
    for words in (trace.text, trace.hovertext):
        if words is not None and not isinstance(words, str):
            return [str(word) for word in words]
    return [f"{trace.name or 'sound'} {i + 1}" for i in range(len(trace.customdata))]


def _address(trace, point: int) -> str:
    row = trace.customdata[point]
    return str(row if isinstance(row, str) else row[trace.meta["listen"]])


def _without_addresses(trace):
    rows = np.array(trace.customdata, dtype=object)
    if rows.ndim == 1:
        return [""] * len(rows)
    rows[:, trace.meta["listen"]] = ""
    return rows
