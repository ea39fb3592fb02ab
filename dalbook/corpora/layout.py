"""How long a sound file really is, and how it has to be read for that."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import re
import struct
from dataclasses import dataclass
from functools import lru_cache

import soundfile as sf

from dalbook.corpora.containers import UNKNOWN, flac_starts, is_flac, streams, without_total
from dalbook.corpora.ffmpeg import Frames
from dalbook.corpora.mp3_frames import Stream
from dalbook.corpora.view import Piece, View
from dalbook.files.atomic import atomic_write
from dalbook.files.cache import cache_folder, code_version
from dalbook.files.hashing import fingerprint

WAY_OUT = "replace it with an intact copy, or remove it"
BLOCK = 1 << 18  # frames read at once where the end is not known
LEAD = 16 * 1152  # frames to decode before those wanted: those of lossy formats lean on earlier ones
LEANING = ("MP3", "OGG")
TRAILER = 1 << 16  # bytes that may stand behind the last sample: tags, and what a decoder has read ahead
# what libsndfile notes of a chunk, or of a W64, that runs past the end of the file
CUT_CHUNK = re.compile(r"^\s*(?:data|SSND|Data Size|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
UNSAID = 1 << 62  # libsndfile gives the largest 64-bit number where a stream does not say its length
DECODERS = (
    *(f"dalbook.corpora.{name}" for name in ("containers", "ffmpeg", "layout", "mp3_frames", "sound_file", "view")),
    *(f"dalbook.files.{name}" for name in ("atomic", "cache", "hashing")),
)


@dataclass(frozen=True)
class Part:
    """One stream of a file: what to read of it (see `View`), its samples, whether one can seek in it, and its rate."""

    pieces: tuple[Piece, ...]
    frames: int
    seekable: bool
    rate: int

    def samples(self, rate: int) -> int:
        """How many it is at another rate."""
        return -(-self.frames * rate // self.rate)


@dataclass(frozen=True)
class Layout:
    """How a file is read: its streams, by libsndfile or, if `ffmpeg`, as one by FFmpeg, and what a person should know.

    `note` is empty if the header says the truth.
    """

    parts: tuple[Part, ...]
    rate: int
    ffmpeg: bool = False
    note: str = ""

    @property
    def frames(self) -> int:
        """Samples of all streams, at the rate of the first."""
        return sum(part.samples(self.rate) for part in self.parts)


@lru_cache(maxsize=4096)
def layout(path: str, stamp: str, thorough: bool = False) -> Layout:
    """The layout of a file in the state that `stamp` says; see `dalbook.corpora.sound_file.open_sound`."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise ValueError(f"{path}: the file is empty (0 bytes); {WAY_OUT}")
        key = fingerprint(os.fsencode(path), stamp, thorough, code_version(*DECODERS))
        kept = cache_folder() / "lengths" / f"{key}.json"
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _from_json(json.loads(kept.read_bytes()))
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found, scanned = _measure(path, data, thorough)
    if scanned:
        # a folder that cannot be written to costs time, not the result
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            content = json.dumps(_to_json(found)).encode()
            atomic_write(kept, lambda file: file.write(content))
    return found


def _measure(path: str, data: mmap.mmap, thorough: bool) -> tuple[Layout, bool]:
    """The layout of a file, and whether it took long to find."""
    try:
        found = streams(data)
    except (ValueError, IndexError, struct.error):  # a damaged header
        found = [Stream()]
    scanned = thorough or any(stream.pieces for stream in found)
    parts: list[Part] = []
    notes: list[str] = []
    try:
        for stream in found:
            for one in _unfold(path, data, stream):
                part, note = _part(path, data, one, thorough)
                scanned |= part.pieces != stream.pieces or not part.seekable
                if part.frames:
                    parts.append(part)
                    notes += [note] * bool(note)
        if parts:
            return Layout(tuple(parts), parts[0].rate, note="; ".join(notes)), scanned
        problem: Exception | None = None
    except (_Unfit, RuntimeError, TypeError) as error:
        problem = error
    count, hertz, damaged = _count_frames(path)
    if count:
        note = next((stream.note for stream in found if stream.note), "")
        if damaged:
            note = note or f"{damaged} of its packets are damaged and left out, {count} samples are there"
        return Layout((Part((), count, False, hertz),), hertz, True, note), True
    if problem is None:
        raise ValueError(f"{path}: the file holds no samples; {WAY_OUT}")
    raise ValueError(
        f"{path}: this is not audio that libsndfile or FFmpeg can read, or its beginning is damaged "
        f"({reason(problem)}); convert it to WAV or FLAC, or remove it"
    ) from problem


class _Unfit(Exception):
    """What libsndfile cannot read to its end."""


