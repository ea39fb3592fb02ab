"""What the bytes of a sound file say of its length, and how its header should read where it does not say the truth.

Recorders crash, streams do not know their length while they are written, and files are joined by other programs. A
decoder that believes such a header stops too early, or does not start. So the header is compared with what stands
behind it, and where the two differ the decoder gets the file with a header that is right (see `View`).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import replace

from dalbook.corpora.mp3_frames import Stream, after_id3, mp3_streams

UNKNOWN = 0x7FFFF000  # sizes from here on are what streaming writers put where they do not know the length
TAIL = 1 << 16  # bytes at the end of a file in which its last page must begin
SMALL = 1 << 22  # bytes; a file of up to this size is searched through


def streams(data: mmap.mmap | bytes) -> list[Stream]:
    """The streams of sound in a file, one after the other; one as it is where nothing is known of its format.

    Parameters
    ----------
    data
        The file's content.

    Examples
    --------
    >>> streams(b"something else")
    [Stream(pieces=(), promised=None, slack=1, note='', mp3=False)]
    """
    if data[:4] in (b"RIFF", b"RIFX") and data[8:12] == b"WAVE":
        return _riffs(data) or _riff(data, "<" if data[:4] == b"RIFF" else ">")
    if data[:4] in (b"RF64", b"BW64") and data[8:16] == b"WAVEds64":
        return [_rf64(data)]
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return [_aiff(data)]
    if data[:4] == b".snd" and data[8:12] == bytes(4):
        return [Stream(((0, 8), b"\xff\xff\xff\xff", (12, len(data))), 0)]
    if data[:4] == b"OggS":
        return _ogg(data)
    start = after_id3(data, 0)
    if data[start : start + 4] == b"fLaC":
        return _flac(data, start)
    return mp3_streams(data, start, len(data)) or [Stream()]


def without_total(data: mmap.mmap | bytes, stream: Stream, total: int) -> Stream:
    """A FLAC stream whose head says a number of samples that was found by counting."""
    begin, end = stream.pieces[-1] if stream.pieces else (after_id3(data, 0), len(data))
    begin = data.rfind(b"fLaC", 0, begin) if data[begin : begin + 4] != b"fLaC" else begin
    field = struct.unpack(">Q", data[begin + 18 : begin + 26])[0] & ~0xFFFFFFFFF | total
    return replace(stream, pieces=((begin, begin + 18), struct.pack(">Q", field), (begin + 26, end)))


def is_flac(data: mmap.mmap | bytes) -> bool:
    """Whether it is FLAC in its own container."""
    start = after_id3(data, 0)
    return data[start : start + 4] == b"fLaC"


# RIFF, RF64, AIFF: chunks of a name, a size and as many bytes


def _chunks(data, order: str, at: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and size of each chunk, as far as they go."""
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack(order + "I", data[at + 4 : at + 8])[0]
        yield name, at + 8, size
        at += 8 + size + size % 2


def _riffs(data) -> list[Stream]:
    """WAV files that were joined as they are; none if it is only one."""
    starts, at = [], 0
    while data[at : at + 4] == b"RIFF" and data[at + 8 : at + 12] == b"WAVE":
        starts.append(at)
        at += 8 + struct.unpack("<I", data[at + 4 : at + 8])[0]
    ends = [*starts[1:], len(data)]
    return [Stream(((a, b),)) for a, b in zip(starts, ends, strict=True)] if len(starts) > 1 else []


def _riff(data, order: str) -> list[Stream]:
    form, fact = b"", None
    for name, begin, size in _chunks(data, order, 12):
        if name == b"fmt ":
            form = data[begin : begin + size]
        elif name == b"fact" and size >= 4 and begin + 4 <= len(data):
            fact = struct.unpack(order + "I", data[begin : begin + 4])[0]
        elif name == b"data" and len(form) >= 16:
            return _wave(data, order, form, fact, begin, size)
    return [Stream()]


def _wave(data, order: str, form: bytes, fact: int | None, begin: int, size: int) -> list[Stream]:
    tag, _, rate, _, align = struct.unpack(order + "HHIIH", form[:14])
    end = begin + size
    if size >= UNKNOWN or end > len(data) or not _only_chunks(data, order, end):
        end = len(data)
    if tag == 0x55:
        found = mp3_streams(data, begin, end)
        if len(found) == 1 and fact and fact < UNKNOWN:
            return [replace(found[0], promised=fact, slack=3 * found[0].slack)]
        return found or [Stream()]
    pcm = tag in (1, 3, 6, 7) or (tag == 0xFFFE and form[24:26] in (b"\1\0", b"\3\0", b"\0\1", b"\0\3"))
    promised = None
    if pcm and align and size < UNKNOWN:
        promised = size // align
    if size == end - begin or end - begin >= UNKNOWN:
        return [Stream((), promised)]
    pieces = ((0, 4), struct.pack(order + "I", end - 8), (8, begin - 4), struct.pack(order + "I", end - begin))
    note = "" if pcm or size >= UNKNOWN or not size else _bytes(size, end - begin)
    return [Stream((*pieces, (begin, end)), promised, note=note)]


