"""The logmel embedding: finite, non-negative, deaf to loudness, the same everywhere."""

import os
from pathlib import Path

import numpy as np
import pytest

from dalbook.corpora.toycity.clips import RATE, synthesize
from dalbook.embeddings.logmel import DIMENSIONS, logmel_embedding


@pytest.fixture(scope="module")
def bark():
    return synthesize(3)


def is_embedding(e):
    return e.shape == (DIMENSIONS,) and e.dtype == np.float32 and bool(np.isfinite(e).all()) and bool((e >= 0).all())


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 192000])
@pytest.mark.parametrize("samples", [1, 2, 100, 3000])
def test_any_length_at_any_rate(rate, samples):
    x = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    assert is_embedding(logmel_embedding(x, rate))


@pytest.mark.parametrize("samples", [1, 16000, 80000])
def test_silence_is_finite(samples):
    assert is_embedding(logmel_embedding(np.zeros(samples, dtype=np.float32), 16000))


def test_a_constant_offset_is_finite():
    assert is_embedding(logmel_embedding(np.ones(30000, dtype=np.float32), RATE))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparsity_and_scale(bark, dtype):
    e = logmel_embedding(bark.astype(dtype), RATE)
    assert is_embedding(e)
    assert 0.25 <= (e > 0).mean() <= 0.5
    assert 0.1 < e[e > 0].mean() < 3


def test_loudness_does_not_matter(bark):
    e = logmel_embedding(bark, RATE)
    for gain in (0.01, 0.5, 30.0):
        np.testing.assert_allclose(logmel_embedding(gain * bark, RATE), e, atol=1e-3)


def test_twice_is_the_same_bits_and_the_input_is_left_alone(bark):
    before = bark.copy()
    assert logmel_embedding(bark, RATE).tobytes() == logmel_embedding(bark, RATE).tobytes()
    assert np.array_equal(before, bark)


def test_a_recording_s_rate_hardly_matters():
    t = np.arange(4 * 44100) / 44100
    x = np.sin(2 * np.pi * 440 * t) * (1 + np.sin(2 * np.pi * 3 * t)) + 0.5 * np.sin(2 * np.pi * 1800 * t)
    a, b = logmel_embedding(x, 44100), logmel_embedding(x[::2], 22050)
    noise = logmel_embedding(np.random.default_rng(0).standard_normal(44100), 44100)
    assert np.linalg.norm(a - b) < 0.2 * np.linalg.norm(a - noise)


def test_different_sounds_differ():
    t = np.arange(RATE) / RATE
    low, high = (logmel_embedding(np.sin(2 * np.pi * hz * t), RATE) for hz in (200, 4000))
    assert np.linalg.norm(low - high) > 1


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(0), "empty"),
        (np.zeros((2, 100)), "mono"),
        (np.array([0.0, np.nan]), "not finite"),
    ],
)
def test_what_cannot_be_embedded(x, message):
    with pytest.raises(ValueError, match=message):
        logmel_embedding(x, 22050)


def test_a_rate_must_be_positive():
    with pytest.raises(ValueError, match="rate"):
        logmel_embedding(np.zeros(10), 0)


@pytest.mark.skipif(
    not os.environ.get("DALBOOK_REAL_DATA"), reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice"
)
def test_real_clips_of_a_class_are_nearer_to_each_other_than_to_others():
    import soundfile as sf

    folder = Path(os.environ["DALBOOK_REAL_DATA"]) / "audio" / "fold10"
    rows = []
    for label in (3, 4, 8):  # dogs, drills, sirens
        for path in sorted(p for p in folder.iterdir() if p.name.split("-")[1] == str(label))[::4][:12]:
            x, rate = sf.read(path, dtype="float32", always_2d=True)
            rows.append((label, logmel_embedding(x.mean(1), rate)))
    labels, e = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    assert all(is_embedding(v) for v in e)
    distance = np.linalg.norm(e[:, None] - e[None], axis=2)
    same = labels[:, None] == labels[None]
    assert distance[same & ~np.eye(len(e), dtype=bool)].mean() < 0.95 * distance[~same].mean()