def _unfold(path: str, data: mmap.mmap, stream: Stream) -> list[Stream]:
    """A FLAC stream behind whose end more follows is several."""
    if stream.pieces or not is_flac(data) or not stream.promised:
        return [stream]
    with View(path, ((0, len(data)),)) as view, sf.SoundFile(view) as file:
        try:
            file.seek(max(0, file.frames - 1))
            file.read(1)
        except RuntimeError:
            return [stream]
        if len(data) - view.tell() < TRAILER:
            return [stream]
    starts = flac_starts(data)
    if len(starts) < 2:
        return [stream]
    return [
        Stream(((begin, end),), int.from_bytes(data[begin + 18 : begin + 26], "big") & 0xFFFFFFFFF or None)
        for begin, end in zip(starts, [*starts[1:], len(data)], strict=True)
    ]


def _part(path: str, data: mmap.mmap, stream: Stream, thorough: bool) -> tuple[Part, str]:
    """One stream as libsndfile reads it, and what its header says that is not so."""
    with open_part(path, stream.pieces) as file:
        log = file.extra_info
        rate, frames, seekable, flac = file.samplerate, file.frames, file.seekable(), file.format == "FLAC"
        reached = not thorough and seekable and 0 < frames < UNSAID and _reaches(file, frames)
    promised = stream.promised
    if frames and not reached:
        count = _flac_end(path, data, stream) if flac else None
        if count:
            stream, frames = without_total(data, stream, count), count
        else:
            promised = frames if promised is None and not stream.mp3 and frames < UNSAID else promised
            frames, broken = _count(path, stream.pieces)
            if broken and _count_frames(path)[0] > frames or not frames:
                raise _Unfit(broken or "it holds no samples")
            seekable = False
    note = stream.note
    cut = CUT_CHUNK.search(log) if promised is None and not stream.pieces else None
    if cut and int(cut[2]) < int(cut[1]) < UNKNOWN:
        note = f"its header promises {cut[1]} bytes of sound, {cut[2]} are there"
    if not note and promised is not None and abs(promised - frames) > stream.slack:
        note = f"its header promises {promised} samples, {frames} are there"
    return Part(stream.pieces, frames, seekable, rate), note


def _reaches(file: sf.SoundFile, frames: int) -> bool:
    """Whether the last sample is there."""
    try:
        file.seek(frames - 1)
        return len(file.read(1)) == 1
    except RuntimeError:
        return False


def _flac_end(path: str, data: mmap.mmap, stream: Stream) -> int | None:
    """The samples of a FLAC stream with a wrong head, if libsndfile can read them with a right one."""
    count, _, damaged = _count_frames(path, stream.pieces)
    if not count:
        return None
    with open_part(path, without_total(data, stream, count).pieces) as file:
        try:
            got = 0
            while n := len(file.read(BLOCK)):
                got += n
        except RuntimeError:
            return None
        return count if got == count and _reaches(file, count) else None


def _count(path: str, pieces: tuple[Piece, ...]) -> tuple[int, str]:
    """Samples that libsndfile decodes until the end, and why it stops before, if it does."""
    count = 0
    with open_part(path, pieces) as file:
        try:
            while n := len(file.read(BLOCK, dtype="float32", always_2d=True)):
                count += n
        except RuntimeError as error:
            return count, reason(error)
    return count, ""


def _count_frames(path: str, pieces: tuple[Piece, ...] = ()) -> tuple[int, int, int]:
    """Samples that FFmpeg decodes, their rate, and packets that it cannot decode; zeros if it cannot read the file."""
    try:
        with Frames(path, pieces) as file:
            count = 0
            while n := len(file.read(BLOCK)):
                count += n
            return count, file.samplerate, file.damaged
    except (RuntimeError, OSError, ValueError):
        return 0, 0, 0


def open_part(path: str, pieces: tuple[Piece, ...]) -> sf.SoundFile:
    """One stream of a file, to be read by libsndfile."""
    if pieces:
        view = View(path, pieces)
        try:
            return _Owning(view)
        except BaseException:
            view.close()
            raise
    # a name of bytes that are no valid text stays what it is
    return sf.SoundFile(path if os.name == "nt" else os.fsencode(path))


class _Owning(sf.SoundFile):
    """Closes what it reads from."""

    def __init__(self, view: View) -> None:
        self._view = view
        super().__init__(view)

    def close(self) -> None:
        super().close()
        self._view.close()


def reason(error: Exception) -> str:
    """What a decoder says, in one line."""
    if isinstance(error, sf.LibsndfileError):
        return f"libsndfile: {error.error_string.strip() or f'error {error.code}'}"
    return str(error)


def _to_json(found: Layout) -> dict:
    parts = [
        [[p.hex() if isinstance(p, bytes) else list(p) for p in part.pieces], part.frames, part.seekable, part.rate]
        for part in found.parts
    ]
    return {"parts": parts, "rate": found.rate, "ffmpeg": found.ffmpeg, "note": found.note}


def _from_json(kept: dict) -> Layout:
    parts = [
        Part(tuple(bytes.fromhex(p) if isinstance(p, str) else (p[0], p[1]) for p in pieces), *rest)
        for pieces, *rest in kept["parts"]
    ]
    return Layout(tuple(parts), kept["rate"], kept["ffmpeg"], kept["note"])
