"""The embedding file: an .npz with the clips' ids and one vector for each, so that anybody's embeddings can be used."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.corpus import Corpus
from dalbook.corpora.names import Positions
from dalbook.files.atomic import atomic_write

SHOWN = 5  # culprits that a message names
LARGEST = 1e15  # beyond it a sum of squares of float32 numbers may be infinity


def save_embeddings(
    path: str | os.PathLike, clips: Sequence[str], embeddings: ArrayLike, meta: Mapping[str, Any] | None = None
) -> None:
    """Write an embedding file: an .npz with `clips` (n,), `embeddings` (n, d) and, optionally, `meta`, a JSON text.

    Parameters
    ----------
    path
        Where to; written in one piece.
    clips
        n unique ids.
    embeddings
        Finite floats, shape (n, d). float16 and float32 are kept, others become float32.
    meta
        What the embeddings are and how they were made.

    Raises
    ------
    ValueError
        If ids come twice, if there are not as many as embeddings, or if an embedding is not finite.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "mine.npz")
    >>> save_embeddings(path, ["a.wav", "b.wav"], [[1.0, 0.0], [0.5, 2.0]], {"embedder": "mine"})
    >>> read_embeddings(path)[1:]
    (array([[1. , 0. ],
           [0.5, 2. ]], dtype=float32), {'embedder': 'mine'})
    """
    x = np.asarray(embeddings)
    x = x if x.dtype in (np.float16, np.float32) else x.astype(np.float32)
    names = np.array(list(clips), dtype=str)
    _check(names, x, str(path))
    arrays = {"clips": names, "embeddings": x}
    if meta is not None:
        arrays["meta"] = np.array(json.dumps(meta))
    atomic_write(path, lambda file: np.savez(file, **arrays))


def load_embeddings(path: str | os.PathLike, corpus: Corpus) -> NDArray[np.float32]:
    """Read an embedding file and put its rows into the corpus's order, by id.

    Parameters
    ----------
    path
        As `save_embeddings` writes it. It may hold more clips than the corpus.
    corpus
        The corpus, n clips.

    Returns
    -------
    float32 array, shape (n, d)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a file or its contents are wrong, or if clips of the corpus are not in it; says which.
    """
    clips, x, _ = read_embeddings(path)
    positions = Positions(clips)
    row = {name: positions.find(name) for name in corpus.ids}
    exact = set(clips)
    # an id in another form (NFC, NFD) of one that is there too is another clip
    taken = {i for name, i in row.items() if name in exact}
    missing = [name for name, i in row.items() if i is None or (i in taken and name not in exact)]
    if missing:
        raise ValueError(
            f"{path}: {len(missing)} of the corpus's {len(corpus)} clips are not in it: {_some(missing)}; its own ids "
            f"look like {clips[0]}. Compute the embeddings of the missing clips, or take the file of this corpus"
        )
    return x[[row[name] for name in corpus.ids]].astype(np.float32)


def read_embeddings(path: str | os.PathLike) -> tuple[tuple[str, ...], NDArray[np.floating], Any]:
    """Read an embedding file as it is: its n ids, its (n, d) array, its meta data (None if there is none).

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_embeddings`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in ("clips", "embeddings") if name not in getattr(file, "files", ())]
            arrays = {} if missing else {name: file[name] for name in file.files}
    # an array by itself (.npy) is no context manager, hence the last two
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
        TypeError,
        AttributeError,
    ) as e:
        hint = "save `clips` as an array of strings" if "bject array" in str(e) else "write it with save_embeddings"
        raise ValueError(f"{path}: this is not a whole .npz file of plain arrays ({e}); {hint}") from e
    if missing:
        raise ValueError(f"{path}: there is no array {' and '.join(missing)} in it; write it with save_embeddings")
    clips = arrays["clips"]
    if clips.dtype.kind == "S":
        clips = np.char.decode(clips, "utf-8")
    _check(clips, arrays["embeddings"], str(path))
    try:
        meta = json.loads(str(arrays["meta"])) if "meta" in arrays else None
    except ValueError as error:
        raise ValueError(f"{path}: its `meta` is not JSON ({error}); write it with save_embeddings") from error
    return tuple(clips.tolist()), arrays["embeddings"], meta


def _check(clips: np.ndarray, x: np.ndarray, path: str) -> None:
    if clips.ndim != 1 or clips.dtype.kind != "U":
        raise ValueError(f"{path}: clips must be a list of ids, not {clips.dtype} of shape {clips.shape}")
    if x.ndim != 2 or x.shape[1] == 0 or x.dtype.kind != "f":
        raise ValueError(f"{path}: embeddings must be floats of shape (n, d), not {x.dtype} of shape {x.shape}")
    if len(clips) != len(x):
        raise ValueError(f"{path}: {len(clips)} clips, but {len(x)} embeddings; there must be one for each")
    if len(clips) == 0:
        raise ValueError(f"{path}: there is no clip in it")
    names, counts = np.unique(clips, return_counts=True)
    if len(names) < len(clips):
        raise ValueError(f"{path}: ids that come more than once: {_some(names[counts > 1].tolist())}; keep one of each")
    bad = ~(np.abs(x) <= np.float32(LARGEST)).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{path}: NaN or infinite values, or values beyond {LARGEST:g}, in the embeddings of {bad.sum()} clips: "
            f"{_some(clips[bad].tolist())}; compute them again, or leave these clips out"
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
