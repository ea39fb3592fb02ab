"""The labeler: one clip at a time, in a notebook, with every decision on disk before the next clip is shown."""

from __future__ import annotations

import asyncio
import html
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.missing import asked, embedded, left_out
from dalbook.labeling.examples import One, examples_of
from dalbook.labeling.factory import LearnerFactory
from dalbook.labeling.game import Game, game_pool
from dalbook.labeling.given import given_embeddings, login, words
from dalbook.labeling.orders import Orders
from dalbook.labeling.session import LabelSession
from dalbook.labeling.sound_cache import LabelSounds
from dalbook.labeling.target import target_classes
from dalbook.labeling.trainer import Trainer
from dalbook.labeling.traits import LabelerTraits
from dalbook.labeling.view import session_traits, without_kernel
from dalbook.learners.cold_start import order_at_once
from dalbook.learners.config import DALConfig
from dalbook.learners.protocol import Learner

PATIENCE = 1.5  # seconds that making a labeler waits for the medoids, or for the model that was kept
FIRST = 15.0  # seconds that it waits for the first question of a model that asks from the first clip on
HEARD = 2.0  # seconds that it then waits for the first clip's sound, which comes with it


class Labeler(LabelerTraits):
    """Label a corpus clip by clip, with a model that learns meanwhile and asks for the clips that tell it most.

    The model asks from the first clip on, before any label is given. The paper's, ``learner="dal"``, cannot: there
    typical clips come first, until each class has three labels or you start learning yourself, and then its vote
    entropy decides. Each decision is appended to a CSV file and is on disk before the next clip is shown. Run the cell
    again, also after a restart, and you go on where you were, with the model as it was.

    Parameters
    ----------
    corpus
        The clips, see `load_folder`. Labels that it has are not looked at, except in a game.
    out
        The CSV file, with the columns ``clip, label, status, annotator, time, seconds, round, score, picked_by``; the
        last row of a clip holds. What is needed to go on stands beside it, in ``labels.csv.session``.
    classes
        Class names; the corpus's by default.
    embedding
        An embedder's name, an .npz file, or an array (n, d).
    budget
        How many labels you want to give; then it ends.
    annotator
        Who you are; the name you are logged in by, by default.
    game
        With known truth: keep fold 1 for testing, and see your learning curve beside that of random picking.
    learner
        The model's name, see `dalbook.learners.registry.names`; "dal" is the paper's.
    config
        Of the model, where it takes one: Table 1 by default.
    seed
        Of the model.
    like
        Search by example: clips like this come first, and each answer sharpens their order. A clip's position or id, a
        sound file, ``(file, begin, end)`` in seconds, or a list of these.
    own_recording
        Whether a search brings clips of the example's own recording too.
    target
        One sound that is rare: each clip is it or is not. The file can be opened later with more classes.

    Raises
    ------
    ValueError, OSError
        Something does not fit together, or the file is another corpus's or another labeler's; says what to do.

    Examples
    --------
    >>> import tempfile
    >>> from dalbook import load_toy_city
    >>> corpus = load_toy_city()
    >>> x = np.eye(10, dtype=np.float32)[np.arange(len(corpus)) % 10]
    >>> labeler = Labeler(corpus, out=os.path.join(tempfile.mkdtemp(), "labels.csv"), embedding=x, budget=50)
    >>> labeler.act({"do": "label", "clip": labeler.clip["clip"], "label": 3, "seconds": 2.0})
    >>> labeler.labels[["label", "status", "picked_by"]].values.tolist()
    [['dog_bark', 'labeled', 'herding']]
    >>> labeler.close()
    """

    _trainer = _sounds = _session = None  # until they are made

    def __init__(
        self,
        corpus: Corpus,
        out: str | os.PathLike = "labels.csv",
        *,
        classes: Sequence[str] | None = None,
        embedding: str | os.PathLike | np.ndarray = "logmel",
        budget: int | None = None,
        annotator: str | None = None,
        game: bool = False,
        learner: str = "default",
        config: DALConfig | None = None,
        seed: int = 0,
        like: One | Sequence[One] | None = None,
        own_recording: bool = True,
        target: str | None = None,
    ) -> None:
        x = given_embeddings(corpus, embedding)
        classes = target_classes(target, classes, game) if target is not None else classes
        if game and classes is not None and tuple(classes) != corpus.classes:
            raise ValueError("a game is about the corpus's own classes: leave classes= out")
        pool = asked(corpus, x, game_pool(corpus) if game else np.arange(len(corpus)))
        self._left_out = left_out(corpus, x)
        factory = LearnerFactory(learner, x, pool, config, seed, np.unique(corpus.recordings, return_inverse=True)[1])
        self._game = Game(corpus, factory) if game else None
        examples = [] if like is None else examples_of(corpus, x, embedding, like)
        rest = login() if annotator is None else annotator, self._taken, factory.typical_first
        self._session = LabelSession(corpus, out, classes, pool, budget, *rest, np.flatnonzero(~embedded(x)).tolist())
        if self._game:
            self._game.keep_in(self._session.file.folder / "game.json")
        self._orders = Orders(self._session, factory, examples, own_recording, target is not None)
        self._lock = threading.RLock()
        super().__init__()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._sent: set[int] = set()
        self._begun, self._known = None, 0  # what the trainer has been told: a beginning, and how many changes since
        self._provisional = order_at_once(x, pool)
        self._sounds = LabelSounds(corpus, lambda clip, *sound: self._soon(self._send_sound, clip, *sound))
        self._trainer = Trainer(
            factory,
            self._session.file.folder / "model.npz",
            lambda: self._soon(self._refresh),
            self._game and self._game.after,
            self._game and self._game.idle,
        )
        self._tell_trainer()
        with self._lock:  # nothing is sent before the first clip's sound, which comes with the labeler itself
            self._trainer.start()
            self._trainer.wait_for_first(PATIENCE if factory.typical_first else FIRST)
            self._refresh()
            self._bring_first_sound()
        self.on_msg(self._heard_message)
        self.observe(self._hear, "said")

    @property
    def labels(self) -> pd.DataFrame:
        """The decisions that stand, in the order in which they were made, as a table with the file's columns."""
        from dalbook.labeling.read import table

        return table(self._session.book.standing.values())

    @property
    def learner(self) -> Learner | None:
        """The model, once it has learned from all labels given so far (this waits); None before learning starts."""
        self.wait()
        return self._trainer.learner

    def _repr_mimebundle_(self, **options: object) -> tuple[dict, dict] | None:
        """The widget, and for whoever cannot show it, such as nbconvert, how far one is and the last labels."""
        made = super()._repr_mimebundle_(**options)
        if made is not None:
            page = without_kernel(self._session)
            words = re.sub(r"<[^>]+>", " ", page.replace("</tr>", "\n").replace("</p>", "\n"))
            made[0].update({"text/html": page, "text/plain": html.unescape(words).strip()})
        return made

    def act(self, request: Mapping) -> None:
        """Carry out a request, as the buttons do: ``{"do": "label", "clip": 3, "label": 0, "seconds": 1.5}``, "unsure",
        "skip" (with `clip` and `seconds`), "undo", "start", ``{"do": "class", "name": "wren"}``, "like" (with `clip`)
        to search by it, "found" to end that, or "order" (with `mode`) in a session about one sound.

        Raises
        ------
        ValueError, OSError
            It cannot be carried out, or not be written; nothing has changed.
        """
        with self._lock:
            self._orders.act(request) or self._session.act(request)
            self._tell_trainer()
            self._refresh()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the model has learned from all labels; whether it has."""
        ready = self._trainer.wait(timeout)
        with self._lock:
            self._refresh()
        return ready

    def close(self) -> None:
        """Let others have the file, and take the labeler off the page; nothing is lost."""
        for part in (self._trainer, self._sounds, self._session):
            if part:
                part.close()
        super().close()

    def _taken(self) -> None:
        """The cell was run again: another labeler has the file now."""
        self._trainer.close()
        with self._lock, self.hold_sync():
            self.problem = "This cell was run again: go on in the newer labeler. All decisions made here are saved."
            self.clip, self.ahead = None, []

    def _hear(self, change: Mapping) -> None:
        """The user interface has said something new: act on each request once, in order."""
        with self._lock, self.hold_sync():
            problems = []
            heard = self.heard
            requests = [r for r in change["new"] if isinstance(r, dict) and isinstance(r.get("n"), int)]
            for request in sorted(requests, key=lambda r: r["n"]):
                if request["n"] <= heard:
                    continue
                heard = request["n"]
                try:
                    self._orders.act(request) or self._session.act(request)
                except Exception as error:  # whatever it is, an answer must come
                    problems.append(words(error))
            if heard > self.heard:
                try:
                    self._tell_trainer()
                    self._refresh()
                except Exception as error:
                    problems.append(f"{words(error)}. What is saved is in {self._session.file.path}.")
                self.problem = " ".join(problems)
                self.heard = heard

    def _heard_message(self, widget: object, content: Mapping, buffers: object) -> None:
        clip = content.get("sound") if isinstance(content, dict) else None
        if isinstance(clip, int) and 0 <= clip < len(self._session.corpus):
            self._sounds.want(clip)

    def _tell_trainer(self) -> None:
        session = self._session
        if session.started is not self._begun:
            self._begun, self._known = session.started, len(session.changes)
            if self._game and session.started:
                self._game.begin(session.started)
            if session.started:
                self._trainer.begin(session.started, session.changes)
        for change in session.changes[self._known :]:
            self._trainer.learn(change)
        self._known = len(session.changes)

    def _refresh(self) -> None:
        """Show what is: after a decision, and whenever the trainer has something new."""
        trainer, session = self._trainer, self._session
        with self._lock:
            if session.file.closed:
                return
            suggestions = trainer.suggestions
            session.round = suggestions.round if suggestions else session.round
            medoids = trainer.medoids or self._provisional
            orders = (suggestions, medoids) if suggestions and session.started else (medoids,)
            session.suggest(*self._orders.first, *orders, now=self._orders.begun())
            self._tell_trainer()
            with self.hold_sync():
                traits = session_traits(session, suggestions, trainer.medoids is None, trainer.busy)
                traits |= self._orders.traits | {"curve": self._game.curve() if self._game else None}
                for name, value in {"classes": list(session.classes), **traits}.items():
                    self.set_trait(name, value)
                self.notice = " ".join(filter(None, (self._left_out, session.notice, trainer.problem)))
                if self.first_sound and not (self.clip and self.clip["clip"] == self.first_sound["about"]["sound"]):
                    self.first_sound = None  # it would stay in the notebook's file
            self._send_ahead()

    def _bring_first_sound(self) -> None:
        """Let the sound of the first clip come with the labeler itself: while a cell runs, a kernel sends nothing."""
        sound = self._sounds.wait_for(self.clip["clip"], HEARD) if self.clip else None
        if sound:
            self.first_sound = {"about": sound[0], "buffers": sound[1]}

    def _send_sound(self, clip: int, message: dict, buffers: list[bytes]) -> None:
        if not (self.first_sound and self.first_sound["about"]["sound"] == clip):
            self.send(message, buffers)

    def _send_ahead(self) -> None:
        """Have the sounds of the clip on screen and of those to come sent, each once."""
        due = [pick["clip"] for pick in (self.clip, *self.ahead) if pick]
        new = [clip for clip in due if clip not in self._sent]
        self._sent = set(due)
        for clip in new:
            self._sounds.want(clip)

    def _soon(self, work: Callable, *arguments: object) -> None:
        """From a thread: do it in the notebook's own, between its messages."""
        if self._loop is None:
            with self._lock:
                work(*arguments)
            return
        try:
            self._loop.call_soon_threadsafe(work, *arguments)
        except RuntimeError:  # the kernel is shutting down
            return
