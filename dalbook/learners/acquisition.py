"""Which clip to ask for: the vote entropy of equation (7) and its rivals.

Each function is pure: arrays in, one score a clip out, the larger the more worth a label. Axes in names: n clips,
D hypotheses (dropout masks), C classes. Logarithms are natural, so entropies are in nats; 0 log 0 = 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def entropy(p_nC: np.ndarray) -> np.ndarray:
    """Entropy of each row of a (n, C) array of probabilities, in nats, float64 (n,).

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3).tolist()
    [0.693, 0.0]
    """
    p = np.asarray(p_nC, np.float64)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1) + 0.0


def vote_distribution(votes_nC: np.ndarray) -> np.ndarray:
    """Equation (5): the share of the |D| hypotheses that vote for each class, from their counts (n, C).

    >>> vote_distribution(np.array([[3, 1]])).tolist()
    [[0.75, 0.25]]
    """
    votes = np.asarray(votes_nC, np.float64)
    total = votes.sum(axis=-1, keepdims=True)
    if not np.all(total > 0):
        raise ValueError("a clip without a single vote has no vote distribution: scan with at least one dropout mask")
    return votes / total


def vote_entropy(votes_nC: np.ndarray) -> np.ndarray:
    """Equation (7): how much the hypotheses disagree, 0 (all vote alike) to log C.

    Parameters
    ----------
    votes_nC
        (n, C) votes, as counts or as the distribution (5).

    Examples
    --------
    >>> vote_entropy(np.array([[4, 0], [2, 2]])).round(3).tolist()
    [0.0, 0.693]
    """
    return entropy(vote_distribution(votes_nC))


def variation_ratio(votes_nC: np.ndarray) -> np.ndarray:
    """The share of hypotheses that vote against the most voted class (Freeman, 1965): 0 to 1 - 1 / C.

    >>> variation_ratio(np.array([[4, 0], [3, 1]])).tolist()
    [0.0, 0.25]
    """
    return 1 - vote_distribution(votes_nC).max(axis=-1)


def predictive_entropy(probs_nC: np.ndarray) -> np.ndarray:
    """Entropy of the mean prediction P(c|x) of equation (2), the entropy of the mean and not the mean of entropies.

    >>> predictive_entropy(np.array([[0.5, 0.5]])).round(3).tolist()
    [0.693]
    """
    return entropy(probs_nC)


def mutual_information(probs_nC: np.ndarray, entropy_n: np.ndarray) -> np.ndarray:
    """BALD (Houlsby et al., 2011): predictive entropy minus the hypotheses' mean entropy, at least 0.

    Large where each hypothesis is sure and they differ; 0 where all are unsure in the same way.

    Parameters
    ----------
    probs_nC
        (n, C) mean prediction, equation (2).
    entropy_n
        (n,) mean over the hypotheses of the entropy of P(c|x, d).

    Examples
    --------
    >>> mutual_information(np.array([[0.5, 0.5]]), np.array([0.0])).round(3).tolist()
    [0.693]
    """
    return np.maximum(predictive_entropy(probs_nC) - entropy_n, 0)


def margin(probs_nC: np.ndarray) -> np.ndarray:
    """One minus the gap between the two likeliest classes of the mean prediction: 1 where they tie (Scheffer, 2001).

    >>> margin(np.array([[0.5, 0.3, 0.2]])).round(3).tolist()
    [0.8]
    """
    p = np.sort(np.asarray(probs_nC, np.float64), axis=-1)
    if p.shape[-1] < 2:
        return np.zeros(len(p))
    return 1 - (p[..., -1] - p[..., -2])


def random(n: int, rng: np.random.Generator) -> np.ndarray:
    """A uniform random score for each of n clips: the honest baseline."""
    return rng.random(n)


# By name, from what one scan of the unlabeled clips gives (`dalbook.learners.mc_dropout.Scan`) and a generator.
ACQUISITIONS: dict[str, Callable] = {
    "vote_entropy": lambda scan, rng: vote_entropy(scan.votes_nC),
    "bald": lambda scan, rng: mutual_information(scan.probs_nC, scan.entropy_n),
    "predictive_entropy": lambda scan, rng: predictive_entropy(scan.probs_nC),
    "margin": lambda scan, rng: margin(scan.probs_nC),
    "variation_ratio": lambda scan, rng: variation_ratio(scan.votes_nC),
    "random": lambda scan, rng: random(len(scan.votes_nC), rng),
}
