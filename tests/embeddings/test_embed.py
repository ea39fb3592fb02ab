"""Embedding files good and bad, and the cache under every mishap."""

import gc
import importlib
import json
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import soundfile as sf

import dalbook.embeddings.embed as embedding
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.folder import load_folder
from dalbook.corpora.urbansound8k import load_urbansound8k
from dalbook.embeddings import compute
from dalbook.embeddings.checkpoint import append_rows, read_rows
from dalbook.embeddings.embed import (
    BrokenClipsWarning,
    Embedder,
    embed,
    embed_to_file,
    embeddings_for,
    load_embeddings,
    save_embeddings,
)
from dalbook.embeddings.logmel import logmel_embedding
from dalbook.embeddings.npz import read_embeddings
from dalbook.embeddings.prefetch import batches, prefetch
from dalbook.embeddings.published import Remote
from dalbook.files.lock import hold

REAL = os.environ.get("DALBOOK_REAL_DATA")
needs_real = pytest.mark.skipif(not REAL, reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice")


@pytest.fixture
def corpus(tmp_path):
    """Four half-second recordings."""
    root = tmp_path / "sounds"
    root.mkdir()
    rng = np.random.default_rng(0)
    for name in "abcd":
        sf.write(root / f"{name}.wav", rng.normal(0, 0.1, 4000), 8000)
    return load_folder(root, classes=["x", "y"])


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def environment():
    """Of another process that imports this very package."""
    return {**os.environ, "PYTHONPATH": str(Path(embedding.__file__).parents[2])}


def names(n):
    return [f"{chr(97 + i)}.wav" for i in range(n)]


def computed(monkeypatch):
    """Counts the clips embedded in this process from here on."""
    seen = []
    true = compute.embed_chunk
    monkeypatch.setattr(compute, "embed_chunk", lambda c, chunk, e: seen.extend(chunk) or true(c, chunk, e))
    return seen


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_file_is_aligned_by_id(tmp_path, corpus, dtype):
    x = np.arange(18, dtype=dtype).reshape(6, 3)
    save_embeddings(tmp_path / "e.npz", ["d.wav", "z.wav", "b.wav", "a.wav", "y.wav", "c.wav"], x)
    y = load_embeddings(tmp_path / "e.npz", corpus)
    assert y.dtype == np.float32
    assert y[:, 0].tolist() == [9, 6, 15, 0]
    stored = np.load(tmp_path / "e.npz", allow_pickle=False)["embeddings"].dtype
    assert stored == (np.float32 if dtype == np.float64 else dtype)


def test_meta_is_json(tmp_path):
    save_embeddings(tmp_path / "e.npz", ["é"], [[1.0]], {"model": "mine", "hop": 0.48})
    assert read_embeddings(tmp_path / "e.npz")[2] == {"model": "mine", "hop": 0.48}
    assert json.loads(str(np.load(tmp_path / "e.npz", allow_pickle=False)["meta"]))["model"] == "mine"
    save_embeddings(tmp_path / "e.npz", ["é"], [[1.0]])
    assert read_embeddings(tmp_path / "e.npz")[2] is None


def test_missing_ids_are_listed(tmp_path, corpus):
    save_embeddings(tmp_path / "e.npz", ["b.ogg", "a.wav"], np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"e\.npz: 3 of the corpus's 4 clips are not in it: b\.wav, c\.wav, d\.wav;"):
        load_embeddings(tmp_path / "e.npz", corpus)


def arrays(**change):
    good = {"clips": np.array(names(4)), "embeddings": np.ones((4, 3), dtype=np.float32)}
    return {key: value for key, value in {**good, **change}.items() if value is not None}


NAN = np.ones((4, 3), dtype=np.float16)
NAN[[1, 3], 2] = np.nan, np.inf


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"embeddings": NAN}, r"NaN or infinite values, .* in the embeddings of 2 clips: b\.wav, d\.wav;"),
        ({"embeddings": np.diag([1, 3e38, 1, -1e16])}, r"values beyond 1e\+15, in .* 2 clips: b\.wav, d\.wav;"),
        ({"embeddings": np.ones((3, 3))}, "4 clips, but 3 embeddings"),
        ({"embeddings": np.ones(4)}, r"shape \(n, d\), not float64 of shape \(4,\)"),
        ({"embeddings": np.ones((4, 3, 2))}, r"shape \(n, d\), not float64 of shape \(4, 3, 2\)"),
        ({"embeddings": np.ones((4, 0))}, r"\(4, 0\)"),
        ({"embeddings": np.ones((4, 3), dtype=int)}, "must be floats"),
        ({"embeddings": np.full((4, 3), "x")}, "must be floats"),
        ({"clips": np.array(["a.wav", "b.wav", "a.wav", "b.wav"])}, r"more than once: a\.wav, b\.wav;"),
        ({"clips": np.arange(4)}, "must be a list of ids"),
        ({"clips": np.array([names(4)])}, "must be a list of ids"),
        ({"clips": np.array(names(4), dtype=object)}, "array of strings"),
        ({"clips": np.array([], dtype=str), "embeddings": np.ones((0, 3))}, "no clip in it"),
        ({"clips": None}, "no array clips in it"),
        ({"embeddings": None}, "no array embeddings in it"),
        ({"meta": np.array("{not json")}, "`meta` is not JSON"),
    ],
)
def test_wrong_contents_are_refused(tmp_path, corpus, change, says):
    np.savez(tmp_path / "e.npz", **arrays(**change))
    with pytest.raises(ValueError, match=rf"e\.npz.*{says}"):
        load_embeddings(tmp_path / "e.npz", corpus)


