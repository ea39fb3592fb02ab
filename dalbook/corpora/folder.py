"""Anybody's recordings: every sound file below a folder, labels unknown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dalbook.corpora.audio import Files, cut_off, length, open_sound
from dalbook.corpora.classes import class_names
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.segments import Segment, Segments, cut, levels
from dalbook.files.hashing import file_stamp, fingerprint

ENDINGS = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav", ".wave",
)  # fmt: skip
# sound that libsndfile cannot read
FOREIGN = (".3gp", ".aac", ".amr", ".m4a", ".mkv", ".mov", ".mp4", ".webm", ".wma")
SHORTEST = 0.1  # seconds of a segment


def load_folder(
    root: str | os.PathLike, classes: Sequence[str], segment: float | None = None, skip_silence: float | None = None
) -> Corpus:
    """All sound files below `root`, in the order of their paths, whole or cut into segments.

    Ids are the paths relative to `root`, with forward slashes; those of segments end with their start and end in
    seconds, such as "rain/long.wav#t=4.000,8.000". The recording of a clip is its file. Labels are -1 (unknown), folds
    are 0 (there are none). Hidden files and folders are passed over, and links to folders are not followed. Nothing is
    ever written into the folder.

    Parameters
    ----------
    root
        The folder.
    classes
        The class names that you will label with, in the order in which they shall be numbered.
    segment
        Cut longer files into segments of this many seconds. A rest at the end is a shorter segment, or, if it is less
        than a tenth of one, part of the last.
    skip_silence
        Leave out the segments whose loudest 50 ms are below this level in dB of full scale, such as -60. To know them,
        all files are decoded once.

    Returns
    -------
    Corpus
        The clips, without labels and folds.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no sound file in it.
    ValueError
        If the class names are not unique strings, or there is none; if `segment` or `skip_silence` cannot be; if all
        segments are silent.

    Warns
    -----
    UserWarning
        If a folder below cannot be listed, if files are in a format that cannot be read (such as .m4a), or if a file to
        be cut into segments is not whole.

    Examples
    --------
    >>> import tempfile, pathlib, numpy, soundfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> soundfile.write(root / "morning.wav", numpy.zeros(800), 8000)
    >>> corpus = load_folder(root, ["wren", "robin"])
    >>> corpus.ids, corpus.labels.tolist(), corpus.audio(0)[0].shape
    (('morning.wav',), [-1], (800,))
    """
    classes = class_names(classes)
    _check_segment(segment, skip_silence)
    root = Path(root).expanduser().absolute()
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; root= must be the one with your recordings")
    unreadable: list[str] = []
    found, foreign = {}, []
    for here, subfolders, names in os.walk(root, onerror=lambda error: unreadable.append(str(error))):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            path, ending = Path(here, name), Path(name).suffix.lower()
            if not name.startswith(".") and ending in ENDINGS and path.is_file():
                found[path.relative_to(root).as_posix()] = str(path)
            elif not name.startswith(".") and ending in FOREIGN:
                foreign.append(path.relative_to(root).as_posix())
    for problem in unreadable:
        warnings.warn(f"a folder was passed over: {problem}", stacklevel=2)
    if foreign:
        warnings.warn(
            f"{len(foreign)} files below {root} are in a format that cannot be read here, the first is {min(foreign)}; "
            "convert them to WAV or FLAC (for example with ffmpeg) to have them in the corpus",
            stacklevel=2,
        )
    if not found:
        raise FileNotFoundError(
            f"{root}: there is no sound file in it; the endings looked for are {', '.join(ENDINGS)}"
        )
    ids = tuple(sorted(found))
    stamps = [f"{name} {file_stamp(found[name])}" for name in ids]
    description = f"{root}: {len(ids)} sound files, labels unknown, no folds"
    recordings = ids
    if segment is None:
        sound = Files(tuple(found[name] for name in ids))
    else:
        parts, silent = _segments({name: found[name] for name in ids}, segment, skip_silence)
        file_id = {path: name for name, path in found.items()}
        if not parts:
            raise ValueError(
                f"{root}: all {silent} segments are below skip_silence={skip_silence} dB; choose a lower level"
            )
        stamps += [f"segments of {float(segment)} s", *parts]
        description += f", {len(parts)} segments of at most {segment:g} s"
        description += f" ({silent} silent ones left out)" if silent else ""
        ids, sound = tuple(parts), Segments(tuple(parts.values()))
        recordings = [file_id[part.path] for part in parts.values()]
    return Corpus(
        name="folder",
        classes=classes,
        ids=ids,
        labels=np.full(len(ids), -1),
        folds=np.zeros(len(ids)),
        recordings=recordings,
        sound=sound,
        fingerprint=fingerprint("folder", *stamps),
        description=description,
    )


def _check_segment(segment: float | None, skip_silence: float | None) -> None:
    if skip_silence is not None and segment is None:
        raise ValueError("skip_silence= leaves out segments; give their length too, such as segment=4.0")
    if segment is not None and not SHORTEST <= segment < float("inf"):
        raise ValueError(f"segment must be at least {SHORTEST} seconds, not {segment}")
    if skip_silence is not None and not -200 <= skip_silence < 0:
        raise ValueError(f"skip_silence is a level in dB of full scale, so -200 to 0, such as -60, not {skip_silence}")


def _segments(found: dict[str, str], segment: float, skip_silence: float | None) -> tuple[dict[str, Segment], int]:
    """The segments of all files by id, in order, and how many silent ones were left out."""
    kept: dict[str, Segment] = {}
    silent = 0
    for name, path in found.items():
        try:
            with open_sound(path) as file:
                parts, problem = cut(length(file), file.samplerate, segment), cut_off(file)
            loud = [True] * len(parts) if skip_silence is None else levels(path, parts) >= skip_silence
        except ValueError:
            # it stays in as a whole, and whoever asks for its sound is told what is wrong
            kept[name] = Segment(path)
            continue
        if len(parts) == 1:
            parts = [(0, None, "")]
        elif problem:
            warnings.warn(
                f"{path}: the file is cut off: {problem}; the segments that are there are taken", stacklevel=3
            )
        for (begin, end, times), wanted in zip(parts, loud, strict=True):
            if wanted:
                kept[f"{name}#{times}" if times else name] = Segment(path, begin, end)
        silent += len(parts) - sum(loud)
    return kept, silent
