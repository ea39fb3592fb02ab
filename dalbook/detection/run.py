"""`dalbook predict`: from recordings and a classifier to tables, however long it takes and often it is killed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dalbook.annotations.events import COLUMNS, merge_events
from dalbook.annotations.export import csv_text, export_audacity, export_raven
from dalbook.detection.classifier import SoundClassifier
from dalbook.detection.files import Recording, recordings_of
from dalbook.detection.journal import Journal
from dalbook.detection.stream import stream
from dalbook.files.atomic import atomic_write
from dalbook.files.lock import hold

CHUNK = 20_000  # rows that are put together at once


@dataclass(frozen=True)
class Wanted:
    """Which files shall be written, and with which rows.

    Attributes
    ----------
    csv
        The table of all recordings. While it is not finished, what is there stands in ``F.part`` beside it; what could
        not be predicted on, in ``F.broken.csv``.
    raven, audacity
        Folders for a file each recording, or None.
    threshold, merge
        As `SoundClassifier.predict` takes them.
    """

    csv: Path
    raven: Path | None = None
    audacity: Path | None = None
    threshold: float | str | None = None
    merge: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came out: recordings, rows, and (file, start, end, reason) of what could not be predicted on."""

    recordings: int
    rows: int
    broken: list[tuple[str, float, float, str]]


def predict_to_files(
    classifier: SoundClassifier,
    what: str | os.PathLike,
    wanted: Wanted,
    jobs: int = 2,
    tell: Callable[[float, float], object] | None = None,
    waiting: Callable[[], object] = bool,
) -> Outcome:
    """Predict on a folder or a file, and write what is wanted.

    Stopped anywhere, even killed, it goes on there when it is called again, and the files are the same. No more is in
    memory than a few minutes of sound and some thousand rows, however long the recordings are.

    Parameters
    ----------
    classifier
        The classifier.
    what
        A folder of recordings, or one.
    wanted
        What to write.
    jobs
        Threads.
    tell
        Called with the bytes of recordings that are done, and of all.
    waiting
        Called once if another process writes the same table, which is waited for.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        There is no recording; not one segment could be predicted on; a file cannot be written.
    """
    least = classifier.thresholds(wanted.threshold)
    recordings = recordings_of(what)
    encoder = classifier.encoder()
    sizes = {one.name: _size(one) for one in recordings}
    part = wanted.csv.with_name(f"{wanted.csv.name}.part")
    with hold(part.with_suffix(".lock"), waiting):
        journal = Journal(part, classifier.fingerprint())
        try:
            there = journal.done(recordings)
            done, total = 0.0, float(sum(sizes.values()))
            for block in stream(recordings, classifier.card["segment"], encoder, classifier.judge, jobs, there):
                journal.append(block)
                done += sizes[block.file] / block.count
                if tell is not None:
                    tell(done, total)
            outcome = _write(classifier.classes_, recordings, journal, wanted, least, Path(what))
        finally:
            journal.close()
        part.unlink()
    return outcome


def _write(
    classes: Sequence[str],
    recordings: Sequence[Recording],
    journal: Journal,
    wanted: Wanted,
    least: Sequence[float],
    what: Path,
) -> Outcome:
    """All files, the table last."""
    broken: list[tuple[str, float, float, str]] = []
    count = predicted = 0
    root = what if what.is_dir() else what.parent

    def write(file) -> None:
        nonlocal count, predicted
        first = True
        for rows in _chunks(recordings, journal, broken):
            kept = [(*row[:3], classes[row[3]], *row[4:]) for row in rows if row[4] >= least[row[3]]]
            table = pd.DataFrame(kept, columns=[*COLUMNS, "vote_entropy"])
            table = merge_events(table) if wanted.merge else table
            if wanted.raven:
                export_raven(table, wanted.raven, root)
            if wanted.audacity:
                export_audacity(table, wanted.audacity)
            file.write(csv_text(table, header=first).encode())
            first, count, predicted = False, count + len(table), predicted + len(rows)

    atomic_write(wanted.csv, write)
    list_of_broken = wanted.csv.with_name(f"{wanted.csv.name}.broken.csv")
    if broken:
        table = pd.DataFrame(broken, columns=["file", "start", "end", "reason"])
        atomic_write(list_of_broken, lambda file: file.write(csv_text(table).encode()))
    else:
        list_of_broken.unlink(missing_ok=True)
    if not predicted:
        name, _, _, reason = broken[0]
        raise ValueError(f"not one segment could be predicted on; the first, of {name}: {reason}")
    return Outcome(len(recordings), count, broken)


def _chunks(
    recordings: Sequence[Recording], journal: Journal, broken: list[tuple[str, float, float, str]]
) -> Iterator[list[tuple]]:
    """The rows of some whole recordings at a time, in order; at least one chunk."""
    rows: list[tuple] = []
    for recording in recordings:
        for block in journal.blocks(recording.name):
            rows += ((recording.name, *row) for row in block.rows)
            broken += ((recording.name, *trouble) for trouble in block.broken)
        if len(rows) >= CHUNK:
            yield rows
            rows = []
    yield rows


def _size(recording: Recording) -> int:
    try:
        return os.path.getsize(recording.path)
    except OSError:
        return 0
