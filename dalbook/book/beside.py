"""What lies beside the book's pages: sounds and scripts as files, where a build wants them there.

A build of the book (``make book``) names a folder in the environment variable ``DALBOOK_STATIC``; the book carries what
is in it beside its pages, so that a page stays small and also works when it is read from a folder. A live notebook has
no such folder: there everything stands in the output itself. Nothing else in the package reads the variable.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dalbook.files.atomic import atomic_write

BESIDE_THE_PAGE = "../_static/audio"  # the folder's address, seen from a page in chapters/


def is_static() -> bool:
    """Whether this is a build of the book, whose pages have no kernel.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, DALBOOK_STATIC=""):
    ...     is_static()
    False
    """
    return bool(os.environ.get("DALBOOK_STATIC"))


def put_beside(name: str, content: bytes) -> str | None:
    """Put a file beside the pages of the book.

    Chapters may be run side by side and put the same file: a file that is there already stays.

    Parameters
    ----------
    name
        The file's; it must change with the content, see `content_name`.
    content
        What is in it.

    Returns
    -------
    str or None
        Its address, seen from a chapter; None in a live notebook, where nothing is written.

    Raises
    ------
    OSError
        The folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, DALBOOK_STATIC=tempfile.mkdtemp()):
    ...     put_beside("a.js", b"let a;")
    '../_static/audio/a.js'
    """
    if not is_static():
        return None
    folder = Path(os.environ["DALBOOK_STATIC"])
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / name).exists():
        atomic_write(folder / name, lambda file: file.write(content))
    return f"{BESIDE_THE_PAGE}/{name}"


def content_name(content: bytes) -> str:
    """A name that changes with the content: 20 hexadecimal digits.

    Examples
    --------
    >>> content_name(b"let a;") == content_name(b"let b;")
    False
    """
    return hashlib.sha256(content).hexdigest()[:20]
