"""What was predicted so far, in a file that only grows: killed at any moment, a run goes on from it."""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from dalbook.detection.files import Recording
from dalbook.detection.stream import Done


class Journal:
    """Blocks, a line each with a checksum; a line that was cut off, and all behind it, is dropped.

    Parameters
    ----------
    path
        The file; begun if it is not there, and begun anew if it is of another `purpose`.
    purpose
        What decides the rows beside the recordings: the model and how they are cut.

    Raises
    ------
    OSError
        It cannot be written.
    """

    def __init__(self, path: str | os.PathLike, purpose: str) -> None:
        self.path = Path(path)
        self._at: dict[str, list[int]] = {}  # recording -> where its blocks stand, in order
        self._stamps: dict[str, str] = {}
        self._file = open(self.path, "a+b")  # noqa: SIM115, closed in `close`
        if not self._read(purpose):
            self._file.truncate(0)
            self._write({"purpose": purpose})

    def _read(self, purpose: str) -> bool:
        self._file.seek(0)
        good, first = 0, True
        for line in self._file:
            content = _unpacked(line)
            if content is None:
                break
            if first and content.get("purpose") != purpose:
                return False
            if not first:
                self._note(Done(**content), good)
            first, good = False, good + len(line)
        self._file.truncate(good)
        return not first

    def _note(self, done: Done, at: int) -> None:
        if self._stamps.get(done.file) != done.stamp or done.index == 0:
            self._stamps[done.file], self._at[done.file] = done.stamp, []
        if done.index == len(self._at[done.file]):
            self._at[done.file].append(at)

    def _write(self, content: dict) -> int:
        text = json.dumps(content, ensure_ascii=True).encode()
        self._file.seek(0, os.SEEK_END)
        at = self._file.tell()
        self._file.write(b"%08x %s\n" % (zlib.crc32(text), text))
        self._file.flush()
        return at

    def append(self, done: Done) -> None:
        """Keep a block; the blocks of a recording come in order."""
        self._note(done, self._write(dataclasses.asdict(done)))

    def done(self, recordings: Iterable[Recording]) -> dict[str, int]:
        """How many blocks there are of each recording that is as it was."""
        return {
            one.name: len(self._at[one.name])
            for one in recordings
            if one.name in self._at and self._stamps[one.name] == one.stamp()
        }

    def blocks(self, name: str) -> Iterator[Done]:
        """The blocks of a recording, in order."""
        for at in self._at.get(name, []):
            self._file.seek(at)
            yield Done(**_unpacked(self._file.readline()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _unpacked(line: bytes) -> dict | None:
    sum_, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or sum_ != b"%08x" % zlib.crc32(text):
        return None
    return json.loads(text)
