"""The file of a classifier: an .npz of plain arrays with a card in JSON, so that nothing in it can be code."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dalbook.files.atomic import atomic_write

FORMAT = 1


def write_model(path: str | os.PathLike, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Path:
    """Write a card and arrays in one piece; gives the path.

    Examples
    --------
    >>> import tempfile
    >>> path = write_model(Path(tempfile.mkdtemp(), "a.dalbook"), {"classes": ["x"]}, {"w": np.zeros(2)})
    >>> read_model(path)
    ({'classes': ['x']}, {'w': array([0., 0.])})
    """
    path = Path(path).expanduser()
    text = json.dumps(dict(card))
    kept = {**arrays, "card": np.array(text), "format": np.array(FORMAT), "sum": np.array(_sum(text, arrays))}
    atomic_write(path, lambda file: np.savez(file, **kept))
    return path


def read_model(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_model` wrote.

    Raises
    ------
    FileNotFoundError
        It is not there.
    ValueError
        It is broken, something else, or of a newer version.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        form, text, sum_ = int(arrays.pop("format")), str(arrays.pop("card")), str(arrays.pop("sum"))
    # an array by itself (.npy) is no context manager, hence the last two
    except (OSError, ValueError, EOFError, RuntimeError, KeyError, zipfile.BadZipFile, zlib.error, TypeError,
            AttributeError, NotImplementedError) as error:  # fmt: skip
        raise ValueError(
            f"{path} is not a whole file of a classifier ({error}); train it again, or copy it again"
        ) from (error)
    if form != FORMAT:
        raise ValueError(f"{path} was written by another version of dalbook (format {form}): train it again")
    if sum_ != _sum(text, arrays):
        raise ValueError(f"{path} is not a whole file of a classifier (its checksum is wrong); copy it again")
    return json.loads(text), arrays


def _sum(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
