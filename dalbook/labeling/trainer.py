"""The model behind the labeler: it learns in a thread of its own, label by label, and says which clips are next."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dalbook.labeling.decisions import Beginning, Change
from dalbook.labeling.factory import LearnerFactory, taught
from dalbook.labeling.suggestions import Questions, Suggestions, suggestions_of, votes_of
from dalbook.learners.cold_start import MedoidOrder, medoid_order
from dalbook.learners.protocol import Learner, load_state, save_state

BEHIND = 5  # how much nicer than the kernel's own thread
AT_EXIT = 60.0  # seconds that the end of a program waits for the thread: cut off in compiled code, it aborts
EARLY = 400  # gradient steps after which a model that begins is asked a first time, in the middle of its 1600
RECENT = 12  # clips looked at before that are looked at again: one of them is on screen
REPLAYED = 20  # labels that are learned one by one where no model was kept; more are learned together


class Stopped(Exception):
    """The work in hand is not wanted any more."""


class Trainer:
    """A thread that takes labels as they come and teaches them to a learner.

    The model after a label depends on the labels and their order alone, not on how fast they came, so one that is
    stopped and goes on from its file ends where it would have ended. A learner with `watch` leaves its training as
    soon as it is not wanted any more.

    Parameters
    ----------
    factory
        Builds the learner.
    path
        Where the model is kept, an .npz file.
    told
        Called, in the trainer's thread, each time something is new.
    after
        Called in the trainer's thread with the learner after each iteration.
    idle
        Called again and again while there is nothing to do, until it gives False.

    Attributes
    ----------
    medoids
        `MedoidOrder` of the pool, for learners that need labels to start from; None until it is known.
    suggestions
        The latest `Suggestions`, None before the first.
    learner
        The learner; None before learning starts. Look at it only while `busy` is False.
    busy
        Whether it learns now.
    problem
        What went wrong in training; empty while all is well.
    """

    def __init__(
        self,
        factory: LearnerFactory,
        path: Path,
        told: Callable[[], None],
        after: Callable[[Learner], None] | None = None,
        idle: Callable[[], bool] | None = None,
    ) -> None:
        self.factory, self.path = factory, path
        self.medoids: MedoidOrder | None = None
        self.suggestions: Suggestions | None = None
        self.learner: Learner | None = None
        self.busy, self.problem = False, ""
        self._told, self._after, self._idle = told, after, idle
        self._beginning: Beginning | None = None
        self._initial: dict[int, int] = {}  # labels that the learner was built with
        self._jobs: deque[tuple[Callable, tuple]] = deque()
        self._owed: deque[Change] = deque()  # what the learner has not learned yet
        self._change = threading.Condition()
        self._stop = self._anew = False
        self._ready = threading.Event()  # there is something to go by, or cannot be
        self._thread = threading.Thread(target=self._run, name="dalbook-trainer", daemon=True)

    def start(self) -> None:
        """Start the thread: unless it has been told to begin, it looks for the medoids first."""
        atexit.register(self.close, AT_EXIT)
        self._thread.start()

    def begin(self, beginning: Beginning, changes: Sequence[Change] = ()) -> None:
        """Learn from a beginning, and then from what changed since; what it did before is dropped.

        If the file holds a model of the same beginning, it goes on from that.
        """
        with self._change:
            self._jobs.clear()
            self._anew = True
            self.busy = True
            self._jobs.append((self._begin, (beginning, tuple(changes))))
            self._change.notify_all()

    def learn(self, change: Change) -> None:
        """Learn from a clip's new label, or without its old one."""
        with self._change:
            self.busy = True
            self._jobs.append((self._learn, (change,)))
            self._change.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until there is nothing to do; whether that is so."""
        self._ready.wait(timeout)
        with self._change:
            return self._change.wait_for(lambda: self._stop or not self.busy, timeout)

    def wait_for_first(self, timeout: float) -> bool:
        """Wait until the medoids or suggestions are there; whether they are."""
        return self._ready.wait(timeout)

    def close(self, timeout: float = 2.0) -> None:
        """End the thread, within moments."""
        with self._change:
            self._stop = True
            self._change.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        if not self._thread.is_alive():
            atexit.unregister(self.close)

    def _run(self) -> None:
        _give_way()
        if not self._jobs:
            self._guarded(self._find_medoids)
            self._ready.set()
            self._guarded(self._told)
            self._guarded(self.factory.warm_up)
        while True:
            with self._change:
                if not self._jobs and self.busy:
                    self.busy = False
                    self._change.notify_all()
                job = self._jobs.popleft() if self._jobs else None
            if self._stop:
                return
            if job:
                self._anew = False if job[0] == self._begin else self._anew
                self._guarded(job[0], *job[1])
                self._ready.set()
                with self._change:
                    self.busy = bool(self._jobs)
                    self._change.notify_all()
                self._guarded(self._told)
            elif not (self._idle and self._guarded(self._idle)):
                with self._change:
                    self._change.wait_for(lambda: self._stop or self._jobs)

    def _guarded(self, work: Callable, *arguments: Any) -> Any:
        """Labels go on, whatever happens to the model."""
        try:
            return work(*arguments)
        except Stopped:
            return None
        except Exception as error:
            self.problem = (
                f"The model could not be trained ({type(error).__name__}: {error}); labels are taken as before."
            )
            return None

    def _find_medoids(self) -> None:
        if self.factory.typical_first:
            self.medoids = medoid_order(self.factory.x, self.factory.pool)

    def _begin(self, beginning: Beginning, changes: tuple[Change, ...]) -> None:
        self._beginning, self.learner = beginning, None
        self._owed.clear()
        learner, rest = self._restored(beginning, changes)
        if learner is None:
            together = len(changes) > REPLAYED
            learner = self._new(_with(beginning.labels, changes) if together else beginning.labels)
            rest = () if together else changes
            suggestions_of(learner, self.factory.name, self.factory.x)  # this trains it for the first time
            self._save(learner, changes[-1].chain if together else beginning.chain)
        self.learner = learner
        self._publish()
        for change in rest:
            self._learn(change)

    def _restored(self, beginning: Beginning, changes: tuple[Change, ...]) -> tuple[Learner | None, tuple[Change, ...]]:
        """The learner that was kept, and what changed since; None where there is none, or of something else."""
        saved = saved_model(self.path)
        if not saved or saved["beginning"] != beginning.chain or saved["n_classes"] != beginning.classes:
            return None, changes
        chains = [beginning.chain, *(change.chain for change in changes)]
        if saved["chain"] not in chains:
            return None, changes
        learner = self._new(dict(saved["initial"].tolist()))
        try:
            learner.restore(saved["learner"])
        except ValueError:  # other embeddings, or another configuration
            return None, changes
        return learner, changes[chains.index(saved["chain"]) :]

    def _learn(self, change: Change) -> None:
        learner = self.learner
        if learner is None:  # it could not begin
            return
        self._owed.append(change)
        while self._owed:  # more than one where the last attempt failed
            change = self._owed[0]
            learner = self.learner = taught(learner, change.clip, change.label, self._new)
            self._owed.popleft()
        self._publish([change.clip])
        self._save(learner, change.chain)

    def _new(self, labels: Mapping[int, int]) -> Learner:
        self._initial = dict(labels)
        learner = self.factory.new(self._beginning.classes, labels)
        if hasattr(learner, "watch"):
            learner.watch = lambda: self._watch(learner)
        return learner

    def _watch(self, learner: Learner) -> None:
        """In the middle of training: go on only if that is wanted, and give a first opinion where there is none yet."""
        if self._stop or self._anew:
            raise Stopped
        if self.suggestions is None and learner.classifier.steps == EARLY:
            unlabeled = self.factory.pool[~np.isin(self.factory.pool, list(learner.labels))]
            scan = learner.classifier.scan_clips(unlabeled, learner.config.n_masks, "scan")
            self._suggest(votes_of(learner, unlabeled, scan))
            self._guarded(self._told)

    def _publish(self, also: Sequence[int] = ()) -> None:
        """Say what the learner would ask now; `also`: clips that may be on screen."""
        before = [*self.suggestions.probabilities] if isinstance(self.suggestions, Questions) else []
        self._suggest(suggestions_of(self.learner, self.factory.name, self.factory.x, [*also, *before[:RECENT]]))
        if self._after:
            self._after(self.learner)
        self.problem = ""
        self._guarded(self._told)

    def _suggest(self, suggestions: Suggestions) -> None:
        self.suggestions = suggestions
        self._ready.set()

    def _save(self, learner: Learner, chain: str) -> None:
        if self._stop:
            return
        state = {f"learner_{name}": value for name, value in learner.state().items()}
        about = {"beginning": self._beginning.chain, "n_classes": self._beginning.classes, "chain": chain}
        about["initial"] = np.array(list(self._initial.items()), np.int64).reshape(-1, 2)
        try:
            save_state(self.path, {**state, **about})
        except OSError as error:
            self.problem = f"The model cannot be kept in {self.path} ({error.strerror}); it will be trained again."


def _give_way() -> None:
    """Let this thread, and those that it starts, come after what a person waits for. Linux alone has this."""
    if sys.platform == "linux":
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, min(19, os.getpriority(os.PRIO_PROCESS, own) + BEHIND))


def _with(labels: Mapping[int, int], changes: Sequence[Change]) -> dict[int, int]:
    """The labels after the changes."""
    after = dict(labels)
    for change in changes:
        after.pop(change.clip, None)
        if change.label is not None:
            after[change.clip] = change.label
    return after


def saved_model(path: Path) -> dict[str, Any] | None:
    """What a trainer has kept: hashes of its labels, those it started from, and the learner's state."""
    try:
        state = load_state(path)
        learner = {name.removeprefix("learner_"): state[name] for name in state if name.startswith("learner_")}
        return {"learner": learner, **{name: state[name] for name in ("beginning", "n_classes", "chain", "initial")}}
    except (OSError, ValueError, KeyError):
        return None