def _bytes(promised: int, there: int) -> str:
    return f"its header promises {promised} bytes of sound, {there} are there"


def _only_chunks(data, order: str, at: int) -> bool:
    """Whether nothing but chunks, or zeros, stands behind the sound: where its size was never written, sound does."""
    for begin in (at + at % 2, at):
        if begin >= len(data):
            return True
        name = data[begin : begin + 4]
        if len(name) < 4 or name.isascii() and name.decode("ascii").isprintable():
            return True
    rest = data[at:]
    return not rest.strip(b"\0")


def _rf64(data) -> Stream:
    at = 12
    size = struct.unpack("<Q", data[28:36])[0] if len(data) >= 36 else 0
    for name, begin, short in _chunks(data, "<", at):
        if name == b"data":
            size = short if short < 0xFFFFFFFF else size
            if begin + size <= len(data) and size:
                return Stream()
            there = len(data) - begin
            head = struct.pack("<QQQ", len(data) - 8, there, 0)
            note = _bytes(size, there) if 0 < size < 1 << 62 else ""
            pieces = ((0, 20), head, (44, begin - 4), b"\xff\xff\xff\xff", (begin, len(data)))
            return Stream(pieces, 0 if size == 0 else None, note=note)
    return Stream()


def _aiff(data) -> Stream:
    """The header's number of samples is all there is to say: the decoder looks itself for what is there."""
    for name, begin, size in _chunks(data, ">", 12):
        if name == b"COMM" and size >= 18:
            frames = struct.unpack(">I", data[begin + 2 : begin + 6])[0]
            return Stream((), frames if frames < UNKNOWN else None)
    return Stream()


# Ogg: pages


def _ogg(data) -> list[Stream]:
    tail = max(0, len(data) - TAIL)
    last = data.rfind(b"OggS", tail)
    note = "" if last < 0 or _page_end(data, last) <= len(data) else "its last page is cut off"
    serials, at = set(), 0
    while data[at : at + 4] == b"OggS" and len(data) > at + 26 and data[at + 5] & 2:
        serials.add(data[at + 14 : at + 18])
        at = _page_end(data, at)
    again = data.find(b"OggS\0\2", at) if len(data) <= SMALL else -1  # also of the same serial number
    if last < 0 or (data[last + 14 : last + 18] in serials and again < 0):
        return [Stream(note=note)]
    # the last page is of a stream that did not begin at the start of the file: several after each other
    starts, beginning, at = [], False, 0
    while at >= 0 and len(data) > at + 26:
        first = bool(data[at + 5] & 2)
        if first and not beginning:
            starts.append(at)
        beginning = first
        after = _page_end(data, at)
        at = after if data[after : after + 4] == b"OggS" else data.find(b"OggS", at + 4)
    if not starts:
        return [Stream(note=note)]
    ends = [*starts[1:], len(data)]
    parts = [Stream(((begin, end),)) for begin, end in zip(starts, ends, strict=True)]
    return [*parts[:-1], replace(parts[-1], note=note)]


def _page_end(data, at: int) -> int:
    count = data[at + 26] if len(data) > at + 26 else 0
    return at + 27 + count + sum(data[at + 27 : at + 27 + count])


# FLAC: one head that says how many samples there are, then frames


def _flac(data, start: int) -> list[Stream]:
    starts = [start]
    if len(data) <= SMALL:  # a longer one is searched through where it seems to go on behind its end
        starts = flac_starts(data, start)
    ends = [*starts[1:], len(data)]
    found = []
    for begin, end in zip(starts, ends, strict=True):
        total = struct.unpack(">Q", data[begin + 18 : begin + 26])[0] & 0xFFFFFFFFF if end - begin >= 42 else 0
        found.append(Stream(() if (begin, end) == (0, len(data)) else ((begin, end),), total or None))
    return found


def flac_starts(data: mmap.mmap | bytes, start: int = 0) -> list[int]:
    """Where the FLAC streams of a file begin."""
    starts, at = [], data.find(b"fLaC", start)
    while at >= 0:
        if data[at + 4 : at + 8] in (b"\0\0\0\x22", b"\x80\0\0\x22"):
            starts.append(at)
        at = data.find(b"fLaC", at + 4)
    return starts or [start]
