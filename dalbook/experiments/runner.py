"""One run, from its name to its result file: claimed, gone on with where it was stopped, written in one piece."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from dalbook import __version__
from dalbook.experiments.dataset import load_inputs
from dalbook.experiments.plan import Run
from dalbook.experiments.protocols import given_labels, training_clips
from dalbook.files.atomic import atomic_write
from dalbook.files.lock import hold
from dalbook.learners import registry
from dalbook.learners.dal import DropoutLearner
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.protocol import Learner, load_state, save_state
from dalbook.learners.simulate import simulate

SAVE_EVERY = 30.0  # seconds between two states of a long run on disk
UNFIT = (ValueError, KeyError, TypeError, IndexError, RuntimeError)  # what a file of something else may lead to


def execute(folder: str, run: Run, device: str = "auto") -> bool:
    """Do a run, unless it is done or somebody else is at it.

    Parameters
    ----------
    folder
        Where inputs are and results go; one that all processes share.
    run
        Which.
    device
        Where DAL computes.

    Returns
    -------
    bool
        Whether its result is there now; if not, another process is at it.

    Raises
    ------
    OSError
        The result cannot be written: a full disk, a folder that is not yours.
    ValueError
        The inputs cannot be read.
    """
    if done(folder, run):
        return True
    with claim(folder, run) as mine:
        if not mine:
            return False
        if not done(folder, run):
            result = _run(folder, run, device)
            text = json.dumps(result, ensure_ascii=False)
            path = result_path(folder, run)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(path, lambda file: file.write(text.encode()))
            except OSError as error:
                raise OSError(error.errno, f"a result cannot be written: {error.strerror}", str(path)) from None
            _state_path(folder, run).unlink(missing_ok=True)
        return True


def result_path(folder: str | os.PathLike, run: Run) -> Path:
    """The file of a run's result."""
    return Path(folder, "results", f"{run.key}.json")


def read_result(folder: str | os.PathLike, run: Run) -> dict:
    """A run's result, checked to be whole and its own.

    Raises
    ------
    FileNotFoundError
        It is not done.
    ValueError
        The file is empty, cut short, or of other settings.
    """
    path = result_path(folder, run)
    try:
        result = json.loads(path.read_bytes())
        iterations = len(result["picked"]) + 1 if run.guesses else 0
        whole = (
            len(result["picked"]) == run.budgets[-1] - len(result["initial"])
            and [n for n, _ in result["curve"]] == list(run.budgets)
            and all(0 <= recall <= 1 for _, recall in result["curve"])
            and len(result["pseudo"]) == len(result["pseudo_right"]) == iterations
            and result["seconds"] >= 0
        )
        own = result["run"] == run.to_json()
    except FileNotFoundError:
        raise
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} is empty or cut short ({type(error).__name__})") from None
    if not own:
        raise ValueError(f"{path} holds a result of other settings")
    if not whole:
        raise ValueError(f"{path} is not whole")
    return result


def done(folder: str | os.PathLike, run: Run) -> bool:
    """Whether a run's result is there and good."""
    try:
        read_result(folder, run)
    except (FileNotFoundError, ValueError):
        return False
    return True


@contextmanager
def claim(folder: str | os.PathLike, run: Run) -> Iterator[bool]:
    """Hold a run for this process, if nobody else does; a claim dies with its process, however that ends."""
    with hold(Path(folder, "claims", run.key)) as mine:
        yield mine


def claimed(folder: str | os.PathLike, run: Run) -> bool:
    """Whether some process is at this run."""
    path = Path(folder, "claims", run.key)
    if not path.exists():
        return False
    with hold(path) as free:
        return not free


