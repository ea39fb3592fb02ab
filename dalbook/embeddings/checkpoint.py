"""The rows of a large array that are computed already, on disk: a run that was killed goes on where it was."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.files.lock import try_lock

POLL = 0.2  # seconds between two looks at a lock that another process holds


class PartialRows:
    """Some rows of a float32 array (n, d), in a file that only grows, in the order in which they were computed.

    Each row is written with its position and a checksum, so whatever a crash leaves at the end is noticed and cut off.
    One process at a time has the file: a second one waits until the first has finished or died. A file that is still
    empty is removed in the end.

    Parameters
    ----------
    path
        The file; begun if it is not there.
    n, d
        Shape of the whole array.
    waiting
        Called once if another process has the file.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "rows")
    >>> with PartialRows(path, 4, 2) as rows:
    ...     rows.append([3, 1], [[1, 2], [3, 4]])
    >>> with PartialRows(path, 4, 2) as rows:
    ...     rows.read()
    (array([3, 1]), array([[1., 2.],
           [3., 4.]], dtype=float32))
    """

    def __init__(self, path: str | os.PathLike, n: int, d: int, waiting: Callable[[], None] = lambda: None) -> None:
        self.path = Path(path)
        self._n = n
        self._record = np.dtype([("sum", "<u4"), ("clip", "<u4"), ("row", "<f4", (d,))])
        self._file = _open_alone(self.path, waiting)

    def __enter__(self) -> PartialRows:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._file.closed and os.fstat(self._file.fileno()).st_size == 0:
            self.remove()
        self._file.close()

    def read(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Positions (k,) and rows (k, d) of what is there; cuts off a damaged end."""
        self._file.seek(0)
        content = self._file.read()
        size = self._record.itemsize
        records = np.frombuffer(content, dtype=self._record, count=len(content) // size)
        good = 0
        while good < len(records) and self._whole(records[good], content[good * size + 4 : (good + 1) * size]):
            good += 1
        self._file.truncate(good * size)
        return records["clip"][:good].astype(np.int64), records["row"][:good].astype(np.float32)

    def append(self, clips: ArrayLike, rows: ArrayLike) -> None:
        """Keep the rows (b, d) of the positions `clips` (b,)."""
        records = np.zeros(len(clips), dtype=self._record)
        records["clip"], records["row"] = clips, rows
        for record in records:
            record["sum"] = zlib.crc32(record.tobytes()[4:])
        # straight to the system: whatever happens to this process, the rows are there
        left = memoryview(records.tobytes())
        while left:
            left = left[self._file.write(left) :]

    def remove(self) -> None:
        """Delete the file: the whole array is kept elsewhere now, or nothing was computed."""
        try:
            self.path.unlink(missing_ok=True)
        except PermissionError:  # Windows, while it is open
            self._file.close()
            # if this fails too, another process waits for the file, and will remove it
            with contextlib.suppress(PermissionError):
                self.path.unlink(missing_ok=True)

    def _whole(self, record: np.void, content: bytes) -> bool:
        return int(record["sum"]) == zlib.crc32(content) and int(record["clip"]) < self._n


def _open_alone(path: Path, waiting: Callable[[], None]):
    path.parent.mkdir(parents=True, exist_ok=True)
    told = False
    while True:
        file = open(path, "a+b", buffering=0)  # noqa: SIM115, the object keeps it open
        if try_lock(file):
            # whoever had the lock may have removed the file meanwhile: a lock on a nameless file is none
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
            file.close()
            continue
        file.close()
        if not told:
            waiting()
            told = True
        time.sleep(POLL)
