"""Are there enough clips of every class to learn from?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


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
