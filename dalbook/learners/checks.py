"""Which embeddings can be computed with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e15  # beyond it a sum of squares of float32 numbers may be infinity, and what follows NaN


def usable(x: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows of a matrix hold numbers only, none of them beyond `LARGEST`, bool (n,).

    >>> usable(np.array([[1.0, -1.0], [0.0, np.nan], [3e38, 0.0]])).tolist()
    [True, False, False]
    """
    return (np.abs(x) <= np.float32(LARGEST)).all(axis=1)