def test_ids_as_bytes_are_read(tmp_path, corpus):
    np.savez(tmp_path / "e.npz", **arrays(clips=np.array(names(4), dtype="S")))
    assert load_embeddings(tmp_path / "e.npz", corpus).shape == (4, 3)


def test_a_bad_file_is_never_written(tmp_path):
    with pytest.raises(ValueError, match=r"NaN .* b\.wav"):
        save_embeddings(tmp_path / "e.npz", names(4), NAN)
    with pytest.raises(ValueError, match="3 clips, but 4 embeddings"):
        save_embeddings(tmp_path / "e.npz", names(3), np.ones((4, 3)))
    assert not list(tmp_path.iterdir())


def test_damaged_files_are_refused(tmp_path, corpus):
    path = tmp_path / "e.npz"
    np.savez(path, **arrays())
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[whole.find(b"\x00\x00\x80\x3f") + 2] ^= 0xFF
    for content in (b"", b"text", whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"e\.npz: this is not a whole \.npz file"):
            load_embeddings(path, corpus)
    with open(path, "wb") as file:
        np.save(file, np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"e\.npz: .*\.npz"):
        load_embeddings(path, corpus)
    with pytest.raises(FileNotFoundError, match=r"gone\.npz"):
        load_embeddings(tmp_path / "gone.npz", corpus)


def test_embed_gives_each_clip_its_own_embedding_and_keeps_it(corpus, cache, monkeypatch):
    seen = computed(monkeypatch)
    x = embed(corpus, "logmel", cache, progress=False)
    assert (x.shape, x.dtype) == ((4, 2048), np.float32)
    assert np.allclose(x[2], logmel_embedding(*corpus.audio(2)), atol=1e-6)
    again = embed(corpus, "logmel", cache, progress=False)
    assert np.array_equal(x, again)
    assert seen == [0, 1, 2, 3]
    [file] = cache.iterdir()
    assert np.array_equal(load_embeddings(file, corpus), x)


