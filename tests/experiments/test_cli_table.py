"""`dalbook curve` on anybody's labeled table, with embeddings given and no sound anywhere."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dalbook.cli import main


@pytest.fixture
def birds(tmp_path, monkeypatch):
    """Forty-eight clips of three species from twelve recordings, and embeddings that tell the species apart."""
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    species = np.arange(48) % 3
    paths = [f"day {i // 12}/{i}.wav" for i in range(48)]
    lines = [
        f"{p},{('wren', 'robin', 'rain')[s]},night {i // 4}"
        for i, (p, s) in enumerate(zip(paths, species, strict=True))
    ]
    (tmp_path / "birds.csv").write_text("\n".join(["file,species,recording", *lines]) + "\n")
    x = np.abs(np.eye(3, 8)[species] + 0.1 * rng.standard_normal((48, 8))).astype(np.float32)
    np.savez(tmp_path / "x.npz", clips=np.array(paths), embeddings=x)
    return tmp_path


def curve(birds, *more: str) -> int:
    table = ["--corpus", "table", "--csv", str(birds / "birds.csv"), "--embedding", str(birds / "x.npz"), "--jobs", "1"]
    return main(
        ["curve", *table, "--start", "nothing", "--learners", "default,default:random", "--budgets", "3,9", *more]
    )


def test_a_table_without_folds_or_sounds_has_a_learning_curve(birds, capsys):
    columns = ["--columns", "path=file,label=species", "--root", str(birds)]
    assert curve(birds, *columns, "--json", str(birds / "out.json")) == 0
    rows = json.loads((birds / "out.json").read_text())["rows"]
    assert {(row["learner"], row["fold"], row["budget"]) for row in rows} == {
        (learner, fold, budget)
        for learner in ("default", "default:random")
        for fold in range(1, 6)
        for budget in (3, 9)
    }
    ours = [row["macro_recall"] for row in rows if row["learner"] == "default" and row["budget"] == 9]
    assert np.mean(ours) > 0.95


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([], "column path, label is missing"),
        (["--columns", "name=file"], "--columns takes path=COLUMN, label=COLUMN"),
        (["--corpus", "esc50"], "--csv and --columns belong to table"),
    ],
)
def test_what_does_not_fit_is_one_line(birds, capsys, more, says):
    assert curve(birds, *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
