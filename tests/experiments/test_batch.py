"""A list of runs: shared out, looked at, put together as a table; see test_cli_figures.py for several processes."""

import json
import os
import signal
import threading
from pathlib import Path

import pandas as pd
import pytest
import tiny

from dalbook.experiments import batch as listing
from dalbook.experiments import plan as experiments
from dalbook.experiments import workers
from dalbook.experiments.batch import Listing
from dalbook.experiments.dataset import Inputs
from dalbook.experiments.runner import claim, execute, read_result, result_path

RUNS = [
    tiny.run(kind, fold=fold, trial=trial)
    for trial in (0, 1)
    for fold in (1, 2)
    for kind in ("dal", "dal:random", "mal")
    if trial == 0 or kind != "mal"
]


def create(folder, figure="fig4", runs=RUNS) -> Listing:
    return Listing.create(folder, figure, [tiny.inputs()], list(runs))


def csv(one: Listing) -> str:
    return one.table().to_csv(index=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Listing:
    """Everything done, one after the other."""
    one = create(tmp_path_factory.mktemp("finished"))
    one.work(tell=lambda done: None)
    return one


def test_work_tells_how_far_it_is_and_repeats_nothing(tmp_path):
    told = []
    one = create(tmp_path)
    one.work(tell=told.append)
    assert told == list(range(11))
    before = tiny.written(tmp_path, "results/*")
    assert len(before) == 10
    told.clear()
    create(tmp_path).work(tell=told.append)
    assert told == [10]
    assert tiny.written(tmp_path, "results/*") == before


def test_two_jobs_give_the_same_table_as_one(finished, tmp_path):
    one = create(tmp_path)
    one.work(jobs=2, tell=lambda done: None)
    assert csv(one) == csv(finished)


def test_the_table_says_what_the_results_say(finished):
    table = finished.table()
    columns = "corpus embedding learner threshold alpha fold trial budget macro_recall pseudo pseudo_right"
    assert list(table.columns) == columns.split()
    assert len(table) == 10 * 3
    assert table.groupby("learner").size().to_dict() == {"dal": 12, "dal:random": 12, "mal": 6}
    mal = table[table["learner"] == "mal"]
    assert mal[["threshold", "alpha", "pseudo", "pseudo_right"]].isna().all(axis=None)
    run = RUNS[0]
    told = read_result(finished.folder, run)
    rows = table[(table["learner"] == "dal") & (table["fold"] == 1) & (table["trial"] == 0)]
    assert rows[["budget", "macro_recall"]].to_numpy().tolist() == told["curve"]
    assert rows["pseudo"].tolist() == [told["pseudo"][n - 6] for n in run.budgets]
    assert rows["pseudo_right"].tolist() == [told["pseudo_right"][n - 6] for n in run.budgets]
    assert (rows["pseudo_right"] <= rows["pseudo"]).all()


def test_the_table_survives_csv(finished, tmp_path):
    (tmp_path / "table.csv").write_text(csv(finished))
    read = pd.read_csv(tmp_path / "table.csv")
    assert read["macro_recall"].tolist() == finished.table()["macro_recall"].tolist()
    assert ",3.0" not in csv(finished)  # counts stay whole numbers


def test_the_order_of_finishing_does_not_change_the_table(finished, tmp_path):
    one = create(tmp_path)
    for run in reversed(RUNS):
        execute(str(one.folder), run)
    assert csv(one) == csv(finished)


def test_what_is_created_is_found(finished, tmp_path):
    (found,) = Listing.find(finished.folder, "fig4")
    assert found == finished
    with pytest.raises(FileNotFoundError, match=r"no runs of fig2 in .*start them with `dalbook run fig2`"):
        Listing.find(finished.folder, "fig2")
    with pytest.raises(FileNotFoundError, match="no runs of fig4"):
        Listing.find(tmp_path / "nowhere", "fig4")


def test_two_corpora_in_a_folder_are_two_lists(tmp_path):
    create(tmp_path)
    other = Inputs.of(tiny.corpus(name="other"), "small", tiny.embeddings())
    Listing.create(tmp_path, "fig4", [other], [])
    assert [one.corpus for one in Listing.find(tmp_path, "fig4")] == ["other", "tiny"]


def test_status_before_during_and_after(tmp_path):
    one = create(tmp_path)
    now = one.status()
    assert (now["runs"], now["done"], now["running"], now["missing"], now["bad"]) == (10, 0, 0, 10, [])
    assert now["seconds_left"] != now["seconds_left"]  # unknown
    for run in RUNS[:3]:
        execute(str(tmp_path), run)
    with claim(tmp_path, RUNS[3]) as mine:
        assert mine
        now = one.status()
        assert (now["runs"], now["done"], now["running"], now["missing"]) == (10, 3, 1, 6)
    seconds = [read_result(tmp_path, run)["seconds"] for run in RUNS[:3]]
    assert now["seconds"] == pytest.approx(sum(seconds))
    # of each learner one run is known; missing are 3 of each of DAL's and 1 of MAL
    assert now["seconds_left"] == pytest.approx(3 * seconds[0] + 3 * seconds[1] + seconds[2])
    one.work(tell=lambda done: None)
    now = one.status()
    assert (now["done"], now["running"], now["missing"], now["seconds_left"]) == (10, 0, 0, 0)


def test_looking_does_not_take_a_run_from_those_who_work(tmp_path):
    one, stop = create(tmp_path), threading.Event()

    def look():
        while not stop.is_set():
            one.status()

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        one.work(tell=lambda done: None)
    finally:
        stop.set()
        watcher.join()
    assert one.status()["done"] == 10


def test_bad_results_are_named_never_averaged_in_and_redone(finished, tmp_path, capsys):
    one = create(tmp_path)
    one.work(tell=lambda done: None)
    paths = [result_path(tmp_path, run) for run in RUNS]
    paths[0].write_bytes(b"")
    paths[2].write_text(paths[2].read_text()[:-10])
    paths[4].write_bytes(paths[3].read_bytes())
    now = one.status()
    assert (now["done"], now["missing"]) == (7, 3)
    assert [str(paths[i]) in message for i, message in zip((0, 2, 4), now["bad"], strict=True)] == [True] * 3
    assert "other settings" in now["bad"][2]
    with pytest.raises(ValueError, match=f"{paths[0].name} is empty .*`dalbook run fig4` does this run again"):
        one.table()
    good = {k: v for k, v in tiny.written(tmp_path, "results/*").items() if k not in (paths[0], paths[2], paths[4])}
    assert len(good) == 7
    one.work(tell=lambda done: None)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(paths[i].name in line and "done again" in line for i, line in zip((0, 2, 4), lines, strict=True))
    assert csv(one) == csv(finished)
    assert good.items() <= tiny.written(tmp_path, "results/*").items()


def test_missing_runs_are_counted(tmp_path):
    one = create(tmp_path)
    execute(str(tmp_path), RUNS[0])
    with pytest.raises(ValueError, match="9 of 10 runs of fig4 on tiny are missing: finish them with `dalbook run"):
        one.table()


def list_file(folder) -> Path:
    return Path(folder, "fig4-tiny-small.json")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "[]",
        lambda text: text.replace('"fold"', '"folder"'),
        lambda text: text.replace('"alpha"', '"newer_parameter"'),
    ],
)
def test_a_list_that_is_none_is_named(tmp_path, damage):
    create(tmp_path)
    list_file(tmp_path).write_text(damage(list_file(tmp_path).read_text()))
    with pytest.raises(ValueError, match=r"fig4-tiny-small.json is no list of runs .*delete it and run again"):
        Listing.find(tmp_path, "fig4")


