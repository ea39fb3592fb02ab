"""toy-city's struck machines: what is computed stroke by stroke is what a filter over every sample gives."""

import numpy as np
import pytest
from scipy.signal import lfilter

from dalbook.corpora.toycity.signals import RATE, resonate
from dalbook.corpora.toycity.strokes import Strokes, puffs, pulses, rung


def impulses(strokes: Strokes) -> np.ndarray:
    x = np.zeros(strokes.n)
    np.add.at(x, strokes.at, strokes.height)
    return x


@pytest.fixture(params=[(11, 0.015), (80, 0.06)], ids=["slow", "fast and uneven"])
def strokes(request):
    hz, jitter = request.param
    return pulses(np.random.default_rng(0), 2 * RATE, hz, jitter, [1.0, 0.8])


def test_they_are_in_order(strokes):
    assert (np.diff(strokes.at) > 0).all()
    assert 0 <= strokes.at[0] <= strokes.at[-1] < strokes.n


def test_puffs_are_a_one_pole_filter(strokes):
    expected = lfilter([1.0], [1.0, -np.exp(-1 / (0.012 * RATE))], impulses(strokes))
    assert puffs(strokes, 0.012) == pytest.approx(expected, abs=1e-6)


def test_what_is_rung_is_parallel_resonators_that_outlast_a_stroke(strokes):
    peaks = [(40, 15, 1.0), (700, 150, 0.9), (8500, 500, 0.4)]
    expected = resonate(impulses(strokes), peaks)
    assert np.abs(rung(strokes, peaks) - expected).max() < 1e-5 * np.abs(expected).max()
