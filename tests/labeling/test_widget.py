"""The labeler as a front end meets it: its traits, its messages, and a kernel that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from kernel import Kernel
from numpy.testing import assert_array_equal

from dalbook import Labeler, load_toy_city
from dalbook.corpora.corpus import Corpus
from dalbook.labeling.read import read_labels
from dalbook.learners.dal import DALConfig

N, NAMES = 60, ("cat", "<img src=x onerror=alert(1)>", "owl, tawny")
TRUTH = np.arange(N) % len(NAMES)
SMALL = DALConfig(batch=8, first_steps=40, steps=4, n_masks=16, wait=2)


def sound(i: int) -> tuple[np.ndarray, int]:
    if i == 7:
        raise ValueError("clip 7.wav is cut off")
    return np.sin(np.arange(2000, dtype=np.float32) * (0.1 + i / 100)), 8000


def corpus(folds=None) -> Corpus:
    labels = np.full(N, -1) if folds is None else TRUTH
    return Corpus("demo", NAMES, [f"clip {i}.wav" for i in range(N)], labels, folds or [0] * N, sound, "x", "")


def embeddings() -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.exponential(1, (len(NAMES), 40)) * (rng.random((len(NAMES), 40)) < 0.4)
    return (centers[TRUTH] + 0.6 * rng.random((N, 40))).astype(np.float32)


@pytest.fixture
def labeler(tmp_path):
    made = []

    def make(**options) -> Labeler:
        options = {
            "embedding": embeddings(),
            "learner": "dal",
            "config": SMALL,
            "out": tmp_path / "labels.csv",
        } | options
        made.append(Labeler(options.pop("corpus", None) or corpus(), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def say(one: Labeler, *requests: dict) -> None:
    """As the user interface does: what it has said and has not been heard yet."""
    one.said = [{"n": one.heard + i + 1, "seconds": 1.5, **request} for i, request in enumerate(requests)]


def label(one: Labeler, n: int = 1) -> list[int]:
    """Label the clips on screen, and let the model learn before the next."""
    seen = []
    for _ in range(n):
        clip = one.clip["clip"]
        say(one, {"do": "label", "clip": clip, "label": int(TRUTH[clip])})
        assert one.problem == ""
        assert one.wait(120)
        seen.append(clip)
    return seen


def test_it_starts_with_typical_clips_and_nothing_known(labeler, tmp_path):
    one = labeler(annotator="anna")
    assert one.classes == list(NAMES)
    assert one.clip["picked_by"] == "medoid"
    assert one.clip["id"] == f"clip {one.clip['clip']}.wav"
    assert len(one.ahead) == 3
    assert one.progress["stage"] == "medoids"
    assert (one.history, one.opinion, one.curve, one.problem, one.notice, one.heard) == ([], None, None, "", "", 0)
    label(one)
    assert read_labels(tmp_path / "labels.csv")["annotator"].tolist() == ["anna"]


def test_clips_without_an_embedding_are_named_and_never_asked_about(labeler):
    x = embeddings()
    x[[3, 8]] = 0
    one = labeler(embedding=x)
    assert one.notice.startswith("2 of 60 clips have no embedding")
    assert one.notice.endswith("clip 3.wav, clip 8.wav")
    assert not {3, 8} & {*label(one, 2), *one._session.pool}
    with pytest.raises(ValueError, match="not one clip could be decoded"):
        labeler(embedding=0 * x)


def test_the_first_sound_comes_with_the_labeler_and_leaves_with_its_clip(labeler):
    one = labeler()
    assert one.first_sound["about"]["sound"] == one.clip["clip"]
    assert one.first_sound["buffers"][0][:4] == b"fLaC"
    label(one)
    assert one.first_sound is None


def test_a_notebook_without_its_kernel_shows_how_far_one_is_and_the_last_labels(labeler):
    one = labeler(annotator="anna")
    (clip,) = label(one)
    data, _ = one._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert f"1 of {N} clips have labels in labels.csv." in data["text/html"]
    assert f"<td>clip {clip}.wav</td>" in data["text/html"]
    assert NAMES[1] not in data["text/html"]  # escaped
    assert data["text/plain"].splitlines()[0] == f"1 of {N} clips have labels in labels.csv."
    assert "anna" in data["text/plain"]
    assert "<" not in data["text/plain"].replace(NAMES[1], "")


def test_requests_are_acted_on_once_in_order(labeler, tmp_path):
    one = labeler()
    first, second = one.clip["clip"], one.ahead[0]["clip"]
    a = {"n": 1, "do": "label", "clip": first, "label": 0, "seconds": 1}
    b = {"n": 2, "do": "skip", "clip": second, "seconds": 1}
    one.said = [b, a]
    assert one.heard == 2
    one.said = [a, b]
    one.said = [a, b, {"n": 3, "do": "undo"}, {"n": 3, "do": "undo"}]
    assert one.heard == 3
    assert one.clip["clip"] == second
    frame = pd.read_csv(tmp_path / "labels.csv", keep_default_na=False)
    assert frame["status"].tolist() == ["labeled", "skipped", "undone"]
    assert [row["clip"] for row in one.history] == [first]


def test_what_cannot_be_done_is_said_and_heard(labeler):
    one = labeler()
    shown = one.clip
    far = one.ahead[2]["clip"]
    say(one, {"do": "label", "clip": far, "label": 0})
    assert one.heard == 1
    assert f"clip {far} is neither on screen nor decided" in one.problem
    assert one.clip == shown
    say(one, {"do": "unsure", "clip": shown["clip"]})
    assert (one.heard, one.problem) == (2, "")
    one.said = ["nonsense", {"n": "3"}, {"do": "undo"}]
    assert one.heard == 2
    with pytest.raises(ValueError, match="no request"):
        one.act({"do": "dance"})


def test_a_full_disk_is_said_and_the_clip_stays(labeler, monkeypatch):
    one = labeler()
    shown = one.clip["clip"]

    def full(*a):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.write", full)
        say(one, {"do": "label", "clip": shown, "label": 0})
    assert one.heard == 1
    assert "this decision is NOT saved (No space left on device); free some space" in one.problem
    assert one.clip["clip"] == shown
    assert one.progress["labeled"] == 0
    say(one, {"do": "label", "clip": shown, "label": 0})
    assert (one.problem, one.progress["labeled"]) == ("", 1)


def test_the_model_takes_over_and_says_what_it_thinks(labeler):
    one = labeler()
    label(one, 4)
    say(one, {"do": "start"})
    assert one.progress["stage"] == "learning"
    assert one.wait(120)
    label(one, 2)
    assert one.clip["picked_by"] == "vote_entropy"
    opinion = one.opinion
    assert opinion["clip"] == one.clip["clip"]
    assert (sum(opinion["votes"]), opinion["masks"], opinion["of"]) == (16, 16, N - 6)
    assert 1 <= opinion["rank"] <= opinion["of"]
    assert f"rank {opinion['rank']} of {N - 6}" in opinion["words"]
    assert one.learner.labels == {row["clip"]: row["label"] for row in one.history}
    assert one.labels["round"].tolist()[-1] == one.learner.iteration - 1


def test_a_class_added_on_the_way_is_learned(labeler):
    one = labeler()
    label(one, 3)
    say(one, {"do": "start"}, {"do": "class", "name": "wren"})
    assert one.classes == [*NAMES, "wren"]
    clip = one.clip["clip"]
    say(one, {"do": "label", "clip": clip, "label": 3})
    assert one.learner.n_classes == 4
    assert one.learner.labels[clip] == 3
    assert len(one.opinion["votes"]) == 4
    assert one.progress["per_class"][3] == 1


def test_reopening_changes_neither_the_clips_nor_the_model(labeler, tmp_path):
    """The same person, once without a break and once with five: the same rows and the same model."""

    def work(path, reopen_after):
        one = labeler(out=path)
        for step in range(24):
            if step in reopen_after:
                before = one.clip, one.ahead, one.history, one.progress["labeled"], one.opinion
                one.close()
                one = labeler(out=path)
                assert one.wait(120)
                assert (one.clip, one.ahead, one.history, one.progress["labeled"], one.opinion) == before
            if step in (5, 15):
                say(one, {"do": "skip", "clip": one.clip["clip"]})
            elif step in (8, 18):
                say(one, {"do": "undo"})
            elif step == 16:
                say(one, {"do": "label", "clip": one.history[3]["clip"], "label": 0})
            else:
                label(one)
            assert one.wait(120)
        rows = pd.read_csv(path, keep_default_na=False)
        return rows[["clip", "label", "status", "round", "score", "picked_by"]].values.tolist(), one.learner.state()

    rows, model = work(tmp_path / "straight.csv", [])
    again, reopened = work(tmp_path / "with breaks.csv", [2, 9, 11, 13, 20])
    assert "vote_entropy" in {row[-1] for row in rows}
    assert again == rows
    for name, value in model.items():
        assert_array_equal(reopened[name], value, err_msg=name)


def test_running_the_cell_again_takes_over(labeler):
    first = labeler()
    label(first, 2)
    second = labeler()
    assert second.progress["labeled"] == 2
    assert "run again" in first.problem
    assert first.clip is None
    say(first, {"do": "undo"})
    assert "run again" in first.problem
    label(second)
    assert len(second.labels) == 3


def test_a_mended_line_is_told(labeler, tmp_path):
    one = labeler()
    label(one, 2)
    one.close()
    with open(tmp_path / "labels.csv", "ab") as file:
        file.write(b"clip 3.wav,ca")
    again = labeler()
    assert again.notice.count("cut off") == 1
    label(again)
    assert "cut off" in again.notice
    assert len(again.labels) == 3


def test_sounds_come_unasked_and_when_asked_for(labeler, monkeypatch):
    sent, change = [], threading.Condition()

    def send(self, content, buffers=None):
        with change:
            sent.append((content, buffers))
            change.notify_all()

    monkeypatch.setattr(Labeler, "send", send)
    one = labeler()

    def wait_for(clip, times=1):
        with change:
            assert change.wait_for(lambda: sum(c["sound"] == clip for c, _ in sent) >= times, 60)
        return next((c, b) for c, b in sent if c["sound"] == clip)

    first, due = one.first_sound, [one.clip["clip"], *(pick["clip"] for pick in one.ahead)]
    assert first["about"]["sound"] == due[0]  # it comes with the labeler, and not once more by itself
    sent.append((first["about"], first["buffers"]))
    for clip in due:
        content, buffers = wait_for(clip)
        assert (content["mime"], content["rate"], len(buffers)) == ("audio/flac", 8000, 3)
        mel = content["mel"]
        assert len(np.frombuffer(buffers[2], np.uint8)) == mel["rows"] * mel["columns"]
    say(one, {"do": "unsure", "clip": due[0]})
    wait_for(one.ahead[2]["clip"])
    assert sorted(c["sound"] for c, _ in sent) == sorted([*due, one.ahead[2]["clip"]])  # none twice
    one._handle_custom_msg({"sound": due[0]}, [])
    wait_for(due[0], times=2)
    one._handle_custom_msg({"sound": 7}, [])
    assert wait_for(7) == ({"sound": 7, "error": "clip 7.wav is cut off"}, [])
    for nonsense in ({"sound": N}, {"sound": "x"}, {"sound": -1}, {}, "x", {"sound": True}):
        one._handle_custom_msg(nonsense, [])
    assert all(isinstance(c["sound"], int) and not isinstance(c["sound"], bool) for c, _ in sent)


def test_a_game_shows_both_curves_and_keeps_the_fold(labeler):
    folds = [1 + i // 3 % 5 for i in range(N)]
    one = labeler(corpus=corpus(folds), game=True, budget=20)
    seen = label(one, 6)
    say(one, {"do": "start"})
    seen += label(one, 14)
    assert not {folds[clip] for clip in seen} & {1}
    assert one.progress["total"] == N - 12
    assert (one.clip, one.progress["stage"]) == (None, "done")
    mine = dict(map(tuple, one.curve["mine"]))
    first, last = min(mine), max(mine)
    assert last == 20
    assert one.progress["stage"] == "done"
    model = one.learner
    test = np.flatnonzero(np.array(folds) == 1)
    right = model.predict_proba(embeddings()[test]).argmax(1) == TRUTH[test]
    assert mine[20] == pytest.approx(np.mean([right[TRUTH[test] == c].mean() for c in range(3)]))
    for _ in range(600):
        if one.curve["random"] and one.curve["random"][-1][0] == 20:
            break
        one._trainer._thread.join(0.1)
        one.wait()
    assert first == 6
    assert [n for n, _ in one.curve["random"]] == list(range(6, 21))
    assert "With 20 labels your model" in one.curve["words"]
    assert "picked at random" in one.curve["words"]
    kept = one.curve["mine"]
    one.close()
    assert labeler(corpus=corpus(folds), game=True, budget=20).curve["mine"] == kept


def test_arguments_that_do_not_fit_are_named(labeler):
    for options, message in (
        ({"embedding": np.zeros((3, 2))}, "there are 3 embeddings for the 60 clips of corpus demo"),
        ({"embedding": "nothing"}, "nothing is neither an embedder"),
        ({"embedding": embeddings() * np.nan}, "the embedding of clip 0 is not finite"),
        ({"budget": 0}, "at least one label, not 0"),
        ({"classes": ["a", "a"]}, "class 'a' comes twice"),
        ({"game": True}, "clips of unknown class: a game needs the truth"),
    ):
        with pytest.raises(ValueError, match=message):
            labeler(**options)


def test_importing_dalbook_loads_no_widgets():
    code = "import sys, dalbook; dalbook.Labeler if len(sys.argv) > 1 else 0; print('anywidget' in sys.modules)"
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() == "False"
    assert subprocess.run([*run, "x"], capture_output=True, text=True, check=True).stdout.strip() == "True"
    below = "import sys\nfrom dalbook.labeling import agreement, exports, read, trainer, view\n"
    run = [sys.executable, "-c", f"{below}print({{'anywidget', 'ipywidgets'}} & set(sys.modules))"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() == "set()"


CELL = """
import numpy as np
from dalbook import Labeler, load_toy_city
from dalbook.learners.dal import DALConfig
corpus = load_toy_city()
x = np.random.default_rng(0).random((len(corpus), 32), dtype=np.float32)
short = DALConfig(batch=8, first_steps=40, steps=4, n_masks=16)
labeler = Labeler(corpus, "labels.csv", embedding=x, learner="dal", config=short)
labeler
"""


class FrontEnd:
    """Says and hears what labeler.js does."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        kernel.run(CELL)
        self.comm, self.state = next((comm, state) for comm, state in kernel.state.items() if "heard" in state)
        self.truth = load_toy_city().labels

    @property
    def due(self) -> int:
        return self.state["clip"]["clip"]

    def request(self, do: str) -> dict:
        label = int(self.truth[self.due])
        return {"n": self.state["heard"] + 1, "do": do, "clip": self.due, "label": label, "seconds": 1.0}

    def say(self, *requests: dict) -> None:
        self.kernel.say(self.comm, {"said": list(requests)})

    def until_heard(self, n: int) -> None:
        self.kernel.until(lambda: self.state["heard"] >= n)
        assert self.state["problem"] == ""

    def label(self, n: int) -> list[int]:
        seen = []
        for _ in range(n):
            seen.append(self.due)
            request = self.request("label")
            self.say(request)
            self.until_heard(request["n"])
            if len(seen) == 5:
                self.say({**request, "do": "undo"}, request)  # heard already
        return seen


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_a_killed_kernel_loses_nothing_that_was_heard(tmp_path):
    """A real kernel: the cell, decisions over its messages, sounds, kill -9 in the middle of it, the cell again."""
    with Kernel(tmp_path) as kernel:
        front = FrontEnd(kernel)
        decided = front.label(10)
        start = front.request("start")
        front.say(start)
        front.until_heard(start["n"])
        kernel.until(lambda: any(content.get("sound") == front.due for _, content, _ in kernel.messages))
        _, content, buffers = next(message for message in kernel.messages if message[1].get("sound") == front.due)
        assert content["mime"] == "audio/flac"
        assert bytes(buffers[0])[:4] == b"fLaC"
        on_screen = front.due
        kernel.kill()
    with Kernel(tmp_path) as kernel:
        front = FrontEnd(kernel)
        assert front.due == on_screen
        assert front.state["progress"]["labeled"] == 10
        assert front.state["progress"]["stage"] == "learning"
        decided += front.label(10)
        kernel.until(lambda: not front.state["progress"]["training"])
        decided += front.label(5)
        last = front.due
        front.say(front.request("label"))  # and the plug is pulled before an answer
        kernel.kill()
    corpus = load_toy_city()
    frame = read_labels(tmp_path / "labels.csv")
    found = [corpus.ids.index(name) for name in frame["clip"]]
    assert found[:25] == decided
    assert found[25:] in ([], [last])
    assert frame["label"].tolist()[:25] == [corpus.classes[corpus.labels[clip]] for clip in decided]
    assert frame["round"].iloc[24] > 0
    assert frame["picked_by"].iloc[24] == "vote_entropy"
