"""Corpora: the built-in one, copies of UrbanSound8K in every state of repair, anybody's folder."""

import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from us8k import row, write_metadata

from dalbook.corpora.corpus import Corpus
from dalbook.corpora.folder import SoundFilesWarning, load_folder
from dalbook.corpora.toycity.load import load_toy_city
from dalbook.corpora.urbansound8k import CLASSES, load_urbansound8k

REAL = os.environ.get("DALBOOK_REAL_DATA")
needs_real = pytest.mark.skipif(not REAL, reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice")


def silence(path, n=80):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.zeros(n), 8000)


@pytest.fixture
def city(tmp_path):
    """Folds 1 to 3 of an UrbanSound8K of four folds, two clips each, as WAV."""
    rows = [row(f"{fold}{k}-{k}-0-0.wav", fold, k) for k in (3, 8) for fold in (2, 1, 3, 4)]
    write_metadata(tmp_path, rows)
    for line in rows:
        if line[5] != 4:
            silence(tmp_path / "audio" / f"fold{line[5]}" / line[0])
    return tmp_path


def test_urbansound8k_takes_what_is_there_in_the_official_folds(city, recwarn):
    corpus = load_urbansound8k(city)
    assert corpus.ids == tuple(f"{f}{k}-{k}-0-0.wav" for k in (3, 8) for f in (2, 1, 3))
    assert corpus.folds.tolist() == [2, 1, 3, 2, 1, 3]
    assert corpus.labels.tolist() == [3, 3, 3, 8, 8, 8]
    assert corpus.recordings.tolist() == ["23", "13", "33", "28", "18", "38"]
    assert corpus.classes[3] == "dog_bark"
    assert "6 of 8 clips, in folds 1 (2), 2 (2), 3 (2)" in corpus.description
    assert "no files of folds 4 (2 clips" in corpus.description
    assert not recwarn.list
    x, rate = corpus.audio(0)
    assert (x.shape, x.dtype, rate) == ((80,), np.float32, 8000)


def test_split_gives_training_and_test_positions(city):
    train, test = load_urbansound8k(city).split(2)
    assert train.tolist() == [1, 2, 4, 5]
    assert test.tolist() == [0, 3]


def test_split_names_the_folds_that_are_there(city, tmp_path_factory):
    corpus = load_urbansound8k(city)
    for fold in (4, 0, -1, 11, "x"):
        with pytest.raises(ValueError, match=f"no fold {fold}; it has 1, 2, 3"):
            corpus.split(fold)
    for fold in (2, 3):
        for path in (city / "audio" / f"fold{fold}").iterdir():
            path.unlink()
    with pytest.raises(ValueError, match="only fold 1"):
        load_urbansound8k(city).split(1)


@pytest.mark.parametrize("ending", [".flac", ".ogg", ".mp3", ".WAV"])
def test_urbansound8k_in_other_formats_keeps_its_ids(city, ending):
    for path in (city / "audio").rglob("*.wav"):
        x, rate = sf.read(path)
        path.unlink()
        sf.write(path.with_suffix(ending), x, rate)
    corpus = load_urbansound8k(city)
    assert len(corpus) == 6
    assert corpus.ids[0] == "23-3-0-0.wav"
    assert corpus.audio(0)[1] == 8000


def test_rows_without_a_file_are_reported(city):
    (city / "audio" / "fold3" / "33-3-0-0.wav").unlink()
    with pytest.warns(UserWarning, match=r"fold3: 1 of 2 files are missing: 33-3-0-0\.wav; copy"):
        corpus = load_urbansound8k(city)
    assert len(corpus) == 5
    assert "33-3-0-0.wav" in corpus.description


def test_files_without_a_row_are_named_and_left_out(city):
    silence(city / "audio" / "fold1" / "mine.wav")
    (city / "audio" / "fold1" / ".DS_Store").write_bytes(b"x")
    (city / "audio" / "fold1" / "._13-3-0-0.wav").write_bytes(b"x")
    with pytest.warns(UserWarning, match=r"fold1: 1 files are not in the metadata .*: mine\.wav") as caught:
        corpus = load_urbansound8k(city)
    assert len(caught) == 1
    assert len(corpus) == 6


def test_a_file_in_another_fold_is_not_a_way_to_reshuffle(city):
    place = city / "audio"
    (place / "fold3" / "33-3-0-0.wav").rename(place / "fold1" / "33-3-0-0.wav")
    with (
        pytest.warns(
            UserWarning, match=r"another fold than the metadata's .* move them there: 33-3-0-0\.wav \(fold 3\)"
        ),
        pytest.warns(UserWarning, match="1 of 2 files are missing"),
    ):
        corpus = load_urbansound8k(city)
    assert len(corpus) == 5