def test_two_processes_compute_what_one_does(tmp_path, cache):
    rng = np.random.default_rng(1)
    for i in range(40):
        sf.write(tmp_path / f"{i}.wav", rng.normal(0, 0.1, 2000), 8000)
    corpus = load_folder(tmp_path, classes=["x"])
    one = embed(corpus, "logmel", cache / "1", jobs=1, progress=False)
    two = embed(corpus, "logmel", cache / "2", jobs=2, progress=False)
    assert len(np.unique(one, axis=0)) == 40
    assert np.allclose(one, two, atol=1e-5)


def test_changed_content_is_computed_again(corpus, cache, monkeypatch):
    before = embed(corpus, "logmel", cache, progress=False)
    root = Path(corpus.sound.paths[0]).parent
    sf.write(root / "a.wav", np.random.default_rng(5).normal(0, 0.1, 5000), 8000)
    changed = load_folder(root, classes=["x", "y"])
    after = embed(changed, "logmel", cache, progress=False)
    assert not np.array_equal(before[0], after[0])
    assert np.array_equal(before[1:], after[1:])
    # other class names leave the sounds as they are
    seen = computed(monkeypatch)
    embed(load_folder(root, classes=["x", "y", "z"]), "logmel", cache, progress=False)
    assert seen == []


def test_changed_code_is_computed_again(corpus, cache, monkeypatch):
    embed(corpus, "logmel", cache, progress=False)
    monkeypatch.setattr("dalbook.embeddings.registry.code_version", lambda *modules: f"another {modules}")
    embed(corpus, "logmel", cache, progress=False)
    assert len(list(cache.iterdir())) == 2


def test_one_broken_clip_is_named_each_time_and_the_others_are_kept(corpus, cache):
    sf.write(corpus.sound.paths[1], np.full(800, np.nan), 8000, subtype="FLOAT")
    broken = load_folder(Path(corpus.sound.paths[1]).parent, classes=["x", "y"])
    for _ in range(2):
        with pytest.warns(BrokenClipsWarning, match=r"1 clips .* b\.wav: .*sample 0 .* is nan") as caught:
            x = embed(broken, "logmel", cache, progress=False)
        assert list(caught[0].message.clips) == ["b.wav"]
        assert not x[1].any()
        assert x[[0, 2, 3]].any(axis=1).all()


def test_a_file_gone_since_is_named(corpus, cache):
    Path(corpus.sound.paths[3]).unlink()
    with pytest.warns(BrokenClipsWarning, match=r"d\.wav: there is no such file"):
        embed(corpus, "logmel", cache, progress=False)


def test_a_clip_that_failed_for_a_while_is_tried_again(corpus, cache, monkeypatch):
    true = compute.embed_chunk

    def busy(corpus, chunk, embedder):
        x, broken = true(corpus, chunk, embedder)
        x[2] = 0
        return x, {**broken, 2: "the drive was not there"}

    with monkeypatch.context() as while_busy:
        while_busy.setattr(compute, "embed_chunk", busy)
        with pytest.warns(BrokenClipsWarning, match="c.wav: the drive was not there"):
            first = embed(corpus, "logmel", cache, progress=False)
    seen = computed(monkeypatch)
    x = embed(corpus, "logmel", cache, progress=False)
    assert seen == [2]
    assert x[2].any()
    assert np.array_equal(x[[0, 1, 3]], first[[0, 1, 3]])
    assert np.array_equal(embed(corpus, "logmel", cache, progress=False), x)
    assert seen == [2]
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_what_is_kept_is_there_where_the_network_cannot_be_loaded(tmp_path, cache, network, monkeypatch):
    corpus = recordings(tmp_path / "sounds", [800, 7, 800])
    with pytest.warns(BrokenClipsWarning):
        first = embed(corpus, "net", cache, progress=False)

    def gone(*_):
        raise ValueError("no library")

    monkeypatch.setattr(compute, "load_network", gone)
    with pytest.warns(BrokenClipsWarning):
        assert np.array_equal(embed(corpus, "net", cache, progress=False), first)


