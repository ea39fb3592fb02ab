"""`dalbook prepare` from nothing to embeddings, against a server on the loopback address."""

import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from loopback import Site, serve

import dalbook.embeddings.prepare as prepare_module
from dalbook.cli import main
from dalbook.corpora.esc50 import load_esc50
from dalbook.corpora.folder import load_folder
from dalbook.corpora.table import load_table
from dalbook.corpora.urbansound8k import CLASSES, load_urbansound8k
from dalbook.embeddings.embed import load_embeddings
from dalbook.embeddings.prepare_checks import check_rooms
from dalbook.embeddings.published import CNN14, URBANSOUND8K, YAMNET, Remote
from dalbook.embeddings.registry import EMBEDDERS, Embedder
from dalbook.files.disk import RESERVE

RATE = 8000  # of the network below
WEIGHTS = np.random.default_rng(1).bytes(50_000)
TINY = Remote("tiny.pth", None, None, None, "the tiny page", "CC0", "nobody", "DALBOOK_TINY_URL")


def load(model, device):
    """A network: three moments of the sound and one number of its weights."""
    first = Path(model).read_bytes()[0]
    return lambda sounds: np.array(
        [[len(x), np.abs(x).mean(), np.abs(x).max(), first] for x in sounds], dtype=np.float32
    )


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """No cache, no mirrors, no proxy of whoever runs the tests; and a network that needs no library."""
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for one in (CNN14, URBANSOUND8K, YAMNET, TINY):
        monkeypatch.delenv(one.variable, raising=False)
    monkeypatch.setitem(EMBEDDERS, "tiny", Embedder(__name__, "load", 4, (), network=True, weights=TINY))


def sound(seed, seconds=0.25, rate=RATE):
    file = io.BytesIO()
    sf.write(file, np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate)), rate, format="WAV")
    return file.getvalue()


