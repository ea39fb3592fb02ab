"""`dalbook train` and `dalbook predict`: the same table however often it is killed, and broken files among many."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import field
import pandas as pd
import pytest

from dalbook import DALConfig, SoundClassifier, load_folder
from dalbook.cli import main
from dalbook.detection import files, run, training
from dalbook.detection.run import Wanted, predict_to_files

NAMES = ("a.wav", "b.wav", "c/d.wav", "e.wav", "f.wav", "g.wav")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """rec/ and labels.csv, and the classifier that `dalbook train` makes of them; much/ to predict on."""
    root = tmp_path_factory.mktemp("field")
    truth = field.write_recordings(root / "rec", NAMES)
    field.write_labels(root / "labels.csv", dict(list(truth.items())[::2]))
    field.write_recordings(root / "much", ("1.wav", "2/2.wav", "3.wav", "4.wav"), seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "CONFIG", DALConfig(first_steps=30, batch=32))
        assert main(["train", str(root / "rec"), str(root / "labels.csv"), "--embedding", "mfcc", "--jobs", "1"]) == 0
        yield root


@pytest.fixture
def small_blocks(monkeypatch):
    """Three segments a block, so that there are many in a few seconds of sound."""
    monkeypatch.setattr(files, "BLOCK_SECONDS", 3.0)


def predict(folder, *options: str) -> int:
    return main(["predict", str(folder / "much"), str(folder / "labels.dalbook"), "--jobs", "2", *options])


def test_train_tells_how_good_it_is(folder, capsys, tmp_path):
    assert (
        main(
            [
                "train",
                str(folder / "rec"),
                str(folder / "labels.csv"),
                "--embedding",
                "mfcc",
                "--out",
                str(tmp_path / "m"),
            ]
        )
        == 0
    )
    told = capsys.readouterr().out
    assert "60 segments of at most 1 s" in told
    assert "30 labels of 6 recordings" in told
    assert "macro-averaged recall" in told
    assert "confusions" in told
    assert SoundClassifier.load(tmp_path / "m").card == SoundClassifier.load(folder / "labels.dalbook").card
    field.write_labels(tmp_path / "none.csv", {})
    assert main(["train", str(folder / "rec"), str(tmp_path / "none.csv")]) == 2
    assert "there is no label in it" in capsys.readouterr().err


def test_predict_writes_all_that_is_wanted(folder, tmp_path, capsys):
    options = [
        "--raven",
        str(tmp_path / "raven"),
        "--audacity",
        str(tmp_path / "aud"),
        "--threshold",
        "auto",
        "--merge",
    ]
    assert predict(folder, "--csv", str(tmp_path / "t.csv"), *options) == 0
    table = pd.read_csv(tmp_path / "t.csv")
    classifier = SoundClassifier.load(folder / "labels.dalbook")
    assert table.equals(classifier.predict(folder / "much", threshold="auto", merge=True))
    assert "4 recordings" in capsys.readouterr().out
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        *(f"aud/{name}.wav.txt" for name in ("1", "2/2", "3", "4")),
        *(f"raven/{name}.wav.Table.1.selections.txt" for name in ("1", "2/2", "3", "4")),
        "t.csv",
    ]


def test_killed_anywhere_it_goes_on_to_the_same_table(folder, tmp_path, small_blocks, monkeypatch):
    """The journal is cut off after lines and within lines; blocks that are there are not done again."""
    classifier, csv = SoundClassifier.load(folder / "labels.dalbook"), tmp_path / "t.csv"
    predict_to_files(classifier, folder / "much", Wanted(csv))
    true, kept = csv.read_bytes(), {}
    monkeypatch.setattr(
        "pathlib.Path.unlink",
        lambda path, missing_ok=False: kept.update(part=path.read_bytes()) if path.suffix == ".part" else None,
    )
    predict_to_files(classifier, folder / "much", Wanted(csv))
    monkeypatch.undo()
    monkeypatch.setattr(files, "BLOCK_SECONDS", 3.0)
    whole = kept["part"]
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    assert len(ends) == 1 + 4 * 4
    judged = []
    judge = SoundClassifier.judge
    monkeypatch.setattr(SoundClassifier, "judge", lambda self, x: judged.append(len(x)) or judge(self, x))
    for lines, at in [
        (0, 0),
        (0, 5),
        (1, ends[0]),
        (1, ends[0] + 9),
        (6, ends[5]),
        (6, ends[6] - 1),
        (16, ends[15]),
        (17, ends[16]),
    ]:
        csv.unlink(missing_ok=True)
        (tmp_path / "t.csv.part").write_bytes(whole[:at])
        judged.clear()
        predict_to_files(classifier, folder / "much", Wanted(csv))
        assert csv.read_bytes() == true
        assert len(judged) == 16 - max(0, lines - 1)
        assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_sigkill(folder, tmp_path, small_blocks):
    code = f"""
        import os, signal
        from dalbook.cli import main
        from dalbook.detection import files, journal
        files.BLOCK_SECONDS = 3.0
        append = journal.Journal.append
        def die(self, done):
            append(self, done)
            if done.file == "2/2.wav" and done.index == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        journal.Journal.append = die
        main(["predict", {str(folder / "much")!r}, {str(folder / "labels.dalbook")!r}, "--csv", "t.csv"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "t.csv").exists()
    assert len((tmp_path / "t.csv.part").read_bytes().splitlines()) == 1 + 4 + 2
    assert predict(folder, "--csv", str(tmp_path / "t.csv")) == 0
    assert predict(folder, "--csv", str(tmp_path / "again.csv")) == 0
    assert (tmp_path / "t.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_a_journal_of_another_classifier_or_of_changed_recordings_is_not_taken(folder, tmp_path, small_blocks):
    classifier, much = SoundClassifier.load(folder / "labels.dalbook"), tmp_path / "much"
    field.write_recordings(much, ("1.wav", "2.wav"), seed=1)
    recordings = files.recordings_of(much)
    part = tmp_path / "t.csv.part"

    def blocks_there(purpose: str) -> dict:
        journal = run.Journal(part, purpose)
        try:
            return journal.done(recordings)
        finally:
            journal.close()

    journal = run.Journal(part, classifier.fingerprint())
    for done in run.stream(recordings, 1.0, classifier.encoder(), classifier.judge):
        journal.append(done)
    journal.close()
    assert blocks_there(classifier.fingerprint()) == {"1.wav": 4, "2.wav": 4}
    field.write_recordings(much, ("2.wav",), seed=5, seconds=4)
    assert blocks_there(classifier.fingerprint()) == {"1.wav": 4}
    predict_to_files(classifier, much, Wanted(tmp_path / "t.csv"))
    assert pd.read_csv(tmp_path / "t.csv").equals(classifier.predict(much))
    journal = run.Journal(part, "another")
    journal.close()
    assert blocks_there(classifier.fingerprint()) == {}


def test_one_broken_file_among_many_is_told_of_and_does_not_stop_the_others(folder, tmp_path, capsys):
    much = tmp_path / "much"
    field.write_recordings(much, ("1.wav", "2.wav", "3.wav"), seed=1)
    whole = pd.DataFrame(SoundClassifier.load(folder / "labels.dalbook").predict(much))
    (much / "2.wav").write_bytes(b"RIFF, but no sound")
    arguments = ["predict", str(much), str(folder / "labels.dalbook"), "--csv", str(tmp_path / "t.csv")]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "3 recordings, 20 rows" in told.out
    assert "1 segments of 1 recordings are not in it" in told.err
    assert "2.wav at 0 s" in told.err
    assert pd.read_csv(tmp_path / "t.csv").equals(whole[whole["file"] != "2.wav"].reset_index(drop=True))
    broken = pd.read_csv(tmp_path / "t.csv.broken.csv")
    assert broken["file"].tolist() == ["2.wav"]
    field.write_recordings(much, ("2.wav",), seed=1)
    assert main(arguments) == 0
    assert not (tmp_path / "t.csv.broken.csv").exists()
    for name in ("1.wav", "2.wav", "3.wav"):
        (much / name).write_bytes(b"")
    assert main(arguments) == 2
    assert "not one segment could be predicted on; the first, of 1.wav" in capsys.readouterr().err


def test_whole_clips_are_predicted_as_wholes(folder, tmp_path):
    clips = tmp_path / "clips"
    truth = field.write_recordings(clips, tuple(f"{i}.wav" for i in range(12)), seconds=1)
    labels = field.write_labels(tmp_path / "labels.csv", {name.partition("#")[0]: said for name, said in truth.items()})
    assert main(["train", str(clips), str(labels), "--embedding", "mfcc"]) == 0
    classifier = SoundClassifier.load(tmp_path / "labels.dalbook")
    assert classifier.card["segment"] is None
    table = classifier.predict(folder / "much")
    assert table[["start", "end"]].values.tolist() == [[0.0, 10.0]] * 4


def test_what_cannot_be_is_said_before_anything_is_computed(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for options, says in (
        (["--csv", str(tmp_path / "none" / "t.csv")], "there is no such folder"),
        (["--csv", str(tmp_path / "t.csv"), "--raven", str(tmp_path / "file")], "is a file, not a folder"),
        (["--csv", str(tmp_path / "t.csv"), "--threshold", "2"], "threshold must be auto, or a number"),
        (["--csv", str(tmp_path / "t.csv"), "--model", "weights.pth"], "mfcc needs no model file"),
    ):
        assert predict(folder, *options) == 2
        assert says in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_memory_is_bounded_by_blocks_in_flight(folder, small_blocks):
    """No block is decoded before those before it are taken, but for a few."""
    classifier = SoundClassifier.load(folder / "labels.dalbook")
    seen = []

    def judge(x):
        seen.append(len(x))
        return classifier.judge(x)

    done = run.stream(files.recordings_of(folder / "much"), 1.0, classifier.encoder(), judge, jobs=2)
    next(done)
    assert len(seen) <= 4
    done.close()
    corpus = load_folder(folder / "much", ["?"], segment=1)
    assert len(corpus) == 40
