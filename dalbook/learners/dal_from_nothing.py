"""DAL where nobody gives three labels of each class: typical clips first, then the model."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from dalbook.files.hashing import fingerprint
from dalbook.learners.cold_start import medoid_order
from dalbook.learners.config import DALConfig
from dalbook.learners.dal import DropoutLearner, check_acquisition
from dalbook.learners.herding_scores import HERDING, HerdingScores
from dalbook.learners.masks import stream
from dalbook.learners.mc_dropout import check_embeddings
from dalbook.learners.protocol import check_pool, check_tell

EACH = 3  # labels of every class met so far, before the model asks: what the paper's DAL starts from


class DALFromNothing:
    """A learner that starts from no label, and hands over to `DropoutLearner`.

    Until two classes are met, and three clips of every class met so far are labeled, it asks in a fixed order: medoids
    of the largest clusters first, or at random if the acquisition function is random. Uncertainty herding needs no such
    start: it asks for the clip that covers most until two classes are met. Then a `DropoutLearner` built
    from these labels asks. A class is unknown until its first label: the model knows only those met, and where one is
    met later it begins anew from all labels so far.

    Before the model asks, predictions come from one that is built from the labels there are.

    Parameters
    ----------
    x, n_classes, pool, config
        As for `DropoutLearner`.
    acquisition
        A name that `DropoutLearner` takes.
    seed, device
        As for `DropoutLearner`.

    Raises
    ------
    ValueError
        An unknown acquisition function, or embeddings or a pool that do not fit.

    Attributes
    ----------
    labels
        Clip -> class, in the order acquired.
    model
        The `DropoutLearner`; None before it asks. Its classes are numbered in the order in which they were met.

    Examples
    --------
    >>> x = np.eye(2, dtype=np.float32).repeat(6, 0)
    >>> learner = DALFromNothing(x, 2, config=DALConfig(batch=4, first_steps=800), device="cpu")
    >>> learner.predict_proba(x[:1])
    array([[0.5, 0.5]], dtype=float32)
    >>> for _ in range(8):
    ...     clip = learner.ask()
    ...     learner.tell(clip, clip // 6)
    >>> learner.predict_proba(x).argmax(1).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        x: np.ndarray,
        n_classes: int,
        *,
        pool: np.ndarray | None = None,
        config: DALConfig | None = None,
        acquisition: str = "vote_entropy",
        seed: int = 0,
        device: str = "auto",
    ):
        check_acquisition(acquisition)
        self.x, self.n_classes = check_embeddings(x), n_classes
        self.pool = check_pool(pool, len(self.x))
        self.acquisition, self.seed = acquisition, seed
        self._settings = {"config": config or DALConfig(), "acquisition": acquisition, "seed": seed, "device": device}
        self._each = 1 if acquisition == HERDING else EACH
        self._newly_covered = HerdingScores(self.x, self.pool, seed)
        self.labels: dict[int, int] = {}
        self.model: DropoutLearner | None = None
        self._begun = 0  # labels that the model was built from
        self._opinion: DropoutLearner | None = None  # of the labels so far, while the model does not ask

    def ask(self) -> int:
        """The clip to label next; the same until the next `tell`.

        Raises
        ------
        ValueError
            Every clip of the pool has a label.
        """
        if self.model:
            return self.model.ask()
        unlabeled = [clip for clip in self._order if clip not in self.labels]
        if unlabeled and self.acquisition == HERDING:
            return unlabeled[int(np.argmax(self._newly_covered(np.array(unlabeled), None, self.labels)))]
        if unlabeled:
            return unlabeled[0]
        raise ValueError(f"all {len(self.pool)} clips of the pool are labeled: there is nothing left to ask")

    def tell(self, clip: int, label: int) -> None:
        """Take a label, and learn from it.

        Raises
        ------
        ValueError
            An unknown clip, a clip that has a label already, an unknown class.
        """
        clip, label = check_tell(clip, label, self.pool, self.labels, self.n_classes)
        met = self._met
        if self.model and label in met:
            self.model.tell(clip, met.index(label))  # stopped in here, nothing has changed
            self.labels[clip] = label
            return
        self.labels[clip] = label
        self._opinion = None
        counts = np.unique(list(self.labels.values()), return_counts=True)[1]
        if self.model or (len(counts) > 1 and counts.min() >= self._each):
            self.model, self._begun = self._build(self.labels), len(self.labels)

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Class probabilities, (m, d) embeddings -> float32 (m, C); 0 for a class not met, 1 / C without any label."""
        met = self._met
        if not met:
            return np.full((len(x), self.n_classes), 1 / self.n_classes, np.float32)
        probs = np.zeros((len(x), self.n_classes), np.float32)
        if len(met) == 1:
            probs[:, met] = 1
            return probs
        if not self.model and not self._opinion:
            self._opinion = self._build(self.labels)
        probs[:, met] = (self.model or self._opinion).predict_proba(x)
        return probs

    def state(self) -> dict[str, Any]:
        """The labels, and the model's own state once it asks."""
        model = {f"model_{name}": value for name, value in self.model.state().items()} if self.model else {}
        labels = np.array(list(self.labels.items()), np.int64).reshape(-1, 2)
        return {**model, "labels": labels, "begun": self._begun, "built_with": self._built_with}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on bit for bit where `state` was taken, in a learner built with the same arguments.

        Raises
        ------
        ValueError
            The state comes from other embeddings, another pool, configuration or seed.
        """
        if state.get("built_with") != self._built_with:
            raise ValueError(
                "this state comes from a learner built with other embeddings, pool, classes, settings or seed: build "
                "the learner as it was then"
            )
        labels = {int(clip): int(label) for clip, label in state["labels"]}
        begun, model = int(state["begun"]), None
        if begun:
            model = self._build(dict(list(labels.items())[:begun]))
            model.restore({k.removeprefix("model_"): v for k, v in state.items() if k.startswith("model_")})
        self.labels, self._begun, self.model, self._opinion = labels, begun, model, None

    @property
    def _met(self) -> list[int]:
        return list(dict.fromkeys(self.labels.values()))

    def _build(self, labels: dict[int, int]) -> DropoutLearner:
        met = list(dict.fromkeys(labels.values()))
        renumbered = {clip: met.index(label) for clip, label in labels.items()}
        return DropoutLearner(self.x, len(met), renumbered, pool=self.pool, **self._settings)

    @cached_property
    def _order(self) -> list[int]:
        if self.acquisition == HERDING:
            return self.pool.tolist()
        if self.acquisition == "random":
            return np.random.default_rng(stream(self.seed, "order")).permutation(self.pool).tolist()
        return medoid_order(self.x, self.pool).clips.tolist()

    @cached_property
    def _built_with(self) -> str:
        settings = {**self._settings, "config": asdict(self._settings["config"]), "classes": self.n_classes}
        del settings["device"]
        return fingerprint(self.x, self.pool, ["from nothing", settings])