def test_nothing_but_broken_clips_is_an_error(corpus, cache):
    for path in corpus.sound.paths:
        Path(path).write_bytes(b"not audio")
    with pytest.raises(ValueError, match=r"not one of the 4 clips .* the first, a\.wav: .*not audio"):
        embed(corpus, "logmel", cache, progress=False)
    assert not list(cache.iterdir())


def nan_embedding(x, rate):
    return np.full(3, np.nan if len(x) == 5 else 1.0, dtype=np.float32)


def test_an_embedding_that_is_not_finite_is_reported(corpus, cache, monkeypatch):
    sf.write(corpus.sound.paths[2], np.zeros(5), 8000)
    monkeypatch.setitem(embedding.EMBEDDERS, "odd", Embedder(__name__, "nan_embedding", 3, ()))
    with pytest.warns(BrokenClipsWarning, match=r"c\.wav: its embedding is not finite"):
        x = embed(corpus, "odd", cache, progress=False)
    assert x[:, 0].tolist() == [1, 1, 0, 1]


RATE = 8000  # of the network below


class Network:
    """Two moments and the length of each sound; remembers what it was given, and takes no sound of 7 samples."""

    batches: ClassVar = []

    def __call__(self, sounds):
        self.batches.append([len(x) for x in sounds])
        if 7 in self.batches[-1]:
            raise RuntimeError("too short for me")
        assert all(x.dtype == np.float32 for x in sounds)
        return np.array([[x.mean(), np.nan if len(x) == 5 else x.std(), len(x)] for x in sounds], dtype=np.float32)


def load(model, device):
    assert (model, device) == (None, "auto")
    return Network()


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setitem(embedding.EMBEDDERS, "net", Embedder(__name__, "load", 3, (), network=True))
    monkeypatch.setattr(Network, "batches", [])
    return Network


def recordings(root, lengths):
    root.mkdir()
    rng = np.random.default_rng(2)
    for i, n in enumerate(lengths):
        sf.write(root / f"{i:03}.wav", rng.uniform(-0.5, 0.5, n), RATE)
    return load_folder(root, classes=["x"])


def test_a_network_gets_batches_of_one_length(tmp_path, cache, network):
    lengths = [400, 800, 200, 400] * 20
    corpus = recordings(tmp_path / "rec", lengths)
    result, _ = embed_to_file(corpus, "net", cache, progress=False)
    x = result.x
    assert 0 < result.waited < 1
    assert x[:, 2].tolist() == lengths
    assert np.allclose(x[:, 1], [corpus.audio(i)[0].std() for i in range(80)], atol=1e-6)
    assert sum(len(set(batch)) == 1 for batch in network.batches) == 4
    assert max(len(batch) for batch in network.batches) == 16


def test_a_network_s_broken_clips_are_named_and_the_others_kept(tmp_path, cache, network):
    corpus = recordings(tmp_path / "rec", [400, 7, 400, 5, 400])
    Path(corpus.sound.paths[2]).write_bytes(b"not audio")
    with pytest.warns(BrokenClipsWarning) as caught:
        x = embed(corpus, "net", cache, progress=False)
    broken = caught[0].message.clips
    assert list(broken) == ["001.wav", "002.wav", "003.wav"]
    assert broken["001.wav"] == "too short for me"
    assert "not audio" in broken["002.wav"]
    assert broken["003.wav"] == "its embedding is not finite, or beyond 1e+15"
    assert x[:, 2].tolist() == [400, 0, 0, 0, 400]


