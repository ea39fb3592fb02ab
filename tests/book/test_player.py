import base64
import io
import re

import numpy as np
import pytest
import soundfile

from dalbook.book.player import play, players, sound_url


def test_a_player_holds_the_sound_as_mp3():
    t = np.arange(32000) / 32000
    sound = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    html = players({"tone": (sound, 32000), "again": (sound, 32000)})
    data = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', html)
    assert len(data) == 2
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(data[0])))
    assert rate == 32000
    spectrum = np.abs(np.fft.rfft(heard[4000:28000]))
    assert abs(spectrum.argmax() * rate / 24000 - 440) < 2
    assert len(data[0]) < 40_000


def test_names_are_text_and_never_markup():
    html = players({"<img onerror=alert(1)>": (np.zeros(3200, np.float32), 32000)})
    assert "<img" not in html
    assert "&lt;img onerror=alert(1)&gt;" in html


@pytest.mark.parametrize(("sound", "message"), [([], "none"), ([0.0, np.nan], "not finite")])
def test_what_cannot_be_played_is_named(sound, message):
    with pytest.raises(ValueError, match=f"clip 7 cannot be played: it has .*{message}"):
        play({"clip 7": (np.array(sound, np.float32), 32000)})


@pytest.mark.parametrize("rate", [7000, 11024, 96000, 192000])
def test_rates_that_mp3_does_not_have_are_resampled(rate):
    t = np.arange(rate) / rate
    html = players({"tone": (np.sin(2 * np.pi * 440 * t).astype(np.float32), rate)})
    data = re.search(r"base64,([^\"]+)", html)[1]
    heard, native = soundfile.read(io.BytesIO(base64.b64decode(data)))
    assert native in (8000, 11025, 48000)
    assert abs(len(heard) / native - 1) < 0.1


def test_in_a_build_of_the_book_a_sound_is_a_file_beside_the_page(monkeypatch, tmp_path):
    monkeypatch.setenv("DALBOOK_STATIC", str(tmp_path / "audio"))
    tone = np.sin(np.arange(16000) / 5).astype(np.float32)
    address = sound_url(tone, 16000, "tone")
    name = re.fullmatch(r"\.\./_static/audio/([0-9a-f]{20}\.mp3)", address)[1]
    heard, rate = soundfile.read(tmp_path / "audio" / name)
    assert (rate, heard.ndim) == (16000, 1)
    assert sound_url(tone, 16000, "the same under another name") == address
    assert sound_url(-tone, 16000, "tone") != address
    assert f'src="{address}"' in players({"tone": (tone, 16000)})
    assert sorted(path.suffix for path in (tmp_path / "audio").iterdir()) == [".mp3", ".mp3"]


def test_in_a_notebook_a_sound_is_in_its_address(monkeypatch):
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    address = sound_url(np.zeros(8000, np.float32), 8000, "silence")
    assert soundfile.info(io.BytesIO(base64.b64decode(address.removeprefix("data:audio/mpeg;base64,")))).format == "MP3"
