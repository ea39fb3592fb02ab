"""The object that people come for: from labels to a table of what is where, how sure, and how good it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dalbook.annotations.events import COLUMNS, merge_events
from dalbook.corpora.corpus import Corpus
from dalbook.detection import training
from dalbook.detection.embedder import UsedEmbedder
from dalbook.detection.files import recordings_of
from dalbook.detection.model_file import read_model, write_model
from dalbook.detection.report import Report
from dalbook.detection.stream import stream
from dalbook.embeddings.embed import embed_to_file
from dalbook.embeddings.encoder import Encoder
from dalbook.embeddings.registry import AnyEmbedder
from dalbook.files.hashing import fingerprint
from dalbook.learners.head import Head, probabilities
from dalbook.learners.hypotheses import Hypotheses
from dalbook.learners.mc_dropout import check_embeddings


class SoundClassifier:
    """A classifier of sounds with all that it needs to be used: classes, embedder, segment length, and a report.

    Made by `fit` or `load`. The classifier is that of the labeler's learner (`dalbook.learners.spread_ridge`), taught
    with all labels. Its report comes from cross-validation by recording, and so do the sharpness that makes
    probabilities of its scores, and the thresholds. Beside it, the paper's classifier learns from the same labels; how
    far its 128 hypotheses disagree on a segment, their vote entropy in nats, tells of segments worth listening to.

    Parameters
    ----------
    head, hypotheses
        The two classifiers.
    card
        What is known of them, as `card` describes it.
    embedder
        What makes embeddings of sounds.

    Attributes
    ----------
    classes_ : str array, shape (C,)
        The classes that labels were given of, in the order of the columns of `predict_proba`.
    report : dalbook.detection.report.Report
        Cross-validated recall, precision, confusions and thresholds; print it.
    card : dict
        What a file of it tells: ``classes``, ``embedder`` (name, dimensions, hash of code and weights), ``segment`` in
        seconds (None: whole files), ``sharpness``, ``labels`` (how many, hash), ``report``, ``dalbook`` (the version).

    Examples
    --------
    >>> import tempfile
    >>> from dalbook import load_toy_city
    >>> city = load_toy_city()
    >>> classifier = SoundClassifier.fit(city.take(np.flatnonzero((city.labels < 2) & (city.folds < 4))))
    >>> classifier.classes_.tolist()
    ['air_conditioner', 'car_horn']
    >>> path = classifier.save(os.path.join(tempfile.mkdtemp(), "street.dalbook"))
    >>> table = SoundClassifier.load(path).predict(city.take(np.flatnonzero((city.labels < 2) & (city.folds == 4))))
    >>> table.columns.tolist()
    ['file', 'start', 'end', 'class', 'score', 'vote_entropy']
    """

    def __init__(self, head: Head, hypotheses: Hypotheses, card: dict[str, Any], embedder: UsedEmbedder) -> None:
        self._head, self._hypotheses, self.card, self._embedder = head, hypotheses, card, embedder
        self.classes_ = np.array(card["classes"], dtype=str)
        self.report = Report.from_json(card["report"])

    @classmethod
    def fit(
        cls,
        corpus: Corpus,
        labels: str | os.PathLike | None = None,
        embedding: str | os.PathLike | Callable | AnyEmbedder = "logmel",
        *,
        model: str | os.PathLike | None = None,
        segment: float | None = None,
        device: str = "auto",
        jobs: int = 2,
        progress: bool = False,
    ) -> SoundClassifier:
        """Learn from labels, and find out how good that is.

        Parameters
        ----------
        corpus
            The clips, also those without a label: the classifier learns from how they lie.
        labels
            The labeler's file; by default the labels of the corpus.
        embedding
            An embedder as `dalbook.embed` takes it, or an .npz file. With a file that `dalbook prepare` wrote, the
            embedder is known; with another the classifier can predict on embeddings only.
        model
            As `dalbook.embed` takes it.
        segment
            The seconds into which recordings are cut to predict on them; by default those of the corpus, and whole
            files where it is not cut.
        device, jobs, progress
            As `dalbook.embed` takes them.

        Returns
        -------
        SoundClassifier
            With its report.

        Raises
        ------
        ValueError
            There are labels of fewer than two classes; the file is of other clips.
        FileNotFoundError
            A file is not there.

        Warns
        -----
        UserWarning
            Labeled clips have no embedding.
        """
        made = training.train(corpus, labels, embedding, model, segment, device, jobs, progress)
        return cls(*made)

    def predict_proba(self, x: ArrayLike | Corpus) -> NDArray[np.float64]:
        """Calibrated probabilities (m, C), rows sum to 1, of embeddings (m, d) or of the clips of a corpus.

        Raises
        ------
        ValueError
            Embeddings of another dimension, or not finite; a clip without an embedding.
        """
        if isinstance(x, Corpus):
            run, _ = embed_to_file(x, **self._embedder.arguments(), progress=False)
            if run.broken:
                name, reason = next(iter(run.broken.items()))
                raise ValueError(f"{len(run.broken)} clips have no embedding; the first, {name}: {reason}")
            x = run.x
        x = check_embeddings(x, self.card["embedder"]["dimensions"])
        return probabilities(self._head.scores(x), self.card["sharpness"])

    def judge(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of embeddings (m, d): the likeliest class (m,), its probability and the vote entropy, to four decimals."""
        p = self.predict_proba(x)
        likeliest = p.argmax(axis=1)
        doubt = self._hypotheses.vote_entropy(np.asarray(x, np.float32))
        # whoever computes in other batches gets other last digits
        return likeliest, p[np.arange(len(p)), likeliest].round(4), doubt.astype(np.float64).round(4)

    def predict(
        self,
        what: Corpus | str | os.PathLike,
        *,
        threshold: float | str | None = None,
        merge: bool = False,
        jobs: int = 2,
        progress: bool = False,
    ) -> pd.DataFrame:
        """The table of detections: what is where.

        Parameters
        ----------
        what
            A corpus, a folder of recordings, or one file. Recordings are cut as for training, and read a few minutes at
            a time.
        threshold
            Leave out segments with a lower score: "auto" takes each class's own, see `report`. By default all stay.
        merge
            Make one row of touching segments of one class; its score is the largest, its vote entropy the mean.
        jobs, progress
            Threads; show a progress bar.

        Returns
        -------
        DataFrame
            A row a segment: ``file``, ``start`` and ``end`` in seconds, ``class``, ``score``, ``vote_entropy``.

        Raises
        ------
        FileNotFoundError, ValueError
            There is nothing; the embedder is not there, or another.

        Warns
        -----
        UserWarning
            Some segments or files cannot be predicted on.
        """
        least = self.thresholds(threshold)
        if isinstance(what, Corpus):
            rows = training.rows_of_corpus(self.judge, what, self._embedder.arguments(), jobs, progress)
        else:
            done = stream(recordings_of(what), self.card["segment"], self.encoder(), self.judge, jobs)
            rows = training.rows_of_stream(done, progress)
        kept = [
            (file, a, b, self.classes_[c], score, doubt) for file, a, b, c, score, doubt in rows if score >= least[c]
        ]
        table = pd.DataFrame(kept, columns=[*COLUMNS, "vote_entropy"])
        return merge_events(table) if merge else table

    def encoder(self) -> Encoder:
        """The embedder, loaded.

        Raises
        ------
        ValueError, FileNotFoundError
            It is not at hand, or another than the classifier was taught with.
        """
        return self._embedder.encoder()

    def fingerprint(self) -> str:
        """A hash of all that decides what it predicts."""
        arrays = [*self._head.arrays().values(), *self._hypotheses.arrays().values()]
        told = {name: self.card[name] for name in ("classes", "embedder", "segment", "sharpness")}
        return fingerprint(told, *arrays)

    def thresholds(self, threshold: float | str | None) -> Sequence[float]:
        """The lowest score of each class that `predict` keeps, (C,).

        Raises
        ------
        ValueError
            It is neither "auto" nor a number from 0 to 1.
        """
        if threshold == "auto":
            return self.report.per_class["threshold"].tolist()
        try:
            value = float(threshold or 0)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise ValueError(f"threshold must be auto, or a number from 0 to 1, not {threshold!r}")
        return [value] * len(self.classes_)

    def save(self, path: str | os.PathLike) -> Path:
        """Write it to a file of plain arrays and JSON, in one piece; nothing in it is code.

        Returns the path.
        """
        arrays = {f"head_{name}": array for name, array in self._head.arrays().items()}
        arrays |= {f"hypotheses_{name}": array for name, array in self._hypotheses.arrays().items()}
        return write_model(path, self.card, arrays)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike,
        embedding: Callable | AnyEmbedder | None = None,
        model: str | os.PathLike | None = None,
        device: str = "auto",
    ) -> SoundClassifier:
        """Read what `save` wrote; it predicts the same, bit for bit.

        Parameters
        ----------
        path
            The file.
        embedding
            Only for a classifier that was taught with an embedder of your own: that one again.
        model
            The file with the embedder's weights, by default the one that `dalbook prepare` has fetched.
        device
            Where a network computes.

        Raises
        ------
        FileNotFoundError
            It is not there.
        ValueError
            The file is broken or something else; the embedder or its weights are others than it was taught with.
        """
        card, arrays = read_model(path)

        def part(name: str) -> dict[str, np.ndarray]:
            return {key.removeprefix(f"{name}_"): value for key, value in arrays.items() if key.startswith(f"{name}_")}

        try:
            parts = Head.of(part("head")), Hypotheses.of(part("hypotheses"))
            return cls(*parts, card, UsedEmbedder.again(card["embedder"], embedding, model, device))
        except KeyError as error:
            raise ValueError(
                f"{path} is a file of a classifier, but {error} is missing in it: train it again"
            ) from None
