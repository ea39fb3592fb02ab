"""Embedders of anybody's: a function, a network in a file, BirdNET's package, and what an installed package adds."""

from __future__ import annotations

import importlib.metadata
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import field
import numpy as np
import pytest
import small_models

from dalbook import DALConfig, SoundClassifier, embed, load_folder
from dalbook.cli import main
from dalbook.detection import training
from dalbook.embeddings import birdnet, registry
from dalbook.embeddings.embed import BrokenClipsWarning
from dalbook.embeddings.encoder import Encoder
from dalbook.embeddings.model_file import ModelFile
from dalbook.embeddings.npz import read_embeddings
from dalbook.embeddings.own import OwnEmbedder, windows_of

RATE = 8000


@pytest.fixture(scope="module")
def rec(tmp_path_factory):
    root = tmp_path_factory.mktemp("rec")
    field.write_recordings(root, ("a.wav", "b.wav"), seconds=3)
    return load_folder(root, ["x"], segment=1)


calls: list[int] = []


def mine(samples, rate):
    calls.append(len(samples))
    if abs(samples).max() > 5:
        raise ValueError("too loud")
    return np.array([samples.mean(), samples.std(), rate])


def test_a_function_embeds_once_and_is_kept_like_the_built_in_ones(rec, tmp_path):
    calls.clear()
    x = embed(rec, mine, cache_dir=tmp_path, progress=False)
    assert x.shape == (6, 3)
    assert x[:, 2].tolist() == [RATE] * 6
    n = len(calls)
    assert np.array_equal(embed(rec, mine, cache_dir=tmp_path, progress=False), x)
    assert len(calls) == n + 1  # its dimensions were asked for
    (kept,) = tmp_path.glob("*.npz")
    assert "-mine-" in kept.name
    assert read_embeddings(kept)[2]["embedder"] == "mine"
    embed(rec, OwnEmbedder(mine, version="2"), cache_dir=tmp_path, progress=False)
    embed(rec, OwnEmbedder(mine, rate=16000), cache_dir=tmp_path, progress=False)
    assert len(list(tmp_path.glob("*.npz"))) == 3


def test_a_clip_that_it_fails_on_is_named(tmp_path):
    import soundfile

    for name, level in (("a", 0.5), ("b", 9.0), ("c", 0.5)):
        soundfile.write(tmp_path / f"{name}.wav", np.full(800, level), RATE, subtype="FLOAT")
    corpus = load_folder(tmp_path, ["x"])
    with pytest.warns(BrokenClipsWarning) as caught:
        x = embed(corpus, mine, cache_dir=tmp_path / "cache", progress=False)
    assert caught[0].message.clips == {"b.wav": "too loud"}
    assert x[1].tolist() == [0, 0, 0]


def test_rate_and_window_are_seen_to():
    own = OwnEmbedder(lambda x, rate: [len(x), rate], rate=16000, window=0.5, version="1", name="my own/1")
    assert (own.name, own.dimensions) == ("my-own-1", 2)
    assert own.load()(np.zeros(RATE, np.float32), RATE).tolist() == [8000, 16000]
    assert [len(w) for w in windows_of(np.ones(10), 40)] == [40]
    with pytest.raises(ValueError, match="must give a vector for a clip, not shape"):
        OwnEmbedder(lambda x, rate: x.mean(), version="1")
    with pytest.raises(ValueError, match=r"source of .* cannot be read, .* version="):
        OwnEmbedder(np.negative)
    wrong = OwnEmbedder(lambda x, rate: x[:3], dimensions=4, version="1")
    assert Encoder(wrong)([(np.ones(9, np.float32), RATE)])[1] == {0: "-lambda gave shape (3,), not (4,)".strip("-")}


def test_a_package_adds_an_embedder(rec, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "their_package", types.SimpleNamespace(theirs=OwnEmbedder(mine, name="theirs")))
    point = importlib.metadata.EntryPoint("theirs", "their_package:theirs", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == "dalbook.embedders" else [])
    assert embed(rec, "theirs", cache_dir=tmp_path, progress=False).shape == (6, 3)
    with pytest.raises(ValueError, match="there is no embedder 'nobody_s'; available: logmel, .*, theirs"):
        embed(rec, "nobody_s")


@pytest.fixture(params=["tflite", "onnx"])
def model(request, tmp_path):
    pytest.importorskip("ai_edge_litert" if request.param == "tflite" else "onnxruntime")
    write = small_models.write_tflite if request.param == "tflite" else small_models.write_onnx
    return write(tmp_path / f"small net.{request.param}")