def test_of_two_formats_the_first_is_taken(city):
    silence(city / "audio" / "fold1" / "13-3-0-0.flac", n=40)
    silence(city / "audio" / "fold1" / "13-3-0-0.ogg", n=40)
    with pytest.warns(UserWarning, match=r"2 files .* 13-3-0-0\.flac \(taken: 13-3-0-0\.wav\)"):
        corpus = load_urbansound8k(city)
    assert len(corpus) == 6
    assert len(corpus.audio(1)[0]) == 80


def test_a_missing_layout_says_the_way_out(city):
    with pytest.raises(FileNotFoundError, match="no such folder; root= must be"):
        load_urbansound8k(city / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"UrbanSound8K\.csv: there is no such file; root= must be"):
        load_urbansound8k(city / "audio")
    outer = city / "outer"
    outer.mkdir()
    (outer / "UrbanSound8K").symlink_to(city)
    with pytest.raises(FileNotFoundError, match="it looks like you want .*outer/UrbanSound8K"):
        load_urbansound8k(outer)
    for path in (city / "audio").rglob("*.wav"):
        path.unlink()
    with pytest.raises(FileNotFoundError, match="none of the 8 clips"):
        load_urbansound8k(city)
    for place in (city / "audio").iterdir():
        place.rmdir()
    (city / "audio").rmdir()
    with pytest.raises(FileNotFoundError, match="audio: there is no such folder"):
        load_urbansound8k(city)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (row("a.wav", 11, 3), "line 2: fold is 11, it must be 1 to 10"),
        (row("a.wav", "x", 3), "line 2: fold 'x' and classID '3' must be whole numbers"),
        (["a.wav", 1, 0, 4, 1, 1, 3, "cat"], "classID 3 and class 'cat' do not belong together"),
        (["a.wav", 1, 0, 4, 1, 1, 12, "siren"], "classID 12"),
        (["a.wav", 1, 0, 4], "must be whole numbers"),
        (["a.wav", "", 0, 4, 1, 1, 3, "dog_bark"], "line 2: fsID, the recording that a.wav was cut from, is missing"),
        (row("../a.wav", 1, 3), "must be the name of a file"),
    ],
)
def test_a_wrong_row_is_named(city, line, says):
    write_metadata(city, [line])
    with pytest.raises(ValueError, match=re.escape(says)):
        load_urbansound8k(city)


def test_wrong_metadata_is_named(city):
    write_metadata(city, [row("a.wav", 1, 3), row("a.wav", 2, 3)])
    with pytest.raises(ValueError, match=r"line 3: a\.wav is listed twice"):
        load_urbansound8k(city)
    write_metadata(city, [["a.wav", 3]], columns=["slice_file_name", "label"])
    with pytest.raises(ValueError, match="column fsID, fold, classID, class is missing"):
        load_urbansound8k(city)
    write_metadata(city, [])
    with pytest.raises(ValueError, match="no row"):
        load_urbansound8k(city)
    (city / "metadata" / "UrbanSound8K.csv").write_bytes(b"")
    with pytest.raises(ValueError, match="is missing"):
        load_urbansound8k(city)
    (city / "metadata" / "UrbanSound8K.csv").write_bytes(b"\xff\xfe\x00\x81" * 100)
    with pytest.raises(ValueError, match="not a CSV file"):
        load_urbansound8k(city)


def test_the_fingerprint_follows_the_content(city):
    before = load_urbansound8k(city).fingerprint
    assert load_urbansound8k(city).fingerprint == before
    silence(city / "audio" / "fold1" / "13-3-0-0.wav", n=81)
    after = load_urbansound8k(city).fingerprint
    assert after != before
    write_metadata(city, [row(f"{fold}3-3-0-0.wav", fold, 4) for fold in (2, 1, 3, 4)])
    with pytest.warns(UserWarning, match="not in the metadata"):
        assert load_urbansound8k(city).fingerprint not in (before, after)


