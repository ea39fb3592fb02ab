"""What the page's other learner, uncertainty herding, has to know: where clips lie in its space, and its constants.

The browser is given points, so that it need not find principal components of 2048 numbers a clip.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.corpus import Corpus
from dalbook.learners import coverage, head, label_spreading, ridge
from dalbook.learners.geometry import Geometry


def herding_data(corpus: Corpus, x: NDArray[np.float32], pool: NDArray[np.int64], rows: NDArray[np.int64]) -> dict:
    """For herding.js; ready for JSON.

    Parameters
    ----------
    corpus
        Its recordings are looked at.
    x
        Embeddings of the whole corpus, (n, d).
    pool
        Positions of the P clips to label; the space is that of these.
    rows
        Positions of all clips of the page, those of `pool` first.

    Returns
    -------
    dict
        ``points``, float16 (len(rows), p) in base64, of unit length but for the rounding; ``dimensions``, p;
        ``recordings`` of the clips to label, as whole numbers; ``constants``, by the names that herding.js gives them.
    """
    points = Geometry(x[pool]).points(x[rows])
    return {
        "points": base64.b64encode(points.astype("<f2").tobytes()).decode(),
        "dimensions": points.shape[1],
        "recordings": np.unique(corpus.recordings[pool], return_inverse=True)[1].tolist(),
        "constants": constants(),
    }


def constants() -> dict[str, float]:
    """The constants of `HerdingLearner` and of its parts."""
    return {
        "quantile": coverage.QUANTILE,
        "thinnest": coverage.THINNEST,
        "neighbors": label_spreading.NEIGHBORS,
        "group": label_spreading.GROUP,
        "stay": label_spreading.STAY,
        "rounds": label_spreading.ROUNDS,
        "penalty": ridge.PENALTY,
        "bend": ridge.BEND,
        "jitter": ridge.JITTER,
        "sharpness": head.SHARPNESS,
    }
