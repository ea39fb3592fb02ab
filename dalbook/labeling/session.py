"""What a labeler does, without anything to see: which clip is due, what a decision changes, what is taken back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from dalbook.corpora.classes import class_names
from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import Row, duration, text
from dalbook.labeling.decisions import Beginning, Change, LabelBook, about, check_rows, check_same, kept_part
from dalbook.labeling.label_file import LabelFile
from dalbook.labeling.matching import beside, keep_content, kept_contents
from dalbook.labeling.queue import LabelQueue
from dalbook.labeling.refused import Refused, whole
from dalbook.labeling.row_order import now
from dalbook.learners.cold_start import Pick

EACH = 3  # labels that every class should have before learning starts (section 5.1)


class LabelSession:
    """One person, one corpus, one file of labels.

    Parameters
    ----------
    corpus
        The clips; its true labels, if it has any, are never looked at.
    out
        The CSV file.
    classes
        Class names; the corpus's by default. Those that were added on the way are kept beside the file.
    pool
        Positions of the clips to label, ascending; all by default.
    budget
        How many labels to give; as many as there are clips by default.
    annotator
        Who labels.
    taken
        Called when this process opens the same file again.
    typical_first
        Whether learning starts from labels only, of typical clips; otherwise it starts at once, from none.
    unheard
        Positions of clips that have no sound, so that they are not in `pool`; rows that they have are passed over.

    Attributes
    ----------
    classes
        list of str.
    book
        What the file says, `LabelBook`.
    queue
        What is on screen and what comes next, `LabelQueue`.
    started
        The `Beginning` that the model learns from; None until learning starts.
    changes
        Each `Change` since then, for whoever trains.
    round
        Iterations the model has behind it, written with each decision; whoever trains sets it.

    Raises
    ------
    ValueError, OSError
        The file is another corpus's, somebody else's, or cannot be read or written: see `LabelFile`.

    Examples
    --------
    >>> import tempfile
    >>> corpus = Corpus("demo", ("cat", "dog"), ("a.wav", "b.wav"), [-1, -1], [0, 0], None, "", "")
    >>> session = LabelSession(corpus, os.path.join(tempfile.mkdtemp(), "labels.csv"))
    >>> session.suggest()
    >>> session.act({"do": "label", "clip": session.queue.shown.clip, "label": 1, "seconds": 1.5})
    >>> session.book.labels, session.queue.shown.clip
    ({0: 1}, 1)
    """

    def __init__(
        self,
        corpus: Corpus,
        out: str | os.PathLike,
        classes: Sequence[str] | None = None,
        pool: np.ndarray | None = None,
        budget: int | None = None,
        annotator: str = "",
        taken: Callable[[], None] | None = None,
        typical_first: bool = True,
        unheard: Sequence[int] = (),
    ) -> None:
        if budget is not None and budget < 1:
            raise ValueError(f"the budget must be at least one label, not {budget}")
        self.corpus, self.budget, self.annotator, self.typical_first = corpus, budget, annotator, typical_first
        self.pool = list(range(len(corpus))) if pool is None else [int(clip) for clip in pool]
        given = [text(name) for name in class_names(corpus.classes if classes is None else classes)]
        name = os.path.basename(out)
        self._contents, self._unheard = kept_contents(beside(out)), unheard

        def check(rows: Sequence[Row], kept: object) -> None:
            check_same(kept, corpus, name)
            named = [*given, *kept_part(kept, "added", list)]
            check_rows(rows, corpus, [*self.pool, *unheard], named, name, self._contents)

        self.file = LabelFile(out, annotator, check, taken)
        kept = self.file.kept("about.json")
        self.added = list(kept_part(kept, "added", list))
        self.classes = given + [name for name in self.added if name not in given]
        self.round = 0
        self.started: Beginning | None = None
        self.changes: list[Change] = []
        self._read(kept)
        self.queue = LabelQueue(self.pool, self.book.standing)
        self.queue.resume(self.file.kept("next.json"), map(self._as_before, self.book.taken_back), self._done)
        self._keep()

    def suggest(self, *orders: Iterable[Pick], now: bool = False) -> None:
        """From now on take the next clips from these, the first one first; the clip on screen stays, but for `now`."""
        self.queue.orders = orders
        self._advance() if now or self.queue.shown is None else self._keep_next()

    @property
    def notice(self) -> str:
        """What a person should know of the file; empty if nothing."""
        return " ".join(filter(None, (self.file.notice, self.book.told)))

    @property
    def labeled(self) -> int:
        """How many clips have a label."""
        return len(self.book.labels)

    @property
    def can_start(self) -> bool:
        """Whether learning can start: there is a label, and more than one class."""
        return self.started is None and self.labeled > 0 and len(self.classes) > 1

    def act(self, request: Mapping) -> None:
        """Carry out a request of the user interface.

        Raises
        ------
        Refused
            It cannot be carried out; says why.
        OSError
            It could not be written to disk; nothing has changed.
        """
        do, clip, seconds = request.get("do"), request.get("clip"), request.get("seconds")
        if do == "label":
            self.decide(clip, "labeled", request.get("label"), seconds)
        elif do in ("unsure", "skip"):
            self.decide(clip, {"skip": "skipped"}.get(do, do), None, seconds)
        elif do == "undo":
            self.undo()
        elif do == "start":
            self.start()
        elif do == "class":
            self.add_class(request.get("name"))
        else:
            raise Refused(f"there is no request {do!r}")

    def decide(self, clip: int, status: str, label: int | None = None, seconds: float | None = None) -> None:
        """Decide on the clip on screen, or anew on one decided before; the same decision twice is one."""
        shown = self.queue.shown is not None and whole(clip) and clip == self.queue.shown.clip
        before = self.book.standing.get(clip) if whole(clip) else None
        if not shown and before is None:
            raise Refused(f"clip {clip!r} is neither on screen nor decided on already, so nothing was written")
        if status == "labeled" and not (whole(label) and 0 <= label < len(self.classes)):
            raise Refused(f"there is no class {label!r}; classes go from 0 to {len(self.classes) - 1}")
        name = self.classes[label] if status == "labeled" else ""
        if before and (before.status, before.label) == (status, name):
            return
        pick = self.queue.shown if shown else Pick(clip, "correction")
        self._write(clip, name, status, duration(seconds), pick.score, pick.picked_by)
        if shown or not self.queue.shown:
            self._advance()

    def undo(self) -> None:
        """Take back the last decision: its clip is on screen again, or, after a correction, as it was before."""
        if not self.book.undoable:
            raise Refused("there is nothing to undo")
        clip, before = self.book.undoable[-1]
        if before is not None:
            self._write(clip, before.label, before.status, None, None, "undo")
            if not self.queue.shown:
                self._advance()
            return
        again = self._as_before(clip)
        self._write(clip, "", "undone", None, None, "undo")
        self.queue.show(again)
        self._keep_next()

    def start(self) -> None:
        """Start learning from the labels there are."""
        if not self.can_start:
            why = "learning has started already" if self.started else "label at least one clip first"
            raise Refused(why if len(self.classes) > 1 else "a model needs at least two classes: add one first")
        self.started, self.changes = self.book.beginning(), []
        try:
            self._keep()
        except OSError:
            self.started = None
            raise

    def add_class(self, name: str) -> None:
        """Add a class at the end; a model that has begun begins anew, from the labels so far."""
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise Refused("a class needs a name that can be read")
        name = name.strip()
        if name in self.classes:
            raise Refused(f"there is a class {name!r} already")
        before = self.started, self.changes
        self.classes.append(name)
        self.added.append(name)
        if self.started or not self.typical_first:
            self.begin_anew()
        try:
            self._keep()
        except OSError:
            self.classes.pop()
            self.added.pop()
            self.started, self.changes = before
            raise

    def begin_anew(self) -> None:
        """Let the model learn from what stands now, instead of what stood when learning started."""
        self.started, self.changes = self.book.beginning(), []
        with contextlib.suppress(OSError):
            self._keep()

    def close(self) -> None:
        """Let others have the file."""
        self.file.close()

    def _write(
        self, clip: int, label: str, status: str, seconds: float | None, score: float | None, picked_by: str
    ) -> None:
        name = text(self.corpus.ids[clip])
        time = now(*(row.time for row in self.file.rows[-1:]))
        row = Row(name, label, status, text(self.annotator), time, seconds, self.round, score, picked_by)
        self.file.append(row)
        keep_content(self.file.folder, self.corpus, clip, self._contents)
        self._take(row)
        if not self.started and self._each_has_three():
            self.begin_anew()

    def _take(self, row: Row) -> None:
        change = self.book.read(row)
        if change and self.started:
            self.changes.append(change)

    def _each_has_three(self) -> bool:
        each = np.bincount(list(self.book.labels.values()), minlength=len(self.classes))
        return len(each) > 1 and each.min() >= EACH

    def _read(self, kept: object) -> None:
        """Go through the file; what is kept beside it says where learning began."""
        rows, name = self.file.rows, self.file.path.name
        self.book = LabelBook(self.corpus, self.classes, rows, self._contents, self._unheard, name)
        begun = kept_part(kept, "begun", dict)
        from_none = None if self.typical_first or not self.classes else 0
        begins = begun.get("rows") if begun.get("names") == self.classes else from_none
        for row in self.file.rows:
            if begins == self.book.rows:
                self.started = self.book.beginning()
            self._take(row)
            self.round = max(self.round, row.round)
        learns = begun or self.round or self._each_has_three()
        ready = learns and self.labeled and len(self.classes) > 1
        if not self.started and (ready or begins == self.book.rows == 0):
            self.started = self.book.beginning()

    @property
    def _done(self) -> bool:
        return self.budget is not None and self.labeled >= self.budget

    def _advance(self) -> None:
        self.queue.advance(self._done)
        self._keep_next()

    def _as_before(self, clip: int) -> Pick:
        """A clip whose decision is taken back, with what it was picked by."""
        rows = (row for row in reversed(self.file.rows) if row.clip == text(self.corpus.ids[clip]))
        row = next((row for row in rows if row.picked_by not in ("undo", "correction")), None)
        picked_by, score = (row.picked_by, row.score) if row else ("order", None)
        return Pick(clip, picked_by, score, "you took your decision back")

    def _keep_next(self) -> None:
        with contextlib.suppress(OSError):  # it would be found again, if in another order
            self.file.keep("next.json", self.queue.state(), safe=False)

    def _keep(self) -> None:
        begun = self.started and {"rows": self.started.rows, "names": self.classes}
        self.file.keep("about.json", {**about(self.corpus), "added": self.added, "begun": begun})