def city():
    """The files of an UrbanSound8K of 3 folds, ten classes and 30 clips."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class"])
    files = {"UrbanSound8K/UrbanSound8K_README.txt": b"read me", "UrbanSound8K/audio/.DS_Store": b"x"}
    for fold in (1, 2, 3):
        for label, name in enumerate(CLASSES):
            clip = f"{fold}{label}-{label}-0-0.wav"
            writer.writerow([clip, 1, 0.0, 0.25, 1, fold, label, name])
            files[f"UrbanSound8K/audio/fold{fold}/{clip}"] = sound(10 * fold + label, 0.1 * (1 + label % 3))
    files["UrbanSound8K/metadata/UrbanSound8K.csv"] = table.getvalue().encode()
    return files


def packed(files):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as whole:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            whole.addfile(info, io.BytesIO(content))
    return archive.getvalue()


@pytest.fixture
def sites(monkeypatch):
    """An archive and a checkpoint on two servers, which the environment names."""
    with serve(Site(packed(city()))) as archive, serve(Site(WEIGHTS)) as weights:
        monkeypatch.setenv(URBANSOUND8K.variable, f"{archive.url}#md5={archive.md5}")
        monkeypatch.setenv(TINY.variable, f"{weights.url}#md5={weights.md5}")
        yield archive, weights


def prepare(*arguments):
    return main(["prepare", *map(str, arguments)])


def embedding_file(text):
    return Path(re.search(r"^Embeddings, .*: (.*\.npz)$", text, re.MULTILINE)[1])


def test_from_nothing_to_embeddings(sites, tmp_path, capsys):
    root = tmp_path / "sounds"
    sites[0].cuts, sites[1].cuts = [40_000], [10_000]
    assert prepare("urbansound8k", "--root", root, "--embedding", "tiny", "--download") == 0
    told = capsys.readouterr().out
    assert sites[0].asked == [None, "bytes=40000-"]
    assert sites[1].asked == [None, "bytes=10000-"]
    assert "CC BY-NC" in told
    assert "J. Salamon, C. Jacoby, J. P. Bello" in told
    assert re.search(r"^dog_bark +1 +1 +1 +3$", told, re.MULTILINE)
    assert re.search(r"^all +10 +10 +10 +30$", told, re.MULTILINE)
    assert "Nothing is missing or broken" in told
    assert f"--root {root} --embedding" in told
    corpus = load_urbansound8k(root)
    x = load_embeddings(embedding_file(told), corpus)
    assert x.shape == (30, 4)
    assert x[:, 0].tolist() == [len(corpus.audio(i)[0]) for i in range(30)]
    assert np.allclose(x[7, 2], np.abs(corpus.audio(7)[0]).max(), atol=1e-6)
    assert set(x[:, 3]) == {WEIGHTS[0]}

    # a second time there is nothing to do
    assert prepare("urbansound8k", "--root", root, "--embedding", "tiny") == 0
    told = capsys.readouterr().out
    assert "Nothing is to be fetched" in told
    assert "All embeddings were there already" in told
    assert len(sites[0].asked) == len(sites[1].asked) == 2


def test_the_embedding_file_makes_a_learning_curve(sites, tmp_path, capsys):
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "tiny", "--download") == 0
    told = capsys.readouterr().out
    command = re.search(r"^Use them: dalbook (curve .*)$", told, re.MULTILINE)[1].split()
    assert main([*command, "--learners", "mal", "--budgets", "5,10", "--folds", "1", "--jobs", "1"]) == 0
    assert "Macro-averaged recall" in capsys.readouterr().out


def test_nothing_is_fetched_unless_allowed(sites, tmp_path, capsys):
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "tiny") == 2
    told = capsys.readouterr()
    assert "To fetch: tiny.pth, size unknown, from http://127.0.0.1" in told.out
    assert "To fetch: UrbanSound8K.tar.gz" in told.out
    assert told.err == (
        "dalbook: tiny.pth and UrbanSound8K.tar.gz must be fetched: add --download for that; or name your own copy "
        "with --model FILE and --root DIR, or take --embedding logmel or mfcc, which need no weights\n"
    )
    assert sites[0].asked == sites[1].asked == []
    assert not (tmp_path / "us").exists()


def test_the_plan_names_sizes_and_license(tmp_path, capsys):
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "cnn14") == 2
    told = capsys.readouterr().out
    assert "UrbanSound8K.tar.gz, 6.02 GB, from https://zenodo.org/" in told
    assert "Cnn14_mAP=0.431.pth, 327 MB, from https://zenodo.org/" in told
    assert f"{tmp_path / 'us'}: 13.2 GB on disk" in told


def test_a_wrong_sum_is_refused(sites, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(URBANSOUND8K.variable, f"{sites[0].url}#md5=0123")
    (tmp_path / "us").mkdir()
    (tmp_path / "us" / "mine.txt").write_text("mine")
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "logmel", "--download") == 2
    assert re.search(r"its md5 sum is \w+, it must be 0123.* run this again", capsys.readouterr().err)
    assert [path.name for path in (tmp_path / "us").iterdir()] == ["mine.txt"]


def test_an_archive_that_leads_out_is_refused(sites, tmp_path, capsys, monkeypatch):
    with serve(Site(packed({**city(), "UrbanSound8K/../../evil.wav": b"evil"}))) as evil:
        monkeypatch.setenv(URBANSOUND8K.variable, f"{evil.url}#md5={evil.md5}")
        assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "logmel", "--download") == 2
    assert "'UrbanSound8K/../../evil.wav' leads out of the folder, so nothing was unpacked" in capsys.readouterr().err
    assert not list(tmp_path.rglob("evil.wav"))
    assert [path.name for path in (tmp_path / "us").iterdir()] == ["UrbanSound8K.tar.gz"]


def test_a_full_disk_is_noticed_before(sites, tmp_path, capsys, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.delenv(URBANSOUND8K.variable)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**11, 9 * 10**10, 10**10))
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "logmel", "--download") == 2
    assert "UrbanSound8K and the embeddings: 13.4 GB are to come onto the disk of" in capsys.readouterr().err
    assert not (tmp_path / "us").exists()


def test_what_fits_one_by_one_may_not_fit_together(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 10_000 + RESERVE))
    needs = [(tmp_path / "a", 6000, "weights"), (tmp_path / "b" / "c", 5000, "the embeddings")]
    for need in needs:
        check_rooms([need])
    with pytest.raises(OSError, match="weights and the embeddings: .* are to come onto the disk"):
        check_rooms(needs)


def test_the_plan_names_what_the_embeddings_take(tmp_path, capsys):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.wav").write_bytes(sound(0))
    assert prepare("folder", "--root", tmp_path / "own", "--embedding", "logmel") == 0
    assert "up to 16.4 kB on disk" in capsys.readouterr().out


def test_clips_that_a_table_lists(tmp_path, capsys):
    (tmp_path / "own").mkdir()
    for n in range(6):
        (tmp_path / "own" / f"{n}.wav").write_bytes(sound(n))
    rows = [f"own/{n}.wav,{'ab'[n % 2]},{n % 3 + 1}" for n in range(6)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,kind,fold", *rows]) + "\n")
    table = ["--csv", tmp_path / "clips.csv", "--columns", "label=kind"]
    assert prepare("table", *table, "--embedding", "logmel") == 0
    told = capsys.readouterr().out
    assert "6 clips x 2048" in told
    assert f"dalbook curve --corpus table --csv {tmp_path / 'clips.csv'} --columns label=kind --embedding" in told
    corpus = load_table(tmp_path / "clips.csv", label="kind")
    assert load_embeddings(embedding_file(told), corpus).shape == (6, 2048)


def test_esc50_as_it_is_published(tmp_path, capsys):
    for folder in ("meta", "audio"):
        (tmp_path / folder).mkdir()
    rows = [f"{fold}-{100 + fold}-A-0.wav,{fold},0,dog,True,{100 + fold},A" for fold in range(1, 6)]
    header = "filename,fold,target,category,esc10,src_file,take"
    (tmp_path / "meta" / "esc50.csv").write_text("\n".join([header, *rows]) + "\n")
    for n, row in enumerate(rows):
        (tmp_path / "audio" / row.split(",")[0]).write_bytes(sound(n))
    assert prepare("esc50", "--root", tmp_path, "--embedding", "logmel") == 0
    told = capsys.readouterr().out
    assert f"dalbook curve --corpus esc50 --root {tmp_path} --embedding" in told
    assert load_embeddings(embedding_file(told), load_esc50(tmp_path)).shape == (5, 2048)


def test_an_archive_that_somebody_brought_needs_no_network(sites, tmp_path, capsys):
    root = tmp_path / "us"
    root.mkdir()
    (root / "UrbanSound8K.tar.gz").write_bytes(sites[0].content)
    assert prepare("urbansound8k", "--root", root, "--embedding", "logmel", "--limit", "3", "--jobs", "1") == 0
    told = capsys.readouterr().out
    assert sites[0].asked == []
    assert "3 clips x 2048" in told
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "UrbanSound8K.tar.gz").write_bytes(sites[0].content[:-1])
    assert prepare("urbansound8k", "--root", tmp_path / "other", "--embedding", "logmel") == 2
    assert "it is damaged or another" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_noticed_before(sites, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "file"))
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "logmel", "--download") == 2
    assert re.search(r"nothing can be kept in .*file; set DALBOOK_CACHE", capsys.readouterr().err)
    assert sites[0].asked == []


def test_half_a_corpus_is_not_overwritten(sites, tmp_path, capsys):
    (tmp_path / "us" / "audio").mkdir(parents=True)
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "logmel", "--download") == 2
    assert "has `audio`, but not `metadata`" in capsys.readouterr().err
    assert sites[0].asked == []


def test_missing_and_broken_clips_are_told(sites, tmp_path, capsys):
    root = tmp_path / "us"
    assert prepare("urbansound8k", "--root", root, "--embedding", "tiny", "--download") == 0
    (root / "audio" / "fold1" / "13-3-0-0.wav").unlink()
    (root / "audio" / "fold2" / "28-8-0-0.wav").write_bytes(b"not audio")
    capsys.readouterr()
    assert prepare("urbansound8k", "--root", root, "--embedding", "tiny") == 0
    told = capsys.readouterr().out
    assert re.search(r"^Missing: .*fold1: 1 of 10 files are missing: 13-3-0-0\.wav", told, re.MULTILINE)
    assert re.search(r"^Broken: 28-8-0-0\.wav: .*not audio", told, re.MULTILINE)
    assert re.search(r"^all +9 +10 +10 +29$", told, re.MULTILINE)


def test_a_part_of_the_clips_covers_all_folds(sites, tmp_path, capsys):
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", "tiny", "--download", "--limit", 12) == 0
    told = capsys.readouterr().out
    assert re.search(r"^all +4 +4 +4 +12$", told, re.MULTILINE)
    with np.load(embedding_file(told), allow_pickle=False) as file:
        assert len(file["clips"]) == 12
    assert "Use them" not in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["urbansound8k", "--embedding", "cnn99"], "no embedder 'cnn99'; available: logmel"),
        (["urbansound8k", "--limit", "0"], "--limit must be at least 1"),
        (["urbansound8k", "--jobs", "0"], "--jobs must be at least 1"),
        (["urbansound8k", "--segment", "4"], "for your own recordings"),
        (["urbansound8k", "--embedding", "logmel", "--model", "x"], "logmel needs no model file"),
        (["urbansound8k", "--embedding", "tiny", "--model", "gone.pth"], "gone.pth: there is no such model file"),
        (["folder"], "needs --root"),
        (["esc50"], "needs --root"),
        (["table"], "needs --csv"),
        (["folder", "--root", "x", "--csv", "clips.csv"], "--csv and --columns belong to table"),
        (["folder", "--root", "gone", "--embedding", "logmel"], "gone: there is no such folder"),
    ],
)
def test_wrong_arguments_are_named(arguments, says, capsys):
    assert prepare(*arguments) == 2
    assert says in capsys.readouterr().err


def test_a_model_without_an_address_says_what_to_set(tmp_path, capsys):
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "a.wav").write_bytes(sound(0))
    assert prepare("folder", "--root", tmp_path / "rec", "--embedding", "yamnet", "--download") == 2
    told = capsys.readouterr()
    assert "To fetch: yamnet.tflite, 3.96 MB, from an address in DALBOOK_YAMNET_URL" in told.out
    assert f"get it at {YAMNET.page} and give --model FILE" in told.err
    assert "set DALBOOK_YAMNET_URL to an address" in told.err
    assert "--download" not in told.err


@pytest.mark.parametrize(("embedding", "module"), [("cnn14", "panns_inference"), ("yamnet", "ai_edge_litert")])
def test_a_missing_library_is_named_before_anything_is_fetched(sites, tmp_path, capsys, monkeypatch, embedding, module):
    for name in [name for name in sys.modules if name.startswith(("_dalbook_panns", module))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, f"{module}.interpreter", None)
    for one in (CNN14, YAMNET):
        monkeypatch.setenv(one.variable, f"{sites[1].url}#md5={sites[1].md5}")
    assert prepare("urbansound8k", "--root", tmp_path / "us", "--embedding", embedding, "--download") == 2
    assert "install it with: pip install" in capsys.readouterr().err
    assert sites[0].asked == sites[1].asked == []


def test_absent_folds_are_told(sites, tmp_path, capsys):
    root = tmp_path / "us"
    assert prepare("urbansound8k", "--root", root, "--embedding", "tiny", "--download") == 0
    shutil.rmtree(root / "audio" / "fold2")
    capsys.readouterr()
    assert prepare("urbansound8k", "--root", root, "--embedding", "tiny") == 0
    told = capsys.readouterr().out
    assert "Missing: folds 2 (10 clips of the metadata)" in told
    assert "Nothing is missing" not in told


def command(*arguments):
    return [sys.executable, "-m", "dalbook", "prepare", *map(str, arguments)]


def environment(**change):
    return {**os.environ, "PYTHONPATH": str(Path(prepare_module.__file__).parents[2]), **change}


@pytest.mark.parametrize("what", ["sounds", "weights"])
def test_without_a_network_one_line_says_so(tmp_path, what):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}/x"
    embedding = "logmel" if what == "sounds" else "cnn14"
    done = subprocess.run(
        command("urbansound8k", "--root", tmp_path / "us", "--embedding", embedding, "--download"),
        env=environment(DALBOOK_URBANSOUND8K_URL=nowhere, DALBOOK_CNN14_URL=nowhere),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    [line] = [line for line in done.stderr.splitlines() if line.startswith("dalbook")]
    assert re.match(r"dalbook: there is no network: http://127\S+ cannot be reached \(Connection refused\)\. ", line)
    assert "toy-city" in line
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_while_embedding_it_goes_on(tmp_path, capsys, monkeypatch):
    root = tmp_path / "rec"
    root.mkdir()
    for i in range(160):
        (root / f"{i:03}.wav").write_bytes(sound(i, seconds=2))
    arguments = ["folder", "--root", root, "--embedding", "logmel", "--jobs", 1]
    process = subprocess.Popen(
        command(*arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    rows = 4 * (2 + 2048)
    while not any(part.stat().st_size >= 16 * rows for part in (tmp_path / "cache").glob("*.part")):
        assert process.poll() is None, "it ended before there was anything to kill"
        time.sleep(0.005)
    process.kill()
    process.wait()
    [part] = (tmp_path / "cache").glob("*.part")
    there = part.stat().st_size // rows
    assert 16 <= there < 160
    with open(part, "ab") as file:
        file.write(b"torn")  # what a crash may leave
    assert prepare(*arguments) == 0
    told = capsys.readouterr().out
    assert f"{160 - there} clips embedded" in told
    assert f"{there} were there from an earlier run" in told
    x = load_embeddings(embedding_file(told), load_folder(root, classes=["x"]))
    assert x.any(axis=1).all()
    assert not list((tmp_path / "cache").glob("*.part"))
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "fresh"))
    assert prepare(*arguments) == 0
    fresh = load_embeddings(embedding_file(capsys.readouterr().out), load_folder(root, classes=["x"]))
    assert np.array_equal(x, fresh)


def test_own_recordings_in_segments(tmp_path, capsys):
    root = tmp_path / "rec"
    (root / "rain").mkdir(parents=True)
    x = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    x[2 * RATE : 4 * RATE] = 0
    sf.write(root / "rain" / "long.flac", x, RATE)
    model = tmp_path / "tiny.pth"
    model.write_bytes(WEIGHTS)
    arguments = ["folder", "--root", root, "--embedding", "tiny", "--model", model, "--segment", 2]
    assert prepare(*arguments) == 0
    told = capsys.readouterr().out
    assert "1 sound files, labels unknown, no folds, 5 segments of at most 2 s" in told
    corpus = load_folder(root, classes=["drop", "other"], segment=2.0)
    y = load_embeddings(embedding_file(told), corpus)
    assert corpus.ids[1] == "rain/long.flac#t=2.000,4.000"
    assert y[:, 0].tolist() == [2 * RATE] * 5
    assert y[1, 2] == 0
    assert prepare(*arguments, "--skip-silence") == 0
    assert "4 segments of at most 2 s (1 silent ones left out)" in capsys.readouterr().out
