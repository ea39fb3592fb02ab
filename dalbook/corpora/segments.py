"""Long recordings as many short clips: cut by the clock, read where they lie, silent ones left out if wanted."""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import decode_part, pad
from dalbook.corpora.sound_file import Sound, open_sound
from dalbook.files.atomic import atomic_write
from dalbook.files.cache import cache_folder
from dalbook.files.hashing import file_stamp, fingerprint

SHORTEST = 0.1  # of a segment: a shorter rest of a file belongs to the segment before it
FRAME = 0.05  # seconds over which a level is measured: a single call in a quiet segment counts


@dataclass(frozen=True)
class Segment:
    """Samples `begin` to `end` of a file; `end` is None for the whole file."""

    path: str
    begin: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Segments:
    """The sound of clip i is that of segment i."""

    parts: tuple[Segment, ...]

    def __call__(self, i: int) -> tuple[np.ndarray, int]:
        part = self.parts[i]
        file = _opened(part.path)
        return decode_part(file, part.begin, file.frames if part.end is None else part.end), file.samplerate


def cut(frames: int, rate: int, seconds: float) -> list[tuple[int, int, str]]:
    """Cut a file of `frames` samples into segments: (begin, end, times), no sample lost, none twice.

    Segment k is from k times `seconds` to k + 1 times `seconds`. What is left is a shorter segment at the end, or, if
    it is less than a tenth of one, belongs to the last. The times are written as in the W3C's media fragments,
    "t=4.000,8.000", to the millisecond.

    Parameters
    ----------
    frames, rate
        Length in samples, and their rate in Hz.
    seconds
        Length of a segment.

    Examples
    --------
    >>> cut(22_000, 8000, 1.0)
    [(0, 8000, 't=0.000,1.000'), (8000, 16000, 't=1.000,2.000'), (16000, 22000, 't=2.000,2.750')]
    >>> cut(16_100, 8000, 1.0)[-1]
    (8000, 16100, 't=1.000,2.013')
    """
    count = max(1, math.ceil(frames / rate / seconds - SHORTEST))
    edges = [*(round(k * seconds * rate) for k in range(count)), frames]
    return [
        (begin, end, f"t={begin / rate:.3f},{end / rate:.3f}") for begin, end in zip(edges[:-1], edges[1:], strict=True)
    ]


def levels(path: str, parts: list[tuple[int, int, str]]) -> NDArray[np.float32]:
    """The level of each segment: the root mean square of its loudest 50 ms, in dB of full scale (so mostly negative).

    They are kept in the cache until the file changes. Digital silence is -inf. A segment that cannot be decoded has
    +inf, so that it is not left out as silent, and whoever asks for its sound is told what is wrong.

    Parameters
    ----------
    path
        The file.
    parts
        Its segments, as from `cut`.

    Returns
    -------
    float32 array, one value a segment

    Raises
    ------
    ValueError
        If the file cannot be opened.
    """
    kept = cache_folder() / "levels" / f"{fingerprint(path, file_stamp(path), parts)}.npy"
    try:
        return np.load(kept, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        pass
    loudest = []
    with open_sound(path) as file:
        for begin, end, _ in parts:
            try:
                loudest.append(_loudest(decode_part(file, begin, end), file.samplerate))
            except ValueError:
                loudest.append(np.inf)
    with np.errstate(divide="ignore"):
        result = (20 * np.log10(loudest)).astype(np.float32)
    if np.isposinf(result).any():
        return result  # the trouble may pass
    # a folder that cannot be written to costs time, not the result
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(kept, lambda file: np.save(file, result))
    return result


def _loudest(x: np.ndarray, rate: int) -> float:
    frame = max(1, round(FRAME * rate))
    frames = pad(x, -(-len(x) // frame) * frame).reshape(-1, frame)
    return float(np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1).max()))


_open = threading.local()  # each thread's last file stays open: what cannot be reached by seeking is read on from there


def _opened(path: str) -> Sound:
    key = path, file_stamp(path)
    if getattr(_open, "file", None) is None or _open.key != key:
        if getattr(_open, "file", None) is not None:
            _open.file.close()
        _open.file, _open.key = open_sound(path), key
    return _open.file
