"""The paper's classifier by itself: a matrix, a vector and |D| masks, for the vote entropy of clips it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dalbook.learners.acquisition import vote_entropy
from dalbook.learners.config import DALConfig
from dalbook.learners.dal import DropoutLearner
from dalbook.learners.masks import mask_key, mask_words, unpack
from dalbook.learners.mc_dropout import KEEP


@dataclass(frozen=True)
class Hypotheses:
    """|D| hypotheses of the classifier of Figure 1.

    Attributes
    ----------
    weight
        float32 (C, d).
    bias
        float32 (C,).
    masks
        uint64 (|D|, ceil(d / 64)), a bit an entry.

    Examples
    --------
    >>> x = np.eye(2, dtype=np.float32).repeat(3, 0)
    >>> taught = Hypotheses.taught(x, [0, 0, 0, 1, 1, 1], 2, DALConfig(first_steps=300, batch=6, n_masks=16))
    >>> taught.vote_entropy(x).shape
    (6,)
    """

    weight: np.ndarray
    bias: np.ndarray
    masks: np.ndarray

    @classmethod
    def taught(cls, x: np.ndarray, labels: np.ndarray, n_classes: int, config: DALConfig | None = None) -> Hypotheses:
        """Trained on labeled embeddings (m, d) and their classes (m,) alone, as in section 4.2.1."""
        learner = DropoutLearner(x, n_classes, dict(enumerate(map(int, labels))), config=config, device="cpu")
        learner.train_initially()
        masks = mask_words(mask_key(0, "predict"), learner.config.n_masks, x.shape[1])
        return cls(learner.classifier.weight, learner.classifier.bias, masks)

    def vote_entropy(self, x: np.ndarray) -> np.ndarray:
        """Equation (7), in nats, of clips (n, d): (n,). Zero where all hypotheses agree."""
        scores = np.asarray(x, np.float32) @ self._product
        scores = scores.reshape(len(x), len(self.masks), -1) + self.bias
        votes = scores.argmax(axis=-1)
        counts = (votes[..., None] == np.arange(len(self.bias))).sum(axis=1)
        return vote_entropy(counts)

    def arrays(self) -> dict[str, np.ndarray]:
        """All that it is, by name, to be saved."""
        return {"weight": self.weight, "bias": self.bias, "masks": self.masks}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Hypotheses:
        """The one with these arrays."""
        return cls(arrays["weight"], arrays["bias"], arrays["masks"])

    @cached_property
    def _product(self) -> np.ndarray:
        """All masked copies of W side by side, float32 (d, |D| C)."""
        masks_Dd = unpack(self.masks, self.weight.shape[1])
        masked = np.where(masks_Dd[:, None, :], self.weight[None] / np.float32(KEEP), 0).astype(np.float32)
        return np.ascontiguousarray(masked.reshape(-1, masked.shape[-1]).T)
