"""UrbanSound8K from a copy on disk: the clips that are there, in their official folds."""

from __future__ import annotations

import csv
import os
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.files.hashing import file_stamp, fingerprint

CLASSES = (
    "air_conditioner",
    "car_horn",
    "children_playing",
    "dog_bark",
    "drilling",
    "engine_idling",
    "gun_shot",
    "jackhammer",
    "siren",
    "street_music",
)
FOLDS = range(1, 11)
ENDINGS = (".wav", ".flac", ".ogg", ".mp3")  # where a clip is there in several, the first of these is taken
COLUMNS = ("slice_file_name", "fsID", "fold", "classID", "class")
SHOWN = 5  # culprits that a message names


class Row(NamedTuple):
    """One line of the metadata."""

    name: str
    recording: str
    fold: int
    label: int


def load_urbansound8k(root: str | os.PathLike) -> Corpus:
    """The clips of UrbanSound8K (Salamon, Jacoby, Bello 2014) that are under `root`.

    Expects the official layout, `metadata/UrbanSound8K.csv` and `audio/fold1` to `audio/fold10`; some folds may be
    missing. Audio may be .wav, .flac, .ogg or .mp3 under the metadata's stem. Ids are the metadata's `slice_file_name`,
    in its order. The folds are the official ones: slices of one recording share a fold, so reshuffling them would put
    parts of the same recording into training and test. The recording of a clip is its Freesound id, `fsID`. Nothing is
    ever written into the folder.

    Parameters
    ----------
    root
        The folder that holds `metadata` and `audio`.

    Returns
    -------
    Corpus
        With labels, the official folds, and recordings.

    Raises
    ------
    FileNotFoundError
        If `root`, the metadata or all audio is missing.
    ValueError
        If the metadata is not UrbanSound8K's.

    Warns
    -----
    UserWarning
        If a fold has some of its files but not all, if a file is not in the metadata or lies in another fold than
        there, or if a clip is there in two formats.
    """
    root = Path(root).expanduser().absolute()
    _check_layout(root)
    rows = read_metadata(root / "metadata" / "UrbanSound8K.csv")
    fold_of = {Path(row.name).stem: row.fold for row in rows}
    files: dict[str, str] = {}
    problems: list[str] = []
    for fold in FOLDS:
        files.update(_list_fold(root, fold, fold_of, problems))
    there = [row for row in rows if Path(row.name).stem in files]
    if not there:
        raise FileNotFoundError(
            f"{root / 'audio'}: none of the {len(rows)} clips of the metadata is there; put them into audio/fold1 to "
            "audio/fold10, as in the archive UrbanSound8K.tar.gz"
        )
    description, absent, gaps = _describe(root, rows, there)
    for problem in problems + gaps:
        warnings.warn(problem, stacklevel=2)
    paths = tuple(files[Path(row.name).stem] for row in there)
    stamps = (f"{row} {Path(path).suffix} {file_stamp(path)}" for row, path in zip(there, paths, strict=True))
    return Corpus(
        name="urbansound8k",
        classes=CLASSES,
        ids=tuple(row.name for row in there),
        labels=[row.label for row in there],
        folds=[row.fold for row in there],
        recordings=[row.recording for row in there],
        sound=Files(paths),
        fingerprint=fingerprint("urbansound8k", *stamps),
        description=description,
        absent=absent,
    )


def _check_layout(root: Path) -> None:
    wanted = "root= must be the folder with UrbanSound8K's `metadata` and `audio`"
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; {wanted}")
    if not (root / "metadata" / "UrbanSound8K.csv").is_file():
        inside = root / "UrbanSound8K"
        hint = f"; it looks like you want {inside}" if (inside / "metadata").is_dir() else ""
        raise FileNotFoundError(f"{root / 'metadata' / 'UrbanSound8K.csv'}: there is no such file; {wanted}{hint}")
    if not (root / "audio").is_dir():
        raise FileNotFoundError(f"{root / 'audio'}: there is no such folder; {wanted}")


