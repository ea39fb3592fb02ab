"""Sound that nobody hears: it is told at loading, and a frequency range tells calls apart that else all look alike."""

import re
import warnings

import numpy as np
import pytest
import soundfile

from dalbook import embed, load_folder
from dalbook.corpora.hearing import share_above, share_below
from dalbook.embeddings.logmel import logmel_embedding
from dalbook.embeddings.mfcc import mfcc_embedding

RATE, BAND = 384_000, (15e3, 150e3)
CALLS = {  # begin and end in Hz, and length in seconds
    "hooked": (75e3, 45e3, 0.006),
    "constant": (82e3, 82e3, 0.03),
    "low": (25e3, 20e3, 0.015),
    "steep": (120e3, 40e3, 0.003),
}


def calls(kind, rng, count=4, seconds=0.4):
    """Calls of one kind that differ a little, in noise."""
    begin, end, length = CALLS[kind]
    x = 1e-3 * rng.standard_normal(int(seconds * RATE))
    for k in range(count):
        n = int(length * rng.uniform(0.9, 1.1) * RATE)
        low, high = end * rng.uniform(0.97, 1.03), begin * rng.uniform(0.97, 1.03)
        s = np.arange(n) / n
        phase = 2 * np.pi * np.cumsum(low + (high - low) * (1 - s) ** 2) / RATE
        at = int((k + rng.uniform(0, 0.4)) * seconds / count * RATE)
        x[at : at + n] += 0.3 * np.sin(phase) * np.hanning(n)
    return x.astype(np.float32)


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(0)
    kinds = [kind for kind in CALLS for _ in range(6)]
    return [calls(kind, rng) for kind in kinds], np.array(kinds)


def right(embedding, sounds, **options):
    """The share of clips whose nearest neighbor is of their kind."""
    clips, kinds = sounds
    x = np.array([embedding(clip, RATE, **options) for clip in clips], dtype=np.float64)
    x = x / np.maximum(x.std(axis=0), 1e-9)
    distance = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    return (kinds[distance.argmin(axis=1)] == kinds).mean()


@pytest.mark.parametrize("embedding", [logmel_embedding, mfcc_embedding])
def test_a_band_tells_four_calls_apart_that_are_one_without(sounds, embedding):
    assert right(embedding, sounds, band=BAND) == 1
    assert right(embedding, sounds) < 0.7


def test_a_band_is_part_of_what_is_kept(tmp_path):
    soundfile.write(tmp_path / "a.wav", calls("low", np.random.default_rng(1)), RATE)
    with pytest.warns(UserWarning, match="above 24 kHz"):
        corpus = load_folder(tmp_path, classes=["x"])
    found = [embed(corpus, "logmel", tmp_path / "c", progress=False, band=b) for b in (None, BAND, (10e3, 90e3), BAND)]
    assert np.array_equal(found[1], found[3])
    assert len({x.tobytes() for x in found}) == 3
    assert np.array_equal(found[1][0], logmel_embedding(*corpus.audio(0), band=BAND))
    with pytest.raises(ValueError, match="band= is for logmel and mfcc; yamnet has"):
        embed(corpus, "yamnet", band=BAND)


def test_the_usual_range_is_that_of_before():
    x = np.random.default_rng(0).standard_normal(22050).astype(np.float32)
    assert np.array_equal(logmel_embedding(x, 22050), logmel_embedding(x, 22050, band=(40, 11025)))


@pytest.mark.parametrize(
    ("band", "says"),
    [
        ((150e3, 15e3), "from a frequency above 0 to a higher one"),
        ((0, 100), "from a frequency above 0"),
        (15e3, "two frequencies in Hz"),
        ((5e3, 20e3), "a clip of 8000 Hz holds no frequencies above 4000 Hz, and the band begins at 5000"),
    ],
)
def test_bands_that_cannot_be(band, says):
    for embedding in (logmel_embedding, mfcc_embedding):
        with pytest.raises(ValueError, match=says):
            embedding(np.ones(8000, np.float32), 8000, band=band)


def tone(hertz, rate, seconds=1.0):
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("made", "rate", "says"),
    [
        (lambda: calls("hooked", np.random.default_rng(0)), RATE, r"above 24 kHz in 3 of 3 .*band=\(15e3, 150e3\)"),
        (lambda: tone(30e3, 96000), 96000, r"above 24 kHz in 3 of 3 .*band=\(15e3, 48e3\)"),
        (lambda: tone(12, 1000, 8), 1000, r"below 20 Hz in 3 of 3 .*band=\(2, 200\)"),
        (lambda: tone(8, 8000, 8), 8000, "below 20 Hz"),
        (lambda: tone(3000, 96000), 96000, None),
        (lambda: tone(50, 1000, 8), 1000, None),
        (lambda: tone(440, 44100) + 0.2, 44100, None),  # a level that does not move is no infrasound
        (lambda: np.zeros(9000), 192000, None),
    ],
)
def test_loading_tells_of_what_nobody_hears(tmp_path, made, rate, says):
    for name in "abc":
        soundfile.write(tmp_path / f"{name}.wav", made(), rate)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        load_folder(tmp_path, classes=["x"])
    if says is None:
        assert not told
    else:
        (one,) = told
        assert re.search(says, str(one.message))


def test_wind_and_hiss_are_no_reason():
    rng = np.random.default_rng(0)
    hiss = rng.standard_normal(96000)
    assert share_above(hiss, 96000) < 0.6
    wind = np.cumsum(rng.standard_normal(160_000))
    assert share_below(tone(500, 16000, 10) + wind / np.abs(wind).max(), 16000) < 0.95
