"""Annotations that are there already, as a table of events: Raven's tables, Audacity's label tracks, and CSV."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dalbook.annotations.events import COLUMNS, check_events

RAVEN_ENDINGS = (".Table.1.selections.txt", ".selections.txt", ".txt")
RAVEN_TIMES = ("Begin Time (s)", "End Time (s)")
RAVEN_CLASSES = ("Annotation", "Species", "Label", "Class", "Common Name")  # what people call the column, first first


def read_raven(path: str | os.PathLike, column: str | None = None) -> pd.DataFrame:
    """Raven's selection tables.

    Parameters
    ----------
    path
        One table, or a folder of them. The recording is the table's path in the folder without
        ``.Table.1.selections.txt``; where the table is ``long.Table.1.selections.txt`` that is ``long``, and
        `onto_segments` finds the recording by its stem.
    column
        With the classes; by default the first that there is of Annotation, Species, Label, Class, Common Name.

    Returns
    -------
    DataFrame
        Columns file, start, end, class, score (NaN).

    Raises
    ------
    FileNotFoundError, ValueError
        There is none, or it is something else; says which.
    """
    rows = []
    for file, name in _files(path, RAVEN_ENDINGS):
        head, lines = _table(file, "\t")
        classes = [one for one in ((column,) if column else RAVEN_CLASSES) if one in head]
        if not set(RAVEN_TIMES) <= set(head) or not classes:
            raise ValueError(
                f"{file}: a selection table has the columns {', '.join(RAVEN_TIMES)} and one with the classes, "
                f"this has {', '.join(head)}; name it with column="
            )
        # a selection has a line for each view of it
        seen = set()
        for number, line in enumerate(lines, start=2):
            event = (name, *_times(line, RAVEN_TIMES, f"{file}, line {number}"), line[classes[0]].strip())
            if event not in seen and event[-1]:
                rows.append(event)
            seen.add(event)
    return _events(rows)


def read_audacity(path: str | os.PathLike) -> pd.DataFrame:
    """Audacity's label tracks.

    Parameters
    ----------
    path
        One track, or a folder of them. The recording is the track's path in the folder without ``.txt``.

    Returns
    -------
    DataFrame
        As `read_raven` gives it.

    Raises
    ------
    FileNotFoundError, ValueError
        There is none, or it is something else; says where.
    """
    rows = []
    for file, name in _files(path, (".txt",)):
        for number, line in enumerate(_text(file).splitlines(), start=1):
            fields = line.split("\t")
            if fields[0] == "\\" or not line.strip():  # the second line of a label with frequencies
                continue
            where = f"{file}, line {number}"
            if len(fields) < 3:
                raise ValueError(f"{where}: a label is start, end and text with tabs between, not {line!r}")
            times = _times(dict(zip("ab", fields, strict=False)), ("a", "b"), where)
            if fields[2].strip():
                rows.append((name, *times, fields[2].strip()))
    return _events(rows)


def read_csv(path: str | os.PathLike, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A CSV file with an event in each row.

    Parameters
    ----------
    path
        The file, in UTF-8, with a head line.
    columns
        What the columns ``file``, ``start``, ``end`` (in seconds) and ``class`` are called, where they are called
        otherwise.

    Returns
    -------
    DataFrame
        As `read_raven` gives it.

    Raises
    ------
    FileNotFoundError, ValueError
        It is not there, a column is missing, or a row is wrong; says where.
    """
    names = {name: (columns or {}).get(name, name) for name in COLUMNS[:4]}
    head, lines = _table(Path(path), ",")
    missing = [column for column in names.values() if column not in head]
    if missing:
        raise ValueError(f"{path}: column {', '.join(missing)} is missing, there are {', '.join(head)}; see columns=")
    rows = []
    for number, line in enumerate(lines, start=2):
        times = _times(line, (names["start"], names["end"]), f"{path}, line {number}")
        rows.append((line[names["file"]], *times, line[names["class"]].strip()))
    return _events(rows)


def _files(path: str | os.PathLike, endings: tuple[str, ...]) -> list[tuple[Path, str]]:
    """Files and the recordings that they are about."""
    path = Path(path).expanduser()
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*.txt")) if file.is_file()]
        if not found:
            raise FileNotFoundError(f"{path}: there is no .txt file in it")
        names = [file.relative_to(path).as_posix() for file in found]
    else:
        found, names = [path], [path.name]
    return [
        (file, next((name[: -len(end)] for end in endings if name.endswith(end)), name))
        for file, name in zip(found, names, strict=True)
    ]


def _table(path: Path, separator: str) -> tuple[list[str], list[dict[str, str]]]:
    try:
        table = csv.DictReader(_text(path).splitlines(), delimiter=separator, restval="")
        lines = [{name: value or "" for name, value in line.items() if name is not None} for line in table]
    except csv.Error as error:
        raise ValueError(f"{path}: this is no table ({error})") from error
    return list(table.fieldnames or ()), lines


def _text(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: this is no text in UTF-8 ({error})") from error


def _times(line: Mapping[str, str], names: tuple[str, str], where: str) -> tuple[float, float]:
    try:
        start, end = (float(line[name]) for name in names)
    except ValueError:
        raise ValueError(f"{where}: {' and '.join(names)} must be seconds, not {[line[n] for n in names]}") from None
    if not 0 <= start <= end < float("inf"):
        raise ValueError(f"{where}: an event cannot be from {start} to {end} s")
    return start, end


def _events(rows: list[tuple]) -> pd.DataFrame:
    return check_events(pd.DataFrame(rows, columns=list(COLUMNS[:4])).assign(score=float("nan")))
