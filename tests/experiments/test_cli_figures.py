"""`dalbook run`, `status`, `table` and `figure`, as processes that are killed, that share, and that are a cluster."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import tiny
from us8k import row, write_metadata

from dalbook.cli import main
from dalbook.corpora.toycity.load import load_toy_city
from dalbook.corpora.urbansound8k import load_urbansound8k
from dalbook.embeddings.embed import save_embeddings

FIG2 = ["run", "fig2", "--corpus", "toy-city", "--trials", "1", "--folds", "1,2", "--budgets", "30,40"]
DALBOOK = [sys.executable, "-m", "dalbook"]


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> str:
    """Embeddings of toy-city of 24 dimensions, made from the labels: a run takes a quarter of a second."""
    corpus = load_toy_city()
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((10, 24))[corpus.labels] + 1.2 * rng.standard_normal((800, 24)), 0)
    path = tmp_path_factory.mktemp("embeddings") / "small.npz"
    save_embeddings(path, corpus.ids, x.astype(np.float32))
    return str(path)


@pytest.fixture(scope="module")
def finished(small, tmp_path_factory) -> Path:
    """All twelve runs, uninterrupted."""
    out = tmp_path_factory.mktemp("finished")
    assert main([*FIG2, "--embedding", small, "--jobs", "1", "--out", str(out)]) == 0
    return out


def table(out) -> bytes:
    file = Path(out, "table.csv")
    try:
        assert main(["table", "fig2", "--out", str(out), "--csv", str(file)]) == 0
        return file.read_bytes()
    finally:
        file.unlink(missing_ok=True)


def results(out) -> dict[str, dict]:
    """All results in a folder by their names, without what depends on the clock."""
    paths = Path(out, "results").glob("*.json")
    return {path.name: tiny.without_seconds(json.loads(path.read_text())) for path in paths}


def wait_for_results(out, count: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + 600
    while len(tiny.written(out, "results/*.json")) < count:
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < until
        time.sleep(0.01)


def test_killed_half_way_and_started_again_it_gives_the_same_and_repeats_nothing(small, finished, tmp_path, capsys):
    command = [*DALBOOK, *FIG2, "--embedding", small, "--out", tmp_path]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for_results(tmp_path, 5, process)
    assert main(["status", "fig2", "--out", str(tmp_path)]) == 0  # while it is at work
    os.killpg(process.pid, signal.SIGKILL)  # with its workers
    assert process.wait() == -signal.SIGKILL
    there = tiny.written(tmp_path, "results/*.json")
    assert 5 <= len(there) < 12
    done, missing = map(
        int, re.search(r"(\d+) of 12 runs done, \d running, (\d+) missing", capsys.readouterr().out).groups()
    )
    assert 5 <= done <= len(there)
    assert missing > 0
    assert main(["table", "fig2", "--out", str(tmp_path)]) == 2
    assert "runs of fig2 on toy-city are missing" in capsys.readouterr().err

    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "all 12 runs are done" in again.stdout
    assert there.items() <= tiny.written(tmp_path, "results/*.json").items()
    assert table(tmp_path) == table(finished)
    assert results(tmp_path) == results(finished)
    # nothing is left but the results, what they were made from, and the list
    assert sorted(path.name for path in tmp_path.iterdir() if not path.is_dir()) == ["fig2-toy-city-small.json"]
    assert not [path for place in ("claims", "unfinished") for path in (tmp_path / place).glob("*")]


# Writes down who does what, and starts when the other one is ready too.
SHARING = """
import os, pathlib, sys, time
from dalbook.experiments import runner as running
from dalbook.cli import main

place, me = pathlib.Path(sys.argv[1]), sys.argv[2]
do = running._run

def noted(folder, run, device):
    with open(place / me, "a") as file:
        file.write(run.key + "\\n")
    return do(folder, run, device)

running._run = noted
(place / f"{me}-ready").touch()
until = time.monotonic() + 600
while len(list(place.glob("*-ready"))) < 2:
    assert time.monotonic() < until
    time.sleep(0.01)
