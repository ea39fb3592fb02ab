"""Monte Carlo dropout active learning (DAL), section 4.2: initialize, then scan, ask, train, and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from dalbook.files.hashing import fingerprint
from dalbook.learners.acquisition import ACQUISITIONS
from dalbook.learners.config import DALConfig
from dalbook.learners.herding_scores import HERDING, HerdingScores
from dalbook.learners.masks import stream
from dalbook.learners.mc_dropout import DropoutClassifier, Scan
from dalbook.learners.protocol import check_pool, check_tell
from dalbook.learners.pseudo_labels import draw_minibatch, pseudo_labels

NAMES = (*ACQUISITIONS, HERDING)
WATCHED = 20  # gradient steps between two calls of `DropoutLearner.watch`


class DropoutLearner:
    """DAL as a learner that is asked and told.

    Built with the initial labels, it trains on them (section 4.2.1) and runs the first T0 iterations, which ask for
    nothing. Then `ask` is stage I (scan the unlabeled clips, pseudo-label the confident ones, pick the clip with the
    highest acquisition value) and `tell` is stage II (train on labels and pseudo-labels). Weights and Adam's state are
    kept from one iteration to the next. Of clips with equal acquisition values the first in the corpus is asked for.
    Stopped in the middle of `ask` or `tell`, a learner is as it was before.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, (n, d), finite.
    n_classes
        Number of classes C.
    initial
        The initial labels, clip -> class (the paper: three random clips a class).
    pool
        Positions of the clips it may learn from (the training folds); all by default.
    config
        Table 1.
    acquisition
        A name in `dalbook.learners.acquisition.ACQUISITIONS`; "uncertainty_herding", which asks for the clip that
        covers most of what the hypotheses' mean prediction is unsure of (`dalbook.learners.coverage`); or a function
        of a `Scan` giving one score a clip.
    seed
        Of weights, minibatches and masks.
    device
        "auto", "cpu", "cuda".

    Attributes
    ----------
    initial
        The labels it was built with.
    labels
        Clip -> class, in the order acquired, the initial ones first.
    iteration
        Iterations of stage I and II done, the first T0 included.
    watch
        A function without arguments, called every 20 gradient steps, or None. What it raises ends the training, and
        the learner is as it was before.

    Raises
    ------
    ValueError
        No initial label; one that `tell` would refuse; an unknown acquisition function.

    Examples
    --------
    >>> x = np.eye(2, dtype=np.float32).repeat(6, 0)
    >>> learner = DropoutLearner(x, 2, {0: 0, 6: 1}, config=DALConfig(batch=4, first_steps=20), device="cpu")
    >>> clip = learner.ask()
    >>> learner.tell(clip, clip // 6)
    >>> len(learner.labels), learner.predict_proba(x).shape
    (3, (12, 2))
    """

    def __init__(
        self,
        x: np.ndarray,
        n_classes: int,
        initial: Mapping[int, int],
        *,
        pool: np.ndarray | None = None,
        config: DALConfig | None = None,
        acquisition: str | Callable[[Scan], np.ndarray] = "vote_entropy",
        seed: int = 0,
        device: str = "auto",
    ):
        self.config = config or DALConfig()
        check_acquisition(acquisition)
        self.acquisition, self.seed = acquisition, seed
        self.classifier = DropoutClassifier(
            x,
            n_classes,
            seed=seed,
            learning_rate=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            device=device,
        )
        self.x, self.n_classes = self.classifier.x, n_classes
        self.pool = check_pool(pool, len(self.x))
        self.labels: dict[int, int] = {}
        for clip, label in initial.items():
            clip, label = check_tell(clip, label, self.pool, self.labels, n_classes)
            self.labels[clip] = label
        if not self.labels:
            raise ValueError("DAL starts from labeled clips: give `initial`, for instance three clips of each class")
        self.initial = dict(self.labels)
        self.iteration = 0
        self.watch: Callable[[], None] | None = None
        self._scanned: tuple[np.ndarray, Scan] | None = None
        self._newly_covered = HerdingScores(self.x, self.pool, seed)

    def train_initially(self) -> None:
        """Section 4.2.1: gradient descent on the initial labels alone; does nothing where that is done.

        `ask` does it when needed. It depends on neither Θ, α nor the acquisition function: learners that differ in
        nothing else may hand on the classifier, ``b.classifier.restore(a.classifier.state())``.
        """
        if not self.classifier.steps:
            with self._all_or_nothing():
                self._descend({}, self.config.first_steps)

    def ask(self) -> int:
        """Stage I: the unlabeled clip with the highest acquisition value.

        Raises
        ------
        ValueError
            Every clip of the pool has a label.
        """
        unlabeled, scan = self.scan()
        if not len(unlabeled):
            raise ValueError(f"all {len(self.pool)} clips of the pool are labeled: there is nothing left to ask")
        return int(unlabeled[np.argmax(self.scores(scan))])

    def tell(self, clip: int, label: int) -> None:
        """Stage II: move the clip to the labeled set and train on it, the other labels and the pseudo-labels.

        Any clip of the pool may be told, not just the one asked for.

        Raises
        ------
        ValueError
            An unknown clip, a clip that has a label already, an unknown class.
        """
        clip, label = check_tell(clip, label, self.pool, self.labels, self.n_classes)
        pseudo = self.pseudo()
        with self._all_or_nothing():
            self.labels[clip] = label
            pseudo.pop(clip, None)
            self._train(pseudo)

    def forget(self, clip: int) -> None:
        """Take a label back: the clip is unlabeled again, and may be told another label.

        The weights stay: what they learned of it fades as training goes on without it.

        Raises
        ------
        ValueError
            The clip has no label.
        """
        if clip not in self.labels:
            raise ValueError(f"clip {clip} has no label that could be taken back")
        del self.labels[clip]
        self._scanned = None

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """P(c|x) of equation (2) with `n_masks` masks: (m, d) embeddings -> float32 (m, C), rows sum to 1."""
        self._start()
        return self.classifier.scan(x, self.config.n_masks, "predict").probs_nC

    def scan(self) -> tuple[np.ndarray, Scan]:
        """The unlabeled clips' positions (m,) and what the hypotheses say of them; the same until the next `tell`."""
        self._start()
        return self._scan()

    def scores(self, scan: Scan) -> np.ndarray:
        """The acquisition value of each scanned clip."""
        if callable(self.acquisition):
            scores = np.asarray(self.acquisition(scan))
        elif self.acquisition == HERDING:
            scores = self._newly_covered(self.scan()[0], scan, self.labels)
        else:
            rng = np.random.default_rng(stream(self.seed, "acquisition", self.iteration))
            scores = ACQUISITIONS[self.acquisition](scan, rng)
        if scores.shape != (len(scan.votes_nC),) or not np.isfinite(scores).all():
            raise ValueError("the acquisition function must give one finite score for each scanned clip")
        return scores

    def pseudo(self) -> dict[int, int]:
        """S_P of equation (4) as it stands: clip -> guessed class, made anew in each iteration."""
        unlabeled, scan = self.scan()
        return self.confident(unlabeled, scan)

    def state(self) -> dict[str, Any]:
        """Weights, Adam's moments, counters and labels; with the seed these decide all that follows."""
        self._start()
        state = {f"classifier_{k}": v for k, v in self.classifier.state().items()}
        labels = np.array(list(self.labels.items()), np.int64)
        return {**state, "labels": labels, "iteration": self.iteration, "built_with": self._built_with}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on bit for bit where `state` was taken, in a learner built with the same arguments.

        Raises
        ------
        ValueError
            The state comes from other embeddings, another pool, configuration or seed.
        """
        if state.get("built_with") != self._built_with:
            raise ValueError(
                "this state comes from a learner built with other embeddings, pool, classes, initial labels, settings "
                "or seed: build the learner as it was then"
            )
        self.classifier.restore({k[len("classifier_") :]: v for k, v in state.items() if k.startswith("classifier_")})
        self.labels = {int(clip): int(label) for clip, label in state["labels"]}
        self.iteration = int(state["iteration"])
        self._scanned = None

    def _start(self) -> None:
        """Section 4.2.1 and the first T0 iterations, when first needed: a restored learner skips what it has done."""
        self.train_initially()
        if self.iteration < self.config.wait:
            with self._all_or_nothing():
                while self.iteration < self.config.wait:
                    self._train(self.confident(*self._scan()))

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Put everything back where a stopped cell (KeyboardInterrupt) or an error leaves training half done."""
        classifier, labels, iteration = self.classifier.state(), dict(self.labels), self.iteration
        try:
            yield
        except BaseException:
            self.classifier.restore(classifier)
            self.labels, self.iteration, self._scanned = labels, iteration, None
            raise

    def _scan(self) -> tuple[np.ndarray, Scan]:
        if self._scanned is None:
            unlabeled = self.pool[~np.isin(self.pool, list(self.labels))]
            self._scanned = unlabeled, self.classifier.scan_clips(unlabeled, self.config.n_masks, "scan")
        return self._scanned

    def confident(self, unlabeled: np.ndarray, scan: Scan) -> dict[int, int]:
        """The rule that makes S_P of scanned clips, clip -> guessed class: (4). Override it to try another one."""
        rows, classes = pseudo_labels(scan.probs_nC, self.config.threshold)
        return dict(zip(unlabeled[rows].tolist(), classes.tolist(), strict=True))

    def _train(self, pseudo: Mapping[int, int]) -> None:
        self._descend(pseudo, self.config.steps)
        self.iteration += 1
        self._scanned = None

    def _descend(self, pseudo: Mapping[int, int], steps: int) -> None:
        """Gradient descent on class-balanced minibatches (8), (9) of labels and pseudo-labels."""
        labeled, guessed = self._by_class(self.labels), self._by_class(pseudo)
        for step in range(steps):
            if self.watch and step % WATCHED == 0:
                self.watch()
            rng = np.random.default_rng(stream(self.seed, "minibatch", self.classifier.steps))
            self.classifier.step(*draw_minibatch(labeled, guessed, self.config.alpha, self.config.batch, rng))

    def _by_class(self, labels: Mapping[int, int]) -> list[np.ndarray]:
        clips, classes = np.array(list(labels), np.int64), np.array(list(labels.values()), np.int64)
        return [clips[classes == c] for c in range(self.n_classes)]

    @cached_property
    def _built_with(self) -> str:
        """A hash of what the learner was built with; made once, as it reads all embeddings."""
        name = self.acquisition
        if not isinstance(name, str):  # a function, or an object that can be called
            name = getattr(name, "__qualname__", type(name).__qualname__)
        settings = {"config": asdict(self.config), "acquisition": name, "seed": self.seed, "classes": self.n_classes}
        return fingerprint(self.x, self.pool, settings, list(self.initial.items()))


def check_acquisition(acquisition: str | Callable[[Scan], np.ndarray]) -> None:
    """Whether `DropoutLearner` takes it.

    Raises
    ------
    ValueError
        It is no function, and no name that is known.
    """
    if not callable(acquisition) and acquisition not in NAMES:
        raise ValueError(f"unknown acquisition function {acquisition!r}: one of {', '.join(NAMES)}")
