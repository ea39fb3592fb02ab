"""Any labeled table as a corpus: a CSV file with a path, a label, and a fold or a recording in each row."""

from __future__ import annotations

import csv as csv_module
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.files.hashing import file_stamp, fingerprint

FOLDS = 5  # that are made where none are given
SHOWN = 5  # culprits that a message names


def load_table(
    csv: str | os.PathLike,
    root: str | os.PathLike | None = None,
    path: str = "path",
    label: str = "label",
    fold: str = "fold",
    recording: str = "recording",
) -> Corpus:
    """The clips that a CSV file lists, in its order, labeled as it says.

    Ids are the paths, as they are written there; the classes are the labels, sorted. A fair test needs to know which
    clips were cut from one recording. So the table must have folds, which are taken as they are, or recordings, of
    which five folds are made: whole recordings, with about the same share of each class in every fold, always the same.

    Parameters
    ----------
    csv
        The file, in UTF-8, with a head line.
    root
        The folder that the paths start from. All files must be there. Without it they start from the CSV file's folder,
        and no sound needs to be there until it is asked for.
    path, label
        The columns with the sound file and its one label.
    fold, recording
        The columns with the fold, a whole number from 1, and with the name of the recording. One of them may be
        missing.

    Returns
    -------
    Corpus
        With labels, folds and recordings.

    Raises
    ------
    FileNotFoundError
        If there is no such table, or if sounds below `root` are missing.
    ValueError
        If a column is missing, if neither folds nor recordings are there, or if a row is wrong, with its line.

    Warns
    -----
    UserWarning
        If clips of one recording are in different folds.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "birds.csv")
    >>> _ = file.write_text("path,label,fold\\nmay/1.wav,wren,1\\nmay/2.wav,robin,1\\njune/1.wav,wren,2\\n")
    >>> corpus = load_table(file)
    >>> corpus.classes, corpus.labels, corpus.folds
    (('robin', 'wren'), array([1, 0, 1]), array([1, 1, 2]))
    """
    csv = Path(csv).expanduser().absolute()
    lines = _read(csv, (path, label))
    there = set(lines[0][0])
    for name, usual in ((fold, "fold"), (recording, "recording")):
        if name != usual and name not in there:
            raise ValueError(f"{csv}: column {name} is missing, there are {sorted(map(str, there))}")
    if not there & {fold, recording}:
        raise ValueError(
            f"{csv}: there is neither a column {fold!r} nor {recording!r}; without one of them, clips of one recording "
            "would be in training and test, and every number too good: add one, or name it with fold= or recording="
        )
    ids, labels, seen = [], [], set()
    for line, where in lines:
        ids.append(_text(line, path, where))
        labels.append(_text(line, label, where))
        if ";" in labels[-1]:
            raise ValueError(
                f"{where}: several labels, {labels[-1]!r}; a clip must have one: choose it, or leave it out"
            )
        if ids[-1] in seen:
            raise ValueError(f"{where}: {ids[-1]} is listed twice; delete one")
        seen.add(ids[-1])
    recordings = [_text(line, recording, where) for line, where in lines] if recording in there else None
    if fold in there:
        folds = np.array([_fold(line, fold, where) for line, where in lines])
        _check_whole(csv, folds, recordings)
    else:
        folds = folds_of(ids, labels, recordings)
    files = [os.path.join(csv.parent if root is None else Path(root).expanduser().absolute(), name) for name in ids]
    missing = [name for name, file in zip(ids, files, strict=True) if not os.path.isfile(file)]
    if missing and root is not None:
        raise FileNotFoundError(f"{root}: {len(missing)} of {len(ids)} files of {csv} are not there: {_some(missing)}")
    stamps = [file_stamp(file) if os.path.isfile(file) else "not there" for file in files]
    classes = sorted(set(labels))
    made = "" if fold in there else ", made by recording"
    return Corpus(
        name="table",
        classes=tuple(classes),
        ids=tuple(ids),
        labels=[classes.index(name) for name in labels],
        folds=folds,
        sound=Files(tuple(files)),
        fingerprint=fingerprint("table", *map(list, zip(ids, stamps, strict=True))),
        description=f"{csv}: {len(ids)} clips of {len(classes)} classes in {len(np.unique(folds))} folds{made}",
        recordings=recordings,
    )


def folds_of(ids: Sequence[str], labels: Sequence[str], recordings: Sequence[str]) -> NDArray[np.int64]:
    """Five folds of whole recordings, with about the same share of each class; the order of the rows does not matter.

    Raises
    ------
    ValueError
        If there are fewer than five recordings.

    Examples
    --------
    >>> folds = folds_of(list("abcdefghij"), ["x", "y"] * 5, np.repeat(list("12345"), 2)).reshape(5, 2)
    >>> bool((folds[:, 0] == folds[:, 1]).all()), sorted(folds[:, 0].tolist())
    (True, [1, 2, 3, 4, 5])
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    there = len(set(recordings))
    if there < FOLDS:
        raise ValueError(f"five folds need at least five recordings, there are {there}; give the folds in a column")
    order = np.argsort(np.array(ids))
    labels, recordings = np.array(labels)[order], np.array(recordings)[order]
    folds = np.zeros(len(ids), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # it cannot be in every fold
        enough = np.unique(labels, return_counts=True)[1].max() >= FOLDS  # clips of a class, to be shared out at all
        folds_by = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0) if enough else GroupKFold(FOLDS)
        parts = folds_by.split(labels, labels, recordings)
        for number, (_, test) in enumerate(parts, start=1):
            folds[order[test]] = number
    return folds


def _text(line: dict[str, str], column: str, where: str) -> str:
    text = (line[column] or "").strip()
    if not text:
        raise ValueError(f"{where}: {column} is empty")
    return text


def _fold(line: dict[str, str], column: str, where: str) -> int:
    text = _text(line, column, where)
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{where}: {column} is {text!r}, it must be a whole number from 1")
    return int(text)


def _check_whole(csv: Path, folds: NDArray[np.int64], recordings: Sequence[str] | None) -> None:
    first: dict[str, int] = {}
    torn = []
    for name, number in zip(recordings or (), folds.tolist(), strict=False):
        if first.setdefault(name, number) != number and name not in torn:
            torn.append(name)
    if torn:
        warnings.warn(
            f"{csv}: clips of one recording are in different folds, so results will be too good: {_some(torn)}",
            stacklevel=3,
        )


def _read(path: Path, columns: Sequence[str]) -> list[tuple[dict[str, str], str]]:
    """The rows, each with the words that name its place, such as "birds.csv, line 7"."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv_module.DictReader(file)
            missing = [name for name in columns if name not in (table.fieldnames or ())]
            if missing:
                raise ValueError(f"{path}: column {', '.join(missing)} is missing, there are {table.fieldnames}")
            rows = [(line, f"{path}, line {table.line_num}") for line in table]
    except (UnicodeDecodeError, csv_module.Error) as error:
        raise ValueError(f"{path}: this is not a CSV file in UTF-8 ({error})") from error
    if not rows:
        raise ValueError(f"{path}: there is no row in it")
    return rows


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
