"""A lock that dies with its process: the operating system's own, on an open file."""

from __future__ import annotations

import errno
from typing import IO

BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
FAR = 1 << 40  # where Windows locks a byte, far behind any content, because a locked byte cannot be read by others


def try_lock(file: IO[bytes]) -> bool:
    """Lock an open file if no other opening of it holds the lock; never waits.

    The lock ends when `file` is closed, also when its process is killed. Where the file system knows no locks (some
    network folders), everybody gets one.

    Parameters
    ----------
    file
        Open for writing.

    Returns
    -------
    bool
        Whether the lock was free.

    Examples
    --------
    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "x")
    >>> with open(path, "wb") as first, open(path, "wb") as second:
    ...     try_lock(first), try_lock(second)
    (True, False)
    """
    try:
        _lock(file)
    except OSError as error:
        return error.errno not in BUSY
    return True


try:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        at = file.tell()
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(at)