sys.exit(main(sys.argv[3:]))
"""


def test_two_processes_share_a_list(small, finished, tmp_path):
    notes, out = tmp_path / "notes", tmp_path / "out"
    notes.mkdir()
    command = [*FIG2, "--embedding", small, "--jobs", "1", "--out", str(out)]
    both = [
        subprocess.Popen([sys.executable, "-c", SHARING, notes, me, *command], stderr=subprocess.DEVNULL)
        for me in ("a", "b")
    ]
    assert [process.wait() for process in both] == [0, 0]
    shares = [(notes / me).read_text().split() for me in ("a", "b")]
    assert all(shares)
    assert sorted(shares[0] + shares[1]) == sorted(name.removesuffix(".json") for name in results(finished))
    assert results(out) == results(finished)
    assert table(out) == table(finished)


def test_a_dask_cluster_that_loses_a_worker_gives_the_same(small, finished, tmp_path):
    """Two real worker processes; one is killed while it is at a run."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, cluster.get_client() as us:
        pids = us.run(os.getpid)
        assert len(set(pids.values())) == 2
        options = ["--embedding", small, "--engine", "dask", "--scheduler", cluster.scheduler_address]
        command = [*DALBOOK, *FIG2, *options, "--out", tmp_path]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_for_results(tmp_path, 3, process)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        assert len(results(tmp_path)) < 10
        assert process.wait(timeout=600) == 0
        now = us.run(os.getpid)
    assert set(now.values()) != set(pids.values())  # it was one of these that died
    assert results(tmp_path) == results(finished)
    assert table(tmp_path) == table(finished)


