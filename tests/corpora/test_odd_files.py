"""Sound files as recorders, streams and cutters leave them: each is used to its real end, and whole is as in parts."""

import io
import os
import pickle
import re
import struct
import warnings

import numpy as np
import pytest
import soundfile as sf

from dalbook.corpora.folder import SoundFilesWarning, load_folder
from dalbook.corpora.sound_file import open_sound


def sweep(rate, seconds):
    t = np.arange(int(rate * seconds)) / rate
    noise = np.random.default_rng(0).standard_normal(len(t))
    return (0.4 * np.sin(2 * np.pi * (440 + 20 * t) * t) + 0.05 * noise).astype("f4")


def encoded(kind, seconds, rate=16000, subtype=None, channels=1, **options):
    file = io.BytesIO()
    x = np.stack([sweep(rate, seconds)] * channels, axis=1)
    sf.write(file, x, rate, format=kind, subtype=subtype, **options)
    return file.getvalue()


def by_ffmpeg(container, codec, seconds=3, rate=16000, layout="mono"):
    import av

    file, x = io.BytesIO(), sweep(rate, seconds)
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 64000
        form = stream.codec_context.codec.audio_formats[0].name
        frame = av.AudioFrame.from_ndarray(x[None], format="fltp", layout="mono")
        frame.rate, frame.pts = rate, 0
        resampler = av.AudioResampler(format=form, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            out.mux(stream.encode(part))
    return file.getvalue()


def without_first_frame(mp3):
    return mp3[mp3.index(mp3[:2], 4) :]


def with_data_size(wav, size, riff=None):
    at = wav.index(b"data") + 4
    wav = wav[:at] + struct.pack("<I", size) + wav[at + 4 :]
    return wav if riff is None else wav[:4] + struct.pack("<I", riff) + wav[8:]


def mp3_in_wav(mp3, rate, samples):
    form = struct.pack("<HHIIHHHHIHHH", 0x55, 1, rate, 4000, 1, 0, 12, 1, 2, 144, 1, 1393)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"fact" + struct.pack("<II", 4, samples)
    body += b"data" + struct.pack("<I", len(mp3)) + mp3
    return b"RIFF" + struct.pack("<I", len(body)) + body


def without_total(flac):
    return flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]


def without_end_mark(ogg):
    def checksum(page):
        r = 0
        for x in page:
            r ^= x << 24
            for _ in range(8):
                r = ((r << 1) ^ 0x04C11DB7 if r & 0x80000000 else r << 1) & 0xFFFFFFFF
        return r

    at = ogg.rindex(b"OggS")
    page = bytearray(ogg[at:])
    page[5] &= ~4
    page[22:26] = bytes(4)
    page[22:26] = struct.pack("<I", checksum(page))
    return ogg[:at] + bytes(page)


def zero_sizes(aiff):
    form, sound = aiff.index(b"COMM"), aiff.index(b"SSND")
    return (
        aiff[:4]
        + bytes(4)
        + aiff[8 : form + 10]
        + bytes(4)
        + aiff[form + 14 : sound + 4]
        + bytes(4)
        + aiff[sound + 8 :]
    )


