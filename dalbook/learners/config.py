"""What DAL can be told: the paper's Table 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DALConfig:
    """The settings of DAL, with the values of the paper's Table 1.

    Parameters
    ----------
    threshold
        Confidence threshold Θ of pseudo-labels in (4), 0 to 1.
    alpha
        Sampling weight α of pseudo-labeled clips in (8), 0 to 1.
    wait
        T0, iterations at the start that train without asking.
    n_masks
        Dropout masks in (2) and (5), the paper's number of hypotheses.
    batch
        B, minibatch places a class in (8).
    first_steps
        Gradient descent steps on the initial labels.
    steps
        Gradient descent steps an iteration.
    learning_rate, weight_decay
        Adam's.

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> DALConfig().threshold, DALConfig(alpha=0.1).alpha
    (0.5, 0.1)
    """

    threshold: float = 0.5
    alpha: float = 0.01
    wait: int = 3
    n_masks: int = 128
    batch: int = 256
    first_steps: int = 1600
    steps: int = 40
    learning_rate: float = 1e-3
    weight_decay: float = 1e-3

    def __post_init__(self):
        for name in ("wait", "n_masks", "batch", "first_steps", "steps"):
            if not isinstance(getattr(self, name), (int, np.integer)):
                raise ValueError(f"{name} must be a whole number, not {getattr(self, name)!r}")
        for name in ("threshold", "alpha", "learning_rate", "weight_decay"):
            if not isinstance(getattr(self, name), (int, float, np.number)):
                raise ValueError(f"{name} must be a number, not {getattr(self, name)!r}")
        for name, symbol in (("threshold", "Θ"), ("alpha", "α")):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} ({symbol}) must lie in [0, 1], not {getattr(self, name)}")
        for name, least in (("wait", 0), ("n_masks", 1), ("batch", 1), ("first_steps", 0), ("steps", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")
        for name in ("learning_rate", "weight_decay"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} must be finite and not negative, not {getattr(self, name)}")
