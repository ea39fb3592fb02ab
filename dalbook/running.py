"""One run, from its name to its result file: claimed, gone on with where it was stopped, written in one piece."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from dalbook.cache import write_whole
from dalbook.curve import build, versions
from dalbook.dal import DropoutLearner
from dalbook.experiments import Run
from dalbook.inputs import load_inputs
from dalbook.learner import Learner, load_state, save_state
from dalbook.lock import try_lock
from dalbook.simulate import macro_recall_on

SAVE_EVERY = 30.0  # seconds between two states of a long run on disk


def execute(folder: str, run: Run, device: str = "auto") -> bool:
    """Do a run, unless it is done or somebody else is at it.

    Parameters
    ----------
    folder
        Where inputs are and results go; one that all processes share.
    run
        Which.

    Returns
    -------
    bool
        Whether its result is there now; if not, another process is at it.
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
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda file: file.write(text.encode()))
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
        whole = (
            len(result["picked"]) == run.budgets[-1] - len(result["initial"])
            and [n for n, _ in result["curve"]] == list(run.budgets)
            and len(result["pseudo"]) == len(result["pseudo_right"])
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
    path = Path(folder, "claims", run.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        mine = try_lock(file)
        yield mine
    if mine and result_path(folder, run).exists():  # whoever claims from now on will find the result
        with contextlib.suppress(OSError):
            path.unlink()


def claimed(folder: str | os.PathLike, run: Run) -> bool:
    """Whether some process is at this run."""
    try:
        with open(Path(folder, "claims", run.key), "r+b") as file:
            return not try_lock(file)
    except FileNotFoundError:
        return False


def _run(folder: str, run: Run, device: str) -> dict:
    start = monotonic()
    inputs = load_inputs(folder, run.inputs)
    pool, test = inputs.split(run.fold)
    learner = build(run.learner, inputs.x, inputs.labels, inputs.classes, pool, run.seed, run.config, device)
    score = macro_recall_on(inputs.x[test], inputs.labels[test])
    initial = [int(clip) for clip in learner.labels]
    so_far = {"curve": [], "pseudo": [], "pseudo_right": [], "seconds": 0.0}
    so_far = _go_on(folder, run, learner) or so_far
    begun, saved = start - so_far["seconds"], start
    while True:
        n = len(learner.labels)
        if n in run.budgets:
            so_far["curve"].append([n, score(learner)])
        if isinstance(learner, DropoutLearner):
            pseudo = learner.pseudo()
            so_far["pseudo"].append(len(pseudo))
            so_far["pseudo_right"].append(sum(int(inputs.labels[clip]) == c for clip, c in pseudo.items()))
        if n == run.budgets[-1]:
            break
        clip = learner.ask()
        learner.tell(clip, int(inputs.labels[clip]))
        if monotonic() - saved > SAVE_EVERY:
            so_far["seconds"] = monotonic() - begun
            path = _state_path(folder, run)
            path.parent.mkdir(parents=True, exist_ok=True)
            save_state(path, {**learner.state(), "so_far": so_far})
            saved = monotonic()
    return {
        "run": run.to_json(),
        "corpus": inputs.corpus,
        "embedding": inputs.embedding,
        "clips": len(inputs.x),
        "versions": versions(),
        "initial": initial,
        "picked": list(learner.labels)[len(initial) :],
        **so_far,
        "seconds": round(monotonic() - begun, 3),
    }


def _go_on(folder: str, run: Run, learner: Learner) -> dict | None:
    """Bring a new learner to where this run was stopped, or at least past its initial training."""
    path = _state_path(folder, run)
    try:
        state = load_state(path)
        so_far = state.pop("so_far")
        learner.restore(state)
        return so_far
    except FileNotFoundError:
        pass
    except (ValueError, KeyError) as error:
        print(f"{path} is no use, this run starts over: {error}")
    if isinstance(learner, DropoutLearner):
        _train_initially(Path(folder, "initial", f"{run.initial_key}.npz"), learner)
    return None


def _train_initially(path: Path, learner: DropoutLearner) -> None:
    """The training on the initial labels, once for all runs that share it."""
    try:
        learner.classifier.restore(load_state(path))
    except (FileNotFoundError, ValueError, KeyError):
        learner.train_initially()
        path.parent.mkdir(parents=True, exist_ok=True)
        save_state(path, learner.classifier.state())


def _state_path(folder: str | os.PathLike, run: Run) -> Path:
    return Path(folder, "unfinished", f"{run.key}.npz")