def test_nothing_is_written_into_the_folders(city):
    def tree():
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in city.rglob("*")} | {
            "": (city.stat().st_mtime_ns, 0)
        }

    before = tree()
    load_urbansound8k(city).audio(0)
    load_folder(city, classes=["a"]).audio(0)
    assert tree() == before


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path):
    names = ["b/two.flac", "a.wav", "b/One.ogg", "c d/é ü.MP3", "B.aiff"]
    for name in reversed(names):
        silence(tmp_path / name)
    silence(tmp_path / ".hidden" / "x.wav")
    silence(tmp_path / ".hidden.wav")
    (tmp_path / "notes.txt").write_text("no sound")
    corpus = load_folder(tmp_path, classes=["wren", "robin"])
    assert corpus.ids == tuple(sorted(names))
    assert corpus.labels.tolist() == [-1] * 5
    assert corpus.folds.tolist() == [0] * 5
    assert corpus.recordings.tolist() == list(corpus.ids)
    assert corpus.classes == ("wren", "robin")
    assert all(corpus.audio(i)[1] == 8000 for i in range(5))
    assert "5 sound files" in corpus.description
    with pytest.raises(ValueError, match="has no folds"):
        corpus.split(1)
    with pytest.raises(ValueError, match="has no folds"):
        corpus.split(0)


def test_a_folder_does_not_depend_on_the_working_directory(tmp_path, monkeypatch):
    silence(tmp_path / "in" / "a.wav")
    monkeypatch.chdir(tmp_path)
    corpus = load_folder("in", classes=["a"])
    monkeypatch.chdir("/")
    assert corpus.audio(0)[1] == 8000


