"""The recordings to predict on: found in a folder, cut as they were for labeling, a block of segments at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalbook.corpora.audio import decode_part
from dalbook.corpora.folder import sound_files
from dalbook.corpora.segments import cut
from dalbook.corpora.sound_file import open_sound
from dalbook.files.hashing import file_stamp

BLOCK_SECONDS = 240.0  # of sound that is decoded, embedded and kept at once
Part = tuple[int, int, str]


@dataclass(frozen=True)
class Recording:
    """A file by its name in the table."""

    name: str
    path: str

    def stamp(self) -> str:
        """Tells one state of it from another; empty where it is gone."""
        try:
            return file_stamp(self.path)
        except OSError:
            return ""


@dataclass(frozen=True)
class Block:
    """Neighboring segments of a recording, the `index`-th of `count` blocks."""

    recording: Recording
    index: int
    count: int
    parts: tuple[Part, ...]
    rate: int


def recordings_of(what: str | os.PathLike) -> list[Recording]:
    """The sound files below a folder, as `load_folder` finds and names them; or the one file.

    Raises
    ------
    FileNotFoundError
        If there is nothing.
    """
    path = Path(what).expanduser().absolute()
    if path.is_file():
        return [Recording(path.name, str(path))]
    return [Recording(name, file) for name, file in sound_files(path).items()]


def blocks_of(recording: Recording, segment: float | None) -> list[Block]:
    """A recording in blocks, the same whenever it is cut.

    Raises
    ------
    ValueError, FileNotFoundError
        The file cannot be opened.
    """
    with open_sound(recording.path) as file:
        frames, rate = file.frames, file.samplerate
    parts = [(0, frames, "")] if segment is None else cut(frames, rate, segment)
    size = 1 if segment is None else max(1, int(BLOCK_SECONDS / segment))
    runs = [tuple(parts[at : at + size]) for at in range(0, len(parts), size)]
    return [Block(recording, index, len(runs), run, rate) for index, run in enumerate(runs)]


def sounds_of(block: Block) -> Iterator[tuple[float, float, tuple[np.ndarray, int] | Exception]]:
    """Start and end in seconds of each segment of a block, and its sound, or why there is none."""
    with open_sound(block.recording.path) as file:
        for begin, end, _ in block.parts:
            times = round(begin / block.rate, 3), round(end / block.rate, 3)
            try:
                yield *times, (decode_part(file, begin, end), block.rate)
            except ValueError as error:
                yield *times, error
