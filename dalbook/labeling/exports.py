"""Labels for other programs: a plain CSV, Audacity's label tracks, a Hugging Face audio folder, JAMS."""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import soundfile

from dalbook.annotations import export
from dalbook.annotations.events import COLUMNS, check_events, path_of, seconds_of, span_of
from dalbook.annotations.write import write_text
from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import Row, text
from dalbook.labeling.read import labeled


def export_csv(corpus: Corpus, labels: str | os.PathLike, out: str | os.PathLike) -> Path:
    """One label a clip, ``clip,label``, in the order of the corpus; clips without a label are left out.

    Parameters
    ----------
    corpus
        The corpus that was labeled.
    labels
        The labeler's file.
    out
        The CSV file to write; replaced in one step if it is there.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ValueError
        Not one of the clips in `labels` is in the corpus.

    Warns
    -----
    LabelsWarning
        If some are not, or have other names now.
    """
    lines = [("clip", "label"), *((text(corpus.ids[clip]), row.label) for clip, row in _labeled(corpus, labels))]
    return write_text(out, _csv(lines))


def label_events(corpus: Corpus, labels: str | os.PathLike) -> pd.DataFrame:
    """The labels as a table of events, for the exports of `dalbook.annotations.export`: Raven, BirdNET and more.

    Parameters
    ----------
    corpus, labels
        As in `export_csv`.

    Returns
    -------
    DataFrame
        A row a labeled clip: ``file``, ``start`` and ``end`` in seconds (all of a file that is no segment), ``class``,
        ``annotator``, ``time`` (of the decision).
    """
    rows = [(*span_of(corpus, clip), row.label, row.annotator, row.time) for clip, row in _labeled(corpus, labels)]
    return check_events(pd.DataFrame(rows, columns=[*COLUMNS[:4], "annotator", "time"]))


def export_audacity(corpus: Corpus, labels: str | os.PathLike, folder: str | os.PathLike) -> list[Path]:
    """The labels as tracks for Audacity, see `dalbook.annotations.export.export_audacity`."""
    return export.export_audacity(label_events(corpus, labels), folder)


def export_jams(corpus: Corpus, labels: str | os.PathLike, folder: str | os.PathLike) -> list[Path]:
    """The labels as JAMS files, see `dalbook.annotations.export.export_jams`; with the recordings' true lengths."""
    events = label_events(corpus, labels)
    first = {span_of(corpus, clip)[0]: clip for clip, _ in _labeled(corpus, labels)}
    return export.export_jams(events, folder, {name: seconds_of(corpus, clip) for name, clip in first.items()})


def export_audiofolder(
    corpus: Corpus, labels: str | os.PathLike, folder: str | os.PathLike, link: bool = False
) -> Path:
    """A folder for Hugging Face's ``load_dataset("audiofolder", data_dir=folder)``: the labeled clips and metadata.csv.

    Parameters
    ----------
    corpus, labels
        As in `export_csv`.
    folder
        A new folder; it appears in one step when all is in it. Files are copied; segments and synthesized clips are
        written as FLAC.
    link
        Link files instead of copying them, which takes no space; both must be on one disk.

    Returns
    -------
    Path
        Of metadata.csv, with the columns ``file_name,label``.

    Raises
    ------
    FileExistsError
        The folder is there already, and not empty.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there already: give a new folder, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    try:
        lines, taken = [("file_name", "label")], set()
        for clip, row in _labeled(corpus, labels):
            name = _file_name(corpus, clip, taken)
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            _put(corpus, clip, draft / name, link)
            lines.append((name, row.label))
        draft.mkdir(exist_ok=True)
        write_text(draft / "metadata.csv", _csv(lines))
        if folder.exists():
            folder.rmdir()
        os.replace(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder / "metadata.csv"


def _labeled(corpus: Corpus, labels: str | os.PathLike) -> list[tuple[int, Row]]:
    """The clips with a label, in the order of the corpus."""
    return sorted(labeled(corpus, labels).items(), key=lambda found: found[0])


def _file_name(corpus: Corpus, clip: int, taken: set[str]) -> str:
    """A name that every program can read, unique, with the clip's folders."""
    whole = isinstance(corpus.sound, Files)
    stem, ending = os.path.splitext(text(corpus.ids[clip])) if whole else (text(corpus.ids[clip]), ".flac")
    path = path_of(corpus, clip)
    if whole and not ending:
        ending = os.path.splitext(path)[1]
    stem = "/".join(re.sub(r"[^\w. -]+", "-", part).strip(". ") or "clip" for part in stem.split("/"))
    name, n = f"{stem}{ending}", 2
    while name.lower() in taken or name.lower() == "metadata.csv":
        name, n = f"{stem}-{n}{ending}", n + 1
    taken.add(name.lower())
    return name


def _put(corpus: Corpus, clip: int, target: Path, link: bool) -> None:
    if isinstance(corpus.sound, Files):
        put: Callable = os.link if link else shutil.copyfile
        put(corpus.sound.paths[clip], target)
        return
    samples, rate = corpus.audio(clip)
    soundfile.write(target, samples, rate, format="FLAC", subtype="PCM_24")


def _csv(lines: list[tuple[str, str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(lines[1:])
    return ",".join(lines[0]) + "\n" + out.getvalue()
