"""Anybody's recordings: every sound file below a folder, labels unknown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dalbook.corpora.audio import Files
from dalbook.corpora.classes import class_names
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.hearing import beyond_hearing
from dalbook.corpora.names import text
from dalbook.corpora.segments import Segment, Segments, cut, levels
from dalbook.corpora.sound_file import open_sound
from dalbook.corpora.subfolders import classes_of, label_by_subfolder
from dalbook.files.hashing import file_stamp, fingerprint

# what libsndfile reads, and what FFmpeg reads beyond it, films too: their sound
ENDINGS = (
    ".aif", ".aifc", ".aiff", ".au", ".bwf", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd", ".voc",
    ".w64", ".wav", ".wave",
    ".3g2", ".3gp", ".aac", ".ac3", ".amr", ".ape", ".avi", ".dsf", ".dts", ".eac3", ".m4a", ".m4b", ".m4v", ".mka",
    ".mkv", ".mov", ".mp2", ".mp4", ".mpc", ".mpeg", ".mpg", ".ra", ".spx", ".tak", ".tta", ".weba", ".webm", ".wma",
    ".wmv", ".wv",
)  # fmt: skip
# sound that neither can read
FOREIGN = (".aax", ".ds2", ".dss", ".gsm", ".m4p", ".pcm", ".sd2", ".wac")
SHOWN = 5  # files that a message names
SHORTEST = 0.1  # seconds of a segment


class SoundFilesWarning(UserWarning):
    """Something is wrong with some sound files; `files` maps each one's id to what."""

    def __init__(self, what: str, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        shown = "; ".join(f"{name}: {why}" for name, why in list(self.files.items())[:SHOWN])
        super().__init__(f"{what}: {shown}" + ("; ..." if len(self.files) > SHOWN else ""))


def load_folder(
    root: str | os.PathLike,
    classes: Sequence[str] | None = None,
    segment: float | None = None,
    skip_silence: float | None = None,
    labels: str | None = None,
) -> Corpus:
    """All sound files below `root`, in the order of their paths, whole or cut into segments.

    Ids are the paths relative to `root`, with forward slashes (bytes that are no valid text as escapes); those of
    segments end with their start and end in seconds, such as "rain/long.wav#t=4.000,8.000". The recording of a clip is
    its file. Labels are -1 (unknown), folds are 0 (there are none). Hidden files and folders are passed over, and links
    to folders are not followed. Nothing is ever written into the folder. Every file is opened, to know what is in it:
    one that cannot be read is left out, and one whose header is wrong is as long as what can be decoded.

    Parameters
    ----------
    root
        The folder.
    classes
        The class names that you will label with, in the order in which they shall be numbered. With labels from
        subfolders, by default these, sorted.
    segment
        Cut longer files into segments of this many seconds. A rest at the end is a shorter segment, or, if it is less
        than a tenth of one, part of the last.
    skip_silence
        Leave out the segments whose loudest 50 ms are below this level in dB of full scale, such as -60. To know them,
        all files are decoded once.
    labels
        "subfolders": the first folder of each file's path is its class. Where there are five files or more, five folds
        of whole files are made, with about the same share of each class, always the same.

    Returns
    -------
    Corpus
        The clips, without labels and folds unless the subfolders are the classes.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no sound file in it.
    ValueError
        If the class names are not unique strings, or there is none; if `segment` or `skip_silence` cannot be; if not a
        single file can be read; if all segments are silent; if a file is in no subfolder that is a class.

    Warns
    -----
    SoundFilesWarning
        If files cannot be read and are left out, or if headers say another length than can be decoded. All are named in
        its `files`.
    UserWarning
        If a folder below cannot be listed, if files are in a format that cannot be read (such as .wac), or if most of
        the sound is above or below what is played and embedded.

    Examples
    --------
    >>> import tempfile, pathlib, numpy, soundfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> soundfile.write(root / "morning.wav", numpy.zeros(800), 8000)
    >>> corpus = load_folder(root, ["wren", "robin"])
    >>> corpus.ids, corpus.labels.tolist(), corpus.audio(0)[0].shape
    (('morning.wav',), [-1], (800,))
    """
    if labels not in (None, "subfolders"):
        raise ValueError(f'labels must be "subfolders", or left out, not {labels!r}')
    if labels is None:
        classes = class_names(() if classes is None else classes)
    _check_segment(segment, skip_silence)
    root = Path(root).expanduser().absolute()
    found = sound_files(root)
    if labels:
        classes = classes_of(found, classes)
    lengths = _lengths(root, found)
    if told := beyond_hearing(found, {name: rate for name, (_, rate) in lengths.items()}):
        warnings.warn(told, stacklevel=2)
    ids = tuple(lengths)
    stamps = [f"{name} {file_stamp(found[name])}" for name in ids]
    about = "labels from subfolders" if labels else "labels unknown, no folds"
    description = f"{root}: {len(ids)} sound files, {about}"
    recordings = ids
    if segment is None:
        sound = Files(tuple(found[name] for name in ids), told=True)
    else:
        parts, silent = _segments(found, lengths, segment, skip_silence)
        if not parts:
            raise ValueError(
                f"{root}: all {silent} segments are below skip_silence={skip_silence} dB; choose a lower level"
            )
        file_id = {path: name for name, path in found.items()}
        stamps += [f"segments of {float(segment)} s", *parts]
        description += f", {len(parts)} segments of at most {segment:g} s"
        description += f" ({silent} silent ones left out)" if silent else ""
        ids, sound = tuple(parts), Segments(tuple(parts.values()))
        recordings = [file_id[part.path] for part in parts.values()]
    corpus = Corpus(
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
    return label_by_subfolder(corpus) if labels else corpus


def sound_files(root: str | os.PathLike) -> dict[str, str]:
    """The files below a folder that `load_folder` would look into, in order: id -> path. None of them is opened.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no sound file in it.

    Warns
    -----
    UserWarning
        If a folder below cannot be listed, or if files are in a format that cannot be read.
    """
    root = Path(root).expanduser().absolute()
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; root= must be the one with your recordings")
    unreadable: list[str] = []
    found, foreign = {}, []
    for here, subfolders, names in os.walk(root, onerror=lambda error: unreadable.append(str(error))):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            path, ending = Path(here, name), Path(name).suffix.lower()
            if not name.startswith(".") and ending in ENDINGS and not path.is_dir():
                found[text(path.relative_to(root).as_posix())] = str(path)
            elif not name.startswith(".") and ending in FOREIGN:
                foreign.append(text(path.relative_to(root).as_posix()))
    for problem in unreadable:
        warnings.warn(f"a folder was passed over: {problem}", stacklevel=3)
    if foreign:
        warnings.warn(
            f"{len(foreign)} files below {root} are in a format that cannot be read here, the first is {min(foreign)}; "
            "convert them to WAV or FLAC to have them in the corpus",
            stacklevel=3,
        )
    if not found:
        raise FileNotFoundError(
            f"{root}: there is no sound file in it; the endings looked for are {', '.join(ENDINGS)}"
        )
    return dict(sorted(found.items()))


def _check_segment(segment: float | None, skip_silence: float | None) -> None:
    if skip_silence is not None and segment is None:
        raise ValueError("skip_silence= leaves out segments; give their length too, such as segment=4.0")
    if segment is not None and not SHORTEST <= segment < float("inf"):
        raise ValueError(f"segment must be at least {SHORTEST} seconds, not {segment}")
    if skip_silence is not None and not -200 <= skip_silence < 0:
        raise ValueError(f"skip_silence is a level in dB of full scale, so -200 to 0, such as -60, not {skip_silence}")


def _lengths(root: Path, found: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Samples and rate of the files that can be read, by id."""
    lengths, broken, wrong = {}, {}, {}
    for name, path in found.items():
        try:
            with open_sound(path) as file:
                lengths[name] = file.frames, file.samplerate
                if file.note:
                    wrong[name] = file.note
        except (ValueError, OSError) as error:
            broken[name] = _why(error, path)
    if broken and not lengths:
        raise ValueError(str(SoundFilesWarning(f"{root}: none of {len(found)} sound files can be read", broken)))
    if broken:
        warnings.warn(
            SoundFilesWarning(f"{len(broken)} of {len(found)} sound files cannot be read and are left out", broken),
            stacklevel=3,
        )
    if wrong:
        what = f"{len(wrong)} of {len(found)} sound files are not what their headers say; what is there is taken"
        warnings.warn(SoundFilesWarning(what, wrong), stacklevel=3)
    return lengths


def _why(error: Exception, path: str) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error).removeprefix(f"{path}: ")


def _segments(
    found: dict[str, str], lengths: dict[str, tuple[int, int]], segment: float, skip_silence: float | None
) -> tuple[dict[str, Segment], int]:
    """The segments of all files by id, in order, and how many silent ones were left out."""
    kept: dict[str, Segment] = {}
    silent = 0
    for name, (frames, rate) in lengths.items():
        path, parts = found[name], cut(frames, rate, segment)
        loud = [True] * len(parts) if skip_silence is None else levels(path, parts) >= skip_silence
        if len(parts) == 1:
            parts = [(0, None, "")]
        for (begin, end, times), wanted in zip(parts, loud, strict=True):
            if wanted:
                kept[f"{name}#{times}" if times else name] = Segment(path, begin, end)
        silent += len(parts) - sum(loud)
    return kept, silent
