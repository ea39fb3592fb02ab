"""The labeler's state machine: what is on screen is what it should be, and the file says the same as the session."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dalbook.corpora.corpus import Corpus
from dalbook.corpora.toycity.load import load_toy_city
from dalbook.labeling.csv_rows import parse
from dalbook.labeling.read import read_labels
from dalbook.labeling.session import LabelSession, Refused
from dalbook.labeling.view import history, progress
from dalbook.learners.cold_start import Pick

N = 12
ORDER = [Pick(clip, "medoid", float(20 - clip), f"number {clip}") for clip in (5, 3, 9, 0, 1, 2, 4, 6, 7, 8, 10, 11)]


class Unseen:
    """Labels that nobody may look at."""

    def __array__(self, *a, **k):
        raise AssertionError("the true labels were looked at")


def corpus(n: int = N, classes=("cat", "dog"), name: str = "folder", prefix: str = "clip") -> Corpus:
    made = Corpus(name, classes, [f"{prefix} {i}.wav" for i in range(n)], [-1] * n, [0] * n, None, "", "")
    object.__setattr__(made, "labels", Unseen())
    return made


def session(tmp_path, order=ORDER, of=None, **options) -> LabelSession:
    made = LabelSession(of or corpus(), tmp_path / "labels.csv", **options)
    made.suggest(order)
    return made


def say(one: LabelSession, *requests: str | tuple) -> None:
    """ "label 1", "skip" and the like, about the clip on screen."""
    for request in requests:
        do, _, rest = request.partition(" ")
        content = {"do": do, "seconds": 2.0}
        if do in ("label", "unsure", "skip"):
            content["clip"] = one.queue.shown.clip
        if do == "label":
            content["label"] = int(rest)
        if do == "class":
            content["name"] = rest
        one.act(content)


def on_screen(one: LabelSession) -> int | None:
    return one.queue.shown and one.queue.shown.clip


def file_rows(tmp_path) -> list[tuple[str, str, str]]:
    rows, _, _ = parse((tmp_path / "labels.csv").read_bytes(), "")
    return [(row.clip, row.label, row.status) for row in rows]


def test_clips_come_in_their_order_and_each_decision_is_a_row(tmp_path):
    one = session(tmp_path, annotator="anna")
    assert (on_screen(one), [pick.clip for pick in one.queue.ahead]) == (5, [3, 9, 0])
    say(one, "label 1", "unsure", "skip")
    assert on_screen(one) == 0
    assert file_rows(tmp_path) == [
        ("clip 5.wav", "dog", "labeled"), ("clip 3.wav", "", "unsure"), ("clip 9.wav", "", "skipped")
    ]  # fmt: skip
    row = one.file.rows[0]
    assert (row.annotator, row.seconds, row.round, row.score, row.picked_by) == ("anna", 2.0, 0, 15.0, "medoid")
    assert history(one) == [
        {"clip": 9, "id": "clip 9.wav", "label": None, "status": "skipped"},
        {"clip": 3, "id": "clip 3.wav", "label": None, "status": "unsure"},
        {"clip": 5, "id": "clip 5.wav", "label": 1, "status": "labeled"},
    ]


def test_unsure_and_skipped_are_not_asked_again(tmp_path):
    one = session(tmp_path)
    asked = []
    while on_screen(one) is not None:
        asked.append(on_screen(one))
        say(one, "unsure" if len(asked) % 2 else "skip")
    assert asked == [pick.clip for pick in ORDER]
    assert one.book.labels == {}
    words = progress(one, False, False)
    assert (words["stage"], words["unsure"], words["skipped"]) == ("done", 6, 6)


def test_undo_also_twice_also_after_the_last(tmp_path):
    one = session(tmp_path)
    say(one, *["label 1"] * N)
    assert on_screen(one) is None
    say(one, "undo")
    assert on_screen(one) == 11
    say(one, "undo")
    assert on_screen(one) == 10
    assert [pick.clip for pick in one.queue.ahead] == [11]
    say(one, "label 0")
    assert on_screen(one) == 11
    say(one, "label 0")
    assert on_screen(one) is None
    assert one.book.labels == {**dict.fromkeys(range(N), 1), 10: 0, 11: 0}
    assert file_rows(tmp_path)[N:] == [
        ("clip 11.wav", "", "undone"), ("clip 10.wav", "", "undone"),
        ("clip 10.wav", "cat", "labeled"), ("clip 11.wav", "cat", "labeled"),
    ]  # fmt: skip


def test_undo_in_the_middle_puts_the_present_clip_behind(tmp_path):
    one = session(tmp_path)
    say(one, "label 1", "label 1", "undo", "undo")
    assert on_screen(one) == 5
    assert [pick.clip for pick in one.queue.ahead] == [3, 9, 0]
    with pytest.raises(Refused, match="nothing to undo"):
        say(one, "undo")
    assert one.queue.shown.picked_by == "medoid"
    assert one.queue.shown.score == 15.0


def test_a_correction_and_its_undo(tmp_path):
    one = session(tmp_path)
    say(one, "label 1", "label 0")
    one.act({"do": "label", "clip": 5, "label": 0, "seconds": 1})
    assert on_screen(one) == 9
    assert one.book.labels == {3: 0, 5: 0}
    assert one.file.rows[-1].picked_by == "correction"
    one.act({"do": "unsure", "clip": 5, "seconds": 1})
    assert one.book.labels == {3: 0}
    say(one, "undo", "undo")
    assert one.book.labels == {3: 0, 5: 1}
    assert on_screen(one) == 9
    assert one.file.rows[-1].picked_by == "undo"
    say(one, "undo")
    assert on_screen(one) == 3


def test_the_same_decision_twice_is_one_row(tmp_path):
    one = session(tmp_path)
    request = {"do": "label", "clip": 5, "label": 1, "seconds": 1}
    one.act(request)
    one.act(request)
    assert len(one.file.rows) == 1
    assert on_screen(one) == 3


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"do": "label", "clip": 7, "label": 0}, "clip 7 is neither on screen nor decided"),
        ({"do": "skip", "clip": None}, "clip None is neither"),
        ({"do": "label", "clip": 5, "label": 2}, "no class 2; classes go from 0 to 1"),
        ({"do": "label", "clip": 5, "label": "dog"}, "no class 'dog'"),
        ({"do": "label", "clip": 5, "label": True}, "no class True"),
        ({"do": "label", "clip": 5}, "no class None"),
        ({"do": "start"}, "label at least one clip first"),
        ({"do": "class", "name": " dog "}, "there is a class 'dog' already"),
        ({"do": "class", "name": "  "}, "needs a name"),
        ({"do": "class", "name": "a\nb"}, "needs a name"),
        ({"do": "class", "name": "\ud800"}, "needs a name"),
        ({"do": "dance"}, "no request 'dance'"),
        ({}, "no request None"),
    ],
)
def test_requests_that_cannot_be(tmp_path, request_, message):
    one = session(tmp_path)
    with pytest.raises(Refused, match=message):
        one.act(request_)
    assert one.file.rows == []
    assert on_screen(one) == 5
    assert one.classes == ["cat", "dog"]


def test_odd_seconds_are_unknown_not_a_reason_to_lose_a_label(tmp_path):
    one = session(tmp_path)
    for seconds in (None, -1, float("nan"), float("inf"), "soon", True):
        one.act({"do": "label", "clip": on_screen(one), "label": 0, "seconds": seconds})
    assert [row.seconds for row in one.file.rows] == [None] * 6
    assert progress(one, False, False)["pace"] is None


def test_the_budget_ends_it_and_a_larger_one_goes_on(tmp_path):
    one = session(tmp_path, budget=2)
    say(one, "label 0", "skip", "label 1")
    assert on_screen(one) is None
    state = progress(one, False, False)
    assert (state["stage"], state["labeled"], state["budget"], state["left"]) == ("done", 2, 2, 0)
    say(one, "undo")
    assert on_screen(one) == 9
    say(one, "label 1")
    one.act({"do": "unsure", "clip": 5, "seconds": 1})  # one label less: there is room again
    assert on_screen(one) == 0
    say(one, "label 1")
    assert on_screen(session(tmp_path, budget=2)) is None
    assert on_screen(session(tmp_path, budget=3)) == 1


def test_learning_starts_when_each_class_has_three_or_when_told(tmp_path):
    one = session(tmp_path)
    say(one, *["label 0"] * 4, "label 1", "label 1")
    assert one.started is None
    assert one.can_start
    say(one, "label 1")
    assert one.started.labels == one.book.labels
    assert one.started.rows == 7
    assert not one.can_start
    with pytest.raises(Refused, match="started already"):
        say(one, "start")
    say(one, "label 0", "undo", "unsure")
    assert [(change.clip, change.label) for change in one.changes] == [(6, 0), (6, None)]


def test_starting_with_classes_that_have_no_label(tmp_path):
    one = session(tmp_path, of=corpus(classes=("cat", "dog", "owl")))
    say(one, "label 1", "start")
    assert (one.started.labels, one.started.classes) == ({5: 1}, 3)
    again = session(tmp_path, of=corpus(classes=("cat", "dog", "owl")))
    assert again.started == one.started


def test_a_class_added_on_the_way_is_there_next_time(tmp_path):
    one = session(tmp_path)
    say(one, "label 0", "start", "label 1", "class owl, <b>", "label 2")
    assert one.classes == ["cat", "dog", "owl, <b>"]
    assert (one.started.rows, one.started.classes) == (2, 3)
    assert [(change.clip, change.label) for change in one.changes] == [(9, 2)]
    again = session(tmp_path)
    assert again.classes == one.classes
    assert again.book.labels == {5: 0, 3: 1, 9: 2}
    assert again.started == one.started
    assert again.changes == one.changes
    given = session(tmp_path, classes=["cat", "dog", "owl, <b>"])
    assert given.classes == one.classes
    reordered = session(tmp_path, classes=["dog", "cat"])
    assert reordered.book.labels == {5: 1, 3: 0, 9: 2}
    assert reordered.started.rows == 3  # a model of classes in another order is of no use


def test_one_class_is_not_enough_to_learn(tmp_path):
    one = session(tmp_path, of=corpus(classes=("cat",)))
    say(one, *["label 0"] * 4)
    assert one.started is None
    with pytest.raises(Refused, match="at least two classes"):
        say(one, "start")
    say(one, "class dog", "start")
    assert one.started.classes == 2


def test_files_of_other_corpora_are_refused_by_name(tmp_path):
    one = session(tmp_path)
    say(one, "label 0")
    one.close()
    before = (tmp_path / "labels.csv").read_bytes()
    for other, options, message in (
        (corpus(name="urbansound8k"), {}, "labels.csv holds labels of corpus folder, not of this corpus .urbansound8k"),
        (corpus(prefix="bird"), {}, "rows of 1 clips that are not in corpus folder: 'clip 5.wav'; .*give another out="),
        (corpus(), {"classes": ["rain", "dog"]}, "classes that are not among 'rain', 'dog': 'cat'; add them"),
        (corpus(), {"pool": np.arange(4)}, "not asked for here: 'clip 5.wav'"),
    ):
        with pytest.raises(ValueError, match=message):
            session(tmp_path, of=other, **options)
    (tmp_path / "labels.csv.session" / "about.json").unlink()  # and without what is kept beside it
    with pytest.raises(ValueError, match="not in corpus folder: 'clip 5.wav'"):
        session(tmp_path, of=corpus(prefix="bird"))
    assert (tmp_path / "labels.csv").read_bytes() == before
    assert session(tmp_path, of=corpus(N + 5)).book.labels == {5: 0}  # a folder may grow


def test_a_refusal_leaves_the_labeler_at_work_alone(tmp_path):
    one = session(tmp_path)
    say(one, "label 0")
    with pytest.raises(ValueError, match="not in corpus folder"):
        session(tmp_path, of=corpus(prefix="bird"))
    say(one, "label 1")
    assert len(file_rows(tmp_path)) == 2


def test_toy_cities_of_different_seeds_are_different(tmp_path):
    one = LabelSession(load_toy_city(), tmp_path / "labels.csv")
    one.suggest()
    say(one, "label 0")
    one.close()
    with pytest.raises(ValueError, match="another toy-city than this one .another seed"):
        LabelSession(load_toy_city(seed=1), tmp_path / "labels.csv")


def test_a_decision_that_cannot_be_written_changes_nothing(tmp_path, monkeypatch):
    one = session(tmp_path)
    say(one, "label 0", "label 1")
    before = one.queue.state(), dict(one.book.standing), list(one.book.undoable), (tmp_path / "labels.csv").read_bytes()

    def full(*a):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.write", full)
        for request in ("label 0", "unsure", "undo"):
            with pytest.raises(OSError, match="NOT saved"):
                say(one, request)
        patch.setattr("dalbook.labeling.label_file.atomic_write", full)
        for request in ("class owl", "start"):
            with pytest.raises(OSError, match="No space"):
                say(one, request)
    after = one.queue.state(), dict(one.book.standing), list(one.book.undoable), (tmp_path / "labels.csv").read_bytes()
    assert after == before
    assert (one.classes, one.started) == (["cat", "dog"], None)
    say(one, "label 0")
    assert len(one.file.rows) == 3


def test_reopening_goes_on_with_the_same_clip_whatever_was_due(tmp_path):
    one = session(tmp_path)
    say(one, "label 0", "label 1", "label 1", "undo", "undo")
    state = one.queue.state()
    again = session(tmp_path, order=ORDER[::-1])  # the order has changed meanwhile
    assert again.queue.state()["shown"] == state["shown"]
    assert again.queue.state()["back"] == state["back"]
    (tmp_path / "labels.csv.session" / "next.json").unlink()
    lost = session(tmp_path)
    assert on_screen(lost) == on_screen(one)
    say(lost, "label 0")
    assert on_screen(lost) == 9


def test_progress_counts_and_tells_the_time_left(tmp_path):
    one = session(tmp_path, budget=10)
    say(one, "label 0", "label 1", "label 1", "unsure", "skip")
    state = progress(one, True, False)
    expected = {"labeled": 3, "unsure": 1, "skipped": 1, "budget": 10, "total": N, "per_class": [1, 2], "undo": True}
    assert {name: state[name] for name in expected} == expected
    assert state["stage"] == "preparing"
    assert (state["pace"], state["left"]) == (2.0, 14.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_file_says_what_the_session_says_after_anything(tmp_path, seed):
    """Random decisions, undos, corrections, classes and reopenings; the file, read anew, gives the same state."""
    rng = random.Random(seed)
    one = session(tmp_path)
    truth: dict[int, tuple[str, str]] = {}  # kept by hand, beside it all
    stack: list[tuple[int, tuple[str, str] | None]] = []
    for step in range(120):
        do = rng.choices(
            ["label", "skip", "unsure", "undo", "correct", "reopen", "class", "start"], [9, 2, 2, 5, 3, 2, 0.3, 0.3]
        )[0]
        clip = on_screen(one)
        if do == "correct" and truth:
            clip, do = rng.choice(list(truth)), rng.choice(["label", "skip", "unsure"])
        if do in ("label", "skip", "unsure") and clip is not None:
            label = rng.randrange(len(one.classes))
            one.act({"do": do, "clip": clip, "label": label, "seconds": 1.0})
            new = ("labeled", one.classes[label]) if do == "label" else ({"skip": "skipped"}.get(do, do), "")
            if truth.get(clip) != new:
                stack.append((clip, truth.get(clip)))
                truth[clip] = new
        elif do == "undo" and stack:
            one.act({"do": "undo"})
            clip, before = stack.pop()
            truth.pop(clip)
            truth.update({clip: before} if before else {})
            assert before or on_screen(one) == clip
        elif do == "class":
            one.act({"do": "class", "name": f"class {step}"})
        elif do == "start" and one.can_start:
            one.act({"do": "start"})
        elif do == "reopen":
            kept = on_screen(one), one.classes, one.started, one.changes, dict(one.book.standing), one.book.undoable
            one.close()
            one = session(tmp_path, order=rng.sample(ORDER, N))
            assert (on_screen(one), one.classes, one.started, one.changes, one.book.standing, one.book.undoable) == kept
        frame = read_labels(tmp_path / "labels.csv")
        stands = {int(c.split()[1][:-4]): v for c, *v in frame[["clip", "status", "label"]].values.tolist()}
        assert stands == {clip: list(new) for clip, new in truth.items()}
        assert on_screen(one) not in truth
        assert (on_screen(one) is None) == (len(truth) == N)
