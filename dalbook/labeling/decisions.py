"""What a file of labels says: which decisions stand, what can be undone, and from where learning went on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dalbook.corpora.corpus import Corpus
from dalbook.files.hashing import fingerprint
from dalbook.labeling.csv_rows import Row, line, text

SHOWN = 5  # culprits that a message names
GROWING = ("folder", "urbansound8k")  # corpora that may hold other clips next time


@dataclass(frozen=True)
class Change:
    """A clip got a label, another one, or lost it; `label` is a class's position, None for none.

    `rows` and `chain` say up to where in the file this is (see `LabelBook.chain`).
    """

    clip: int
    label: int | None
    rows: int
    chain: str


@dataclass(frozen=True)
class Beginning:
    """From where a model learns: the labels that stood after so many rows, and the number of classes then."""

    rows: int
    chain: str
    labels: Mapping[int, int]
    classes: int


class LabelBook:
    """The rows of a file of labels, read one after the other.

    Parameters
    ----------
    ids
        The corpus's clips.
    classes
        Names of the classes, may grow.

    Attributes
    ----------
    standing
        Clip -> the row that holds, in the order in which they were made.
    undoable
        For each decision that can be undone, the clip and the row that held before it (None: none).
    taken_back
        Clips whose decision was undone and that were not decided on again, the last one at the end.
    rows
        How many.
    chain
        A hash of all rows so far: two files with the same chain are the same up to there.
    """

    def __init__(self, ids: Sequence[str], classes: list[str]) -> None:
        self.clips = {text(name): clip for clip, name in enumerate(ids)}
        self.classes = classes
        self.standing: dict[int, Row] = {}
        self.undoable: list[tuple[int, Row | None]] = []
        self.taken_back: list[int] = []
        self.rows, self.chain = 0, ""

    def read(self, row: Row) -> Change | None:
        """Take a row; what it changes for a learner, if it does."""
        clip = self.clips[row.clip]
        before = self.standing.pop(clip, None)
        if row.status == "undone" or row.picked_by == "undo":
            if self.undoable and self.undoable[-1][0] == clip:
                self.undoable.pop()
        else:
            self.undoable.append((clip, before))
        if clip in self.taken_back:
            self.taken_back.remove(clip)
        if row.status == "undone":
            self.taken_back.append(clip)
        else:
            self.standing[clip] = row
        self.rows += 1
        self.chain = hashlib.sha256(self.chain.encode() + line(row)).hexdigest()[:24]
        was, label = self.label_of(before), self.label_of(self.standing.get(clip))
        return None if was == label else Change(clip, label, self.rows, self.chain)

    def label_of(self, row: Row | None) -> int | None:
        """The position of a row's class; None where it gives no label."""
        return self.classes.index(row.label) if row and row.status == "labeled" else None

    @property
    def labels(self) -> dict[int, int]:
        """Clip -> class, of the labels that stand."""
        return {clip: self.label_of(row) for clip, row in self.standing.items() if row.status == "labeled"}

    def beginning(self) -> Beginning:
        """To learn from what stands now."""
        return Beginning(self.rows, self.chain, self.labels, len(self.classes))


def about(corpus: Corpus) -> dict:
    """What is kept of a corpus beside the file, to know it again."""
    ids = fingerprint("\0".join(map(text, corpus.ids)).encode())
    return {"corpus": corpus.name, "clips": len(corpus), "ids": ids}


def check_same(kept: object, corpus: Corpus, name: str) -> None:
    """Refuse the labels of another corpus, as far as what is kept beside them tells.

    Raises
    ------
    ValueError
        They are of another one; says of which.
    """
    if not isinstance(kept, dict) or not kept.get("corpus"):
        return
    here = about(corpus)
    other = kept["corpus"] != here["corpus"]
    if other or (kept.get("ids") != here["ids"] and corpus.name not in GROWING):
        which = f"corpus {kept['corpus']}" if other else f"another {corpus.name} than this one (another seed?)"
        raise ValueError(f"{name} holds labels of {which}, not of this corpus ({corpus.name}): give another out=")


def check_rows(rows: Sequence[Row], corpus: Corpus, pool: Sequence[int], classes: Sequence[str], name: str) -> None:
    """Refuse rows of clips or classes that are not there.

    Raises
    ------
    ValueError
        Names them.
    """
    known = {text(clip) for clip in corpus.ids}
    strange = list(dict.fromkeys(row.clip for row in rows if row.clip not in known))
    if strange:
        raise ValueError(
            f"{name} has rows of {len(strange)} clips that are not in corpus {corpus.name}: {_some(strange)}; if it "
            "holds another corpus's labels give another out=, if clips were removed put them back"
        )
    asked = {text(corpus.ids[clip]) for clip in pool}
    strange = list(dict.fromkeys(row.clip for row in rows if row.clip not in asked))
    if strange:
        raise ValueError(
            f"{name} has rows of {len(strange)} clips that are not asked for here: {_some(strange)} (in a game one "
            "fold is kept for testing); give another out="
        )
    strange = list(dict.fromkeys(row.label for row in rows if row.label and row.label not in classes))
    if strange:
        raise ValueError(
            f"{name} has labels of classes that are not among {_some(list(classes))}: {_some(strange)}; add them to "
            "classes=, or give another out="
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")