def test_a_folder_says_what_it_cannot_take(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        load_folder(tmp_path / "gone", classes=["a"])
    with pytest.raises(FileNotFoundError, match="no sound file in it"):
        load_folder(tmp_path, classes=["a"])
    silence(tmp_path / "a.wav")
    (tmp_path / "b.wac").write_bytes(b"x")
    with pytest.warns(UserWarning, match=r"1 files .* b\.wac; convert them to WAV or FLAC"):
        assert len(load_folder(tmp_path, classes=["a"])) == 1


def noise(path, seconds, rate=8000, quiet=()):
    """Noise, the seconds `quiet` of it 80 dB down."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x = np.random.default_rng(len(path.name)).normal(0, 0.1, int(seconds * rate))
    for second in quiet:
        x[second * rate : (second + 1) * rate] *= 1e-4
    sf.write(path, x, rate, subtype="FLOAT" if path.suffix == ".wav" else None)


def test_long_files_are_cut_into_segments(tmp_path):
    noise(tmp_path / "b" / "long.wav", 10.5)
    noise(tmp_path / "short.wav", 2)
    corpus = load_folder(tmp_path, classes=["x"], segment=4)
    assert corpus.ids == (
        "b/long.wav#t=0.000,4.000",
        "b/long.wav#t=4.000,8.000",
        "b/long.wav#t=8.000,10.500",
        "short.wav",
    )
    assert corpus.recordings.tolist() == ["b/long.wav"] * 3 + ["short.wav"]
    whole, _ = sf.read(tmp_path / "b" / "long.wav", dtype="float32")
    for i in (1, 0, 2, 1):
        x, rate = corpus.audio(i)
        assert rate == 8000
        assert np.array_equal(x, whole[32000 * i : 32000 * (i + 1)])
    assert len(corpus.audio(3)[0]) == 16000
    assert "2 sound files, labels unknown, no folds, 4 segments of at most 4 s" in corpus.description
    whole_files = load_folder(tmp_path, classes=["x"])
    other = load_folder(tmp_path, classes=["x"], segment=5)
    assert len({corpus.fingerprint, whole_files.fingerprint, other.fingerprint}) == 3
    assert load_folder(tmp_path, classes=["y"], segment=4.0).fingerprint == corpus.fingerprint


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".mp3"])
def test_segments_are_the_file_without_a_gap(tmp_path, ending):
    noise(tmp_path / f"a{ending}", 7.3, rate=22050)
    corpus = load_folder(tmp_path, classes=["x"], segment=1.5)
    assert len(corpus) == 5
    whole, _ = load_folder(tmp_path, classes=["x"]).audio(0)
    parts = np.concatenate([corpus.audio(i)[0] for i in range(5)])
    assert len(parts) == len(whole)
    assert np.allclose(parts, whole, atol=1e-4)
    # in any order, and from another process
    again = pickle.loads(pickle.dumps(corpus)).audio(3)[0]
    assert np.allclose(again, corpus.audio(3)[0], atol=1e-4)


def test_silent_segments_are_left_out_if_wanted(tmp_path, monkeypatch):
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "rec"
    noise(root / "a.wav", 5, quiet=(1, 3))
    silence(root / "b.wav")
    for _ in range(2):  # the second time from the cache
        corpus = load_folder(root, classes=["x"], segment=1, skip_silence=-60)
        assert corpus.ids == ("a.wav#t=0.000,1.000", "a.wav#t=2.000,3.000", "a.wav#t=4.000,5.000")
        assert "3 silent ones left out" in corpus.description
    assert len(load_folder(root, classes=["x"], segment=1, skip_silence=-120)) == 5
    assert len(load_folder(root, classes=["x"], segment=1)) == 6
    # a short call makes a segment loud
    x, rate = sf.read(root / "a.wav")
    x[12_000:12_400] = 0.1
    sf.write(root / "a.wav", x, rate)
    assert len(load_folder(root, classes=["x"], segment=1, skip_silence=-60)) == 4
    with pytest.raises(ValueError, match="all 6 segments are below"):
        load_folder(root, classes=["x"], segment=1, skip_silence=-0.5)


def test_segments_of_files_that_are_not_whole(tmp_path):
    noise(tmp_path / "cut.wav", 10)
    content = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.wav").write_bytes(b"not audio")
    with pytest.warns(SoundFilesWarning) as caught:
        corpus = load_folder(tmp_path, classes=["x"], segment=2)
    out, cut = (one.message for one in caught)
    assert str(out).startswith("1 of 2 sound files cannot be read and are left out: text.wav: this is not audio")
    assert cut.files == {"cut.wav": "its header promises 80000 samples, 39990 are there"}
    assert corpus.ids == ("cut.wav#t=0.000,2.000", "cut.wav#t=2.000,4.000", "cut.wav#t=4.000,4.999")
    assert len(corpus.audio(1)[0]) == 16000
    (tmp_path / "text.wav").unlink()
    bad = np.zeros(80_000)
    bad[20_001] = np.nan
    sf.write(tmp_path / "cut.wav", bad, 8000, subtype="FLOAT")
    corpus = load_folder(tmp_path, classes=["x"], segment=2)
    with pytest.raises(ValueError, match=r"cut\.wav: sample 20001 \(2\.500 s\) is nan"):
        corpus.audio(1)
    assert len(corpus.audio(2)[0]) == 16000


def test_a_file_changed_since_is_read_anew(tmp_path):
    noise(tmp_path / "a.wav", 5)
    corpus = load_folder(tmp_path, classes=["x"], segment=2)
    before = corpus.audio(0)[0]
    sf.write(tmp_path / "a.wav", np.zeros(40_000), 8000)
    assert before.any()
    assert not corpus.audio(0)[0].any()
    sf.write(tmp_path / "a.wav", np.zeros(20_000), 8000)
    with pytest.raises(ValueError, match=r"a\.wav: 12000 of its samples 16000 to 32000 are missing"):
        corpus.audio(1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"segment": 0}, "segment must be at least 0.1 seconds, not 0"),
        ({"segment": float("nan")}, "segment must be at least"),
        ({"skip_silence": -60}, "give their length too, such as segment=4.0"),
        ({"segment": 4, "skip_silence": 60}, "dB of full scale"),
    ],
)
def test_segments_that_cannot_be_are_refused(tmp_path, arguments, says):
    with pytest.raises(ValueError, match=says):
        load_folder(tmp_path, classes=["x"], **arguments)


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ([], "empty"),
        (["a", "b", "a"], "'a' comes twice"),
        (["a", " "], "not blank, not ' '"),
        (["a", 3], "not 3"),
        ("wren", "list of names"),
    ],
)
def test_class_names_are_checked(tmp_path, classes, says):
    silence(tmp_path / "a.wav")
    with pytest.raises(ValueError, match=says):
        load_folder(tmp_path, classes=classes)


def test_toy_city_is_a_corpus():
    corpus = load_toy_city()
    assert corpus.classes == CLASSES
    assert len(corpus) == 800
    assert corpus.recordings.tolist() == [name.split("-")[0] for name in corpus.ids]
    assert np.unique(corpus.folds).tolist() == list(range(1, 11))
    x, rate = corpus.audio(7)
    assert (x.dtype, x.ndim, rate) == (np.float32, 1, 32000)
    assert np.array_equal(x, corpus.audio(7)[0])
    other = load_toy_city(seed=1)
    assert not np.array_equal(x[:1000], other.audio(7)[0][:1000])
    assert corpus.fingerprint != other.fingerprint
    assert corpus.fingerprint == load_toy_city(seed=0).fingerprint
    train, test = corpus.split(4)
    assert set(corpus.folds[test]) == {4}
    assert sorted([*train, *test]) == list(range(800))


def test_clips_are_known_by_position_only():
    corpus = load_toy_city()
    for i in (-1, 800):
        with pytest.raises(IndexError, match=f"clips 0 to 799, there is no clip {i}"):
            corpus.audio(i)
    with pytest.raises(TypeError):
        corpus.audio(1.0)


def test_a_corpus_cannot_be_changed():
    corpus = load_toy_city()
    with pytest.raises(ValueError, match="read-only"):
        corpus.folds[0] = 3
    with pytest.raises(ValueError, match="read-only"):
        corpus.labels[0] = 3
    with pytest.raises(ValueError, match="read-only"):
        corpus.recordings[0] = "another"
    with pytest.raises(AttributeError):
        corpus.folds = corpus.folds[::-1]


def test_a_corpus_travels_to_another_process(city):
    corpus = load_urbansound8k(city)
    copy = pickle.loads(pickle.dumps(corpus))
    assert copy.ids == corpus.ids
    assert np.array_equal(copy.audio(2)[0], corpus.audio(2)[0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ids": ("x", "x")}, "two clips have the id 'x'"),
        ({"ids": (), "labels": [], "folds": []}, "no clip"),
        ({"labels": [0, 2]}, "labels must be 0 to 1"),
        ({"labels": [0]}, "2 ids, but labels"),
        ({"folds": [1, 2, 3]}, "2 ids, but labels"),
        ({"recordings": ["x"]}, "2 ids, but recordings"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, says):
    good = {"name": "t", "classes": ("a", "b"), "ids": ("x", "y"), "labels": [0, 1], "folds": [1, 2], "sound": len}
    with pytest.raises(ValueError, match=says):
        Corpus(**{**good, **change}, fingerprint="", description="")


@needs_real
def test_the_real_slice(recwarn):
    corpus = load_urbansound8k(REAL)
    assert len(corpus) == 2598
    assert {fold: int((corpus.folds == fold).sum()) for fold in np.unique(corpus.folds).tolist()} == {
        1: 873,
        2: 888,
        10: 837,
    }
    assert "2598 of 8732 clips" in corpus.description
    assert not recwarn.list
    # class and fold as the official file name says: fsID-classID-occurrence-slice
    assert [int(name.split("-")[1]) for name in corpus.ids] == corpus.labels.tolist()
    assert [name.split("-")[0] for name in corpus.ids] == corpus.recordings.tolist()
    train, test = corpus.split(10)
    assert not set(corpus.recordings[train]) & set(corpus.recordings[test])
    for i in range(0, 2598, 100):
        x, rate = corpus.audio(i)
        assert rate == 22050
        assert 0 < len(x) <= 4.1 * rate
    assert not list(Path(REAL).rglob("*.tmp"))


def test_one_damaged_spot_costs_one_segment(tmp_path, monkeypatch):
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    x = np.full(8000, 0.1, dtype=np.float32)
    x[2500], x[4000:6000] = np.nan, 0
    (tmp_path / "rec").mkdir()
    sf.write(tmp_path / "rec" / "long.wav", x, 1000, subtype="FLOAT")
    corpus = load_folder(tmp_path / "rec", classes=["x"], segment=2.0, skip_silence=-60)
    assert [name.partition("#")[2] for name in corpus.ids] == ["t=0.000,2.000", "t=2.000,4.000", "t=6.000,8.000"]
    assert corpus.audio(2)[0].shape == (2000,)
    with pytest.raises(ValueError, match="long.wav"):
        corpus.audio(1)


def test_a_part_of_a_corpus_keeps_what_belongs_to_its_clips():
    sounds = [(np.full(3, i, np.float32), 8000) for i in range(3)]
    whole = Corpus(
        "mine", ("a", "b"), "xyz", [0, 1, -1], [1, 2, 2], sounds.__getitem__, "f", "", recordings=["p", "p", "q"]
    )
    part = whole.take([2, 0])
    assert (part.ids, part.labels.tolist(), part.folds.tolist()) == (("z", "x"), [-1, 0], [2, 1])
    assert part.recordings.tolist() == ["q", "p"]
    assert [part.audio(k)[0][0] for k in range(2)] == [2, 0]
    assert len({whole.fingerprint, part.fingerprint, whole.take([0, 2]).fingerprint}) == 3
    with pytest.raises(ValueError, match="two clips have the id"):
        whole.take([1, 1])
