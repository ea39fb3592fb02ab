"""ESC-50, or its ten-class part ESC-10, from a copy on disk: the clips that are there, in their official folds."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.files.hashing import file_stamp, fingerprint

COLUMNS = ("filename", "fold", "category", "src_file")
ENDINGS = (".wav", ".flac", ".ogg", ".mp3")  # where a clip is there in several, the first of these is taken
FOLDS = range(1, 6)


def load_esc50(root: str | os.PathLike) -> Corpus:
    """The clips of ESC-50 (Piczak 2015) that are under `root`, with the classes that these have.

    Expects the published layout, `meta/esc50.csv` and `audio`; rows or audio may be missing, as in ESC-10. Audio may
    be .wav, .flac, .ogg or .mp3 under the metadata's stem. Ids are the metadata's `filename`, in its order; the
    recording of a clip is its `src_file`, and the five folds are the official ones, which no recording crosses.
    Nothing is ever written into the folder.

    Parameters
    ----------
    root
        The folder that holds `meta` and `audio`.

    Returns
    -------
    Corpus
        With labels, the official folds, and recordings.

    Raises
    ------
    FileNotFoundError
        If the metadata, or all audio, is missing.
    ValueError
        If the metadata is not ESC-50's; says which line.
    """
    root = Path(root).expanduser().absolute()
    meta = root / "meta" / "esc50.csv"
    if not meta.is_file():
        raise FileNotFoundError(f"{meta}: there is no such file; root= must be the folder with ESC-50's meta and audio")
    listed = _rows(meta)
    audio = root / "audio"
    files = {path.name: str(path) for path in audio.iterdir()} if audio.is_dir() else {}
    there = []
    for row in listed:
        stem = Path(row["filename"]).stem
        path = next((files[stem + ending] for ending in ENDINGS if stem + ending in files), None)
        if path is not None:
            there.append((row, path))
    if not there:
        raise FileNotFoundError(f"{audio}: none of the {len(listed)} clips of the metadata is there")
    classes = tuple(sorted({row["category"] for row, _ in there}))
    stamps = (f"{sorted(row.items())} {Path(path).suffix} {file_stamp(path)}" for row, path in there)
    return Corpus(
        name="esc50",
        classes=classes,
        ids=tuple(row["filename"] for row, _ in there),
        labels=[classes.index(row["category"]) for row, _ in there],
        folds=[int(row["fold"]) for row, _ in there],
        recordings=[row["src_file"] for row, _ in there],
        sound=Files(tuple(path for _, path in there)),
        fingerprint=fingerprint("esc50", *stamps),
        description=f"ESC-50 at {root}: {len(there)} of {len(listed)} clips of the metadata, {len(classes)} classes",
    )


def _rows(meta: Path) -> list[dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    try:
        with open(meta, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise ValueError(f"{meta}: column {', '.join(missing)} is missing; take the file of ESC-50")
            for line in table:
                where, row = f"{meta}, line {table.line_num}", {name: line[name] or "" for name in COLUMNS}
                name = row["filename"]
                if not name or name != os.path.basename(name) or name in rows:
                    raise ValueError(f"{where}: filename is {name!r}, it must be the name of a file, listed once")
                if row["fold"] not in map(str, FOLDS) or not row["category"]:
                    raise ValueError(f"{where}: fold is {row['fold']!r}, category {row['category']!r}; not ESC-50's")
                rows[name] = row
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{meta}: this is not a CSV file in UTF-8 ({error})") from error
    if not rows:
        raise ValueError(f"{meta}: there is no row in it; take the file of ESC-50")
    return list(rows.values())
