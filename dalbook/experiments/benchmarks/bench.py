"""How fast is it? One DAL iteration, k-medoids and the questions of the default learner, at the paper's scale."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from dalbook.experiments.benchmarks.bench_iteration import iteration
from dalbook.experiments.benchmarks.common import (
    CLASSES,
    CLIPS,
    DIMENSIONS,
    machine,
    peak_memory,
    random_embeddings,
    timed,
)

CLUSTERS = 1964  # a quarter of the clips, MAL's number
MANY = (100_000, 1024)  # clips x dimensions: months of recordings, with YAMNet
QUESTIONS = 20


def bench(say: Callable[[str], object]) -> dict:
    """Measure, tell as it goes, and return every figure (seconds, MiB, ratios) with the machine and the versions."""
    told = machine()
    say(", ".join(f"{k} {v}" for k, v in told.items()))
    peak = _peak_memory()
    x, classes = random_embeddings()
    say(f"\n{CLIPS} clips x {DIMENSIONS} dimensions, {(x > 0).mean():.0%} non-zero, {CLASSES} classes")
    figures = {"machine": told, "peak_memory_mib": peak, **iteration(x, classes, say)}
    if peak is not None:
        say(f"peak memory of such a run      {peak:8.0f} MiB")
    figures |= _clustering(x, say)
    return figures | _herding((x, classes), say)


def _herding(given: tuple[np.ndarray, np.ndarray], say: Callable[[str], object]) -> dict:
    """Seconds from a label to the next question, once `QUESTIONS` are labeled; and to the very first question."""
    from dalbook.learners.herding import HerdingLearner

    figures = {}
    for x, classes in (given, random_embeddings(*MANY)):
        learner = HerdingLearner(x, CLASSES)
        first, clip = timed(learner.ask)
        seconds = []
        for _ in range(2 * QUESTIONS):
            learner.tell(clip, int(classes[clip]))
            took, clip = timed(learner.ask)
            seconds.append(took)
        figures |= {f"herding_first_{len(x)}_s": first, f"herding_{len(x)}_s": float(np.median(seconds[QUESTIONS:]))}
        say(f"uncertainty herding, {len(x)} clips x {x.shape[1]}: {figures[f'herding_{len(x)}_s']:8.3f} s a question, "
            f"the first one {first:.1f} s")  # fmt: skip
    return figures


def _clustering(x: np.ndarray, say: Callable[[str], object]) -> dict:
    from dalbook.learners.kmedoids import cosine_distance, k_medoids

    distance = cosine_distance(x)
    clusters = min(CLUSTERS, len(x) // 4)
    seconds, clustering = timed(lambda: k_medoids(distance, clusters))
    figures = {"k_medoids_s": seconds, "k_medoids_loss": float(clustering.loss)}
    say(f"k-medoids, k = {clusters}: dalbook {seconds:8.3f} s, loss {clustering.loss:.1f}")
    try:
        import kmedoids
    except ImportError:
        say("  (kmedoids, to compare with, is not installed)")
        return figures
    seconds, theirs = timed(lambda: kmedoids.fasterpam(distance, clusters, random_state=0))
    figures |= {"fasterpam_s": seconds, "fasterpam_loss": float(theirs.loss)}
    say(f"  kmedoids.fasterpam {seconds:18.3f} s, loss {theirs.loss:.1f}: "
        f"ours takes {figures['k_medoids_s'] / seconds:.2f} times as long, "
        f"loss {figures['k_medoids_loss'] / figures['fasterpam_loss'] - 1:+.1%}")  # fmt: skip
    return figures


def _peak_memory() -> float | None:
    """Peak memory in MiB of a process that does nothing but such a run; None where the system does not tell."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_run_and_measure).result()


def _run_and_measure() -> float | None:
    from dalbook.learners.dal import DALConfig, DropoutLearner

    x, classes = random_embeddings()
    initial = {int(clip): c for c in range(CLASSES) for clip in np.flatnonzero(classes == c)[:3]}
    learner = DropoutLearner(x, CLASSES, initial, config=DALConfig(first_steps=40), device="cpu")
    clip = learner.ask()
    learner.tell(clip, int(classes[clip]))
    learner.predict_proba(x)
    return peak_memory()