def test_an_interrupted_network_goes_on(tmp_path, cache, network, monkeypatch):
    corpus = recordings(tmp_path / "rec", [400] * 50)
    true = Network.__call__

    def until_stopped(self, sounds):
        if len(self.batches) == 2:
            raise KeyboardInterrupt
        return true(self, sounds)

    with monkeypatch.context() as patch:
        patch.setattr(Network, "__call__", until_stopped)
        with pytest.raises(KeyboardInterrupt):
            embed(corpus, "net", cache, progress=False)
    assert sum(map(len, network.batches)) == 32
    x = embed(corpus, "net", cache, progress=False)
    assert sum(map(len, network.batches)) == 50
    assert np.allclose(x[:, 1], [corpus.audio(i)[0].std() for i in range(50)], atol=1e-6)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_other_weights_are_computed_again(tmp_path, cache, corpus, monkeypatch):
    weights = Remote("net.pth", None, None, None, "the page", "", "", "DALBOOK_NET_URL")
    monkeypatch.setitem(embedding.EMBEDDERS, "net", Embedder(__name__, "load", 3, (), network=True, weights=weights))
    monkeypatch.setattr(sys.modules[__name__], "load", lambda model, device: Network())
    model = tmp_path / "net.pth"
    for content in (b"one", b"two!"):
        model.write_bytes(content)
        embed(corpus, "net", cache, progress=False, model=model)
    assert len(list(cache.iterdir())) == 2
    monkeypatch.setenv("DALBOOK_CACHE", str(cache))
    with pytest.raises(FileNotFoundError, match=r"net needs net\.pth, .* get it at the page and give --model FILE"):
        embed(corpus, "net", cache, progress=False)
    monkeypatch.setenv("DALBOOK_NET_URL", "http://localhost/net.pth")
    with pytest.raises(FileNotFoundError, match=r"net needs net\.pth, .*--embedding net --download.* --model FILE"):
        embed(corpus, "net", cache, progress=False)
    (cache / "models").mkdir()
    (cache / "models" / "net.pth").write_bytes(b"two!")
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[__name__], "load", None)
        assert embed(corpus, "net", cache, progress=False).shape == (4, 3)


def test_a_missing_library_is_named(corpus, cache, monkeypatch):
    monkeypatch.setitem(embedding.EMBEDDERS, "net", Embedder("json", "load", 3, (), network=True))
    monkeypatch.setattr("json.load", lambda model, device: importlib.import_module("not_installed"))
    with pytest.raises(ValueError, match="No module named 'not_installed'"):
        embed(corpus, "net", cache, progress=False)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full to stand for a full disk")
def test_a_disk_that_fills_up_costs_the_resuming_only(corpus, cache, monkeypatch):
    def append(path, clips, rows):
        append_rows("/dev/full", clips, rows)

    monkeypatch.setattr(compute, "append_rows", append)
    with pytest.warns(UserWarning, match="No space left.* nothing is kept if this is interrupted"):
        x = embed(corpus, "logmel", cache, progress=False)
    assert x.any(axis=1).all()


def test_a_checkpoint_ends_where_it_is_damaged(tmp_path):
    path = tmp_path / "rows"
    append_rows(path, [1, 5, 7], np.arange(9).reshape(3, 3))
    whole = path.read_bytes()
    size = len(whole) // 3
    for content, left in (
        (whole + b"torn", [1, 5, 7]),
        (whole[:-1], [1, 5]),
        (whole[: size + 9] + b"\xff" + whole[size + 10 :], [1]),
        (whole + bytes(2 * size), [1, 5, 7]),
        (b"", []),
    ):
        path.write_bytes(content)
        assert read_rows(path, 10, 3)[0].tolist() == left
        append_rows(path, [2], [[1, 1, 1]])
        clips, x = read_rows(path, 10, 3)
        assert clips.tolist() == [*left, 2]
        assert x[-1].tolist() == [1, 1, 1]
    # a row that another corpus would have
    assert read_rows(path, 2, 3)[0].tolist() == []
    assert read_rows(tmp_path / "none", 2, 3)[1].shape == (0, 3)


