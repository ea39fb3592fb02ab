"""A corpus: clips with ids, labels, folds and sound. Three kinds: toy-city, UrbanSound8K, a folder of recordings."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.audio import decode

CORPORA = ("toy-city", "urbansound8k", "folder")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Clips, each known by its position 0 to n-1, everywhere and always.

    Attributes
    ----------
    name
        "toy-city", "urbansound8k" or "folder".
    classes
        The names of the C classes; a label is a position in it.
    ids : tuple of str, n of them
        Unique names of the clips, stable from one computer to another.
    labels : int64 array, shape (n,), read-only
        The true classes; -1 where unknown.
    folds : int64 array, shape (n,), read-only
        The cross-validation fold of each clip, from 1; all 0 in a corpus without folds.
    sound
        Gives clip i's samples, (float32 array, rate).
    fingerprint
        Changes whenever the corpus's content does; part of every cache key.
    description
        What is there and what is not, in one or more lines for a person.
    absent
        Of an UrbanSound8K in part, which whole folds are not there; otherwise empty.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """

    name: str
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    sound: Callable[[int], tuple[np.ndarray, int]] = field(repr=False)
    fingerprint: str
    description: str = field(repr=False)
    absent: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        # a frozen dataclass can be tidied up on the way in only like this
        object.__setattr__(self, "classes", class_names(self.classes))
        object.__setattr__(self, "ids", tuple(self.ids))
        for name in ("labels", "folds"):
            array = np.array(getattr(self, name), dtype=np.int64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if not self.ids:
            raise ValueError(f"corpus {self.name}: there is no clip in it")
        if not self.labels.shape == self.folds.shape == (len(self.ids),):
            raise ValueError(
                f"corpus {self.name}: {len(self.ids)} ids, but labels {self.labels.shape} and folds {self.folds.shape}"
            )
        if len(set(self.ids)) < len(self.ids):
            twice = next(a for a, b in zip(sorted(self.ids), sorted(self.ids)[1:], strict=False) if a == b)
            raise ValueError(f"corpus {self.name}: two clips have the id {twice!r}")
        if self.labels.min() < -1 or self.labels.max() >= len(self.classes):
            raise ValueError(f"corpus {self.name}: labels must be 0 to {len(self.classes) - 1}, or -1 for unknown")

    def __len__(self) -> int:
        return len(self.ids)

    def audio(self, i: int) -> tuple[NDArray[np.float32], int]:
        """The sound of clip `i`: float32 mono samples (samples,) and their rate in Hz.

        Raises
        ------
        IndexError
            If there is no clip `i`; positions are not counted from the end.
        ValueError, FileNotFoundError
            If its file cannot be decoded or is gone; the message names it.
        """
        i = operator.index(i)
        if not 0 <= i < len(self):
            raise IndexError(f"corpus {self.name} has clips 0 to {len(self) - 1}, there is no clip {i}")
        return self.sound(i)

    def split(self, fold: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the training clips (all other folds) and of the test clips (this fold), both ascending.

        Raises
        ------
        ValueError
            If that fold is not there, or there is no other to train on.

        Examples
        --------
        >>> corpus = Corpus("demo", ("a", "b"), ("x", "y", "z"), [0, 1, 0], [1, 1, 2], None, "", "")
        >>> corpus.split(2)
        (array([0, 1]), array([2]))
        """
        there = np.unique(self.folds)
        if there.tolist() == [0]:
            raise ValueError(f"corpus {self.name} has no folds, so it cannot be split into training and test clips")
        if fold not in there:
            raise ValueError(f"corpus {self.name} has no fold {fold}; it has {', '.join(map(str, there))}")
        if len(there) == 1:
            raise ValueError(f"corpus {self.name} has only fold {fold}: testing on it leaves nothing to train on")
        return np.flatnonzero(self.folds != fold), np.flatnonzero(self.folds == fold)


def load_corpus(
    name: str,
    root: str | os.PathLike | None = None,
    classes: Sequence[str] | None = None,
    seed: int | None = None,
    segment: float | None = None,
    skip_silence: float | None = None,
) -> Corpus:
    """Load one of the three kinds of corpus. Nothing is ever written into its folder.

    Parameters
    ----------
    name
        "toy-city": the built-in corpus, synthesized; nothing to download.
        "urbansound8k": a copy of UrbanSound8K, whole or in part, with its official folds.
        "folder": your own recordings, with unknown labels and no folds.
    root
        Where the files are ("urbansound8k", "folder").
    classes
        The class names you will label with ("folder").
    seed
        Of the synthesis ("toy-city"), 0 by default.
    segment
        Cut files into segments of this many seconds ("folder"); by default they stay whole.
    skip_silence
        Leave out segments that are nowhere louder than this, in dB of full scale, such as -60 ("folder").

    Raises
    ------
    ValueError
        If the name is none of these, if an argument is missing or belongs to another kind, or if the files are wrong.
    FileNotFoundError
        If the folder, its metadata or its audio is not there.

    Examples
    --------
    >>> corpus = load_corpus("toy-city")
    >>> len(corpus), corpus.classes[3], np.unique(corpus.folds).tolist()
    (800, 'dog_bark', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    """
    if name not in CORPORA:
        raise ValueError(f"there is no corpus {name!r}; choose one of {', '.join(CORPORA)}")
    for key, value, owners in (
        ("root", root, CORPORA[1:]),
        ("classes", classes, CORPORA[2:]),
        ("seed", seed, CORPORA[:1]),
        ("segment", segment, CORPORA[2:]),
        ("skip_silence", skip_silence, CORPORA[2:]),
    ):
        if value is not None and name not in owners:
            raise ValueError(f"{key}= belongs to {' and '.join(owners)}; leave it out for {name}")
        if value is None and name in owners and key in ("root", "classes"):
            raise ValueError(f"{name} needs {key}=")
    if name == "toy-city":
        return _toy_city(0 if seed is None else seed)
    if name == "urbansound8k":
        from dalbook.corpora.urbansound8k import urbansound8k

        return urbansound8k(root)
    from dalbook.corpora.folder import folder

    return folder(root, classes, segment, skip_silence)


def class_names(classes: Sequence[str]) -> tuple[str, ...]:
    """The class names as a tuple.

    Raises
    ------
    ValueError
        If there is none, if one comes twice, is blank or not a string.

    Examples
    --------
    >>> class_names(["wren", "robin"])
    ('wren', 'robin')
    """
    if isinstance(classes, str):
        raise ValueError(f"classes must be a list of names, such as [{classes!r}, 'other'], not one string")
    classes = tuple(classes)
    if not classes:
        raise ValueError("classes is empty; name at least one class")
    for name in classes:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"a class name must be a string that is not blank, not {name!r}")
        if classes.count(name) > 1:
            raise ValueError(f"class {name!r} comes twice; class names must be unique")
    return classes


def check_classes(labels: ArrayLike, classes: Sequence[str], train: ArrayLike, minimum: int = 3) -> None:
    """Make sure that every class has enough clips to be learned from.

    Parameters
    ----------
    labels
        True classes of all clips, shape (n,), -1 where unknown.
    classes
        The C class names.
    train
        Positions of the training clips.
    minimum
        Clips that each class must have there.

    Raises
    ------
    ValueError
        If a class has fewer, with its name and count.

    Examples
    --------
    >>> check_classes([0, 0, 0, 1, 1], ["dog", "cat"], [0, 1, 2, 3, 4])
    Traceback (most recent call last):
    ValueError: too few clips in the training folds: cat (2); each class needs at least 3: take more folds, ...
    """
    labels = np.asarray(labels)[np.asarray(train, dtype=np.int64)]
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    few = [f"{name} ({count or 'none'})" for name, count in zip(classes, counts, strict=True) if count < minimum]
    if few:
        raise ValueError(
            f"too few clips in the training folds: {', '.join(few)}; each class needs at least {minimum}: take more "
            "folds, add recordings, or leave the class out"
        )


@dataclass(frozen=True)
class Files:
    """The sound of clip i is that of file i."""

    paths: tuple[str, ...]

    def __call__(self, i: int) -> tuple[np.ndarray, int]:
        return decode(self.paths[i])


@dataclass(frozen=True)
class ToyCity:
    """The sound of clip i is synthesized from (seed, i)."""

    seed: int

    def __call__(self, i: int) -> tuple[np.ndarray, int]:
        from dalbook.corpora.toycity import clips as toycity

        return toycity.synthesize(i, seed=self.seed), toycity.RATE


def _toy_city(seed: int) -> Corpus:
    from dalbook.corpora.toycity import clips as toycity
    from dalbook.files.cache import code_version
    from dalbook.files.hashing import fingerprint

    clips = toycity.describe(seed)
    folds = len(np.unique(clips.folds))
    return Corpus(
        name="toy-city",
        classes=tuple(toycity.CLASSES),
        ids=clips.ids,
        labels=clips.labels,
        folds=clips.folds,
        sound=ToyCity(seed),
        fingerprint=fingerprint("toy-city", seed, code_version("dalbook.corpora.toycity.clips")),
        description=f"toy-city, seed {seed}: {len(clips.ids)} synthesized clips in {folds} folds",
    )
