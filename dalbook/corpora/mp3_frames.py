"""The frames of an MP3: how many there are, whatever its first one says, and what between them is no sound."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dalbook.corpora.view import Piece

NEXT = 1 << 12  # bytes that another stream has at least
REACH = 1 << 16  # bytes in which the first frame must begin
KBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = (44100, 48000, 32000)
SAME = 0xFFFE0C00  # what all frames of one stream have in common: version, layer, rate


@dataclass(frozen=True)
class Stream:
    """One stream of sound in a file.

    Attributes
    ----------
    pieces
        What a decoder shall read, see `View`; empty for the file as it is.
    promised
        Samples that the header promises; None where it does not say, or only the decoder can tell.
    slack
        Samples of one frame, by which promise and sound may differ.
    note
        What shows that something is missing; empty if nothing.
    mp3
        Whether it is an MP3, inside whatever container.
    """

    pieces: tuple[Piece, ...] = ()
    promised: int | None = None
    slack: int = 1
    note: str = ""
    mp3: bool = False


def mp3_streams(data, start: int, end: int) -> list[Stream]:
    """The MP3s after each other between two places in a file; none if there is none.

    Where the rate or the number of channels changes a decoder would stop, so that another stream begins there.
    """
    found: list[Stream] = []
    while (stream := mp3_stream(data, start, end)) is not None:
        found.append(stream)
        start = stream.pieces[-1][1] if stream.pieces else end
        if end - start < NEXT:
            break
    return found


def mp3_stream(data, start: int, end: int) -> Stream | None:
    """The MP3 between two places in a file; None if there is none."""
    first, header = _first_frame(data, start, end)
    if first < 0:
        return None
    samples = 1152 if header >> 19 & 3 == 3 else 576
    xing, frames, size = _xing(data, first, header), None, None
    if xing:
        flags, frames, size = struct.unpack(">III", data[xing + 4 : xing + 16])
        size = (size if flags & 1 else frames) if flags & 2 else None
        frames = frames if flags & 1 else None
        plausible = frames and size and 24 <= size / frames <= 2881
        if plausible and (first + size == end or data[first + size : first + size + 3] in (b"TAG", b"APE")):
            whole = start == 0 and end == len(data)
            return Stream(() if whole else ((first, end),), None, samples, mp3=True)
    ranges, count = _frames(data, first, end, header, bool(xing))
    if not count:
        return None
    if frames and abs(frames - count) <= 1 and len(ranges) == 1 and end - ranges[-1][1] < NEXT:
        return Stream(() if start == 0 and end == len(data) else ((first, end),), None, samples, mp3=True)
    head = _xing_frame(data, first, xing, header, count, sum(b - a for a, b in ranges))
    note = ""
    if frames and abs(frames - count) > 1:
        note = f"its header promises {frames * samples} samples, {count * samples} are there"
    return Stream((head, *ranges), None, samples, note, mp3=True)


def after_id3(data, at: int) -> int:
    """Where what stands behind ID3 tags at `at` begins."""
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:
        a, b, c, d = data[at + 6 : at + 10]
        at += 10 + (a & 127) * 2097152 + (b & 127) * 16384 + (c & 127) * 128 + (d & 127) + 10 * (data[at + 5] >> 4 & 1)
    return at


def _kind(header: int) -> int:
    """What all frames of one stream have in common: version, layer, rate, and whether they are mono."""
    return header & SAME | (header >> 6 & 3 == 3)


def _frame(header: int) -> int:
    """Bytes of the Layer III frame with this header; 0 if it is none."""
    version, rate = header >> 19 & 3, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or header >> 17 & 3 != 1 or rate == 3 or not 0 < header >> 12 & 15 < 15:
        return 0
    low = version != 3  # MPEG 2 and 2.5 have half as many samples in a frame
    hertz = RATES[rate] >> (0 if version == 3 else 1 if version == 2 else 2)
    return (72 if low else 144) * 1000 * KBITS[2 if low else 1][header >> 12 & 15] // hertz + (header >> 9 & 1)


def _xing(data, at: int, header: int) -> int:
    """Where in the file the note stands in a frame how many there are; 0 if it has none."""
    mono = header >> 6 & 3 == 3
    side = (17 if mono else 32) if header >> 19 & 3 == 3 else (9 if mono else 17)
    here = at + 4 + side + (0 if header >> 16 & 1 else 2)
    return here if data[here : here + 4] in (b"Xing", b"Info") else 0


def _first_frame(data, start: int, end: int) -> tuple[int, int]:
    """The first frame that another of its kind follows, and its header."""
    at = start
    limit = min(end, start + REACH)
    while (at := data.find(b"\xff", at, limit)) >= 0 and at + 4 <= end:
        header = struct.unpack(">I", data[at : at + 4])[0]
        size = _frame(header)
        after = at + size
        if size and after + 4 <= end:
            following = struct.unpack(">I", data[after : after + 4])[0]
            if _frame(following) and _kind(following) == _kind(header):
                return at, header
        elif size and after == end and at == start:
            return at, header
        at += 1
    return -1, 0


def _frames(data, at: int, end: int, first: int, skip: bool) -> tuple[list[tuple[int, int]], int]:
    """Ranges of the file in which frame stands at frame, without what is no sound, and how many there are."""
    ranges, count, begin, unpack = [], 0, at, struct.Struct(">I").unpack_from
    same = _kind(first)
    sizes: dict[int, int] = {}
    while at + 4 <= end:
        header = unpack(data, at)[0]
        size = sizes.get(header)
        if size is None:
            size = sizes[header] = _frame(header) if _kind(header) == same else 0
        if size and at + size <= end and not ((skip or count) and size > 32 and _xing(data, at, header)):
            count, at = count + 1, at + size
            continue
        if at > begin:
            ranges.append((begin, at))
        skip = False
        at = begin = _next_frame(data, at + size if size else at + 1, end, same)
    if begin < min(at, end):
        ranges.append((begin, min(at, end)))
    return ranges, count


def _next_frame(data, at: int, end: int, same: int) -> int:
    """Where frames go on; the end if nowhere."""
    while (at := data.find(b"\xff", at, end)) >= 0 and at + 4 <= end:
        header = struct.unpack(">I", data[at : at + 4])[0]
        size = _frame(header)
        if size and at + size == end and _kind(header) == same:
            return at
        if size and at + size + 4 <= end:
            following = struct.unpack(">I", data[at + size : at + size + 4])[0]
            if _frame(following) and _kind(following) == _kind(header):
                return at if _kind(header) == same else end  # a stream of another kind begins
        at += 1
    return end


def _xing_frame(data, first: int, xing: int, header: int, count: int, body: int) -> bytes:
    """A frame without sound that says how many there are, with what the file's own one says of the coder's delay."""
    if xing:
        frame = bytearray(data[first : first + _frame(header)])
        at = xing - first
        flags = struct.unpack(">I", frame[at + 4 : at + 8])[0]
        if flags & 3 == 3:
            frame[at + 8 : at + 16] = struct.pack(">II", count, body + len(frame))
            lame = at + 8 + 8 + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
            if len(frame) >= lame + 24:  # no padding: what was the end is not there, or is not the end
                frame[lame + 22] &= 0xF0
                frame[lame + 23] = 0
            return bytes(frame)
    low = header >> 19 & 3 != 3
    header = (header | 1 << 16) & ~(15 << 12 | 1 << 9) | 5 << 12  # no checksum, 64 or 40 kbit/s
    mono = header >> 6 & 3 == 3
    side = (9 if mono else 17) if low else (17 if mono else 32)
    size = _frame(header)
    frame = struct.pack(">I", header) + bytes(side) + b"Xing" + struct.pack(">III", 3, count, body + size)
    return frame + bytes(size - len(frame))