def test_a_list_of_a_newer_figure_is_looked_at_as_it_is(tmp_path):
    """With learners that this version does not know, and fields that it does not need."""
    create(tmp_path)
    content = json.loads(list_file(tmp_path).read_text())
    content["runs"][0]["learner"] = "dal:newer"
    content["runs"][1]["room"] = 5
    content["since"] = 2
    list_file(tmp_path).write_text(json.dumps(content))
    (found,) = Listing.find(tmp_path, "fig4")
    assert found.status()["missing"] == 10
    assert found.runs[1:] == RUNS[1:]
    with pytest.raises(ValueError, match="dal:newer|'newer'"):
        found.work(tell=lambda done: None)


def test_results_of_an_older_method_no_longer_count(tmp_path, monkeypatch):
    one = create(tmp_path)
    one.work(tell=lambda done: None)
    monkeypatch.setattr(experiments, "METHOD", experiments.METHOD + 1)
    (found,) = Listing.find(tmp_path, "fig4")
    assert (found.status()["done"], found.status()["missing"]) == (0, 10)


def test_a_run_that_somebody_else_is_at_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "WAIT", 0.05)
    one, told = create(tmp_path, runs=RUNS[:3]), []
    held, let_go = threading.Event(), threading.Event()

    def other():
        with claim(tmp_path, RUNS[1]) as mine:
            assert mine
            held.set()
            let_go.wait(60)

    somebody = threading.Thread(target=other)
    somebody.start()
    held.wait(60)
    worker = threading.Thread(target=one.work, kwargs={"tell": told.append})
    worker.start()
    while 2 not in told:
        worker.join(0.01)
    worker.join(0.3)
    assert worker.is_alive()
    assert not result_path(tmp_path, RUNS[1]).exists()
    let_go.set()
    worker.join(60)
    somebody.join()
    assert told == [0, 1, 2, 3]


def test_a_killed_worker_is_said_and_what_is_done_is_kept(tmp_path, monkeypatch):
    one = create(tmp_path)
    execute(str(tmp_path), RUNS[0])
    with monkeypatch.context() as patch:
        patch.setattr(workers, "_alone", die)
        with pytest.raises(ChildProcessError, match="a process was killed, .*fewer --jobs; what is done is kept"):
            one.work(jobs=2, tell=lambda done: None)
    assert one.status()["done"] == 1
    one.work(tell=lambda done: None)
    assert one.status()["done"] == 10


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_one_job_computes_on_one_thread_and_leaves_the_others_as_they_were(tmp_path, monkeypatch):
    import torch

    seen, before = [], torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        monkeypatch.setattr(workers, "execute", lambda *_: seen.append(torch.get_num_threads()) or True)
        create(tmp_path).work(tell=lambda done: None)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == [1] * 10


def test_a_scheduler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "REACH", 0.5)
    with pytest.raises(OSError, match="tcp://127.0.0.1:9"):
        create(tmp_path).work(scheduler="tcp://127.0.0.1:9", tell=lambda done: None)
