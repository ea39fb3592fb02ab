"""An open sound file: any part of it, to its real end, whatever its header says."""

from __future__ import annotations

import errno
import os
import threading

import numpy as np
import soundfile as sf

from dalbook.corpora.ffmpeg import Frames
from dalbook.corpora.layout import WAY_OUT, Layout, Part, layout, open_part, reason
from dalbook.files.hashing import file_stamp

LEAD = 16 * 1152  # frames to decode before those wanted: those of lossy formats lean on earlier ones
LEANING = ("MP3", "OGG")
BLOCK = 1 << 18  # frames passed over at once


class Sound:
    """An open sound file.

    Attributes
    ----------
    path
        The file.
    frames, samplerate
        Its length in samples, as many as can be decoded, and their rate in Hz.
    note
        Where its header says something else than what is there, what; otherwise empty.
    """

    def __init__(self, path: str, layout: Layout, stamp: str = "") -> None:
        self.path, self.layout, self._stamp = path, layout, stamp
        self.frames, self.samplerate, self.note = layout.frames, layout.rate, layout.note
        self._file: sf.SoundFile | Frames | None = None
        self._other: tuple[int, np.ndarray] | None = None
        self._part, self._at = -1, 0  # the part that is open, and where in it reading goes on

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; reading opens it again."""
        if self._file is not None:
            if self.layout.parts[self._part].seekable:
                self._file.close()
            else:
                _leave(self._file, (self.path, self._stamp, self.layout, self._part), self._at)
        self._file, self._part, self._other = None, -1, None

    def read(self, begin: int, end: int) -> np.ndarray:
        """Samples `begin` to `end`, float32 (end - begin, channels).

        Raises
        ------
        ValueError
            If they cannot be decoded.
        """
        blocks, start = [], 0
        for number, part in enumerate(self.layout.parts):
            count = part.samples(self.samplerate)
            low, high = max(begin, start) - start, min(end, start + count) - start
            if low < high and part.rate == self.samplerate:
                blocks.append(self._read(number, part, low, high))
            elif low < high:
                blocks.append(self._resampled(number, part)[low:high])
            start += count
        got = sum(map(len, blocks))
        if got < end - begin or not blocks:
            raise ValueError(
                f"{self.path}: {end - begin - got} of its samples {begin} to {end} are missing: the file is cut off or "
                f"was changed; {WAY_OUT}"
            )
        if len(blocks) == 1:
            return blocks[0]
        channels = max(block.shape[1] for block in blocks)
        return np.concatenate([np.broadcast_to(b, (len(b), channels)) if b.shape[1] == 1 else b for b in blocks])

    def _resampled(self, number: int, part: Part) -> np.ndarray:
        """All of a stream whose rate is not that of the first."""
        if self._other is None or self._other[0] != number:
            import soxr

            x = soxr.resample(self._read(number, part, 0, part.frames), part.rate, self.samplerate)
            missing = max(0, part.samples(self.samplerate) - len(x))
            self._other = number, np.pad(x, ((0, missing), (0, 0)))
        return self._other[1]

    def _read(self, number: int, part: Part, begin: int, end: int) -> np.ndarray:
        try:
            if self._part != number or (begin < self._at and not part.seekable):
                self.close()
                self._file, self._at = _left((self.path, self._stamp, self.layout, number), begin)
                if self._file is None:
                    self._file = Frames(self.path) if self.layout.ffmpeg else open_part(self.path, part.pieces)
                self._part = number
            if part.seekable:
                lead = min(begin, LEAD) if self._file.format in LEANING else 0
                if begin - lead != self._at:  # a decoder that has to find its place again leaves a small glitch
                    self._file.seek(begin - lead)
                x = self._next(lead + end - begin)[lead:]
            else:
                while self._at < begin:
                    passed = len(self._next(min(BLOCK, begin - self._at)))
                    if not passed:
                        break
                    self._at += passed
                x = self._next(end - begin)
            self._at = begin + len(x)
            return x
        except (RuntimeError, OSError) as error:
            self._file.close() if self._file is not None else None  # what was wrong with it may go on being wrong
            self._file, self._part = None, -1
            raise ValueError(
                f"{self.path}: samples {begin} to {end} cannot be decoded, the file is damaged there "
                f"({reason(error)}); {WAY_OUT}"
            ) from error

    def _next(self, count: int) -> np.ndarray:
        """The next samples of the part that is open; fewer at its end."""
        x = self._file.read(count, dtype="float32", always_2d=True)
        blocks, got = [x], len(x)
        while len(x) > 0 and got < count:  # libsndfile stops short where a page is missing
            x = self._file.read(count - got, dtype="float32", always_2d=True)
            blocks.append(x)
            got += len(x)
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


_forward = threading.local()  # each thread's last file that is read forward only: whoever goes on need not begin anew


def _leave(file: sf.SoundFile | Frames, key: tuple, at: int) -> None:
    """Keep a file that was read up to a sample."""
    older = getattr(_forward, "file", None)
    _forward.file, _forward.key, _forward.at = file, key, at
    if older is not None:
        older.close()


def _left(key: tuple, begin: int) -> tuple[sf.SoundFile | Frames | None, int]:
    """The file that was kept, and how far it was read, if it is that one and has not gone past `begin`."""
    file = getattr(_forward, "file", None)
    if file is None or _forward.key != key or _forward.at > begin:
        return None, 0
    _forward.file = None
    return file, _forward.at


def open_sound(path: str | os.PathLike, thorough: bool = False) -> Sound:
    """Open a sound file to read all of it, or parts.

    Its length is found by looking at what is there, not only at what its header says; where that takes reading all of
    it, the result is kept in the cache until the file changes.

    Parameters
    ----------
    path
        The file.
    thorough
        Decode all of it first, to know its length also where it is damaged in the middle.

    Returns
    -------
    Sound
        At least one sample long.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    PermissionError, OSError
        If it may not or cannot be read.
    ValueError
        If the file is empty, is not audio, or holds no samples.
    """
    path = os.fspath(path)
    try:
        if not os.path.isfile(path):
            raise FileNotFoundError(f"{path}: there is no such file")
        stamp = file_stamp(path)
        return Sound(path, layout(path, stamp, thorough), stamp)
    except PermissionError as error:
        raise PermissionError(
            errno.EACCES, "it may not be read (permission denied); change its permissions, or remove it", path
        ) from error