VBR = {"bitrate_mode": "VARIABLE", "compression_level": 0.5}
CBR = {"bitrate_mode": "CONSTANT", "compression_level": 0.9}
ID3 = b"ID3\3\0\0\0\0\2\1" + bytes(257)
PROMISE = r"promises (0|\d+) (samples|bytes).* are there"
# name, how it is made, seconds of sound, what the warning says (None: there is none)
KINDS = {
    # MP3 without a frame that says how many there are, or with one that is wrong
    "vbr.mp3": (lambda: without_first_frame(encoded("MP3", 20, 44100, **VBR)), 20, None),
    "cbr.mp3": (lambda: without_first_frame(encoded("MP3", 20, 44100, **CBR)), 20, None),
    "tagged.mp3": (lambda: ID3 + without_first_frame(encoded("MP3", 3, **VBR)) + b"TAG" + bytes(125), 3, None),
    "joined.mp3": (lambda: encoded("MP3", 2) + encoded("MP3", 3), 5, PROMISE),
    "tag_inside.mp3": (lambda: encoded("MP3", 2) + ID3 + encoded("MP3", 3), 5, PROMISE),
    "end_of_another.mp3": (lambda: encoded("MP3", 9, **VBR)[2001:], 8.6, None),
    "half.mp3": (lambda: encoded("MP3", 8, **CBR)[:8100], 2.7, None),
    "other_rate.mp3": (lambda: encoded("MP3", 2) + encoded("MP3", 3, 44100), 5, None),
    "stereo_then.mp3": (lambda: encoded("MP3", 2, channels=2) + encoded("MP3", 3), 5, None),
    "torn.mp3": (lambda: (b := encoded("MP3", 6))[:9000] + bytes(5000) + b[9000:], 6, None),
    # FLAC
    "streamed.flac": (lambda: without_total(encoded("FLAC", 3.3)), 3.3, None),
    "half.flac": (lambda: encoded("FLAC", 6)[:80000], 2.8, PROMISE),
    "joined.flac": (lambda: encoded("FLAC", 2) + encoded("FLAC", 3), 5, None),
    "tagged.flac": (lambda: ID3 + without_total(encoded("FLAC", 2)), 2, None),
    "streamed_half.flac": (lambda: without_total(encoded("FLAC", 6))[:80000], 2.8, None),
    # WAV and its kin
    "crashed.wav": (lambda: with_data_size(encoded("WAV", 3.3), 0, 0), 3.3, PROMISE),
    "crashed_36.wav": (lambda: with_data_size(encoded("WAV", 3.3), 0, 36), 3.3, PROMISE),
    "updated_last_at_1_s.wav": (lambda: with_data_size(encoded("WAV", 3.3), 32000, 32036), 3.3, PROMISE),
    "100_more.wav": (lambda: with_data_size(encoded("WAV", 3.3), 105600 + 100), 3.3, PROMISE),
    "1_more.wav": (lambda: with_data_size(encoded("WAV", 3.3), 105600 + 2), 3.3, None),
    "streamed.wav": (lambda: with_data_size(encoded("WAV", 3.3), 0xFFFFFFFF, 0xFFFFFFFF), 3.3, None),
    "half.wav": (lambda: encoded("WAV", 4)[: 64000 + 44], 2, PROMISE),
    "notes_behind.wav": (lambda: encoded("WAV", 2) + b"LIST\4\0\0\0abcd", 2, None),
    "crashed.aiff": (lambda: zero_sizes(encoded("AIFF", 3.3)), 3.3, PROMISE),
    "crashed.au": (lambda: (b := encoded("AU", 3.3))[:8] + bytes(4) + b[12:], 3.3, PROMISE),
    "crashed.rf64": (lambda: (b := encoded("RF64", 3.3))[:20] + bytes(24) + b[44:], 3.3, PROMISE),
    "joined.wav": (lambda: encoded("WAV", 2) + encoded("WAV", 3), 5, None),
    "half.w64": (lambda: (b := encoded("W64", 4))[: len(b) // 2], 2, PROMISE),
    # a codec that pads, and its own idea of a length
    "mp3.wav": (lambda: mp3_in_wav(encoded("MP3", 5, **CBR), 16000, 80000 + 160), 5, None),
    "vbr_mp3.wav": (lambda: mp3_in_wav(without_first_frame(encoded("MP3", 9, **VBR)), 16000, 144000), 9, None),
    "ima.wav": (lambda: encoded("WAV", 2, subtype="IMA_ADPCM"), 2, None),
    # Ogg
    "no_end_mark.ogg": (lambda: without_end_mark(encoded("OGG", 5, subtype="VORBIS")), 5, None),
    "joined.ogg": (lambda: encoded("OGG", 2, subtype="VORBIS") + encoded("OGG", 3, subtype="VORBIS"), 5, None),
    "twice.ogg": (lambda: 2 * encoded("OGG", 2, subtype="VORBIS"), 4, None),
    "joined.opus": (lambda: encoded("OGG", 2, subtype="OPUS") + encoded("OGG", 3, subtype="OPUS"), 5, None),
    "other_rate.ogg": (lambda: encoded("OGG", 2, 16000) + encoded("OGG", 3, 22050), 5, None),
    # codecs of which no place can be found but by reading on from the beginning
    "gsm.wav": (lambda: encoded("WAV", 3, 8000, "GSM610"), 3, None),
    "g721.wav": (lambda: encoded("WAV", 3, 8000, "G721_32"), 3, None),
    "nms.wav": (lambda: encoded("WAV", 3, 8000, "NMS_ADPCM_24"), 3, None),
    "g723.au": (lambda: encoded("AU", 3, 8000, "G723_24"), 3, None),
    "gsm.aiff": (lambda: encoded("AIFF", 3, 8000, "GSM610"), 3, None),
    # what libsndfile does not know
    "phone.m4a": (lambda: by_ffmpeg("ipod", "aac"), 3, None),
    "radio.aac": (lambda: by_ffmpeg("adts", "aac"), 3, None),
    "windows.wma": (lambda: by_ffmpeg("asf", "wmav2"), 3, None),
    "apple.caf": (lambda: by_ffmpeg("caf", "alac"), 3, None),
    "pack.wv": (lambda: by_ffmpeg("wv", "wavpack"), 3, None),
    "true.tta": (lambda: by_ffmpeg("tta", "tta"), 3, None),
    "dolby.ac3": (lambda: by_ffmpeg("ac3", "ac3", rate=48000), 3, None),
    "layer2.mp2": (lambda: by_ffmpeg("mp2", "mp2"), 3, None),
    "web.webm": (lambda: by_ffmpeg("webm", "libopus", rate=48000), 3, None),
    "half.aac": (lambda: (b := by_ffmpeg("adts", "aac"))[: len(b) // 2], 1.5, "damaged"),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A folder with a file of each kind; the corpus of whole files, that of segments, and what loading told."""
    root = tmp_path_factory.mktemp("odd")
    for name, (make, _, _) in KINDS.items():
        (root / name).write_bytes(make())
    (root / "broken.wav").write_bytes(b"RIFF" + bytes(1000))
    (root / "empty.m4a").write_bytes(b"")
    (root / "none.wav").write_bytes(encoded("WAV", 0))
    if os.name != "nt":
        (root / "nowhere.wav").symlink_to(root / "gone.wav")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        whole = load_folder(root, classes=["x"])
        first = [one.message for one in told]
        parts = load_folder(root, classes=["x"], segment=1.3)
    return root, whole, parts, first


def test_what_cannot_be_read_is_left_out_and_named_once(odd):
    _, whole, parts, (out, _) = odd
    assert isinstance(out, SoundFilesWarning)
    names = ["broken.wav", "empty.m4a", "none.wav"] + ["nowhere.wav"] * (os.name != "nt")
    assert str(out).startswith(f"{len(names)} of {len(KINDS) + len(names)} sound files cannot be read and are left out")
    assert list(out.files) == names
    assert set(whole.ids) == set(parts.recordings) == set(KINDS)


def test_headers_that_say_something_else_are_counted_and_named_once(odd):
    _, _, _, (_, wrong) = odd
    told = {name: says for name, (_, _, says) in KINDS.items() if says}
    assert re.match(rf"{len(told)} of \d+ sound files are not what their headers say", str(wrong))
    assert set(wrong.files) == set(told)
    for name, says in told.items():
        assert re.search(says, wrong.files[name])


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_to_its_end_whole_and_in_parts(odd, name):
    _, whole, parts, _ = odd
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what was told at loading is not told again
        x, rate = whole.audio(whole.ids.index(name))
    assert len(x) / rate == pytest.approx(KINDS[name][1], abs=0.15)
    assert np.sqrt(np.mean(x[-rate // 2 :] ** 2)) > 0.1  # sound, to the end
    mine = np.flatnonzero(parts.recordings == name)
    ends = [float(parts.ids[i].rpartition(",")[2]) for i in mine]
    assert ends[-1] == pytest.approx(len(x) / rate, abs=0.001)
    got = {i: parts.audio(i)[0] for i in reversed(mine)}  # not in the order in which they lie there
    joined = np.concatenate([got[i] for i in mine])
    assert joined.shape == x.shape
    assert np.abs(joined - x).max() < 1e-4


def test_a_length_that_took_reading_is_kept_until_the_file_changes(tmp_path, monkeypatch):
    from dalbook.corpora import layout

    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "a.flac"
    path.write_bytes(without_total(encoded("FLAC", 2)))
    assert open_sound(path).frames == 32000
    layout.layout.cache_clear()
    monkeypatch.setattr(layout, "_measure", None)  # not needed a second time
    assert open_sound(path).frames == 32000
    monkeypatch.undo()
    path.write_bytes(without_total(encoded("FLAC", 3)))
    assert open_sound(path).frames == 48000


def test_a_file_that_is_read_forward_only_is_not_begun_anew_for_each_part(tmp_path, monkeypatch):
    from dalbook.corpora import sound_file

    path = tmp_path / "a.wav"
    path.write_bytes(encoded("WAV", 3, 8000, "GSM610"))
    with open_sound(path) as file:
        whole = file.read(0, 24000)
    opened = []
    real = sound_file.open_part
    monkeypatch.setattr(sound_file, "open_part", lambda *arguments: opened.append(1) or real(*arguments))
    for begin in range(0, 24000, 4000):
        with open_sound(path) as file:
            assert np.array_equal(file.read(begin, begin + 4000), whole[begin : begin + 4000])
    assert len(opened) == 1
    path.write_bytes(encoded("WAV", 3, 8000, "G721_32"))  # another file of that name
    with open_sound(path) as file:
        assert not np.array_equal(file.read(20000, 24000), whole[20000:24000])


def test_what_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    sf.write(tmp_path / "a.wav", sweep(8000, 1), 8000)
    sf.write(tmp_path / "b.wav", sweep(8000, 1), 8000)
    real = open

    def guarded(path, *arguments, **options):
        if str(path).endswith("b.wav"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr("dalbook.corpora.layout.open", guarded, raising=False)
    with pytest.warns(SoundFilesWarning, match=r"1 of 2 .* left out: b\.wav: .*permission denied") as caught:
        assert load_folder(tmp_path, classes=["x"]).ids == ("a.wav",)
    assert "damaged" not in str(caught[0].message)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_read_and_can_be_written(tmp_path):
    name = os.fsencode(tmp_path) + b"/caf\xe9 #1%:.wav"
    try:
        with open(name, "wb") as file:
            file.write(encoded("WAV", 1))
    except OSError:
        pytest.skip("this file system takes names of text only")
    for segment in (None, 0.5):
        corpus = pickle.loads(pickle.dumps(load_folder(tmp_path, classes=["x"], segment=segment)))
        assert corpus.ids[0].startswith("caf\\udce9 #1%:.wav")
        assert corpus.ids[0].encode("utf-8")
        assert len(corpus.audio(0)[0]) == 16000 * (segment or 1)


def mutated(content, rng):
    """A file as a bad disk, a bad transfer or a cutter leaves it."""
    b, at = bytearray(content), int(rng.integers(len(content)))
    kind = rng.integers(6)
    if kind == 0:
        b[at] = rng.integers(256)
    elif kind == 1:
        for _ in range(5):
            b[rng.integers(min(200, len(b)))] = rng.integers(256)
    elif kind == 2:
        del b[at:]
    elif kind == 3:
        del b[at : at + int(rng.integers(1, 3000))]
    elif kind == 4:
        b[at:at] = rng.bytes(int(rng.integers(1, 3000)))
    else:
        b[at : at + 4] = [bytes(4), b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"][rng.integers(4)]
    return bytes(b)


@pytest.mark.timeout(120)  # none of them makes it hang
def test_damaged_files_give_sound_or_an_error_that_names_them(odd, tmp_path):
    root, *_ = odd
    rng = np.random.default_rng(0)
    contents = {name: (root / name).read_bytes()[:40000] for name in KINDS}
    names = []
    for number in range(250):
        name = list(contents)[number % len(contents)]
        names.append(f"{number:03}_{name}")
        (tmp_path / names[-1]).write_bytes(mutated(contents[name], rng))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        whole = load_folder(tmp_path, classes=["x"])
        parts = load_folder(tmp_path, classes=["x"], segment=0.9)
    out = next(one.message for one in told if "left out" in str(one.message))
    assert set(out.files) == set(names) - set(whole.ids)
    assert set(parts.recordings) == set(whole.ids)
    assert len(whole) > 180
    for corpus in (whole, parts):
        for clip in range(0, len(corpus), 1 if corpus is whole else 7):
            try:
                x, rate = corpus.audio(clip)
            except ValueError as error:
                assert str(tmp_path / corpus.recordings[clip]) in str(error)  # noqa: PT017
            else:
                assert len(x) > 0 < rate
                assert np.isfinite(x).all()
