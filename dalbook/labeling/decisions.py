"""What a file of labels says: which decisions stand, what can be undone, and from where learning went on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dalbook.corpora.corpus import Corpus
from dalbook.files.hashing import fingerprint
from dalbook.labeling.csv_rows import Row, line, text
from dalbook.labeling.matching import Matches, some
from dalbook.labeling.row_order import clashes, moment, words

GROWING = ("folder", "table", "urbansound8k")  # corpora that may hold other clips next time
NOT = "not "  # before a class, in a session about that one


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
    corpus
        The clips.
    classes
        Names of the classes, may grow.
    rows
        All that the file has, to know which clips they are about; they are read one by one.
    contents
        What recordings are known by, see `Matches`.
    unheard
        Clips that are not labeled here: their rows are passed over.
    name
        The file's, for `told`.

    Attributes
    ----------
    told
        What a person should know of the rows: clips that are not there, or decided on twice at a time.
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

    def __init__(
        self,
        corpus: Corpus,
        classes: list[str],
        rows: Sequence[Row] = (),
        contents: Mapping[str, str] | None = None,
        unheard: Sequence[int] = (),
        name: str = "",
    ) -> None:
        matches = Matches((row.clip for row in rows), corpus, contents)
        clips = {text(name): clip for clip, name in enumerate(corpus.ids)} | matches.clips
        self.clips = {name: clip for name, clip in clips.items() if clip not in set(unheard)}
        self._unclear = clashes([row for row in rows if row.clip in self.clips])
        self.told = "; ".join(filter(None, (matches.words(name), words(self._unclear, name))))
        self.classes = classes
        self.standing: dict[int, Row] = {}
        self.undoable: list[tuple[int, Row | None]] = []
        self.taken_back: list[int] = []
        self.rows, self.chain = 0, ""

    def read(self, row: Row) -> Change | None:
        """Take a row; what it changes for a learner, if it does."""
        self.rows += 1
        self.chain = hashlib.sha256(self.chain.encode() + line(row)).hexdigest()[:24]
        clip = self.clips.get(row.clip)
        if clip is None or only_not(row.label, self.classes):
            return None
        before = self.standing.pop(clip, None)
        if row.clip in self._unclear and moment(row.time) == moment(self._unclear[row.clip][0].time):
            return None if self.label_of(before) is None else Change(clip, None, self.rows, self.chain)
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


def check_rows(
    rows: Sequence[Row],
    corpus: Corpus,
    pool: Sequence[int],
    classes: Sequence[str],
    name: str,
    contents: Mapping[str, str] | None = None,
) -> None:
    """Refuse rows of another corpus, of clips that are not asked for, and of classes that are not there.

    Some clips may have gone, or have other names now: then the others go on.

    Raises
    ------
    ValueError
        Names them.
    """
    matches = Matches((row.clip for row in rows), corpus, contents)
    if rows and not matches.clips:
        raise ValueError(
            f"{name} has rows of {len(matches.missing)} clips that are not in corpus {corpus.name}: "
            f"{some(matches.missing)}; not one is there, so it seems to hold another corpus's labels: give another out="
        )
    asked = set(pool)
    strange = [found for found, clip in matches.clips.items() if clip not in asked]
    if strange:
        raise ValueError(
            f"{name} has rows of {len(strange)} clips that are not asked for here: {some(strange)} (in a game one "
            "fold is kept for testing); give another out="
        )
    strange = list(
        dict.fromkeys(
            row.label for row in rows if row.label and row.label not in classes and not only_not(row.label, classes)
        )
    )
    if strange:
        raise ValueError(
            f"{name} has labels of classes that are not among {some(list(classes))}: {some(strange)}; add them to "
            "classes=, or give another out="
        )


def only_not(label: str, classes: Sequence[str]) -> bool:
    """Whether a label says only which class a clip is not, as in a session about one sound: no answer among more.

    >>> only_not("not wren", ["wren", "owl"]), only_not("not wren", ["wren", "not wren"])
    (True, False)
    """
    return label.startswith(NOT) and label.removeprefix(NOT) in classes and label not in classes


def kept_part(kept: object, name: str, kind: type) -> object:
    """A part of what is kept beside the file; empty where it is missing or damaged."""
    value = kept.get(name) if isinstance(kept, dict) else None
    return value if isinstance(value, kind) else kind()
