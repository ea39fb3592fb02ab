"""A worker process ends when the process that started it is gone, also when that one was killed."""

from __future__ import annotations

import os
import threading
import time
from functools import cache

LOOK = 1.0  # seconds between two looks


def end_with(parent: int) -> None:
    """In a worker: end as soon as the process with this number, which started it, is gone. Elsewhere nothing happens.

    A killed process cannot tell its workers, and those would wait for work for minutes, holding their memory. Windows
    does not say that a parent is gone; there they end when they have waited long enough.

    Parameters
    ----------
    parent
        The number of the process that starts workers, from `os.getpid` there.

    Examples
    --------
    >>> end_with(os.getpid())  # this process is no worker of its own
    """
    if os.name != "nt" and os.getppid() == parent:
        _watch(parent)


@cache  # once a process
def _watch(parent: int) -> None:
    threading.Thread(target=_end, args=(parent,), name="dalbook-parent", daemon=True).start()


def _end(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
