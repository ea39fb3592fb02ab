"""Positions of clips on a flat map in which clips whose embeddings are alike lie side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

PER_CLASS = 18  # clips drawn on a map, so that they can be told apart


def some_of_each(labels: ArrayLike, per_class: int = PER_CLASS, seed: int = 0) -> NDArray[np.int64]:
    """Positions of up to ``per_class`` clips of each class, drawn at random, ascending.

    >>> some_of_each([0, 0, 0, 1], per_class=2, seed=0).tolist()
    [0, 2, 3]
    """
    labels = np.asarray(labels)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in np.unique(labels)]
    return np.sort(np.concatenate(drawn))


def positions(x: ArrayLike, seed: int = 0) -> NDArray[np.float64]:
    """Positions (n, 2) on a t-SNE map of embeddings (n, d) by their cosine distance (1); n is at least 16.

    Laurens van der Maaten and Geoffrey Hinton, Visualizing Data using t-SNE, 2008. A second on one core for some
    hundred clips. The same seed gives the same map on one machine; on another one it may be turned or differ.

    >>> positions(np.random.default_rng(0).random((20, 5))).shape
    (20, 2)
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    tsne = TSNE(metric="cosine", init="pca", perplexity=15, random_state=seed)
    with threadpool_limits(1):  # so few points are slower with more threads
        return tsne.fit_transform(np.asarray(x, dtype=np.float32)).astype(float)
