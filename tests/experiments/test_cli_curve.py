"""`dalbook curve` from the command line to its files."""

import dataclasses
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import tiny

from dalbook.cli import main
from dalbook.corpora.folder import load_folder
from dalbook.corpora.toycity.load import load_toy_city
from dalbook.embeddings.embed import save_embeddings
from dalbook.experiments import batch, plan, workers
from dalbook.experiments.dataset import Inputs
from dalbook.learners import registry

REAL = os.environ.get("DALBOOK_REAL_DATA")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Embeddings of toy-city of 24 dimensions, made from the labels: quick to learn from."""
    corpus = load_toy_city()
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((10, 24))[corpus.labels] + 1.2 * rng.standard_normal((800, 24)), 0)
    path = tmp_path_factory.mktemp("embeddings") / "small.npz"
    save_embeddings(path, corpus.ids, x.astype(np.float32))
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Its runs are kept in the cache by default: here each test begins without any."""
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))


def run(small, *more) -> int:
    return main(["curve", "--embedding", str(small), "--folds", "1,2", "--budgets", "30,34", *more])


def rows(small, tmp_path, *more) -> list[dict]:
    """The rows of its --json."""
    out = tmp_path / "rows.json"
    assert run(small, "--jobs", "1", "--json", str(out), *more) == 0
    return json.loads(out.read_text())["rows"]


def test_table_json_and_html(small, tmp_path, capsys):
    out, page = tmp_path / "out.json", tmp_path / "curve.html"
    learners = ("--learners", "dal,mal,dal:random", "--trials", "2", "--jobs", "1")
    assert run(small, *learners, "--json", str(out), "--html", str(page)) == 0

    printed = capsys.readouterr().out
    assert "800 synthesized clips" in printed
    assert "toy-city, small.npz, folds 1, 2" in printed
    told = json.loads(out.read_text())
    assert set(told) == {"settings", "rows"}
    settings = told["settings"]
    assert (settings["corpus"], settings["embedding"], settings["seed"]) == ("toy-city", "small.npz", 0)
    assert (settings["budgets"], settings["folds"], settings["trials"]) == ([30, 34], [1, 2], 2)
    assert settings["dal"]["threshold"] == 0.5
    assert settings["versions"]["torch"]

    rows = told["rows"]
    assert all(
        set(row) == {"learner", "fold", "trial", "seed", "budget", "macro_recall"} and 0 <= row["macro_recall"] <= 1
        for row in rows
    )
    count = {name: sum(row["learner"] == name for row in rows) for name in ("dal", "mal", "dal:random")}
    assert count == {"dal": 8, "mal": 4, "dal:random": 8}  # MAL draws nothing at random: one trial says it all
    assert {row["seed"] for row in rows if row["trial"] == 1} == {1}
    for row in rows:  # the same initial labels, so the same classifier before the first question
        if row["learner"] == "dal" and row["budget"] == 30:
            same = {**row, "learner": "dal:random"}
            assert same in rows
    for name in count:
        mean = np.mean([r["macro_recall"] for r in rows if r["learner"] == name and r["budget"] == 34])
        line = next(line for line in printed.splitlines() if line.startswith(name + " "))
        assert f"{100 * mean:.1f} (" in line
    html = page.read_text()
    assert "dal:random" in html
    assert "Plotly.newPlot" in html
    assert "cdn.plot.ly" not in html.replace('plotlyServerURL: "', "")[:2000]


def test_from_nothing(small, tmp_path, capsys):
    out = tmp_path / "out.json"
    names = ("dal", "dal:random", "mal", "default", "default:random")
    more = ("--start", "nothing", "--budgets", "1,20", "--folds", "1", "--learners", ",".join(names))
    assert run(small, *more, "--jobs", "1", "--json", str(out)) == 0
    assert "from nothing" in capsys.readouterr().out
    told = json.loads(out.read_text())
    assert told["settings"]["start"] == "nothing"
    recall = {(row["learner"], row["budget"]): row["macro_recall"] for row in told["rows"]}
    assert set(recall) == {(name, budget) for name in names for budget in (1, 20)}
    for name in names:
        assert recall[name, 1] == 0.1  # one class is met, the nine others are missed
        assert recall[name, 20] > 0.2


