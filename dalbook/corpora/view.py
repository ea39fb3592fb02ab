"""A file as another program should have written it: pieces of it, and bytes that stand for others, read as one file."""

from __future__ import annotations

import bisect
import io
import itertools
import os
from collections.abc import Sequence

Piece = bytes | tuple[int, int]  # bytes as they are, or from where to where in the file


class View(io.RawIOBase):
    """A read-only file made of pieces of another.

    Parameters
    ----------
    path
        The other file.
    pieces
        Bytes, or (begin, end) of the file, in order.

    Examples
    --------
    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "file")
    >>> with open(path, "wb") as file:
    ...     _ = file.write(b"wrong head, right rest")
    >>> with View(path, [b"right ", (6, 12), (18, 22)]) as view:
    ...     view.read()
    b'right head, rest'
    """

    def __init__(self, path: str | os.PathLike, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._file = open(path, "rb")  # noqa: SIM115 - closed by close
        self._pieces = [piece for piece in pieces if _length(piece)]
        self._starts = list(itertools.accumulate(map(_length, self._pieces), initial=0))
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """Any place in it can be reached."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; gives it, in bytes."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where reading goes on, in bytes."""
        return self._at

    def readinto(self, buffer) -> int:
        """Fill a buffer; gives how many bytes came."""
        wanted, done = memoryview(buffer).cast("B"), 0
        while done < len(wanted) and self._at < self._starts[-1]:
            k = bisect.bisect_right(self._starts, self._at) - 1
            piece, inside = self._pieces[k], self._at - self._starts[k]
            room = wanted[done : done + _length(piece) - inside]
            if isinstance(piece, bytes):
                count = len(room)
                room[:] = piece[inside : inside + count]
            else:
                self._file.seek(piece[0] + inside)
                count = self._file.readinto(room)
            if not count:  # the file was cut meanwhile
                break
            done += count
            self._at += count
        return done

    def close(self) -> None:
        """Close the other file too."""
        if not self.closed:
            self._file.close()
        super().close()


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
