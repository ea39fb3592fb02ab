"""Real sound files, good and bad, written by soundfile or byte by byte."""

import struct

import numpy as np
import pytest
import soundfile as sf

from dalbook.corpora.audio import decode, pad, resample


def tone(rate=44100, seconds=1.0):
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize(
    ("ending", "subtype", "error"),
    [
        ("wav", "PCM_U8", 1e-2),
        ("wav", "PCM_16", 1e-4),
        ("wav", "PCM_24", 1e-6),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 0),
        ("wav", "DOUBLE", 0),
        ("wav", "ULAW", 2e-2),
        ("flac", "PCM_16", 1e-4),
        ("flac", "PCM_24", 1e-6),
        ("aiff", "PCM_16", 1e-4),
        ("ogg", "VORBIS", 0.1),
        ("mp3", "MPEG_LAYER_III", 0.1),
    ],
)
def test_every_format_gives_back_its_samples(tmp_path, ending, subtype, error):
    path = tmp_path / f"tone.{ending}"
    sf.write(path, tone(), 44100, subtype=subtype)
    x, rate = decode(path)
    assert x.dtype == np.float32
    assert (x.shape, rate) == ((44100,), 44100)
    assert np.abs(x - tone()).max() <= error


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000])
def test_every_rate(tmp_path, rate):
    sf.write(tmp_path / "tone.wav", tone(rate), rate)
    x, own = decode(tmp_path / "tone.wav")
    assert (len(x), own) == (rate, rate)
    y, new = decode(tmp_path / "tone.wav", rate=32000)
    assert (len(y), new, y.dtype) == (32000, 32000, np.float32)
    # the same tone, away from the ends
    assert np.abs(y - tone(32000))[1000:-1000].max() < 1e-2


def test_stereo_is_averaged(tmp_path):
    sf.write(tmp_path / "stereo.wav", np.array([[0.5, 0.25], [0.5, -0.5]]), 8000)
    assert decode(tmp_path / "stereo.wav")[0].tolist() == [0.375, 0.0]


def test_non_seekable_coding_is_read(tmp_path):
    sf.write(tmp_path / "phone.wav", tone(8000), 8000, subtype="GSM610")
    x, rate = decode(tmp_path / "phone.wav")
    assert len(x) >= 8000
    assert rate == 8000


def test_a_long_file_is_read_whole(tmp_path):
    x = np.random.default_rng(0).uniform(-1, 1, 2_500_000).astype(np.float32)
    sf.write(tmp_path / "long.wav", x, 48000, subtype="FLOAT")
    assert np.array_equal(decode(tmp_path / "long.wav")[0], x)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_silence_and_one_sample_are_valid(tmp_path, ending):
    sf.write(tmp_path / f"silent.{ending}", np.zeros(4000), 8000)
    sf.write(tmp_path / f"one.{ending}", np.array([0.5]), 8000)
    assert np.abs(decode(tmp_path / f"silent.{ending}")[0]).max() < 1e-4
    assert decode(tmp_path / f"one.{ending}")[0].shape == (1,)


def test_one_sample_can_be_resampled(tmp_path):
    sf.write(tmp_path / "one.wav", np.array([0.5]), 192000)
    x, rate = decode(tmp_path / "one.wav", rate=8000)
    assert (x.shape, rate) == ((1,), 8000)


@pytest.mark.parametrize(
    ("ending", "kept"), [(e, k) for e in ("wav", "aiff", "flac", "ogg", "mp3") for k in (0.5, 0.9)]
)
def test_what_is_left_of_a_truncated_file_is_read_with_a_warning(tmp_path, ending, kept):
    noise = np.random.default_rng(0).normal(0, 0.1, 200_000)
    path = tmp_path / f"cut.{ending}"
    sf.write(path, noise, 44100)
    x, _ = decode(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.warns(UserWarning, match=rf"cut\.{ending}: its (header promises|last page is cut off).*is taken"):
        y, _ = decode(path)
    assert kept * 0.75 < len(y) / len(x) <= kept * 1.01
    middle = len(y) - 3000  # the last frame of an MP3 is half of something
    assert np.abs(x[:middle] - y[:middle]).max() < 1e-5


def test_a_few_missing_samples_of_pcm_are_noticed(tmp_path):
    path = tmp_path / "cut.wav"
    sf.write(path, tone(), 44100, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.warns(UserWarning, match="promises 44100 samples, 44000 are there"):
        assert len(decode(path)[0]) == 44000


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
def test_a_streamed_wav_of_unknown_length_is_whole(tmp_path, size):
    path = tmp_path / "streamed.wav"
    sf.write(path, tone(), 44100, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.find(b"data") + 4
    content[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    assert len(decode(path)[0]) == 44100


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.wav", b"", "empty"),
        ("text.wav", b"not a sound at all\n" * 50, "not audio"),
        ("image.mp3", b"\x89PNG\r\n\x1a\n" + bytes(5000), "not audio"),
        ("page.flac", b"<html></html>" * 100, "not audio"),
        ("headless.raw", bytes(1000), "not audio"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt ", "not audio"),
    ],
)
def test_what_is_not_audio_is_refused_by_name(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*{says}.*(copy|remove)"):
        decode(tmp_path / name)


def test_a_file_without_samples_is_refused(tmp_path):
    sf.write(tmp_path / "none.wav", np.zeros(0), 8000)
    with pytest.raises(ValueError, match=r"none\.wav.*no samples"):
        decode(tmp_path / "none.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_sample_that_is_no_number_is_named(tmp_path, value):
    x = tone(8000)
    x[[4000, 5000]] = value
    sf.write(tmp_path / "bad.wav", x, 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match=rf"bad\.wav: sample 4000 \(0\.500 s\) is {value}, the first of 2 "):
        decode(tmp_path / "bad.wav")
    sf.write(tmp_path / "right.wav", np.stack([0 * x[:100], x[3950:4050]], axis=1), 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match="sample 50 .* of channel 2"):
        decode(tmp_path / "right.wav")


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        decode(tmp_path / "gone.wav")
    with pytest.raises(FileNotFoundError):
        decode(tmp_path)


def test_resample_keeps_the_length_in_time():
    for n in (1, 2, 5, 1000, 44101):
        for rate, to in ((192000, 8000), (44100, 32000), (8000, 192000), (22050, 22050)):
            y = resample(np.ones(n, dtype=np.float32), rate, to)
            assert len(y) == -(-n * to // rate)
            assert y.dtype == np.float32
    with pytest.raises(ValueError, match="positive"):
        resample(np.ones(3, dtype=np.float32), 0, 8000)


def test_pad_only_appends_zeros():
    x = np.arange(1, 4, dtype=np.float32)
    assert pad(x, 5).tolist() == [1, 2, 3, 0, 0]
    assert pad(x, 2).tolist() == [1, 2, 3]
    assert pad(x, 5).dtype == np.float32


def test_a_long_mp3_has_no_glitch_where_blocks_meet(tmp_path):
    path = tmp_path / "long.mp3"
    t = np.arange(3 * (1 << 19)) / 32000
    sf.write(path, 0.5 * np.sin(2 * np.pi * 440 * t), 32000)
    whole, _ = sf.read(path, dtype="float32")
    np.testing.assert_array_equal(decode(path)[0], whole)
