"""A file of labels as a table, and as a corpus with labels."""

from __future__ import annotations

import dataclasses
import json
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import COLUMNS, Row, parse, saved_elsewhere, text
from dalbook.labeling.matching import Matches, beside, kept_contents
from dalbook.labeling.row_order import LabelsWarning, clashes, in_order, words


def read_rows(path: str | os.PathLike) -> list[Row]:
    """All rows of a file of labels, by their time; a last line that was cut off is left out. The file is not touched.

    A file that a spreadsheet has saved is read too: with semicolons or tabs, in UTF-16, with added columns, sorted.

    Raises
    ------
    FileNotFoundError
        It is not there.
    ValueError
        It is something else.
    """
    path = Path(path).expanduser()
    data = path.read_bytes()
    rows = in_order(parse(data, str(path))[0])
    if "1252" in (form := saved_elsewhere(data)):  # of the code pages of one byte a letter, one can only guess
        warnings.warn(
            LabelsWarning(f"{path} is not in UTF-8; it was read as {form}: if names look wrong, save it as UTF-8"),
            stacklevel=2,
        )
    return rows


def standing(rows: Iterable[Row], name: str = "the file of labels") -> dict[str, Row]:
    """Clip id -> the row that holds, in the order in which they were made.

    Parameters
    ----------
    rows
        By their time, as from `read_rows`.
    name
        The file's, for the warning.

    Warns
    -----
    LabelsWarning
        If clips have two last decisions at the same time, which differ; they have none then.

    Examples
    --------
    >>> row = Row("a", "dog", "labeled", "me", "2026-01-01", None, 0, None, "")
    >>> list(standing([row, dataclasses.replace(row, label="", status="undone", time="2026-01-02")]))
    []
    """
    rows = list(rows)
    found: dict[str, Row] = {}
    for row in rows:
        found.pop(row.clip, None)
        if row.status != "undone":
            found[row.clip] = row
    if unclear := clashes(rows):
        warnings.warn(LabelsWarning(words(unclear, name)), stacklevel=2)
    return {clip: row for clip, row in found.items() if clip not in unclear}


def read_labels(path: str | os.PathLike) -> pd.DataFrame:
    """The decisions of a file of labels as they stand: one row a clip, in the order in which they were made.

    ``pandas.read_csv`` reads the file too, and then gives all rows, also those that were changed or undone later. Write
    ``table["clip"]``, not ``table.clip``, which in pandas is a method.

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
    return table(standing(read_rows(path), str(path)).values())


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
        Not one of the file's clips is in the corpus, or it has classes that are not among `classes`; names them.

    Warns
    -----
    LabelsWarning
        If some of its clips are not in the corpus, or have another name now; counts and names them.

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
    found = {clip: row.label for clip, row in labeled(corpus, path).items()}
    if classes is None:
        names = list(map(text, corpus.classes))
        names += [name for name in dict.fromkeys([*_added(path), *found.values()]) if name not in names]
    else:
        names = list(classes)
        if strange := sorted(set(found.values()) - set(names)):
            raise ValueError(f"{path} has labels of classes that are not in classes=: {', '.join(map(repr, strange))}")
    labels = np.full(len(corpus), -1)
    for clip, label in found.items():
        labels[clip] = names.index(label)
    return dataclasses.replace(corpus, classes=tuple(names), labels=labels)


def labeled(corpus: Corpus, path: str | os.PathLike) -> dict[int, Row]:
    """Clip -> the row that gives its label, of the clips of a file of labels that are in the corpus.

    Raises
    ------
    ValueError
        Not one of the file's clips is in the corpus.

    Warns
    -----
    LabelsWarning
        If some are not, or have another name now; counts and names them.
    """
    rows = read_rows(path)
    matches = Matches((row.clip for row in rows), corpus, kept_contents(beside(path)))
    if rows and not matches.clips:
        raise ValueError(
            f"{path} has labels of {len(matches.missing)} clips that are not in the corpus, such as "
            f"{matches.missing[0]!r}, and of none that is"
        )
    if told := matches.words(str(path)):
        warnings.warn(LabelsWarning(told), stacklevel=3)
    # by today's name: a renamed clip may have decisions under both
    names = {name: text(corpus.ids[clip]) for name, clip in matches.clips.items()}
    rows = [dataclasses.replace(row, clip=names[row.clip]) for row in rows if row.clip in names]
    clips = {text(name): clip for clip, name in enumerate(corpus.ids)}
    return {clips[name]: row for name, row in standing(rows, str(path)).items() if row.status == "labeled"}


def _added(path: str | os.PathLike) -> list[str]:
    """The classes that were added while labeling, in their order, as far as it is kept beside the file."""
    try:
        added = json.loads((beside(path) / "about.json").read_bytes())["added"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in added if isinstance(name, str)]
