"""What the benchmarks share: embeddings of the paper's size, the machine, its memory, and a clock."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

import numpy as np

CLIPS, DIMENSIONS, DENSITY, CLASSES = 7859, 2048, 0.27, 10


def random_embeddings(n: int = CLIPS, d: int = DIMENSIONS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """As `embeddings_like`, of random classes and of recordings of nine clips or so.

    Returns
    -------
    tuple
        float32 (n, d) with a share DENSITY of non-zeros, and int64 classes (n,).

    Examples
    --------
    >>> x, classes = random_embeddings(200, 512)
    >>> bool(0.26 < (x > 0).mean() < 0.28), bool(x.min() >= 0)
    (True, True)
    """
    rng = np.random.default_rng(seed)
    recordings = max(n // 9, CLASSES)
    class_of = rng.integers(0, CLASSES, recordings)
    recording = np.sort(rng.integers(0, recordings, n))
    return embeddings_like(class_of, recording, d, seed), class_of[recording]


def embeddings_like(class_of: np.ndarray, recording: np.ndarray, d: int = DIMENSIONS, seed: int = 0) -> np.ndarray:
    """Random embeddings that cost what real ones cost: sparse, not negative, alike within a class and a recording.

    Parameters
    ----------
    class_of
        The class of each recording, int.
    recording
        The recording that each clip is cut from, int (n,).
    d
        Dimensions.
    seed
        Of all that is drawn.

    Returns
    -------
    float32 (n, d)
        A share DENSITY of it is not zero.

    Examples
    --------
    >>> embeddings_like(np.array([0, 1]), np.array([0, 0, 1]), d=8).shape
    (3, 8)
    """
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((class_of.max() + 1, d), np.float32)
    own = centers[class_of] + rng.standard_normal((len(class_of), d), np.float32)
    x = own[recording]
    x += np.float32(0.7) * rng.standard_normal(x.shape, np.float32)
    x -= np.quantile(x[:: max(len(x) // 500, 1)], 1 - DENSITY)
    np.maximum(x, 0, out=x)
    return x


def machine() -> dict[str, object]:
    """What the figures were measured on: processor, cores, threads, system and versions."""
    import torch

    libraries = ("dalbook", "torch", "numpy", "numba", "scipy", "scikit-learn", "kmedoids", "baal")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in libraries},
    }


def peak_memory() -> float | None:
    """The peak memory of this process so far, in MiB; None where the system does not tell."""
    try:  # what this process itself took; the general figure below may begin at its parent's
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 2**10
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds that it took, and what it gave."""
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