def test_two_jobs_give_the_same_as_one(small, tmp_path):
    results = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.json"
        assert run(small, "--learners", "dal,mal", "--jobs", jobs, "--json", str(out)) == 0
        results.append(json.loads(out.read_text())["rows"])
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--learners", "dal,coreset"), "there is no learner 'coreset'"),
        (("--learners", "dal:"), "there is no learner 'dal:'"),
        (("--start", "zero"), "there is no start 'zero'; choose from paper, nothing"),
        (("--start", "nothing", "--budgets", "0"), "0 labels is smaller than the 1"),
        (("--folds", "1,11"), "no fold 11"),
        (("--folds", "one"), "--folds takes whole numbers"),
        (("--budgets", "30,10000"), "10000 labels is larger than the 720 clips"),
        (("--budgets", "20,40"), "20 labels is smaller than the 30"),
        (("--budgets", "many"), "--budgets takes whole numbers"),
        (("--trials", "0"), "at least one trial"),
        (("--seed", "-1"), "a seed from 0 on"),
        (("--jobs", "0"), "--jobs must be at least 1"),
        (("--corpus", "esc51"), "there is no corpus 'esc51'"),
        (("--corpus", "urbansound8k"), "needs --root"),
        (("--corpus", "urbansound8k", "--root", "nowhere"), "nowhere"),
        (("--root", "nowhere"), "leave it out for toy-city"),
        (("--embedding", "vggish"), "vggish is neither an embedder"),
        (("--embedding", "none.npz"), "none.npz"),
        (("--json", "no/such/folder/out.json"), "there is no such folder"),
        (("--html", "."), "it is a folder"),
    ],
)
def test_wrong_input_is_one_line_that_names_it(small, arguments, message, capsys):
    assert run(small, *arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("dalbook: ")
    assert message in lines[0]


def test_embeddings_of_another_corpus_name_the_first_missing_clips(small, tmp_path, capsys):
    path = tmp_path / "other.npz"
    save_embeddings(path, ["a.wav", "b.wav"], np.ones((2, 4), np.float32))
    assert run(path) == 2
    assert load_toy_city().ids[0] in capsys.readouterr().err


def test_a_corpus_of_unknown_labels_has_no_learning_curve(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(100), 8000)
    corpus = load_folder(tmp_path, classes=["rain", "wind"])
    with pytest.raises(ValueError, match="clips of unknown class"):
        Inputs.without_embeddings(corpus)


def test_dal_on_toy_city_with_30_labels_is_neither_useless_nor_done():
    from dalbook.embeddings.embed import embed
    from dalbook.learners.metrics import macro_recall_on
    from dalbook.learners.registry import build
    from dalbook.learners.simulate import initial_labels

    corpus = load_toy_city()
    x = embed(corpus, "logmel", progress=False)
    scores = []
    for fold in (1, 6):
        pool, test = corpus.split(fold)
        initial = initial_labels(corpus.labels, pool, corpus.classes, seed=0)
        learner = build("dal", x, len(corpus.classes), initial, pool, seed=0)
        scores.append(macro_recall_on(x[test], corpus.labels[test])(learner))
    assert 0.40 <= np.mean(scores) <= 0.75


@pytest.mark.skipif(not REAL, reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice")
def test_the_real_slice(tmp_path, capsys):
    out = tmp_path / "out.json"
    embedding = str(Path(REAL, "embeddings", "yamnet.npz"))
    arguments = ["--corpus", "urbansound8k", "--root", REAL, "--embedding", embedding, "--learners", "dal,mal"]
    assert main(["curve", *arguments, "--budgets", "30,36", "--folds", "1", "--json", str(out)]) == 0
    assert "2598 of 8732 clips, in folds 1 (873), 2 (888), 10 (837)" in capsys.readouterr().out
    recall = {(r["learner"], r["budget"]): r["macro_recall"] for r in json.loads(out.read_text())["rows"]}
    # the paper's finding at small budgets: DAL is well ahead of MAL; chance is 0.1
    assert recall["dal", 30] > recall["mal", 30] + 0.05
    assert recall["dal", 30] > 0.5


def test_targets_are_looked_at_before_the_run_and_links_are_followed(small, tmp_path, capsys):
    both = str(tmp_path / "both")
    assert run(small, "--json", both, "--html", both) == 2
    assert "name the same file" in capsys.readouterr().err
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    assert run(small, "--learners", "mal", "--json", str(tmp_path / "link.json")) == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["rows"]
    assert run(small, "--learners", "mal", "--json", os.devnull) == 0
    assert not Path(os.devnull).is_file()


def test_a_class_with_too_few_training_clips_is_named_for_every_learner(small):
    corpus = load_toy_city()
    labels = corpus.labels.copy()
    labels[(labels == 3) & (corpus.folds != 1)] = 4
    poor = dataclasses.replace(corpus, labels=labels)
    for learner in ("dal", "mal"):
        with pytest.raises(ValueError, match=r"dog_bark \(none\)"):
            plan.curve([learner], Inputs.without_embeddings(poor), folds=[1], budgets=[30])


def test_a_killed_process_is_said_in_one_line(small, capsys, monkeypatch):
    monkeypatch.setattr(workers, "_alone", _die)
    assert run(small, "--learners", "mal", "--jobs", "2") == 2
    assert "a process was killed" in capsys.readouterr().err.splitlines()[-1]


def _die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_stopped_and_started_again_it_goes_on_and_gives_the_same(small, tmp_path, monkeypatch):
    learners, out = ("--learners", "dal,mal,dal:random"), tmp_path / "runs"
    whole = rows(small, tmp_path, *learners, "--out", str(tmp_path / "other"))
    execute, done = workers.execute, []

    def stopped(folder, one, device):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(one)
        return execute(folder, one, device)

    monkeypatch.setattr(workers, "execute", stopped)
    assert run(small, *learners, "--jobs", "1", "--out", str(out)) == 130
    before = tiny.written(out, "results/*.json")
    assert len(before) == 3
    monkeypatch.setattr(workers, "execute", execute)
    assert rows(small, tmp_path, *learners, "--out", str(out)) == whole
    assert before.items() < tiny.written(out, "results/*.json").items()


def test_its_runs_are_those_of_the_figures(small, tmp_path):
    """Table 1's DAL is in Figure 2: what one has done the other need not do again."""
    out = tmp_path / "runs"
    assert run(small, "--learners", "dal", "--out", str(out), "--jobs", "1") == 0
    before = tiny.written(out, "results/*.json")
    few = ("--folds", "1,2", "--budgets", "30,34", "--trials", "1", "--jobs", "1", "--embedding", str(small))
    assert main(["run", "fig2", *few, "--out", str(out)]) == 0
    assert before.items() < tiny.written(out, "results/*.json").items()


def test_without_out_its_runs_are_in_the_cache_and_not_here(small, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run(small, "--learners", "mal", "--jobs", "1") == 0
    assert not list(Path().iterdir())
    assert len(list((tmp_path / "cache" / "curves").glob("*/results/*.json"))) == 2


def test_a_learner_that_is_changed_does_not_get_old_results(tmp_path, monkeypatch):
    before = batch.folder_of_curves()
    room = tmp_path / "learners"
    room.mkdir()
    (room / "registry.py").write_text("# changed")
    monkeypatch.setattr(batch.registry, "__file__", str(room / "registry.py"))
    assert batch.folder_of_curves() != before


def test_unequal_classes_are_drawn_anew_in_each_trial_and_make_it_harder(small, tmp_path):
    few = ("--learners", "mal", "--budgets", "40", "--trials", "2", "--folds", "1")
    (equal,) = (row["macro_recall"] for row in rows(small, tmp_path, *few))
    trials = {row["trial"]: row["macro_recall"] for row in rows(small, tmp_path, *few, "--unequal")}
    assert sorted(trials) == [0, 1]
    assert len({equal, *trials.values()}) == 3
    assert max(trials.values()) < equal
    assert run(small, "--unequal", "--budgets", "600", "--jobs", "1") == 2  # so many are not left


def test_another_name_of_a_learner_is_told_as_asked(small, tmp_path, monkeypatch):
    monkeypatch.setitem(registry.ALIASES, "usual", "mal")
    told = rows(small, tmp_path, "--learners", "usual,mal")
    by = {name: [row["macro_recall"] for row in told if row["learner"] == name] for name in ("usual", "mal")}
    assert by["usual"] == by["mal"]
    assert len(told) == 8
