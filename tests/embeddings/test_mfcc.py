"""MFCC statistics against librosa and SciPy by hand, and the distance of all pairs against the closed form of one."""

from __future__ import annotations

import os
import tracemalloc
import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Normal, kl_divergence

from dalbook.corpora.audio import resample
from dalbook.corpora.urbansound8k import load_urbansound8k
from dalbook.embeddings.mfcc import (
    DIMENSIONS,
    HOP,
    RATE,
    WINDOW,
    mfcc_embedding,
)
from dalbook.embeddings.npz import load_embeddings
from dalbook.learners import kl_distance as kl
from dalbook.learners.kl_distance import VARIANCE_FLOOR, kl_distance, normal_distributions
from dalbook.learners.kmedoids import k_medoids
from dalbook.learners.mal import MedoidLearner
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.simulate import simulate

REAL = os.environ.get("DALBOOK_REAL_DATA")
needs_data = pytest.mark.skipif(not REAL, reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice")


def sound(seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """Noise that swells and changes its color, with a tone that rises."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    noise = np.convolve(rng.standard_normal(len(t) + 20), rng.standard_normal(21), "valid")
    return (0.05 * noise * (1 + np.sin(9 * t)) + 0.2 * np.sin(2000 * t * (1 + t))).astype(np.float32)


def table(n: int, seed: int = 0) -> np.ndarray:
    """Features (n, 275) with variances over three orders of magnitude, as real clips have them."""
    rng = np.random.default_rng(seed)
    of = rng.normal(size=(n, 11, 25)) * 20
    of[:, [4, 8, 10]] = np.exp(rng.uniform(np.log(0.02), np.log(500), (n, 3, 25)))
    return of.reshape(n, DIMENSIONS).astype(np.float32)


def by_hand(a: np.ndarray, b: np.ndarray) -> float:
    """The 75 pairs of normal distributions one after the other, with PyTorch's divergence."""
    total = 0.0
    for means, variances in ((3, 4), (7, 8), (9, 10)):
        for c in range(25):
            p, q = (
                Normal(torch.tensor(float(x[25 * means + c])), torch.tensor(float(x[25 * variances + c])).sqrt())
                for x in (a.astype(np.float64), b.astype(np.float64))
            )
            total += float(kl_divergence(p, q) + kl_divergence(q, p))
    return total


def test_windows_are_those_of_the_baseline():
    assert round(1000 * WINDOW / RATE, 1) == 23.2  # milliseconds
    assert 2 * HOP == WINDOW


def test_statistics_by_hand():
    x = sound()
    c = librosa.feature.mfcc(
        y=x, sr=22050, n_mfcc=25, n_fft=512, hop_length=256, n_mels=40, center=False, dtype=np.float64
    )
    d1, d2 = (librosa.feature.delta(c, order=order, mode="nearest") for order in (1, 2))
    rows = [c.min(1), c.max(1), np.median(c, 1), c.mean(1), c.var(1), stats.skew(c, 1), stats.kurtosis(c, 1)]
    rows += [d1.mean(1), d1.var(1), d2.mean(1), d2.var(1)]
    features = mfcc_embedding(x, RATE)
    assert features.dtype == np.float32
    assert features.shape == (275,)
    np.testing.assert_allclose(features.reshape(11, 25), rows, rtol=1e-3, atol=1e-3)


def test_a_derivative_is_a_slope_over_frames(monkeypatch):
    ramp = np.arange(40) * np.linspace(0.5, 2, 25)[:, None]
    monkeypatch.setattr("dalbook.embeddings.mfcc._mfcc", lambda x, _: ramp)
    features = mfcc_embedding(sound(), RATE).reshape(11, 25)
    np.testing.assert_allclose(features[4], ramp.var(axis=1), rtol=1e-6)
    # away from the edges it is the ramp's slope, and the second derivative nothing
    assert (features[7] > 0.85 * np.linspace(0.5, 2, 25)).all()
    assert (features[7] <= np.linspace(0.5, 2, 25)).all()
    np.testing.assert_allclose(features[5], 0, atol=1e-6)


def test_other_rates_are_resampled():
    x = sound()
    for rate in (16000, 44100):
        other = mfcc_embedding(resample(x, RATE, rate), rate).reshape(11, 25)
        here = mfcc_embedding(resample(resample(x, RATE, rate), rate, RATE), RATE).reshape(11, 25)
        np.testing.assert_allclose(other, here, rtol=1e-5, atol=1e-5)
    means = mfcc_embedding(resample(x, RATE, 44100), 44100)[75:100]
    assert np.corrcoef(means, mfcc_embedding(x, RATE)[75:100])[0, 1] > 0.99


@pytest.mark.parametrize("samples", [1, 10, WINDOW - 1, WINDOW, WINDOW + HOP, 5 * WINDOW])
def test_short_silent_and_constant_clips_are_finite(samples):
    clips = [np.zeros(samples), np.ones(samples), sound()[:samples]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features = np.array([mfcc_embedding(x, RATE) for x in clips])
        distance = kl_distance(features)
    assert np.isfinite(features).all()
    assert np.isfinite(distance).all()


def test_what_does_not_move_has_no_shape():
    of = mfcc_embedding(np.zeros(RATE), RATE).reshape(11, 25)
    np.testing.assert_allclose(of[4:], 0, atol=1e-12)
    assert np.array_equal(of[0], of[1])


def test_zeros_behind_a_short_clip_change_nothing():
    x = sound()[:300]
    assert np.array_equal(mfcc_embedding(x, RATE), mfcc_embedding(np.append(x, np.zeros(WINDOW - 300)), RATE))


def test_normal_distributions_are_taken_from_the_statistics():
    x = table(2)
    mean, variance = normal_distributions(x)
    of = x.reshape(2, 11, 25)
    assert np.array_equal(mean, np.concatenate([of[:, 3], of[:, 7], of[:, 9]], axis=1))
    assert np.array_equal(variance, np.concatenate([of[:, 4], of[:, 8], of[:, 10]], axis=1))
    assert (normal_distributions(np.zeros((1, 275)))[1] == VARIANCE_FLOOR).all()


def test_both_know_the_same_layout():
    assert kl.DIMENSIONS == DIMENSIONS


def test_distances_by_hand():
    x = table(20)
    distance = kl_distance(x)
    assert distance.dtype == np.float32
    for a, b in ((0, 1), (3, 2), (19, 7)):
        assert distance[a, b] == pytest.approx(by_hand(x[a], x[b]), rel=1e-5)


def test_small_distances_keep_their_digits():
    """Two clips that are almost the same, far away from zero: what is left when large terms cancel."""
    x = table(3)
    x[1:] = x[0]
    x[1, 75:100] += 0.01
    assert kl_distance(x)[0, 1] == pytest.approx(by_hand(x[0], x[1]), rel=1e-4)
    assert kl_distance(x)[0, 2] == pytest.approx(0, abs=1e-6)


def test_it_is_a_distance_over_several_blocks():
    x = table(1100)
    distance = kl_distance(x)
    assert np.array_equal(distance, distance.T)
    assert (np.diag(distance) == 0).all()
    assert (distance >= 0).all()
    assert distance[5, 1050] == pytest.approx(by_hand(x[5], x[1050]), rel=1e-5)
    np.testing.assert_allclose(
        distance[np.ix_([3, 600, 1099], [3, 600, 1099])], kl_distance(x[[3, 600, 1099]]), rtol=1e-5
    )


def test_k_medoids_and_mal_take_it():
    rng = np.random.default_rng(0)
    t = np.arange(RATE // 2) / RATE
    clips = [sound(0.5, seed) if seed % 2 else np.sin(t * rng.uniform(2000, 9000)) * (1 + t) for seed in range(12)]
    features = np.array([mfcc_embedding(x, RATE) for x in clips])
    distance = kl_distance(features)
    found = k_medoids(distance, 3)
    assert found.loss == pytest.approx(distance[:, found.medoids].min(axis=1).sum(), rel=1e-5)
    pool = np.arange(2, 12)
    learner = MedoidLearner(features, 2, pool=pool, clusters=3, distance=distance[np.ix_(pool, pool)])
    truth = np.arange(12) % 2
    assert simulate(learner, truth, [10], macro_recall_on(features[:2], truth[:2])) == {10: 1.0}


@pytest.mark.parametrize("shape", [(275,), (3, 274), (3, 25, 11)])
def test_other_features_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(n, 275\)"):
        kl_distance(np.zeros(shape))


def test_features_that_are_not_finite_are_refused_by_clip():
    x = table(4)
    x[2, 100] = np.nan
    with pytest.raises(ValueError, match="clip 2"):
        kl_distance(x)


def test_stereo_is_refused():
    with pytest.raises(ValueError, match="mono"):
        mfcc_embedding(np.zeros((100, 2)), RATE)


@needs_data
def test_mal_is_better_with_yamnet_than_with_mfcc():
    """The paper's first finding, on every sixth clip. All clips, all labels: 0.590 and 0.760, three folds."""
    corpus = load_urbansound8k(REAL)
    some = np.arange(0, len(corpus), 6)
    labels, folds = corpus.labels[some], corpus.folds[some]
    mfcc = np.array([mfcc_embedding(*corpus.audio(i)) for i in some])
    assert (normal_distributions(mfcc)[1] > VARIANCE_FLOOR).all()
    distance = kl_distance(mfcc)
    yamnet = load_embeddings(Path(REAL) / "embeddings" / "yamnet.npz", corpus)[some]
    recall = {"mfcc": [], "yamnet": []}
    for fold in np.unique(folds):
        pool, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        for name, x in (("mfcc", mfcc), ("yamnet", yamnet)):
            given = distance[np.ix_(pool, pool)] if name == "mfcc" else None
            learner = MedoidLearner(x, 10, pool=pool, distance=given)
            recall[name].append(simulate(learner, labels, [len(pool)], macro_recall_on(x[test], labels[test])))
    mean = {name: np.mean([value for curve in curves for value in curve.values()]) for name, curves in recall.items()}
    assert mean["yamnet"] > mean["mfcc"] + 0.05
    assert mean["mfcc"] > 0.3


def test_all_pairs_take_little_more_memory_than_the_result():
    """So that the paper's 7859 clips (a result of 236 MiB) stay far below 1 GiB."""
    features = np.abs(np.random.default_rng(0).standard_normal((2500, 275))).astype(np.float32) + 0.1
    tracemalloc.start()
    distance = kl_distance(features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert distance.shape == (2500, 2500)
    assert peak < 3 * distance.nbytes
