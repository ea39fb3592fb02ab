import io

import librosa
import numpy as np
import pytest
import soundfile

from dalbook.corpora.preview import media


def tone(hz, rate, seconds=1.0):
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [1000, 8000, 22050, 44100, 96000, 192000])
def test_the_sound_file_holds_the_clip_at_a_rate_browsers_play(rate):
    x = tone(200, rate)
    meta, (sound, *_) = media(x, rate)
    heard, native = soundfile.read(io.BytesIO(sound))
    assert meta["mime"] == "audio/flac"
    assert 8000 <= native <= 48000
    assert len(heard) / native == pytest.approx(meta["duration"], abs=0.01)
    if native == rate:
        np.testing.assert_allclose(heard, x, atol=1 / 32768)
    spectrum = np.abs(np.fft.rfft(heard))
    assert spectrum.argmax() * native / len(heard) == pytest.approx(200, abs=2)


def test_long_clips_and_books_get_mp3():
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 32000 * 40).astype(np.float32)
    meta, (sound, *_) = media(noise, 32000)
    assert meta["mime"] == "audio/mpeg"
    assert len(sound) < len(noise)  # half of what 16 bits take
    meta, (sound, *_) = media(tone(440, 32000), 32000, mp3=True)
    assert meta["mime"] == "audio/mpeg"
    assert abs(len(soundfile.read(io.BytesIO(sound))[0]) / 32000 - 1) < 0.1


def test_the_spectrogram_shows_where_and_when():
    rate = 32000
    x = np.concatenate([np.zeros(rate, np.float32), tone(3000, rate), np.zeros(2 * rate, np.float32)])
    meta, (_, _, mel) = media(x, rate)
    shape = meta["mel"]["rows"], meta["mel"]["columns"]
    levels = np.frombuffer(mel, np.uint8).reshape(shape)
    assert levels.max() == 255
    loud = np.flatnonzero(levels.max(axis=0) > 128) / shape[1]
    assert loud[0] == pytest.approx(0.25, abs=0.01)  # a second into four
    assert loud[-1] == pytest.approx(0.5, abs=0.01)
    bands = librosa.mel_frequencies(64, fmin=meta["mel"]["low"], fmax=meta["mel"]["high"])
    row = levels[:, int(0.4 * shape[1])].argmax()  # row 0 is the lowest band
    assert bands[row] == pytest.approx(3000, rel=0.05)


def test_a_click_in_a_long_recording_shows():
    x = np.zeros(8000 * 300, np.float32)
    x[8000 * 123] = 1
    _, (_, outline, mel) = media(x, 8000)
    assert np.frombuffer(outline, np.float32).max() == 1
    levels = np.frombuffer(mel, np.uint8).reshape(64, -1)
    assert levels.max(axis=0).argmax() == pytest.approx(123, abs=1)
    assert np.count_nonzero(levels.max(axis=0)) <= 3


@pytest.mark.parametrize("n", [1, 2, 50, 4000])
def test_the_shortest_clip_and_silence_have_media(n):
    meta, (sound, outline, mel) = media(np.zeros(n, np.float32), 8000)
    assert meta["duration"] == n / 8000
    assert len(sound) > 0
    assert len(outline) == 8 * min(n, 600)
    assert len(mel) == meta["mel"]["rows"] * meta["mel"]["columns"]
    assert max(mel) == 0


def test_what_is_too_loud_is_made_quieter_and_not_clipped():
    _, (sound, outline, _) = media(4 * tone(200, 8000), 8000)
    heard, _ = soundfile.read(io.BytesIO(sound))
    assert np.abs(heard).max() <= 1
    np.testing.assert_allclose(heard, 2 * tone(200, 8000), atol=1e-3)
    assert np.abs(np.frombuffer(outline, np.float32)).max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        ([], 8000, "empty"),
        ([0, np.nan, np.inf], 8000, "2 of its 3 samples"),
        (np.zeros((5, 2)), 8000, r"mono.*\(5, 2\)"),
        ([0.0], 0, "rate must be positive"),
    ],
)
def test_broken_clips_say_what_is_wrong(samples, rate, message):
    with pytest.raises(ValueError, match=message):
        media(samples, rate)
