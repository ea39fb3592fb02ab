"""A lock between processes that dies with its process."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}  # what such a file system says
POLL = 0.2  # seconds between two tries


@contextmanager
def hold(path: str | os.PathLike, waiting: Callable[[], object] | None = None) -> Iterator[bool]:
    """Hold the lock of that name while the block runs, if nobody else does.

    The lock is the operating system's (`filelock.FileLock`): it ends with the block, and also when the process is
    killed. It is on an empty file of its own, which is removed in the end. Where the file system knows no locks (some
    network folders), everybody gets one.

    Parameters
    ----------
    path
        The lock's file; made with its folder if it is not there.
    waiting
        If somebody else has the lock, call this once and wait for it. Without, never wait.

    Yields
    ------
    bool
        Whether we have the lock.

    Raises
    ------
    OSError
        If the file cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "lock")
    >>> with hold(path) as first, hold(path) as second:
    ...     first, second
    (True, False)
    """
    # threads may pass it on; and a lock that is only the existence of a file would outlive a computer's crash
    lock = FileLock(path, thread_local=False, fallback_to_soft=False, poll_interval=POLL)
    mine = True
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            mine = waiting is not None
            if waiting is not None:
                waiting()
                lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield mine
    finally:
        if mine:
            # filelock gives nobody the lock on a file without a name, so whoever comes now makes a new one
            with suppress(OSError):  # Windows removes it when it is closed
                os.unlink(path)
        lock.release()
