"""A folder whose subfolders are the classes: the labels of its files, and folds of whole files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from dalbook.corpora.classes import class_names
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.table import FOLDS, folds_of


def classes_of(files: Iterable[str], classes: Sequence[str] | None = None) -> tuple[str, ...]:
    """The classes that files, given by their paths in a folder, are of: their first folders, sorted or as in `classes`.

    Raises
    ------
    ValueError
        A file is in no subfolder, or in one that is not among `classes`; says which.

    Examples
    --------
    >>> classes_of(["wren/1.wav", "robin/may/2.wav"])
    ('robin', 'wren')
    """
    found: dict[str, str] = {}
    for name in files:
        folder, slash, _ = name.partition("/")
        if not slash:
            raise ValueError(f"{name} is in no subfolder, so nobody knows its class: move it into one, or leave it out")
        found.setdefault(folder, name)
    if classes is None:
        return class_names(sorted(found))
    names = class_names(classes)
    if strange := [name for name in found if name not in names]:
        raise ValueError(
            f"{found[strange[0]]} is in a subfolder that is no class, {strange[0]!r}; classes= are {names}"
        )
    return names


def label_by_subfolder(corpus: Corpus) -> Corpus:
    """The corpus with the labels that the clips' subfolders are, and five folds of whole files if there are so many."""
    labels = [corpus.classes.index(name.partition("/")[0]) for name in corpus.recordings]
    if len(set(corpus.recordings)) < FOLDS:
        return dataclasses.replace(corpus, labels=labels)
    folds = folds_of(corpus.ids, [corpus.classes[label] for label in labels], corpus.recordings)
    return dataclasses.replace(corpus, labels=labels, folds=folds)