@pytest.mark.parametrize("progress", [True, False])
def test_a_second_process_waits_for_the_first(corpus, cache, monkeypatch, capfd, progress):
    asked = threading.Event()

    def holding(path, waiting):
        return hold(path, lambda: (asked.set(), waiting()))

    monkeypatch.setattr(embedding, "hold", holding)
    seen = computed(monkeypatch)
    results = []
    path = cache / embedding._cache_name(corpus, "logmel")
    with hold(path.with_suffix(".lock")) as mine:
        assert mine
        second = threading.Thread(target=lambda: results.append(embed(corpus, "logmel", cache, progress=progress)))
        second.start()
        assert asked.wait(30)
        save_embeddings(path, corpus.ids, np.ones((4, 2048), dtype=np.float32), {"broken": {}})
    second.join(30)
    assert results[0].tolist() == np.ones((4, 2048)).tolist()
    assert seen == []
    assert [one.suffix for one in cache.iterdir()] == [".npz"]
    # where nobody wants to see the progress, as in a chapter of the book, nothing is said
    assert ("another process" in capfd.readouterr().err) == progress


def test_a_prefetch_stays_within_its_room():
    ready, most = 0, 0
    lock = threading.Lock()

    def read(clip):
        nonlocal ready, most
        if clip == 13:
            raise ValueError("no luck")
        with lock:
            ready += 1
            most = max(most, ready)
        return np.ones(1000, dtype=np.float32)

    taken = {}
    for clip, sound in prefetch(read, range(100), threads=3, room=20_000):
        with lock:
            ready -= clip != 13
        taken[clip] = sound
    assert list(taken) == list(range(100))
    assert str(taken[13]) == "no luck"
    # five in the room, and one more of each thread and of the taker
    assert most <= 5 + 3 + 1


def test_a_prefetch_ends_when_nobody_takes():
    before = threading.active_count()
    ahead = prefetch(lambda clip: np.ones(1000), range(1000), room=8000)
    for _ in ahead:
        break
    del ahead, _
    gc.collect()
    assert threading.active_count() == before


def test_a_prefetch_reads_neighbors_in_one_thread():
    thread = {}

    def read(clip):
        thread[clip] = threading.get_ident()
        return np.ones(1)

    assert len(list(prefetch(read, range(64), threads=4))) == 64
    assert all(len({thread[clip] for clip in range(at, at + 16)}) == 1 for at in range(0, 64, 16))


@pytest.mark.parametrize("lengths", [[5] * 7, list(range(1, 30)), [3, 3, 900, 3], [1], []])
def test_batches_hold_each_clip_once_and_not_too_much(lengths):
    sounds = [(i, np.ones(n)) for i, n in enumerate(lengths)]
    made = list(batches(iter(sounds), size=3, samples=60, shelf=8))
    assert sorted(i for batch in made for i, _ in batch) == list(range(len(lengths)))
    for batch in made:
        assert 1 <= len(batch) <= 3
        assert len(batch) == 1 or len(batch) * max(len(x) for _, x in batch) <= 60


