"""What the labeler's Python and its JavaScript say to each other: the widget's traits, and nothing that it does."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from dalbook.files.bundle import module


class LabelerTraits(anywidget.AnyWidget):
    """The traits; `dalbook.labeling.view` says what is in most of them.

    Attributes
    ----------
    clip, ahead, history
        The clip on screen, those that come next, and the last decisions.
    first_sound
        The first clip's sound, which comes with the labeler itself: while a cell runs, a kernel sends nothing.
    said, heard
        The requests of the user interface, and the number of the last one carried out.
    problem, notice
        What went wrong with the last request, and what a person should know in any case.
    search
        A search by example: what it goes by, the class looked for, and how many were heard and found.
    target
        Of a session about one sound: its order, the orders there are, and words.
    recording
        Whether this is a recording, which takes no decisions.
    """

    _esm = module("labeling/static/labeler.js")
    _css = Path(__file__).parent / "static" / "labeler.css"

    classes = traitlets.List().tag(sync=True)
    clip = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    ahead = traitlets.List().tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    history = traitlets.List().tag(sync=True)
    opinion = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    curve = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)
    recording = traitlets.Bool(False).tag(sync=True)
    first_sound = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    heard = traitlets.Int(0).tag(sync=True)
    search = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    target = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    said = traitlets.List().tag(sync=True)