def copied(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def test_bad_results_are_named_by_every_command_and_redone(small, finished, tmp_path, capsys):
    out = copied(finished, tmp_path)
    first, second, third = sorted((out / "results").iterdir())[:3]
    whole = table(out)
    first.write_bytes(b"")
    second.write_text(second.read_text()[:-30])
    shutil.copy(third, first.with_name("other.json"))
    third.write_bytes(first.with_name(sorted(results(finished))[5]).read_bytes())
    assert main(["status", "fig2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "9 of 12 runs done, 0 running, 3 missing" in said
    assert all(f"{path.name} {what}" in said for path, what in ((first, "is empty"), (second, "is empty or cut short")))
    assert f"{third.name} holds a result of other settings: it will be done again" in said
    for command in (["table", "fig2"], ["figure", "fig2", "--html", str(tmp_path / "plot.html")]):
        assert main([*command, "--out", str(out)]) == 2
        assert re.search(r"results/\w+.json .*`dalbook run fig2` does this run again", capsys.readouterr().err)
    assert not (tmp_path / "plot.html").exists()
    assert main([*FIG2, "--embedding", small, "--jobs", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert all(f"{path.name} " in said for path in (first, second, third))
    assert table(out) == whole


def test_other_embeddings_under_the_same_name_are_other_runs(small, finished, tmp_path, capsys):
    out, other = copied(finished, tmp_path), tmp_path / "small.npz"
    corpus = load_toy_city()
    save_embeddings(other, corpus.ids, np.random.default_rng(1).random((800, 5), np.float32))
    before = tiny.written(out, "results/*")
    command = [*FIG2, "--embedding", str(other), "--budgets", "30", "--folds", "1", "--jobs", "1", "--out", str(out)]
    assert main(command) == 0
    assert before.items() < tiny.written(out, "results/*").items()
    assert len(tiny.written(out, "results/*")) == 12 + 6
    capsys.readouterr()
    assert main([*FIG2, "--embedding", small, "--jobs", "1", "--out", str(out)]) == 0  # and back: nothing to do
    assert table(out) == table(finished)


def test_status_table_and_figure(finished, tmp_path, capsys):
    out = str(finished)
    assert main(["status", "fig2", "--out", out]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(
        r"fig2 on toy-city \(small\): 12 of 12 runs done, 0 running, 0 missing; \d+ (s|min) computed\n", said
    )

    file = tmp_path / "fig2.csv"
    assert main(["table", "fig2", "--out", out, "--csv", str(file)]) == 0
    assert file.read_bytes() == table(finished)
    capsys.readouterr()
    assert main(["table", "fig2", "--out", out]) == 0
    assert capsys.readouterr().out == file.read_text()
    rows = pd.read_csv(file)
    assert sorted(rows["threshold"].unique()) == [0, 0.25, 0.5, 0.75, 0.9, 1]
    assert len(rows) == 6 * 2 * 2
    assert rows[rows["threshold"] == 0]["pseudo"].tolist() == [690, 680] * 2
    assert rows[rows["threshold"] == 1]["pseudo"].tolist() == [0] * 4

    page = tmp_path / "fig2.html"
    assert main(["figure", "fig2", "--out", out, "--html", str(page)]) == 0
    html = page.read_text()
    assert "Plotly.newPlot" in html
    assert all(f"\\u0398 = {threshold}" in html for threshold in ("0", "0.25", "0.5", "0.75", "0.9", "1"))
    assert "80 % interval" in html


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    """An UrbanSound8K of three folds, two clips of noise a class in each, and embeddings of it."""
    root, rng = tmp_path_factory.mktemp("city"), np.random.default_rng(0)
    rows = [row(f"{fold}{k}{i}-{k}-0-0.wav", fold, k) for fold in (1, 2, 3) for k in range(10) for i in range(2)]
    write_metadata(root, rows)
    for name, *_, fold, k, _ in rows:
        path = root / "audio" / f"fold{fold}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.cumsum(rng.standard_normal(8000)) / (100 * (1 + k)), 8000)
    corpus = load_urbansound8k(root)
    x = rng.standard_normal((10, 16))[corpus.labels] + rng.standard_normal((60, 16))
    save_embeddings(root / "mine.npz", corpus.ids, np.maximum(x, 0).astype(np.float32))
    return root


def test_figure_4_on_one_s_own_urbansound8k_with_mfcc(city, tmp_path, capsys):
    out = ["--out", str(tmp_path)]
    command = ["run", "fig4", "--corpus", "urbansound8k", "--root", str(city), "--folds", "2", "--jobs", "1", *out]
    assert main([*command, "--embedding", str(city / "mine.npz")]) == 0
    assert main(["table", "fig4", *out, "--csv", str(tmp_path / "fig4.csv")]) == 0
    rows = pd.read_csv(tmp_path / "fig4.csv")
    assert list(dict.fromkeys(rows["learner"])) == ["dal", "dal:random", "mal", "mal:kl"]
    assert set(rows["budget"]) == {30, 40}  # all that two folds have
    assert set(rows["embedding"]) == {"mine", "mfcc"}
    assert set(rows[rows["learner"] == "mal:kl"]["embedding"]) == {"mfcc"}
    capsys.readouterr()
    assert main(["status", "fig4", *out]) == 0
    assert "fig4 on urbansound8k (mine): 4 of 4 runs done" in capsys.readouterr().out


def test_figure_4_without_mfcc_leaves_it_out_and_says_so(city, tmp_path, capsys):
    broken = Path(shutil.copytree(city, tmp_path / "city"))
    for path in (broken / "audio").rglob("*.wav"):
        path.write_bytes(b"no sound")
    command = ["run", "fig4", "--corpus", "urbansound8k", "--root", str(broken), "--folds", "1", "--budgets", "30"]
    assert main([*command, "--embedding", str(city / "mine.npz"), "--jobs", "1", "--out", str(tmp_path / "out")]) == 0
    assert "MAL on MFCC is left out" in capsys.readouterr().err
    assert {told["run"]["learner"] for told in results(tmp_path / "out").values()} == {"dal", "dal:random", "mal"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--folds", "1,11"), "no fold 11"),
        (("--folds", "one"), "--folds takes whole numbers"),
        (("--budgets", "30,10000"), "10000 labels is larger than the 720"),
        (("--budgets", "20"), "20 labels is smaller than the 30"),
        (("--trials", "0"), "at least one trial"),
        (("--seed", "-1"), "a seed from 0 on"),
        (("--jobs", "0"), "--jobs must be at least 1"),
        (("--corpus", "esc51"), "there is no corpus 'esc51'"),
        (("--corpus", "urbansound8k"), "needs --root"),
        (("--embedding", "vggish"), "vggish is neither an embedder"),
        (("--embedding", "none.npz"), "none.npz"),
        (("--engine", "dask"), "--engine dask and --scheduler ADDRESS go together"),
        (("--scheduler", "tcp://127.0.0.1:1"), "--engine dask and --scheduler ADDRESS go together"),
        (("--device", "quantum"), "'quantum' is no device"),
        (("--out", "README.md"), "README.md"),
    ],
)
def test_wrong_input_is_one_line_that_names_it(small, tmp_path, arguments, message, capsys, monkeypatch):
    (tmp_path / "README.md").write_text("a file")
    monkeypatch.chdir(tmp_path)
    assert (
        main(["run", "fig2", "--embedding", small, "--budgets", "30", "--folds", "1", "--jobs", "1", *arguments]) == 2
    )
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("dalbook: ")]
    assert len(said) == 1
    assert message in said[0]
    assert not list(tmp_path.glob("runs/results/*"))


def test_commands_without_runs_name_the_way_out(tmp_path, capsys):
    for command in (["status"], ["table"], ["figure", "--html", str(tmp_path / "plot.html")]):
        assert main([command[0], "fig3", *command[1:], "--out", str(tmp_path)]) == 2
        assert "start them with `dalbook run fig3`" in capsys.readouterr().err
    assert main(["figure", "fig3", "--html", str(tmp_path / "no" / "plot.html"), "--out", str(tmp_path)]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_a_figure_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["run", "fig5"])
    assert "fig5" in capsys.readouterr().err
