"""The rows of a file of labels: what a decision is, and how it is written as text and read again."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, fields

import numpy as np

from dalbook.corpora.names import text
from dalbook.labeling.csv_form import Form, form_of

STATUSES = ("labeled", "unsure", "skipped", "undone")
OLD_SPELLING = {"labelled": "labeled"}  # of the first edition, whose files go on working


@dataclass(frozen=True)
class Row:
    """One decision about one clip, as one line of the file holds it.

    Attributes
    ----------
    clip
        The clip's id.
    label
        The class's name; empty unless `status` is "labeled".
    status
        "labeled", "unsure", "skipped", or "undone": a decision was taken back, the clip has none now.
    annotator
        Who decided.
    time
        When, ISO 8601 in UTC.
    seconds
        From showing the clip to deciding; None if unknown.
    round
        Iterations of training that the model had behind it; 0 before learning starts.
    score
        By how much the clip was picked: its vote entropy in nats, the size of its cluster, ...; None if unknown.
    picked_by
        "medoid", "farthest", "vote_entropy", ...; "correction" where an earlier decision was changed, "undo" where one
        was put back by undoing its correction.
    """

    clip: str
    label: str
    status: str
    annotator: str
    time: str
    seconds: float | None
    round: int
    score: float | None
    picked_by: str


NEEDED = ("clip", "label", "status", "time")  # the other columns may have been taken out
COLUMNS = tuple(field.name for field in fields(Row))
HEADER = (",".join(COLUMNS) + "\n").encode()


def duration(seconds: object) -> float | None:
    """A duration as a row can hold it; None for what is none.

    >>> duration(2), duration(-1), duration("soon"), duration(True)
    (2.0, None, None, None)
    """
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return float(seconds) if number and 0 <= seconds < math.inf else None


def line(row: Row) -> bytes:
    """A row as CSV (RFC 4180, UTF-8), with its line end.

    >>> line(Row("a, b", "=dog", "labeled", "", "2026-01-01T00:00:00+00:00", 1.25, 0, None, "medoid"))
    b'"a, b",=dog,labeled,,2026-01-01T00:00:00+00:00,1.25,0,,medoid\\n'
    """
    return (",".join(_field(getattr(row, name)) for name in COLUMNS) + "\n").encode()


def _field(value: str | float | None) -> str:
    if value is None:
        return ""
    value = text(value) if isinstance(value, str) else f"{round(value, 6):.10g}"
    return '"' + value.replace('"', '""') + '"' if re.search(r'[",\r\n]', value) else value


def parse(data: bytes, name: str) -> tuple[list[Row], bytes, bytes]:
    """Read a file's content, as the labeler has written it or as a spreadsheet has saved it.

    With other separators, in another encoding, with columns in another order or added ones: then all of it is whole.

    Parameters
    ----------
    data
        The content.
    name
        The file's, for errors.

    Returns
    -------
    tuple
        Its rows, the content up to the end of the last whole line, and what stands behind that: nothing, or a line
        that was cut off. A last line that lacks nothing but its end is whole.

    Raises
    ------
    ValueError
        It is something else than a file of labels; says where, or how it is written.

    Examples
    --------
    >>> rows, whole, cut = parse(HEADER + b"x.wav,dog,labeled,me,2026-01-01T00:00:00+00:00,,0,,medoid\\ny.wav,d", "f")
    >>> rows[0].label, len(whole) > len(HEADER), cut
    ('dog', True, b'y.wav,d')
    """
    form = form_of(data, COLUMNS)
    if not form.ours(COLUMNS):
        if HEADER.startswith(data):  # the power went as the file was made
            return [], b"", data
        return _foreign(data, form, name), data, b""
    octets = np.frombuffer(data, np.uint8)
    # a line end inside quotation marks is part of a name
    ends = np.flatnonzero((octets == ord("\n")) & (np.cumsum(octets == ord('"')) % 2 == 0))
    at = int(ends[-1]) + 1 if len(ends) else 0
    whole, rest = data[:at], data[at:]
    rows = _rows(whole[form.mark :], name)
    if rest:
        try:
            last = _rows(rest, name)
        except ValueError:
            last = []
        if len(last) == 1 and b"\n" not in rest:
            return rows + last, data, b""
        if _holds_rows(rest):
            raise ValueError(
                f"{name}: a quotation mark after row {len(rows)} is not closed; mend the file in an editor"
            )
    return rows, whole, rest


def saved_elsewhere(data: bytes) -> str:
    """How a file of labels is written, in words, if rows cannot be appended as they are; otherwise empty."""
    form = form_of(data, COLUMNS)
    return "" if form.ours(COLUMNS) or HEADER.startswith(data) else form.words


def _foreign(data: bytes, form: Form, name: str) -> list[Row]:
    missing = [column for column in NEEDED if column not in form.columns]
    if missing:
        found = "" if len(missing) == len(NEEDED) else f", it has no {', '.join(missing)} ({form.words})"
        raise ValueError(
            f"{name} is not a file of labels{found}: its first line must be {HEADER.decode().strip()}; save it so, as "
            "CSV in UTF-8, or give another out="
        )
    if double := [column for column in COLUMNS if form.columns.count(column) > 1]:
        raise ValueError(f"{name} has the column {double[0]} twice ({form.words}): take one out")
    try:
        text = data[form.mark :].decode(form.encoding)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=form.separator, strict=True)
        lines = [(reader.line_num, values) for values in reader if any(value.strip() for value in values)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{name} is damaged: {error} ({form.words}); save it as CSV in UTF-8, with commas, or give another out="
        ) from None
    places = [form.columns.index(column) if column in form.columns else -1 for column in COLUMNS]
    rows = []
    for number, values in lines[1 if form.first == 1 else 2 :]:
        values = values + [""] * (len(form.columns) - len(values) + 1)  # the last is that of a column that is not there
        rows.append(_row([values[place] for place in places], f"{name}, line {number} ({form.words})"))
    return rows


def _rows(data: bytes, name: str) -> list[Row]:
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        lines = [(reader.line_num, values) for values in reader if any(values)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{name} is damaged: {error}; mend it in an editor, or give another out=") from None
    return [_row(values, f"{name}, line {number}") for number, values in lines if tuple(values) != COLUMNS]


def _row(values: list[str], where: str) -> Row:
    if len(values) != len(COLUMNS):
        raise ValueError(f"{where}: there are {len(values)} fields instead of {len(COLUMNS)}")
    clip, label, status, annotator, time, seconds, rounds, score, picked_by = values
    status = OLD_SPELLING.get(status, status)
    if status not in STATUSES:
        raise ValueError(f"{where}: the status {status!r} is none of {', '.join(STATUSES)}")
    if status == "labeled" and not label:
        raise ValueError(f"{where}: it is labeled, but has no label")
    try:
        numbers = _number(seconds), int(_number(rounds) or 0), _number(score)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return Row(clip, label if status == "labeled" else "", status, annotator, time, *numbers, picked_by)


def _number(value: str) -> float | None:
    if re.fullmatch(r"\s*-?\d+,\d+(E[+-]?\d+)?\s*", value, re.IGNORECASE):  # a decimal comma
        value = value.replace(",", ".")
    number = float(value) if value.strip() else None
    if number is not None and not math.isfinite(number):
        raise ValueError(f"{value} is no number")
    return number


def _holds_rows(rest: bytes) -> bool:
    """Whether lines of a file are in what seems one cut-off line."""
    for part in rest.split(b"\n")[1:]:
        values = part.decode("utf-8", "replace").rstrip("\r").split(",")
        if len(values) >= len(COLUMNS) and set(values) & {*STATUSES, *OLD_SPELLING}:
            return True
    return False
