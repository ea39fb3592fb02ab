"""A checkpoint of a long run: the rows that are computed already, in a file that only grows."""

from __future__ import annotations

import os
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray


def append_rows(path: str | os.PathLike, clips: ArrayLike, rows: ArrayLike) -> None:
    """Keep some more rows of a float32 array (n, d). Whatever happens to this process, they are there.

    Parameters
    ----------
    path
        The file; begun if it is not there.
    clips
        Their positions, shape (b,).
    rows
        Shape (b, d).

    Raises
    ------
    OSError
        If they could not be written.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "rows")
    >>> append_rows(path, [3, 1], [[1, 2], [3, 4]])
    >>> read_rows(path, 4, 2)
    (array([3, 1]), array([[1., 2.],
           [3., 4.]], dtype=float32))
    """
    rows = np.asarray(rows, dtype=np.float32)
    records = np.zeros(len(rows), dtype=_record(rows.shape[1]))
    records["clip"], records["row"] = clips, rows
    for record in records:
        record["sum"] = zlib.crc32(record.tobytes()[4:])
    with open(path, "ab") as file:
        file.write(records.tobytes())


def read_rows(path: str | os.PathLike, n: int, d: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Positions (k,) and rows (k, d) of what `append_rows` has written, of an array (n, d); none where no file is.

    Each row has a checksum: what a crash has damaged, and all behind it, is cut off.

    Raises
    ------
    OSError
        If the file cannot be read, or not be mended.
    """
    kind = _record(d)
    try:
        file = open(path, "r+b")  # noqa: SIM115, closed below
    except FileNotFoundError:
        return np.empty(0, np.int64), np.empty((0, d), np.float32)
    with file:
        content = file.read()
        records = np.frombuffer(content, dtype=kind, count=len(content) // kind.itemsize)
        good = 0
        while good < len(records):
            record = records[good]
            if record["sum"] != zlib.crc32(record.tobytes()[4:]) or record["clip"] >= n:
                break
            good += 1
        file.truncate(good * kind.itemsize)
    return records["clip"][:good].astype(np.int64), records["row"][:good].astype(np.float32)


def _record(d: int) -> np.dtype:
    return np.dtype([("sum", "<u4"), ("clip", "<u4"), ("row", "<f4", (d,))])
