"""Cosine distance, equation (1), and k-medoids: which clips stand for the others."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

_BLOCK = 512  # rows handled at a time: temporaries stay far below the distance matrix itself
_MAX_ROUNDS = 100  # a guard only: a handful of rounds is enough


def cosine_distance(x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """Cosine distance between all pairs of rows, equation (1).

    s(x1, x2) = 1 - x1ᵀx2 / (||x1|| ||x2||), as one matrix product.

    Parameters
    ----------
    x
        (n, d) embeddings, any real dtype; computed in float32.
    y
        (m, d) embeddings, or None for the distances within `x`.

    Returns
    -------
    float32 array, shape (n, m)
        Clipped to [0, 2]. Within `x` it is exactly symmetric with an exactly zero diagonal. A zero vector has no
        direction: its distance to any other vector is 1, and to another zero vector 0.

    Raises
    ------
    ValueError
        An array is not (n, d), the dimensions differ, or a row holds NaN or infinity (it is named).

    Examples
    --------
    >>> cosine_distance(np.array([[1, 0], [0, 2], [3, 3]])).round(3)
    array([[0.   , 1.   , 0.293],
           [1.   , 0.   , 0.293],
           [0.293, 0.293, 0.   ]], dtype=float32)
    """
    u = _unit_rows(x)
    v = u if y is None else _unit_rows(y)
    if u.shape[1] != v.shape[1]:
        raise ValueError(f"x has {u.shape[1]} dimensions and y has {v.shape[1]}: both must come from one embedder")
    distance = u @ v.T  # for u @ u.T NumPy fills one triangle and mirrors it, hence the exact symmetry
    np.subtract(1, distance, out=distance)
    np.clip(distance, 0, 2, out=distance)
    zero_u, zero_v = np.flatnonzero(~u.any(axis=1)), np.flatnonzero(~v.any(axis=1))
    distance[np.ix_(zero_u, zero_v)] = 0
    if y is None:
        np.fill_diagonal(distance, 0)
    return distance


def _unit_rows(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, dtype=np.float32)
    if x.ndim != 2:
        raise ValueError(f"embeddings must have shape (n, d), not {x.shape}")
    norm = np.sqrt(np.einsum("ij,ij->i", x, x, dtype=np.float64))  # float64: a float32 square can over- or underflow
    if not np.isfinite(norm).all():
        raise ValueError(f"row {np.flatnonzero(~np.isfinite(norm))[0]} of the embeddings holds NaN or infinity")
    norm[norm == 0] = 1
    return np.divide(x, norm[:, None], out=np.empty_like(x), casting="same_kind")


@dataclass(frozen=True, eq=False)
class Clustering:
    """k clusters of n points, each around one of its own points.

    Attributes
    ----------
    medoids
        (k,) int64, the points that are medoids, ascending; cluster c is the one of `medoids[c]`.
    assignment
        (n,) int64, the cluster of each point, 0 to k - 1; no cluster is empty.
    loss
        The sum over all points of the distance to their medoid.
    """

    medoids: np.ndarray
    assignment: np.ndarray
    loss: float


def k_medoids(distance: np.ndarray, k: int, engine: str = "dalbook") -> Clustering:
    """Split n points into k clusters so that the distances to the k medoids sum to little.

    Deterministic: no random start, and ties go to the lowest index. The start is greedy (see `build`); then two
    steps alternate until no medoid moves: every point joins its nearest medoid, and every cluster takes the member
    with the smallest sum of distances to the others as its medoid (Park and Jun, Expert Systems with Applications
    36, 2009). A medoid stays where it is unless another member is strictly better, so the loss only falls.

    Parameters
    ----------
    distance
        (n, n) non-negative, symmetric; float32 or float64 is used as it is, never copied or changed.
    k
        Number of clusters, 1 to n.
    engine
        `"dalbook"`, or `"kmedoids"` for the swaps of FasterPAM (Schubert and Rousseeuw, Information
        Systems 101, 2021) from the same start: a slightly lower loss. It needs the GPL-licensed package
        `kmedoids`, and is used only when asked for, so results never depend on what is installed. Or
        `"sklearn-extra"` for scikit-learn-extra's PAM: its own greedy start, then every swap is tried before the best
        is taken, which takes long. Its wheels do not import under NumPy 2; built on the spot it does: ``pip install
        --no-build-isolation --no-binary scikit-learn-extra scikit-learn-extra`` (with cython and setuptools there).

    Raises
    ------
    ValueError
        `distance` is not square, is empty, holds NaN, infinity or negative values, is not symmetric or
        has a diagonal that is not zero; k is not an integer from 1 to n; no such engine.
    ImportError
        An engine's package is not there.

    Examples
    --------
    >>> points = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    >>> k_medoids(abs(points[:, None] - points), k=2)
    Clustering(medoids=array([1, 4]), assignment=array([0, 0, 0, 1, 1, 1]), loss=4.0)
    """
    distance = _checked(distance)
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or not 1 <= k <= len(distance):
        raise ValueError(f"the number of clusters must be an integer from 1 to the {len(distance)} points, not {k!r}")
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {engine!r}")
    medoids = ENGINES[engine](distance, int(k))
    assignment = _nearest(distance, medoids)
    loss = distance[np.arange(len(distance)), medoids[assignment]].sum(dtype=np.float64)
    return Clustering(medoids, assignment, float(loss))


def build(distance: np.ndarray, k: int) -> np.ndarray:
    """The greedy start of k-medoids: (k,) int64 distinct points, in the order taken.

    First the point with the smallest sum of distances to all others; then, k - 1 times, the point that lowers the
    loss most (BUILD: Kaufman and Rousseeuw, Finding Groups in Data, 1990). What a point gains can only shrink as
    medoids are added, so yesterday's gain is an upper bound: a heap of such bounds finds the best point after looking
    at a few, not all n (Minoux, Accelerated greedy algorithms, 1978), and the picks are the same.

    Examples
    --------
    >>> points = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    >>> build(abs(points[:, None] - points), k=3)
    array([2, 4, 0])
    """
    medoids = [int(distance.sum(axis=1, dtype=np.float64).argmin())]
    nearest = distance[medoids[0]].copy()

    def loss_change(i: int) -> float:
        return -float(np.maximum(nearest - distance[i], 0).sum(dtype=np.float64))

    bounds = [(loss_change(i), i, 1) for i in range(len(distance)) if i != medoids[0]]  # 1: for one medoid
    heapq.heapify(bounds)
    while len(medoids) < k:
        _, i, n_medoids = bounds[0]
        if n_medoids < len(medoids):
            heapq.heapreplace(bounds, (loss_change(i), i, len(medoids)))
        else:
            heapq.heappop(bounds)
            medoids.append(i)
            np.minimum(nearest, distance[i], out=nearest)
    return np.array(medoids, dtype=np.int64)


def _alternate(distance: np.ndarray, k: int) -> np.ndarray:
    medoids = build(distance, k)
    for _ in range(_MAX_ROUNDS):
        medoids = np.sort(medoids)
        assignment = _nearest(distance, medoids)
        members = np.split(assignment.argsort(kind="stable"), np.bincount(assignment).cumsum()[:-1])
        moved = np.array([_center(distance, i, m) for i, m in zip(members, medoids, strict=True)])
        if np.array_equal(moved, medoids):
            break
        medoids = moved
    return np.sort(medoids)


def _nearest(distance: np.ndarray, medoids: np.ndarray) -> np.ndarray:
    """The nearest medoid's number for each point; a medoid belongs to itself even if it has a twin."""
    starts = range(0, len(distance), _BLOCK)
    assignment = np.concatenate([distance[i : i + _BLOCK].take(medoids, axis=1).argmin(axis=1) for i in starts])
    assignment[medoids] = np.arange(len(medoids))
    return assignment


