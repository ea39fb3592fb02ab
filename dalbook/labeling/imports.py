"""Annotations from elsewhere as a file of labels, so that a session goes on where other people's work ended."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd

from dalbook.annotations.segments import onto_segments
from dalbook.corpora.corpus import Corpus
from dalbook.files.atomic import atomic_write
from dalbook.labeling.csv_rows import HEADER, Row, line


def import_labels(corpus: Corpus, events: pd.DataFrame, out: str | os.PathLike, annotator: str = "import") -> Path:
    """Write the labels that annotations give a corpus's clips, by the rule of `dalbook.annotations.segments`.

    Parameters
    ----------
    corpus
        The recordings, cut into segments.
    events
        As `dalbook.annotations.read` gives them.
    out
        A new file, for the `Labeler` and for `SoundClassifier.fit`.
    annotator
        Who shall stand in it.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    FileExistsError
        It is there already: labels are never overwritten.
    ValueError
        There is no event, or one of another recording.
    """
    out = Path(out).expanduser()
    if out.exists():
        raise FileExistsError(f"{out} is there already: give a new file")
    labeled = onto_segments(corpus, events)
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    rows = [
        Row(corpus.ids[i], labeled.classes[labeled.labels[i]], "labeled", annotator, now, None, 0, None, "import")
        for i in np.flatnonzero(labeled.labels >= 0)
    ]
    atomic_write(out, lambda file: file.write(HEADER + b"".join(map(line, rows))))
    return out
