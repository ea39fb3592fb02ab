"""Many hypotheses from one network: the classifier of Figure 1, with Monte Carlo dropout (section 4.1).

A dense layer behind a dropout layer that is never switched off: ``P(c|x, d) = softmax(W (x * d) / 0.5 + b)``. One mask
d is one hypothesis, and the same mask is applied to every clip. So |D| hypotheses on n clips are ONE matrix product,
the embeddings X (n, d) with all masked copies of W side by side (d, C |D|), and never |D| forward passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dalbook.learners.checks import LARGEST, usable
from dalbook.learners.masks import mask_key, stream

KEEP = 0.5  # Figure 1: 50 % dropout, also the probability of one random bit (dalbook.learners.masks)


@dataclass(frozen=True)
class Scan:
    """What |D| hypotheses say of n clips; everything that any acquisition function needs.

    Attributes
    ----------
    votes_nC
        int32 (n, C), how many hypotheses vote for each class, equation (6).
    probs_nC
        float32 (n, C), the mean prediction P(c|x), equation (2).
    entropy_n
        float32 (n,), the mean of the hypotheses' own entropies, in nats.
    """

    votes_nC: np.ndarray
    probs_nC: np.ndarray
    entropy_n: np.ndarray


def hypothesis_probs(x_nd: np.ndarray, weight_Cd: np.ndarray, bias_C: np.ndarray, masks_Dd: np.ndarray) -> np.ndarray:
    """P(c|x, d) of every clip under every mask, as one matrix product: (n, |D|, C) float64.

    The readable form, for chapters and tests; it keeps all n * |D| * C numbers, which `DropoutClassifier.scan` avoids.

    >>> hypothesis_probs(np.ones((1, 2)), np.eye(2), np.zeros(2), np.array([[1, 0], [1, 1]])).round(2).tolist()
    [[[0.88, 0.12], [0.5, 0.5]]]
    """
    n_masks, d = masks_Dd.shape
    product_dDC = (masks_Dd[:, :, None] * weight_Cd.T[None] / KEEP).transpose(1, 0, 2)
    scores = (np.asarray(x_nd, float) @ product_dDC.reshape(d, -1)).reshape(len(x_nd), n_masks, -1) + bias_C
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return scores / scores.sum(axis=-1, keepdims=True)


def summarize(probs_nDC: np.ndarray) -> Scan:
    """Count the votes (6) and average the predictions (2) of hypotheses given as (n, |D|, C) probabilities.

    >>> summarize(np.array([[[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]])).votes_nC.tolist()
    [[2, 1]]
    """
    votes = (probs_nDC.argmax(axis=-1)[..., None] == np.arange(probs_nDC.shape[-1])).sum(axis=1)
    entropies = -np.sum(probs_nDC * np.log(np.where(probs_nDC > 0, probs_nDC, 1)), axis=-1)
    return Scan(votes, probs_nDC.mean(axis=1), entropies.mean(axis=1))


class DropoutClassifier:
    """The classifier of Figure 1, trained by Adam on minibatches of the clips of one embedding matrix.

    Every random number is a function of the seed and of how many steps were taken, so a classifier restored from
    `state` goes on exactly as it would have.

    Parameters
    ----------
    x
        Embeddings (n, d), float32, finite.
    n_classes
        |C|, at least 2.
    seed
        Of weights and masks.
    learning_rate, weight_decay
        Adam's (Table 1: both 1e-3; the decay is L2, as in `torch.optim.Adam`).
    device
        "auto" (CUDA where there is one), or a PyTorch device name.
    engine
        The arithmetic, `dalbook.learners.engine.engines.TorchEngine` or `CompiledEngine`; by default what suits the
        device.

    Raises
    ------
    ValueError
        x is not a finite matrix, or there are fewer than two classes.

    Examples
    --------
    >>> x = np.eye(4, dtype=np.float32).repeat(5, 0)
    >>> classifier = DropoutClassifier(x, 2, device="cpu", learning_rate=0.1)
    >>> for _ in range(50):
    ...     classifier.step(np.arange(20), np.arange(20) % 20 // 10)
    >>> classifier.scan(x[[0, 19]], 64).probs_nC.argmax(1).tolist()
    [0, 1]
    """

    def __init__(
        self,
        x: np.ndarray,
        n_classes: int,
        *,
        seed: int = 0,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-3,
        device: str = "auto",
        engine: type | None = None,
    ):
        from dalbook.learners.engine.engines import engine_for

        self.x = check_embeddings(x)
        if n_classes < 2:
            raise ValueError(f"a classifier needs at least two classes, not {n_classes}")
        self.n_classes, self.seed, self.steps = n_classes, seed, 0
        # nn.Linear's own initialization: uniform within 1 / sqrt(d).
        d = self.x.shape[1]
        rng = np.random.default_rng(stream(seed, "weights"))
        weight = rng.uniform(-1, 1, (n_classes, d)).astype(np.float32) / np.float32(np.sqrt(d))
        bias = rng.uniform(-1, 1, n_classes).astype(np.float32) / np.float32(np.sqrt(d))
        device = find_device(device)
        self._engine = (engine or engine_for(device))(self.x, weight, bias, learning_rate, weight_decay, device)

    def step(self, clips: np.ndarray, targets: np.ndarray) -> None:
        """One gradient descent step of the mean cross-entropy on a minibatch; every row gets a mask of its own.

        Parameters
        ----------
        clips
            int64 (batch,), rows of x; may repeat.
        targets
            int64 (batch,), their classes.
        """
        clips, targets = np.asarray(clips, np.int64), np.asarray(targets, np.int64)
        if clips.shape != targets.shape or clips.ndim != 1 or not len(clips):
            raise ValueError(f"a minibatch needs as many clips as targets, not {clips.shape} and {targets.shape}")
        if clips.min() < 0 or clips.max() >= len(self.x) or targets.min() < 0 or targets.max() >= self.n_classes:
            raise ValueError(f"minibatch outside the {len(self.x)} clips or the {self.n_classes} classes")
        self._engine.step(clips, targets, mask_key(self.seed, "train", self.steps))
        self.steps += 1

    def scan(self, x: np.ndarray, n_masks: int = 128, purpose: str = "predict") -> Scan:
        """What |D| hypotheses, drawn anew after each step, say of the clips x (m, d): votes (6), P(c|x) (2), entropies.

        Scanning twice without a step between gives the same; `purpose` ("scan", "predict") names the set of masks.

        Raises
        ------
        ValueError
            x has another dimension or is not finite, or n_masks is below 1.
        """
        return self._scan(check_embeddings(x, width=self.x.shape[1]), None, n_masks, purpose)

    def scan_clips(self, clips: np.ndarray, n_masks: int = 128, purpose: str = "predict") -> Scan:
        """As ``scan(self.x[clips])``, without copying or checking these rows again; `clips` int64 (m,).

        Raises
        ------
        IndexError
            A clip is not a row of x.
        """
        clips = np.asarray(clips, np.int64)
        if clips.size and not 0 <= clips.min() <= clips.max() < len(self.x):
            raise IndexError(f"clips {clips.min()} to {clips.max()} are not all rows of the {len(self.x)} embeddings")
        return self._scan(self.x, clips, n_masks, purpose)

    def _scan(self, x: np.ndarray, rows: np.ndarray | None, n_masks: int, purpose: str) -> Scan:
        if n_masks < 1:
            raise ValueError(f"the number of dropout masks |D| must be at least 1, not {n_masks}")
        return Scan(*self._engine.scan(x, mask_key(self.seed, purpose, self.steps), n_masks, rows))

    @property
    def weight(self) -> np.ndarray:
        """W, float32 (C, d), a copy."""
        return self._engine.arrays()["weight"]

    @property
    def bias(self) -> np.ndarray:
        """b, float32 (C,), a copy."""
        return self._engine.arrays()["bias"]

    def state(self) -> dict[str, Any]:
        """Weights, Adam's moments and the number of steps: all that decides how training goes on."""
        return {**self._engine.arrays(), "steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises
        ------
        ValueError
            The state is of a classifier of another shape.
        """
        shape, own = np.shape(state["weight"]), (self.n_classes, self.x.shape[1])
        if shape != own:
            raise ValueError(f"the saved classifier has weights {shape}, this one {own}: same corpus and embedding?")
        self._engine.load(state, int(state["steps"]))
        self.steps = int(state["steps"])


def find_device(device: str) -> str:
    """Turn "auto" into "cuda" where PyTorch sees one, else "cpu"; other names pass.

    >>> find_device("cpu")
    'cpu'
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise ValueError(f"{device!r} is no device: 'auto', 'cpu' or 'cuda'") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: PyTorch finds no CUDA here; use 'auto' or 'cpu'")
    return device


def check_embeddings(x: np.ndarray, width: int | None = None) -> np.ndarray:
    """The embeddings as a C-contiguous float32 matrix, or an error that names the first bad clip."""
    x = np.ascontiguousarray(x, np.float32)
    if x.ndim != 2 or not x.shape[1] or (width is not None and x.shape[1] != width):
        raise ValueError(f"embeddings must be a matrix (n, {width or 'd'}), not of shape {x.shape}")
    if len(bad := np.flatnonzero(~usable(x))):
        raise ValueError(
            f"the embedding of clip {bad[0]} is not finite, or beyond {LARGEST:g}: embed it again or leave the clip out"
        )
    return x