def _center(distance: np.ndarray, members: np.ndarray, medoid: int) -> int:
    """The member with the smallest sum of distances to all members; `medoid` itself unless one is better."""
    if len(members) < 3:  # alone, or two that are equally good
        return medoid
    starts = range(0, len(members), _BLOCK)
    sums = [distance[np.ix_(members[i : i + _BLOCK], members)].sum(axis=1, dtype=np.float64) for i in starts]
    total = np.concatenate(sums)
    best = total.argmin()
    return members[best] if total[best] < total[np.searchsorted(members, medoid)] else medoid


def _fasterpam(distance: np.ndarray, k: int) -> np.ndarray:
    try:
        import kmedoids
    except ImportError:
        raise ImportError(
            'engine="kmedoids" needs the package kmedoids (pip install kmedoids); engine="dalbook" needs nothing more'
        ) from None
    # One thread and no shuffling: the same answer every time.
    result = kmedoids.fasterpam(distance, build(distance, k).astype(np.uintp), n_cpu=1)
    return np.sort(result.medoids.astype(np.int64))


def _pam(distance: np.ndarray, k: int) -> np.ndarray:
    try:
        from sklearn_extra.cluster import KMedoids
    except (ImportError, ValueError) as error:  # a ValueError is what a wheel for NumPy 1 raises under NumPy 2
        raise ImportError(
            f'engine="sklearn-extra" needs scikit-learn-extra ({error}): pip install --no-build-isolation --no-binary '
            'scikit-learn-extra scikit-learn-extra, with cython and setuptools; engine="dalbook" needs nothing more'
        ) from None
    if k == len(distance):  # it has no swap to try then, and fails
        return np.arange(k)
    found = KMedoids(k, metric="precomputed", method="pam", init="build", max_iter=_MAX_ROUNDS * k if k > 1 else 0).fit(
        distance
    )
    return np.sort(found.medoid_indices_.astype(np.int64))


ENGINES = {"dalbook": _alternate, "kmedoids": _fasterpam, "sklearn-extra": _pam}


def _checked(distance: np.ndarray) -> np.ndarray:
    distance = np.asarray(distance)
    if distance.dtype not in (np.float32, np.float64):
        distance = distance.astype(np.float32)
    if distance.ndim != 2 or distance.shape[0] != distance.shape[1] or not len(distance):
        raise ValueError(f"distances must be a square matrix (n, n) with n >= 1, not {distance.shape}")
    low, high = distance.min(), distance.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("the distances hold NaN or infinity: check the embeddings that they come from")
    if low < 0:
        raise ValueError(f"the distances hold a negative value, {low}: a distance is at least 0")
    tolerance = 1e-5 * high  # what rounding in float32 may leave
    if distance.diagonal().max() > tolerance:
        raise ValueError("the diagonal of the distances is not zero: a point's distance to itself is 0")
    for i in range(0, len(distance), _BLOCK):
        end = i + _BLOCK
        if np.abs(distance[i:end, :end] - distance[:end, i:end].T).max() > tolerance:
            raise ValueError("the distances are not symmetric: distance[i, j] must equal distance[j, i]")
    return distance
