"""Examples to search by: clips of the corpus, sound files, or seconds of a file, each as an embedding."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dalbook.corpora.audio import decode_part
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.sound_file import open_sound
from dalbook.embeddings.compute import run
from dalbook.embeddings.npz import read_embeddings
from dalbook.embeddings.registry import weights_file

LONGEST = 60.0  # seconds; the mean over more is no example of one sound
SILENT = 1e-4  # of full scale; a sound that stays below it says nothing

File = tuple[str | os.PathLike, float, float]
One = int | str | os.PathLike | File


@dataclass(frozen=True, eq=False)
class Example:
    """A sound to search by.

    Attributes
    ----------
    name
        What it is called: a file's name, with its seconds; empty for a clip of the corpus.
    vector
        Its embedding, (d,).
    clip
        Its position where it is a clip of the corpus.
    """

    name: str
    vector: np.ndarray
    clip: int | None = None


def examples_of(corpus: Corpus, x: np.ndarray, embedding: object, like: One | Sequence[One]) -> list[Example]:
    """The examples that `like` names.

    Parameters
    ----------
    corpus, x
        The clips and their embeddings (n, d).
    embedding
        What the embeddings were given as: an embedder's name, an .npz file, or an array. Sounds from elsewhere are
        embedded by the same embedder, which an array does not name.
    like
        A clip's position or id, a sound file's path, ``(path, begin, end)`` in seconds, or a list of these.

    Raises
    ------
    ValueError, OSError
        One is not there, cannot be read, is silent, longer than a minute, or cannot be embedded; names it.

    Examples
    --------
    >>> corpus = Corpus("demo", ("cat",), ("a.wav", "b.wav"), [-1, -1], [0, 0], None, "", "")
    >>> [example.clip for example in examples_of(corpus, np.eye(2), "logmel", ["b.wav", 0])]
    [1, 0]
    """
    several = isinstance(like, (list, set, np.ndarray)) or (isinstance(like, tuple) and not _is_part(like))
    given = list(like) if several else [like]
    if not given:
        raise ValueError("like= is empty: give a clip's position or id, a sound file, or (file, begin, end)")
    return [_example(corpus, x, embedding, one) for one in given]


def _is_part(like: tuple) -> bool:
    numbers = [isinstance(part, (int, float)) and not isinstance(part, bool) for part in like[1:]]
    return len(like) == 3 and isinstance(like[0], (str, os.PathLike)) and all(numbers)


def _example(corpus: Corpus, x: np.ndarray, embedding: object, one: One) -> Example:
    if isinstance(one, (int, np.integer)) and not isinstance(one, bool):
        if not 0 <= one < len(corpus):
            raise ValueError(f"like={one}: corpus {corpus.name} has clips 0 to {len(corpus) - 1}")
        return Example("", x[one], int(one))
    if isinstance(one, str) and one in corpus.ids:
        clip = corpus.ids.index(one)
        return Example("", x[clip], clip)
    if isinstance(one, (str, os.PathLike)):
        return _from_file(x, embedding, os.fspath(one))
    if isinstance(one, tuple) and _is_part(one):
        return _from_file(x, embedding, os.fspath(one[0]), float(one[1]), float(one[2]))
    raise ValueError(
        f"like={one!r} is neither a clip's position or id, a sound file, nor (file, begin, end) in seconds"
    )


def _from_file(
    x: np.ndarray, embedding: object, path: str, begin: float | None = None, end: float | None = None
) -> Example:
    samples, rate, name = _sound(path, begin, end)
    if np.abs(samples).max() < SILENT:
        raise ValueError(f"{name} is silent: there is nothing to search by")
    alone = Corpus("example", ("?",), (name,), [-1], [0], lambda i: (samples, rate), "", "")
    embedder = _embedder(embedding, name)
    vector = run(alone, embedder, weights_file(embedder), jobs=1, progress=False).x[0]
    if vector.shape != x.shape[1:]:
        raise ValueError(f"{name}: {embedder} gives {len(vector)} numbers a sound, the corpus's have {x.shape[1]}")
    return Example(name, vector)


def _sound(path: str, begin: float | None, end: float | None) -> tuple[np.ndarray, int, str]:
    if not Path(path).exists():
        raise FileNotFoundError(f"like={path!r} is neither a clip of the corpus nor a file that is there")
    with open_sound(path) as file:
        rate, whole = file.samplerate, file.frames / file.samplerate
        if begin is None:
            if whole > LONGEST:
                raise ValueError(f"{path} lasts {whole:.0f} s: say which seconds you mean, ({path!r}, begin, end)")
            begin, end, name = 0.0, whole, Path(path).name
        else:
            name = f"{Path(path).name}, {begin:g} to {end:g} s"
        if not 0 <= begin < end <= whole + 0.5 / rate or end - begin > LONGEST:
            raise ValueError(
                f"{path} lasts {whole:.1f} s: from {begin:g} to {end:g} s is no part of it of at most {LONGEST:.0f} s"
            )
        first, last = int(begin * rate), min(max(int(end * rate), int(begin * rate) + 1), file.frames)
        return decode_part(file, first, last), rate, name


def _embedder(embedding: object, name: str) -> str:
    if isinstance(embedding, (str, os.PathLike)):
        if Path(embedding).suffix.lower() != ".npz":
            return os.fspath(embedding)
        _, _, about = read_embeddings(embedding)
        made_by = about.get("embedder") if isinstance(about, dict) else None
        if made_by:
            return str(made_by)
    raise ValueError(
        f"{name} is not a clip of the corpus, and what embedded the corpus is not known: give embedding= by an "
        "embedder's name, or an example out of the corpus"
    )
