"""Which clip of a corpus a row of a file of labels is about, also after files were renamed, moved or deleted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dalbook.corpora.audio import Files
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.names import Positions, text
from dalbook.corpora.segments import Segments
from dalbook.files.hashing import file_stamp, fingerprint

SHOWN = 5  # culprits that a message names
PIECES, PIECE = 16, 1 << 16  # of a long file that its content is known by, and bytes of each
CONTENTS = "contents.jsonl"  # in the folder beside the file of labels


class Matches:
    """The clips of a corpus that names in a file of labels are about.

    Parameters
    ----------
    names
        As they are in the file.
    corpus
        The clips.
    contents
        For recordings that were labeled, what their content is known by, see `content`.

    Attributes
    ----------
    clips
        Name -> clip.
    missing
        Names of clips that are not in the corpus, in their order.
    renamed
        For recordings that have another name now, the old name -> the new one.

    Examples
    --------
    >>> corpus = Corpus("demo", ("cat",), ("a.wav", "b.wav"), [-1, -1], [0, 0], None, "", "")
    >>> found = Matches(["b.wav", "c.wav"], corpus)
    >>> found.clips, found.missing
    ({'b.wav': 1}, ['c.wav'])
    """

    def __init__(self, names: Iterable[str], corpus: Corpus, contents: Mapping[str, str] | None = None) -> None:
        names = list(dict.fromkeys(names))
        positions = Positions(corpus.ids)
        self.clips = {name: clip for name in names if (clip := positions.find(name)) is not None}
        self.renamed: dict[str, str] = {}
        gone = [name for name in names if name not in self.clips]
        if gone and contents:
            self.renamed = _renamed({_recording(name) for name in gone}, corpus, contents)
        taken = set(self.clips.values())
        for name in gone:
            recording = _recording(name)
            new = self.renamed.get(recording)
            clip = None if new is None else positions.find(new + name[len(recording) :])
            if clip is not None and clip not in taken:  # its new name was not labeled anew
                self.clips[name] = clip
        self.missing = [name for name in gone if name not in self.clips]
        used = {_recording(name) for name in gone if name in self.clips}
        self.renamed = {old: new for old, new in self.renamed.items() if old in used}

    def words(self, name: str) -> str:
        """What to tell of it, for the file of that name; empty if all clips are there as they were."""
        told = []
        if self.missing:
            told.append(
                f"{name} has decisions on {len(self.missing)} clips that are not in the corpus; they stay in the file "
                f"and are passed over: {some(self.missing)}"
            )
        if self.renamed:
            each = [f"{old!r} is {new!r} now" for old, new in self.renamed.items()]
            more = ", ..." if len(each) > SHOWN else ""
            told.append(
                f"{len(each)} recordings in {name} have other names now, and were found by their content: "
                f"{', '.join(each[:SHOWN])}{more}"
            )
        return "; ".join(told)


def some(names: Sequence[str]) -> str:
    """The first few of some names, for a message."""
    return ", ".join(map(repr, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")


def file_of(corpus: Corpus, clip: int) -> str | None:
    """The sound file that a clip is, or is a part of; None if it is none."""
    if isinstance(corpus.sound, Files):
        return corpus.sound.paths[clip]
    return corpus.sound.parts[clip].path if isinstance(corpus.sound, Segments) else None


def content(path: str | os.PathLike) -> str:
    """What a file is known by, whatever its name: its size, and a hash of its bytes, of a long one of parts all over.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    size = os.path.getsize(path)
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        if size <= PIECES * PIECE:
            digest.update(file.read())
        else:
            for k in range(PIECES):
                file.seek((size - PIECE) * k // (PIECES - 1))
                digest.update(file.read(PIECE))
    return f"{size}-{digest.hexdigest()[:32]}"


def kept_contents(folder: str | os.PathLike) -> dict[str, str]:
    """What `keep_content` has kept in a folder, by recording; empty if it is not there or damaged."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in Path(folder, CONTENTS).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                name, known_by = json.loads(line)
                found[str(name)] = str(known_by)
    return found


def keep_content(folder: str | os.PathLike, corpus: Corpus, clip: int, known: dict[str, str]) -> None:
    """Keep what the file of a labeled clip is known by, if it is not in `known` yet; adds it there.

    It never fails: without, a renamed file is not found again.
    """
    path = file_of(corpus, clip)
    recording = _recording(text(corpus.ids[clip]))
    if path is None or recording in known:
        return
    with contextlib.suppress(OSError):
        known[recording] = content(path)
        with open(Path(folder, CONTENTS), "a", encoding="utf-8") as file:
            file.write(json.dumps([recording, known[recording]]) + "\n")


def beside(labels: str | os.PathLike) -> Path:
    """The folder beside a file of labels."""
    path = Path(os.path.realpath(Path(labels).expanduser()))
    return path.with_name(f"{path.name}.session")


def _recording(name: str) -> str:
    """The file's part of a clip's id."""
    return name.rpartition("#t=")[0] or name


def _renamed(gone: set[str], corpus: Corpus, contents: Mapping[str, str]) -> dict[str, str]:
    """Recordings that are gone, and the names under which the same content is there, once only."""
    wanted = {contents[name]: name for name in gone if name in contents}
    several = len(wanted) < sum(name in contents for name in gone)
    sizes = {known_by.partition("-")[0] for known_by in wanted}
    paths: dict[str, str] = {}
    for clip, name in enumerate(corpus.ids):
        path = file_of(corpus, clip)
        if path is not None:
            paths.setdefault(_recording(text(name)), path)
    found: dict[str, list[str]] = {}
    for name, path in paths.items():
        with contextlib.suppress(OSError):
            if str(os.path.getsize(path)) in sizes:
                found.setdefault(_content(path, file_stamp(path)), []).append(name)
    return {
        wanted[known_by]: names[0]
        for known_by, names in found.items()
        if known_by in wanted and len(names) == 1 and not several
    }


_known: dict[str, str] = {}  # of this process, by path and stamp


def _content(path: str, stamp: str) -> str:
    key = fingerprint(os.fsencode(path), stamp)
    if key not in _known:
        _known[key] = content(path)
    return _known[key]
