"""CNN14 from a checkpoint of the real architecture with random weights, against panns-inference called by hand."""

from __future__ import annotations

import csv
import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from dalbook.embeddings.cnn14 import DIMENSIONS, RATE, SHORTEST, _read, library, load
from dalbook.embeddings.registry import load_network, weights_file

needs_panns = pytest.mark.skipif(
    importlib.util.find_spec("panns_inference") is None, reason="panns-inference is not installed"
)

BY_HAND = """
import sys
import numpy as np
from panns_inference import AudioTagging
tagging = AudioTagging(checkpoint_path=sys.argv[1], device="cpu")
clips = np.load(sys.argv[2])
batched = tagging.inference(clips)[1]
single = np.vstack([tagging.inference(clip[None])[1] for clip in clips])
np.savez(sys.argv[3], batched=batched, single=single)
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """As the published one: 527 classes, PyTorch's old file format, the number of the iteration beside the model."""
    torch.manual_seed(0)
    net = library()(32000, 1024, 320, 64, 50, 14000, 527)
    for name, buffer in net.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
    path = tmp_path_factory.mktemp("checkpoint") / "Cnn14_mAP=0.431.pth"
    torch.save({"iteration": 600000, "model": net.state_dict()}, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture(scope="module")
def network(checkpoint):
    return load(checkpoint, device="cpu")


def noise(samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(samples) * np.linspace(rng.random(), 1, samples)).astype(np.float32)


@needs_panns
def test_it_gives_what_panns_inference_gives(checkpoint, network, tmp_path):
    home = tmp_path / "home"
    (home / "panns_data").mkdir(parents=True)
    with open(home / "panns_data" / "class_labels_indices.csv", "w", newline="") as file:
        csv.writer(file).writerows([["index", "mid", "display_name"]] + [[i, f"/m/{i}", f"s{i}"] for i in range(527)])
    t = np.arange(RATE) / RATE
    clips = np.stack([noise(RATE), 0.5 * np.sin(2000 * t), 0.01 * noise(RATE, 1) * (t > 0.7)]).astype(np.float32)
    np.save(tmp_path / "clips.npy", clips)
    subprocess.run(
        [sys.executable, "-c", BY_HAND, checkpoint, tmp_path / "clips.npy", tmp_path / "by_hand.npz"],
        check=True,
        env={**os.environ, "HOME": str(home), "USERPROFILE": str(home)},
        capture_output=True,
    )
    by_hand = np.load(tmp_path / "by_hand.npz")
    x = network(list(clips))
    assert x.dtype == np.float32
    assert x.shape == (3, DIMENSIONS)
    scale = x.max()
    assert scale > 0
    # random weights tell clips apart only a little, but by far more than the tolerance
    assert min(np.abs(x[a] - x[b]).max() for a, b in ((0, 1), (0, 2), (1, 2))) > 1e-2 * scale
    np.testing.assert_allclose(x, by_hand["batched"], rtol=0, atol=1e-5 * scale)
    np.testing.assert_allclose(x, by_hand["single"], rtol=0, atol=1e-5 * scale)
    np.testing.assert_allclose(np.vstack([network([clip]) for clip in clips]), x, rtol=0, atol=1e-5 * scale)


@needs_panns
def test_clips_do_not_influence_each_other(network):
    clips = [noise(n, n) for n in (9000, 20000, 1, SHORTEST, 20000, 20001)]
    together = network(clips)
    for row, clip in enumerate(clips):
        np.testing.assert_allclose(network([clip])[0], together[row], rtol=0, atol=1e-5 * together.max())


@needs_panns
def test_dropout_and_augmentation_are_off(network):
    clips = [noise(RATE)]
    assert not network._net.training
    assert np.array_equal(network(clips), network(clips))
    x = network(clips)
    assert (x >= 0).all()
    # dropout would set half of what the ReLU lets through to zero, and spread the rest
    assert 0.3 < (x > 0).mean() < 0.7


@needs_panns
def test_short_clips_are_padded_with_zeros(network):
    short = noise(4000)
    padded = np.append(short, np.zeros(SHORTEST - 4000, np.float32))
    assert np.array_equal(network([short]), network([padded]))
    assert np.isfinite(network([np.zeros(1, np.float32), np.zeros(0, np.float32)])).all()
    with pytest.raises(RuntimeError):
        network._net(torch.zeros(1, SHORTEST - 1))


@needs_panns
def test_nothing_and_stereo(network):
    assert network([]).shape == (0, DIMENSIONS)
    with pytest.raises(ValueError, match=r"mono.*\(9999, 2\)"):
        network([np.zeros((9999, 2), np.float32)])


@needs_panns
def test_nothing_is_fetched_written_or_printed(checkpoint, tmp_path, monkeypatch, capfd):
    for name in [name for name in sys.modules if name.startswith(("_dalbook_panns", "panns_inference"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(os, "system", lambda command: pytest.fail(f"it runs {command}"))
    assert load(checkpoint, device="cpu").device == "cpu"
    assert not (tmp_path / "panns_data").exists()
    assert "panns_inference" not in sys.modules
    assert capfd.readouterr().out == ""


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "panns_inference", None)
    with pytest.raises(ImportError, match=r'pip install "dalbook\[panns\]"'):
        load("any.pth")


@needs_panns
def test_without_the_checkpoint_the_error_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Cnn14_mAP=0.431.pth"):
        weights_file("cnn14")
    with pytest.raises(FileNotFoundError, match=r"mine\.pth"):
        load(tmp_path / "mine.pth")


class Shell:
    """Pickled, it makes a folder when it is read by a reader that runs code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@needs_panns
@pytest.mark.parametrize("what", ["empty", "page", "cut off", "no model", "other network", "tensor", "code"])
def test_another_file_is_refused_with_what_to_take(what, checkpoint, tmp_path):
    path = tmp_path / "Cnn14.pth"
    if what in ("empty", "page"):
        path.write_bytes({"empty": b"", "page": b"<html>not found</html>"}[what])
    elif what == "cut off":
        with open(checkpoint, "rb") as file:
            path.write_bytes(file.read(3_000_000))
    elif what == "code":
        torch.save({"model": Shell(tmp_path / "harm")}, path)
    else:
        torch.save(
            {
                "no model": {"state": {}},
                "other network": {"model": torch.nn.Linear(2, 2).state_dict()},
                "tensor": torch.ones(3),
            }[what],
            path,
        )
    with pytest.raises(ValueError, match="is not a checkpoint of CNN14 .* 327428481 bytes, md5:541141fa") as caught:
        load_network("cnn14", path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert "weights_only" not in message
    assert not (tmp_path / "harm").exists()


@needs_panns
def test_a_device_that_is_not_there(checkpoint):
    with pytest.raises(ValueError, match="cannot run on the device 'toaster'.* take 'auto' or 'cpu'$"):
        load_network("cnn14", checkpoint, device="toaster")


@pytest.mark.parametrize("numpy_1", [True, False])
@pytest.mark.skipif(
    not hasattr(torch.serialization, "safe_globals"), reason="this PyTorch cannot allow NumPy's numbers"
)
def test_numbers_of_numpy_beside_the_weights_are_read(tmp_path, numpy_1):
    path = tmp_path / "checkpoint.pth"
    beside = {"iteration": np.int64(6), "mAP": np.float64(0.431), "sampler": {"indexes": np.arange(3)}}
    torch.save({**beside, "model": {"w": torch.ones(2)}}, path, _use_new_zipfile_serialization=False)
    new, old = b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"
    content = path.read_bytes()
    path.write_bytes(content.replace(new, old) if numpy_1 else content.replace(old, new))
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    assert _read(path)["w"].tolist() == [1, 1]


@needs_panns
def test_a_clip_too_long_for_the_memory_is_refused(network):
    with pytest.raises(ValueError, match="at most 600 s at once; cut it into segments, with --segment"):
        network([np.zeros(601 * RATE, dtype=np.float32)])
