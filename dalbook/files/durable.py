"""What it takes until a written byte survives a loss of power."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def write_all(fd: int, data: bytes) -> None:
    """Write all of it, however often it takes."""
    while data:
        data = data[os.write(fd, data) :]


def to_disk(fd: int) -> None:
    """Wait until what was written survives a loss of power."""
    if sys.platform == "darwin":  # where fsync leaves it in the disk's own memory
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    os.fsync(fd)


def folder_to_disk(folder: Path) -> None:
    """So that also the new file's name survives."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
