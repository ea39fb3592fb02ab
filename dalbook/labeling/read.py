"""A file of labels as a table, and as a corpus with labels."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import COLUMNS, Row, parse, text


def read_rows(path: str | os.PathLike) -> list[Row]:
    """All rows of a file of labels, in order; a last line that was cut off is left out. The file is not touched.

    Raises
    ------
    FileNotFoundError
        It is not there.
    ValueError
        It is something else.
    """
    path = Path(path).expanduser()
    return parse(path.read_bytes(), str(path))[0]


def standing(rows: Iterable[Row]) -> dict[str, Row]:
    """Clip id -> the row that holds, in the order in which they were made.

    >>> row = Row("a", "dog", "labeled", "me", "", None, 0, None, "")
    >>> list(standing([row, dataclasses.replace(row, label="", status="undone")]))
    []
    """
    found: dict[str, Row] = {}
    for row in rows:
        found.pop(row.clip, None)
        if row.status != "undone":
            found[row.clip] = row
    return found


def read_labels(path: str | os.PathLike) -> pd.DataFrame:
    """The decisions of a file of labels as they stand: one row a clip, in the order in which they were made.

    ``pandas.read_csv`` reads the file too, and then gives all rows, also those that were changed or undone later.

    Parameters
    ----------
    path
        As the labeler writes it.

    Returns
    -------
    DataFrame
        Columns clip, label, status ("labeled", "unsure", "skipped"), annotator, time (UTC), seconds, round, score,
        picked_by.

    Raises
    ------
    FileNotFoundError, ValueError
        The file is not there, or something else.
    """
    return table(standing(read_rows(path)).values())


def table(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a table with the file's columns; names stay text, whatever they look like."""
    frame = pd.DataFrame([dataclasses.astuple(row) for row in rows], columns=list(COLUMNS))
    kinds = dict.fromkeys(("seconds", "score"), "float64") | {"round": "int64"}
    frame = frame.astype({name: kinds.get(name, "object") for name in COLUMNS})
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601", errors="coerce")
    return frame


def labels_to_corpus(corpus: Corpus, path: str | os.PathLike, classes: Sequence[str] | None = None) -> Corpus:
    """The corpus with the labels of a file, to train and test on.

    All clips stay, at the same positions, so the embeddings of the corpus are those of the new one; the label of a clip
    that has none in the file is -1, also where the corpus knew one.

    Parameters
    ----------
    corpus
        The corpus that was labeled.
    path
        The file of labels.
    classes
        Class names in order; by default those of the corpus, and then those that were added while labeling.

    Returns
    -------
    Corpus
        With the same clips, and these classes.

    Raises
    ------
    ValueError
        The file has clips that are not in the corpus, or classes that are not among `classes`; names them.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "labels.csv")
    >>> _ = path.write_text(",".join(COLUMNS) + "\\nb.wav,owl,labeled,me,2026-01-01T00:00:00+00:00,1.5,0,7,medoid\\n")
    >>> corpus = Corpus("demo", ("cat", "dog"), ("a.wav", "b.wav"), [-1, -1], [0, 0], None, "", "")
    >>> labeled = labels_to_corpus(corpus, path)
    >>> labeled.classes, labeled.labels.tolist()
    (('cat', 'dog', 'owl'), [-1, 2])
    """
    found = {clip: row.label for clip, row in standing(read_rows(path)).items() if row.status == "labeled"}
    position = {text(clip): i for i, clip in enumerate(corpus.ids)}
    if strange := [clip for clip in found if clip not in position]:
        raise ValueError(
            f"{path} has labels of {len(strange)} clips that are not in the corpus, such as {strange[0]!r}"
        )
    if classes is None:
        names = list(map(text, corpus.classes))
        names += [name for name in dict.fromkeys([*_added(path), *found.values()]) if name not in names]
    else:
        names = list(classes)
        if strange := sorted(set(found.values()) - set(names)):
            raise ValueError(f"{path} has labels of classes that are not in classes=: {', '.join(map(repr, strange))}")
    labels = np.full(len(corpus), -1)
    for clip, label in found.items():
        labels[position[clip]] = names.index(label)
    return dataclasses.replace(corpus, classes=tuple(names), labels=labels)


def _added(path: str | os.PathLike) -> list[str]:
    """The classes that were added while labeling, in their order, as far as it is kept beside the file."""
    path = Path(os.path.realpath(Path(path).expanduser()))
    try:
        added = json.loads((path.with_name(f"{path.name}.session") / "about.json").read_bytes())["added"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in added if isinstance(name, str)]