def _run(folder: str, run: Run, device: str) -> dict:
    begun = monotonic()
    inputs = load_inputs(folder, run.inputs)
    _, test = inputs.split(run.fold)
    pool = training_clips(inputs, run.fold, run.seed, run.unequal)
    given = given_labels(inputs, pool, run.seed, run.learner, run.start)

    def new() -> Learner:
        return registry.build(
            run.learner, inputs.x, len(inputs.classes), given, pool, run.seed, run.config, device, inputs.recordings
        )

    learner, so_far = _go_on(folder, run, new) or _begin(folder, run, new())
    begun, saved, known = begun - so_far["seconds"], monotonic(), len(learner.labels)

    def note(learner: Learner, recall: float | None) -> None:
        """Write down what there is to say with these labels; from time to time, how far it is without it."""
        nonlocal saved
        if len(learner.labels) > known and monotonic() - saved > SAVE_EVERY:
            so_far["seconds"] = monotonic() - begun
            _keep(_state_path(folder, run), {**learner.state(), "so_far": so_far})
            saved = monotonic()
        if recall is not None:
            so_far["curve"].append([len(learner.labels), recall])
        if run.guesses:
            pseudo = learner.pseudo()
            so_far["pseudo"].append(len(pseudo))
            so_far["pseudo_right"].append(sum(int(inputs.labels[clip]) == c for clip, c in pseudo.items()))

    left = [n for n in run.budgets if n >= len(learner.labels)]
    simulate(learner, inputs.labels, left, macro_recall_on(inputs.x[test], inputs.labels[test]), note)
    clips = list(learner.labels)
    return {
        "run": run.to_json(),
        "corpus": inputs.corpus,
        "embedding": inputs.embedding,
        "clips": len(inputs.x),
        "versions": versions(),
        "initial": clips[: len(given)],
        "picked": clips[len(given) :],
        **so_far,
        "seconds": round(monotonic() - begun, 3),
    }


def _go_on(folder: str, run: Run, new: Callable[[], Learner]) -> tuple[Learner, dict] | None:
    """A learner where this run was stopped, with what was written down until then; None if it starts from scratch."""
    path = _state_path(folder, run)
    if not path.exists():
        return None
    try:
        state = load_state(path)
        so_far = state.pop("so_far")
        learner = new()
        initial = len(learner.labels)
        learner.restore(state)
        told = len(learner.labels) - initial if run.guesses else 0
        if not len(so_far["pseudo"]) == len(so_far["pseudo_right"]) == told:
            raise ValueError("its counts of pseudo-labels do not fit its labels")
        if [n for n, _ in so_far["curve"]] != [n for n in run.budgets if n < len(learner.labels)]:
            raise ValueError("its curve does not fit its labels")
        return learner, {**so_far, "seconds": float(so_far["seconds"])}
    except UNFIT as error:
        _tell(f"{path} is damaged or of something else, so this run starts over: {error}")
        return None


def _begin(folder: str, run: Run, learner: Learner) -> tuple[Learner, dict]:
    """A new learner past its training on the initial labels, which is done once for all runs that share it."""
    so_far = {"curve": [], "pseudo": [], "pseudo_right": [], "seconds": 0.0}
    if not isinstance(learner, DropoutLearner):  # no other learner has a training that several runs share
        return learner, so_far
    path = Path(folder, "initial", f"{run.initial_key}.npz")
    try:
        state = load_state(path)
        own = learner.classifier.state()
        if {k: np.shape(v) for k, v in state.items()} != {k: np.shape(v) for k, v in own.items()}:
            raise ValueError("its arrays have other names or shapes")
        if state["steps"] != run.config.first_steps:
            raise ValueError(f"it was taken after {state['steps']} steps")
        learner.classifier.restore(state)
        return learner, so_far
    except FileNotFoundError:
        pass
    except UNFIT as error:
        _tell(f"{path} is damaged or of something else, so this training is done again: {error}")
    learner.train_initially()
    _keep(path, learner.classifier.state())
    return learner, so_far


def _keep(path: Path, state: dict[str, Any]) -> None:
    """Write down what saves work later; where that is not possible, the run goes on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_state(path, state)
    except OSError as error:
        _tell(f"{path} cannot be written ({error.strerror}): if this run is stopped, it starts over")


def _tell(message: str) -> None:
    print(f"dalbook: {message}", file=sys.stderr)


def _state_path(folder: str | os.PathLike, run: Run) -> Path:
    return Path(folder, "unfinished", f"{run.key}.npz")


def versions() -> dict[str, str]:
    """Of dalbook, Python and the libraries that compute."""
    libraries = ("numpy", "scipy", "scikit-learn", "torch", "numba")
    own = {"dalbook": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in libraries}
