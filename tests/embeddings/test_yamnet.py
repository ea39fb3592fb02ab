"""YAMNet: what it refuses, how it cuts a clip into windows, and that it gives the embeddings of the real slice."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from dalbook.corpora.audio import resample
from dalbook.corpora.urbansound8k import load_urbansound8k
from dalbook.embeddings.npz import load_embeddings
from dalbook.embeddings.registry import load_network, weights_file
from dalbook.embeddings.yamnet import DIMENSIONS, HOP, RATE, WINDOW, load
from dalbook.learners.metrics import macro_recall
from dalbook.learners.svm import PoolSVM

REAL, MODEL = os.environ.get("DALBOOK_REAL_DATA"), os.environ.get("DALBOOK_YAMNET")
needs_model = pytest.mark.skipif(not MODEL, reason="DALBOOK_YAMNET names no yamnet.tflite")
needs_data = pytest.mark.skipif(not REAL, reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice")


@pytest.fixture(scope="module")
def network():
    return load(MODEL)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(samples, dtype=np.float32)


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch):
    for name in ("ai_edge_litert", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'pip install "dalbook\[yamnet\]"'):
        load("any.tflite")


def test_without_the_file_the_error_says_which(tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="yamnet.tflite"):
        weights_file("yamnet")
    with pytest.raises(FileNotFoundError, match=r"mine\.tflite"):
        load(tmp_path / "mine.tflite")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", bytes(8) * 1000])
def test_another_file_is_refused_by_name_with_what_to_take(tmp_path, content):
    pytest.importorskip("ai_edge_litert")
    path = tmp_path / "yamnet.tflite"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not YAMNet's .* 3959752 bytes, sha256:687f226c") as caught:
        load_network("yamnet", path)
    assert str(path) in str(caught.value)


def test_other_devices_are_refused():
    with pytest.raises(ValueError, match="CPU only.*'cuda'"):
        load("any.tflite", device="cuda")


@needs_model
def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "yamnet.tflite"
    path.write_bytes(Path(MODEL).read_bytes()[:-1_000_000])
    with pytest.raises(ValueError, match="is not YAMNet"):
        load(path)


@needs_model
def test_a_path_that_is_not_ascii(tmp_path, network):
    path = tmp_path / "Töne 音.tflite"
    path.write_bytes(Path(MODEL).read_bytes())
    assert np.array_equal(load(path)([noise(WINDOW)]), network([noise(WINDOW)]))


@needs_model
def test_an_embedding_is_the_mean_over_windows(network):
    x = noise(WINDOW + 2 * HOP)
    windows = [x[at : at + WINDOW] for at in (0, HOP, 2 * HOP)]
    parts = network(windows)
    assert parts.dtype == np.float32
    assert parts.shape == (3, DIMENSIONS)
    assert np.ptp(parts, axis=0).max() > 0.01
    np.testing.assert_allclose(network([x])[0], parts.mean(axis=0), rtol=1e-5, atol=1e-6)
    # what does not fill a window is not heard
    np.testing.assert_array_equal(network([np.append(x, noise(HOP - 1, 1))]), network([x]))
    assert not np.array_equal(network([np.append(x, noise(HOP, 1))]), network([x]))


@needs_model
def test_the_tensor_is_the_one_the_classes_are_made_of(network):
    """It is not negative, as after a ReLU, and one dense layer away from the 521 scores."""
    interpreter = network._interpreter
    name = next(t["name"] for t in interpreter.get_tensor_details() if t["index"] == network._pool)
    assert "global_average_pool" in name
    x = network([noise(WINDOW, seed) for seed in range(8)])
    assert x.min() >= 0
    assert (x > 0).mean() > 0.05


@needs_model
def test_clips_do_not_influence_each_other(network):
    clips = [noise(n, n) for n in (1, 500, WINDOW - 1, WINDOW, WINDOW + HOP, 4 * RATE, 500)]
    together = network(clips)
    for row, clip in enumerate(clips):
        assert np.array_equal(network([clip])[0], together[row])
    assert np.array_equal(network(clips[::-1])[::-1], together)
    assert np.array_equal(together[1], network([np.append(clips[1], np.zeros(WINDOW - 500, np.float32))])[0])


@needs_model
def test_nothing_and_silence(network):
    assert network([]).shape == (0, DIMENSIONS)
    assert np.isfinite(network([np.zeros(0, np.float32), np.zeros(RATE, np.float32)])).all()
    with pytest.raises(ValueError, match=r"mono.*\(100, 2\)"):
        network([np.zeros((100, 2), np.float32)])


@needs_model
@needs_data
def test_it_matches_the_embeddings_of_the_uncompressed_clips(network):
    """Every fifth clip. Over all 2598: median 0.981; recall of an SVM on either's own embeddings 0.764 and 0.761."""
    corpus = load_urbansound8k(REAL)
    some = np.arange(0, len(corpus), 5)
    theirs = load_embeddings(Path(REAL) / "embeddings" / "yamnet.npz", corpus)
    ours = network([resample(*corpus.audio(i), RATE) for i in some])
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs[some], axis=1)
    assert np.median((ours * theirs[some]).sum(axis=1) / norms) >= 0.97

    # trained on theirs, with all clips of two folds, it must hear in ours what it hears in theirs
    difference = []
    for fold in np.unique(corpus.folds):
        train, test = corpus.split(fold)[0], corpus.folds[some] == fold
        svm = PoolSVM(theirs[train], 10).fit(np.arange(len(train)), corpus.labels[train])
        recalls = [
            macro_recall(corpus.labels[some[test]], svm.predict_proba(x).argmax(axis=1))
            for x in (ours[test], theirs[some[test]])
        ]
        difference.append(recalls[0] - recalls[1])
    assert abs(np.mean(difference)) <= 0.02