def test_a_network_in_a_file(model, rec, tmp_path):
    net = ModelFile(model, RATE, "hidden")
    assert (net.name, net.dimensions, net.network) == ("small-net", 6, True)
    x = embed(rec, net, cache_dir=tmp_path / "cache", progress=False)
    w1, w2 = small_models.weights()
    sound = rec.audio(4)[0]
    windows = sound.reshape(-1, small_models.SIZE)
    np.testing.assert_allclose(x[4], (windows @ w1.T).mean(axis=0), rtol=1e-4, atol=1e-5)
    scores = ModelFile(model, RATE, "scores").load()([sound, sound[:100]])
    np.testing.assert_allclose(scores[0], (windows @ w1.T @ w2.T).mean(axis=0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(scores[1], np.append(sound[:100], np.zeros(300)) @ w1.T @ w2.T, rtol=1e-3, atol=1e-4)
    if model.suffix == ".tflite":
        assert ModelFile(model, RATE).dimensions == 2  # its only output
    else:
        with pytest.raises(ValueError, match="it has several outputs; name one with --tensor, .*: hidden, scores"):
            ModelFile(model, RATE)
    with pytest.raises(ValueError, match="there is no tensor 'none'; name one with --tensor"):
        ModelFile(model, RATE, "none")
    with pytest.raises(ValueError, match="say which sample rate it takes, with --rate HZ"):
        ModelFile(model, None)
    with pytest.raises(ValueError, match="runs on the CPU only"):
        net.load(device="cuda")
    broken = model.with_stem("broken")
    broken.write_bytes(model.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"broken\.\w+ is not an? (TensorFlow Lite|ONNX) model"):
        ModelFile(broken, RATE)
    with pytest.raises(FileNotFoundError, match="there is no such model file"):
        ModelFile(tmp_path / f"none{model.suffix}", RATE)


def test_from_the_command_line_to_predictions_with_a_file(model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "CONFIG", DALConfig(first_steps=30, batch=32))
    truth = field.write_recordings(tmp_path / "rec", ("a.wav", "b.wav", "c.wav"))
    field.write_labels(tmp_path / "labels.csv", truth)
    made = ["--embedding", str(model), "--tensor", "hidden", "--rate", str(RATE)]
    train = ["train", str(tmp_path / "rec"), str(tmp_path / "labels.csv")]
    assert main([*train, *made, "--jobs", "2"]) == 0
    predict = ["predict", str(tmp_path / "rec"), str(tmp_path / "labels.dalbook"), "--csv", str(tmp_path / "t.csv")]
    assert main(predict) == 2
    assert f"taught with the embedder 'small-net': give it, with --model {model.name}" in capsys.readouterr().err
    assert main([*predict, "--model", str(model)]) == 0
    assert main(["prepare", "folder", "--root", str(tmp_path / "rec"), "--segment", "1", *made]) == 0
    assert "Embeddings, 30 clips x 6" in capsys.readouterr().out
    other = small_models.write_tflite(tmp_path / "other.tflite", seed=1)
    if model.suffix == ".tflite":
        assert main([*predict, "--model", str(other)]) == 2
        assert "taught with other weights of small-net: sha256" in capsys.readouterr().err
    assert main([*train, "--embedding", "mfcc", "--rate", "8000"]) == 2
    assert "--tensor and --rate belong to a .tflite or .onnx file" in capsys.readouterr().err
    assert SoundClassifier.load(tmp_path / "labels.dalbook").card["embedder"]["tensor"] == "hidden"


class Session:
    """As `birdnet.load("acoustic", "2.4", "tf").encode_session()` of the package birdnet 1.3 answers `run_arrays`."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run_arrays(self, inputs):
        count = [-(-len(x) // birdnet.WINDOW) for x, rate in inputs if rate == 48000]
        embeddings = np.full((len(inputs), max(count), 1024), np.nan, np.float32)
        masked = np.ones(embeddings.shape, bool)
        for row, (x, _) in enumerate(inputs):
            for k in range(count[row]):
                embeddings[row, k], masked[row, k] = x[k * birdnet.WINDOW :][: birdnet.WINDOW].mean(), False
        return types.SimpleNamespace(embeddings=embeddings, embeddings_masked=masked)


def test_birdnet_is_called_as_its_package_wants(rec, tmp_path, monkeypatch):
    def load(kind, version, backend, library):
        assert (kind, version, backend, library) == ("acoustic", "2.4", "tf", "litert")
        return types.SimpleNamespace(encode_session=lambda n_workers, batch_size: Session())

    monkeypatch.setitem(sys.modules, "birdnet", types.SimpleNamespace(load=load))
    birdnet.load.cache_clear()
    x = embed(rec, "birdnet", cache_dir=tmp_path, progress=False)
    assert x.shape == (6, 1024)
    network = birdnet.load()
    clips = [
        np.full(n, level, np.float32) for n, level in ((birdnet.WINDOW, 1.0), (2 * birdnet.WINDOW, 2.0), (10, 0.0))
    ]
    assert network(clips)[:, 0].tolist() == [1.0, 2.0, 0.0]
    assert network([]).shape == (0, 1024)
    birdnet.load.cache_clear()
    monkeypatch.setitem(sys.modules, "birdnet", None)
    with pytest.raises(ImportError, match="pip install birdnet"):
        birdnet.load()
    with pytest.raises(ValueError, match="birdnet runs on the CPU here"):
        birdnet.load(device="cuda")


@pytest.mark.parametrize(("shared", "loaded"), [(True, 1), (False, 3)])
def test_threads_share_a_network_that_may_be_shared_and_have_their_own_of_others(shared, loaded, monkeypatch):
    made = []

    class Net:
        def __init__(self):
            made.append(self)
            self.shared = shared

        def __call__(self, clips):
            together.wait()  # all threads are in at once
            return np.array([[len(clip)] for clip in clips], np.float32)

    together = threading.Barrier(3, timeout=60)
    kind = registry.Embedder("json", "net", 1, (), network=True)
    monkeypatch.setattr("json.net", lambda model, device: Net(), raising=False)
    monkeypatch.setattr("json.RATE", 8000, raising=False)
    encoder = Encoder(kind)
    sounds = [(np.zeros(n, np.float32), 8000) for n in (3, 5)]
    with ThreadPoolExecutor(3) as pool:
        for x, broken in pool.map(encoder, [sounds] * 3):
            assert x.tolist() == [[3], [5]]
            assert broken == {}
    assert len(made) == loaded