@pytest.mark.parametrize("damage", ["cut", "text", "other clips", "other size", "no report"])
def test_a_damaged_cache_is_computed_again(corpus, cache, damage):
    x = embed(corpus, "logmel", cache, progress=False)
    [file] = cache.iterdir()
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "text":
        file.write_text("what?")
    elif damage == "other clips":
        save_embeddings(file, ["q", "r", "s", "t"], x, {"broken": {}})
    elif damage == "other size":
        save_embeddings(file, corpus.ids, x[:, :7], {"broken": {}})
    else:
        save_embeddings(file, corpus.ids, x)
    with pytest.warns(UserWarning, match="damaged cache file is computed again"):
        again = embed(corpus, "logmel", cache, progress=False)
    assert np.array_equal(again, x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(embed(corpus, "logmel", cache, progress=False), x)


def test_a_cache_that_cannot_be_written_does_not_cost_the_result(corpus, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="cannot be written to .* set DALBOOK_CACHE"):
        x = embed(corpus, "logmel", tmp_path / "file", progress=False)
    assert x.any(axis=1).all()


def test_two_processes_at_once_leave_one_whole_file(corpus, cache):
    script = (
        "import pathlib, sys\n"
        "from dalbook.corpora.folder import load_folder\n"
        "from dalbook.embeddings.embed import _cache_name, embed, save_embeddings\n"
        "corpus = load_folder(sys.argv[1], classes=['x'])\n"
        "x = embed(corpus, 'logmel', sys.argv[2], jobs=1, progress=False)\n"
        "path = pathlib.Path(sys.argv[2], _cache_name(corpus, 'logmel'))\n"
        "for _ in range(30):\n"
        "    save_embeddings(path, corpus.ids, x, {'broken': {}})\n"
        "    assert (embed(corpus, 'logmel', sys.argv[2], jobs=1, progress=False) == x).all()\n"
    )
    root = str(Path(corpus.sound.paths[0]).parent)
    command = [sys.executable, "-W", "error::UserWarning", "-c", script, root, str(cache)]
    processes = [subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=100)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    [file] = cache.iterdir()
    assert load_embeddings(file, corpus).shape == (4, 2048)


def test_embeddings_for_takes_a_name_or_a_file(corpus, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("DALBOOK_CACHE", str(cache))
    x = embeddings_for(corpus, "logmel", jobs=1, progress=False)
    assert x.shape == (4, 2048)
    assert len(list(cache.iterdir())) == 1
    save_embeddings(tmp_path / "e.npz", names(4), np.ones((4, 3)))
    assert embeddings_for(corpus, tmp_path / "e.npz").shape == (4, 3)
    assert embeddings_for(corpus, str(tmp_path / "e.npz")).shape == (4, 3)
    with pytest.raises(FileNotFoundError, match=r"gone\.npz"):
        embeddings_for(corpus, "gone.npz")
    with pytest.raises(ValueError, match=r"cnn99 is neither an embedder \(logmel.*\) nor an \.npz file"):
        embeddings_for(corpus, "cnn99")
    with pytest.raises(ValueError, match="no embedder 'cnn99'; available: logmel"):
        embed(corpus, "cnn99")


def test_odd_but_valid_sounds_have_embeddings(tmp_path, cache):
    root = tmp_path / "odd"
    root.mkdir()
    rng = np.random.default_rng(0)
    sf.write(root / "silent.wav", np.zeros(8000), 8000)
    sf.write(root / "one.wav", np.array([0.5]), 44100)
    sf.write(root / "stereo.flac", rng.normal(0, 0.1, (9600, 2)), 96000)
    sf.write(root / "low.wav", rng.normal(0, 0.1, 4000), 8000, subtype="PCM_U8")
    sf.write(root / "high.wav", rng.normal(0, 0.1, 96000), 192000, subtype="PCM_32")
    corpus = load_folder(root, classes=["x"])
    with warnings.catch_warnings():
        warnings.simplefilter("error", BrokenClipsWarning)
        x = embed(corpus, "logmel", cache, progress=False)
    assert np.isfinite(x).all()
    assert (x >= 0).all()
    assert x.any(axis=1).all()


@needs_real
def test_the_real_embeddings_belong_to_the_real_clips():
    corpus = load_urbansound8k(REAL)
    path = Path(REAL) / "embeddings" / "yamnet.npz"
    x = load_embeddings(path, corpus)
    assert (x.shape, x.dtype) == ((2598, 1024), np.float32)
    with np.load(path, allow_pickle=False) as file:
        clips = file["clips"].tolist()
        for i in (0, 1000, 2597):
            assert np.array_equal(x[i], file["embeddings"][clips.index(corpus.ids[i])].astype(np.float32))
    two = Corpus("one", corpus.classes, ("nobody.wav", *corpus.ids[:3]), [0] * 4, [1] * 4, corpus.sound, "", "")
    with pytest.raises(ValueError, match=r"1 of the corpus's 4 clips are not in it: nobody\.wav"):
        load_embeddings(path, two)
