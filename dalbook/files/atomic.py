"""What it takes until what was written is there: a file as a whole or not at all, and also after a loss of power."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def atomic_write(path: str | os.PathLike, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that everybody sees either the old one or the whole new one, also after a crash.

    Several processes may do this at once; the last one wins.

    Parameters
    ----------
    path
        The file; its folder must be there.
    write
        Gets a new file in the same folder, which then takes the name `path` in one step.

    Raises
    ------
    OSError
        If the folder cannot be written to, or the disk is full; `path` is as it was.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "note")
    >>> atomic_write(path, lambda file: file.write(b"whole"))
    >>> path.read_bytes(), len(list(path.parent.iterdir()))
    (b'whole', 1)
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            write(file)
            file.flush()
            to_disk(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_all(fd: int, data: bytes) -> None:
    """Write all of it, however often it takes.

    Raises
    ------
    OSError
        If the disk is full or broken; the beginning of `data` may have been written.
    """
    while data:
        data = data[os.write(fd, data) :]


def to_disk(fd: int) -> None:
    """Wait until what was written to an open file survives a loss of power."""
    if sys.platform == "darwin":  # where fsync leaves it in the disk's own memory
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    os.fsync(fd)


def folder_to_disk(folder: str | os.PathLike) -> None:
    """So that also a new file's name survives."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