def read_metadata(path: Path) -> list[Row]:
    """The rows of UrbanSound8K.csv, in its order; an error names the line that is not UrbanSound8K's."""
    rows: dict[str, Row] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise ValueError(
                    f"{path}: column {', '.join(missing)} is missing, there are {table.fieldnames}; take the file that "
                    "comes with UrbanSound8K"
                )
            for line in table:
                row = _row(line, f"{path}, line {table.line_num}")
                if Path(row.name).stem in rows:
                    raise ValueError(f"{path}, line {table.line_num}: {row.name} is listed twice; delete one")
                rows[Path(row.name).stem] = row
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: this is not a CSV file in UTF-8 ({error})") from error
    if not rows:
        raise ValueError(f"{path}: there is no row in it; take the file that comes with UrbanSound8K")
    return list(rows.values())


def _row(line: dict[str, str], where: str) -> Row:
    name = line["slice_file_name"] or ""
    if not name or name != os.path.basename(name):
        raise ValueError(f"{where}: slice_file_name is {name!r}, it must be the name of a file")
    if not line["fsID"]:
        raise ValueError(f"{where}: fsID, the recording that {name} was cut from, is missing")
    try:
        fold, label = int(line["fold"]), int(line["classID"])
    except (TypeError, ValueError):
        raise ValueError(
            f"{where}: fold {line['fold']!r} and classID {line['classID']!r} must be whole numbers"
        ) from None
    if fold not in FOLDS:
        raise ValueError(f"{where}: fold is {fold}, it must be 1 to 10")
    if not 0 <= label < len(CLASSES) or CLASSES[label] != line["class"]:
        raise ValueError(f"{where}: classID {label} and class {line['class']!r} do not belong together")
    return Row(name, line["fsID"], fold, label)


def _list_fold(root: Path, fold: int, fold_of: dict[str, int], problems: list[str]) -> dict[str, str]:
    """Stem -> path of the clips of one fold that are there; appends to `problems` what is wrong."""
    place = root / "audio" / f"fold{fold}"
    if not place.is_dir():
        return {}
    # sorted by ending, then by name: the first of several formats is the same on every computer
    audio = [path for path in place.iterdir() if path.suffix.lower() in ENDINGS and not path.name.startswith(".")]
    audio.sort(key=lambda path: (ENDINGS.index(path.suffix.lower()), path.name))
    taken: dict[str, str] = {}
    strangers, strays, doubles = [], [], []
    for path in audio:
        if path.stem not in fold_of:
            strangers.append(path.name)
        elif fold_of[path.stem] != fold:
            strays.append(f"{path.name} (fold {fold_of[path.stem]})")
        elif path.stem in taken:
            doubles.append(f"{path.name} (taken: {os.path.basename(taken[path.stem])})")
        else:
            taken[path.stem] = str(path)
    for culprits, text in (
        (strangers, "not in the metadata and left out; remove them, or add their rows"),
        (strays, "in another fold than the metadata's and left out; move them there"),
        (doubles, "there in another format too and left out; remove one of the two"),
    ):
        if culprits:
            problems.append(f"{place}: {len(culprits)} files are {text}: {_some(culprits)}")
    return taken


def _describe(root: Path, rows: list[Row], there: list[Row]) -> tuple[str, str, list[str]]:
    """A report in lines, the folds that are not there at all, and a warning for each that is there in part."""
    wanted, found = Counter(row.fold for row in rows), Counter(row.fold for row in there)
    names = {row.name for row in there}
    folds = ", ".join(f"{fold} ({found[fold]})" for fold in sorted(found))
    lines = [f"UrbanSound8K at {root}: {len(there)} of {len(rows)} clips, in folds {folds}"]
    none = [fold for fold in sorted(wanted) if not found[fold]]
    absent = ""
    if none:
        clips = sum(wanted[fold] for fold in none)
        absent = f"folds {', '.join(map(str, none))} ({clips} clips of the metadata)"
        lines.append(f"no files of {absent}")
    gaps = []
    for fold in sorted(found):
        lost = [row.name for row in rows if row.fold == fold and row.name not in names]
        if lost:
            gaps.append(
                f"{root / 'audio' / f'fold{fold}'}: {len(lost)} of {wanted[fold]} files are missing: {_some(lost)}; "
                "copy the fold again to have it whole"
            )
    return "\n".join(lines + gaps), absent, gaps


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
