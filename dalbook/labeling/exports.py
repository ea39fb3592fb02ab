"""Labels for other programs: a plain CSV, Audacity's label tracks, a Hugging Face audio folder, JAMS."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import soundfile

from dalbook import __version__
from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.segments import Segments
from dalbook.corpora.sound_file import open_sound
from dalbook.files.atomic import atomic_write
from dalbook.labeling.csv_rows import Row, text
from dalbook.labeling.read import read_rows, standing

MADE = re.compile(r"(?P<file>.*)#t=(?P<begin>[0-9.]+),(?P<end>[0-9.]+)", re.DOTALL)  # the id of a segment
Part = tuple[float, float, Row]  # start and end in seconds, and the label


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
        `labels` has clips that are not in the corpus.
    """
    lines = [("clip", "label"), *((text(corpus.ids[clip]), row.label) for clip, row in _labeled(corpus, labels))]
    return _write(out, _csv(lines))


def export_audacity(corpus: Corpus, labels: str | os.PathLike, folder: str | os.PathLike) -> list[Path]:
    """A label track for each recording, to open in Audacity over it (File, Import, Labels).

    A segment's label stands from its start to its end, a whole file's over all of it.

    Parameters
    ----------
    corpus, labels
        As in `export_csv`.
    folder
        Where the tracks go: ``rain/long.wav`` gets ``rain/long.wav.txt``.

    Returns
    -------
    list of Path
        The tracks.
    """
    tracks = []
    for name, (_, parts) in _by_file(corpus, labels).items():
        lines = (f"{begin:.6f}\t{end:.6f}\t{' '.join(row.label.split())}\n" for begin, end, row in parts)
        tracks.append(_write(_inside(folder, f"{name}.txt"), "".join(lines)))
    return tracks


def export_jams(corpus: Corpus, labels: str | os.PathLike, folder: str | os.PathLike) -> list[Path]:
    """A JAMS file (Humphrey et al., ISMIR 2014) for each recording, with the labels in the namespace ``tag_open``.

    Each annotator has an annotation of their own; who decided, when and how is kept in the sandboxes.

    Parameters
    ----------
    corpus, labels
        As in `export_csv`.
    folder
        Where the files go: ``rain/long.wav`` gets ``rain/long.wav.jams``.

    Returns
    -------
    list of Path
        The files.
    """
    files = []
    for name, (clip, parts) in _by_file(corpus, labels).items():
        seconds = _seconds(corpus, clip)
        jam = {
            "file_metadata": {
                "title": name, "artist": "", "release": "", "duration": seconds, "identifiers": {},
                "jams_version": "0.3.4",
            },
            "annotations": [
                _annotation(corpus, who, [part for part in parts if part[2].annotator == who], seconds)
                for who in dict.fromkeys(row.annotator for _, _, row in parts)
            ],
            "sandbox": {},
        }  # fmt: skip
        files.append(_write(_inside(folder, f"{name}.jams"), json.dumps(jam, indent=1, ensure_ascii=False)))
    return files


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
        _write(draft / "metadata.csv", _csv(lines))
        if folder.exists():
            folder.rmdir()
        os.replace(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder / "metadata.csv"


def _labeled(corpus: Corpus, labels: str | os.PathLike) -> list[tuple[int, Row]]:
    """The clips with a label, in the order of the corpus."""
    found = {name: row for name, row in standing(read_rows(labels)).items() if row.status == "labeled"}
    position = {text(name): clip for clip, name in enumerate(corpus.ids)}
    strange = [name for name in found if name not in position]
    if strange:
        raise ValueError(
            f"{labels} has labels of {len(strange)} clips that are not in the corpus, such as {strange[0]!r}"
        )
    return sorted((position[name], row) for name, row in found.items())


def _by_file(corpus: Corpus, labels: str | os.PathLike) -> dict[str, tuple[int, list[Part]]]:
    """For each recording one of its clips, and its labels in the order of their time."""
    files: dict[str, tuple[int, list[Part]]] = {}
    for clip, row in _labeled(corpus, labels):
        segment = MADE.fullmatch(row.clip) if isinstance(corpus.sound, Segments) else None
        begin, end = (segment["begin"], segment["end"]) if segment else (0, _seconds(corpus, clip))
        part = float(begin), float(end), row
        files.setdefault(segment["file"] if segment else row.clip, (clip, []))[1].append(part)
    return {name: (clip, sorted(parts, key=lambda part: part[:2])) for name, (clip, parts) in files.items()}


def _seconds(corpus: Corpus, clip: int) -> float:
    """How long the recording is that a clip belongs to."""
    path = _path(corpus, clip)
    if path is None:
        samples, rate = corpus.audio(clip)
        return len(samples) / rate
    with open_sound(path) as file:
        return file.frames / file.samplerate


def _path(corpus: Corpus, clip: int) -> str | None:
    """The file that a clip is, or is a part of; None if it is made."""
    if isinstance(corpus.sound, Files):
        return corpus.sound.paths[clip]
    return corpus.sound.parts[clip].path if isinstance(corpus.sound, Segments) else None


def _annotation(corpus: Corpus, who: str, parts: list[Part], seconds: float) -> dict:
    times = {f"{begin:.3f}": row.time for begin, _, row in parts}
    return {
        "annotation_metadata": {
            "corpus": corpus.name, "version": "", "annotator": {"name": who}, "data_source": "manual annotation",
            "annotation_tools": f"dalbook {__version__}", "annotation_rules": "", "validation": "",
        },
        "namespace": "tag_open",
        "data": [
            {"time": begin, "duration": round(end - begin, 6), "value": row.label, "confidence": None}
            for begin, end, row in parts
        ],
        "time": 0,
        "duration": seconds,
        "sandbox": {"decided": times},
    }  # fmt: skip


def _file_name(corpus: Corpus, clip: int, taken: set[str]) -> str:
    """A name that every program can read, unique, with the clip's folders."""
    whole = isinstance(corpus.sound, Files)
    stem, ending = os.path.splitext(text(corpus.ids[clip])) if whole else (text(corpus.ids[clip]), ".flac")
    path = _path(corpus, clip)
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


def _inside(folder: str | os.PathLike, name: str) -> Path:
    path = Path(folder).expanduser() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _csv(lines: list[tuple[str, str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(lines[1:])
    return ",".join(lines[0]) + "\n" + out.getvalue()


def _write(path: str | os.PathLike, content: str) -> Path:
    path = Path(path).expanduser()
    atomic_write(path, lambda file: file.write(content.encode()))
    return path
