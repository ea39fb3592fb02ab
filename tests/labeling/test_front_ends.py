"""The labeler in a real JupyterLab and a real Notebook 7: a person's session, with a kernel that is killed in it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from playwright.sync_api import expect

from dalbook import load_toy_city
from dalbook.labeling.label_file import LabelFile
from dalbook.labeling.read import read_labels

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("front_end", ROOT / "tools" / "front_end.py")
front_end = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(front_end)

CHAPTER = ROOT / "chapters" / "09_label_by_hand.ipynb"
MARKUP = "<img src=x onerror=window.broken=1>"
CODE = f"""
import numpy as np
from dalbook import Labeler, load_toy_city
from dalbook.learners.dal import DALConfig

corpus = load_toy_city()
x = np.random.default_rng(0).random((len(corpus), 64)) + 3 * np.eye(10, 64)[corpus.labels]
short = DALConfig(batch=8, first_steps=60, steps=4, n_masks=16, wait=1)
classes = [*corpus.classes, {MARKUP!r}]
Labeler(corpus, out="labels.csv", classes=classes, embedding=x, learner="dal", config=short, annotator="anna")
"""
LONG = "\n".join(f"# line {i}" for i in range(120))  # so that the page could scroll
SCROLLED = """() => [...document.querySelectorAll("body *"), document.scrollingElement]
    .filter((node) => !node.closest(".dalbook-labeler")).map((node) => node.scrollTop).filter(Boolean)"""


def reads(locator, text):
    """Wait until it says that."""
    expect(locator).to_contain_text(text, timeout=1000 * front_end.PATIENCE)


class Person:
    """Somebody who labels, and what should be in the file by now: [clip, label, status, picked by or None] a row."""

    def __init__(self, notebook, corpus):
        self.notebook, self.ids, self.names = notebook, corpus.ids, [*corpus.classes, MARKUP]
        self.page, self.labeler = notebook.page, notebook.labeler
        self.rows = []

    def button(self, name):
        return self.labeler.get_by_role("button", name=name).first

    def decides(self, act, label=None, status="labeled"):
        """Decide on the clip on screen, and see the next one."""
        self.notebook.ready()
        clip = self.notebook.clip
        act()
        self.labeler.page.wait_for_function(
            "clip => document.querySelector('.dalbook-labeler').dataset.clip !== clip", arg=str(clip)
        )
        self.notebook.ready()
        self.rows.append([self.ids[clip], "" if label is None else self.names[label], status, None])
        return clip

    def presses(self, *keys):
        """Class keys, u or s."""
        for key in keys:
            label = None if key in "us" else "1234567890a".index(key)
            status = {"u": "unsure", "s": "skipped"}.get(key, "labeled")
            self.decides(lambda key=key: self.page.keyboard.press(key), label, status)

    def clicks(self, *labels):
        for label in labels:
            self.decides(self.labeler.locator(f"[data-class='{label}']").click, label)

    def takes_back(self, clip, act):
        act()
        self.page.locator(f".dalbook-labeler[data-clip='{clip}'][data-state=ready]").wait_for()
        self.rows.append([self.ids[clip], "", "undone", "undo"])

    def holds(self, key, label):
        """A key that repeats, as a held one does, well into the next clip."""

        def hold():
            clip = self.notebook.clip
            self.page.keyboard.down(key)
            while self.notebook.clip == clip:
                self.page.keyboard.down(key)
            self.notebook.ready()
            for _ in range(5):
                self.page.keyboard.down(key)
            self.page.keyboard.up(key)

        self.decides(hold, label)

    def hears(self):
        """The sound plays: its time goes on."""
        self.page.wait_for_function(
            """() => {
                const audio = document.querySelector(".dalbook-labeler audio");
                return !audio.paused && audio.currentTime > 0.1;
            }"""
        )


@pytest.mark.parametrize("name", front_end.FRONT_ENDS)
def test_a_session_in_a_real_front_end(name, tmp_path):
    corpus = load_toy_city()
    labels = tmp_path / "labels.csv"
    front_end.write_notebook(tmp_path / "label.ipynb", "# " + LONG, CODE, LONG)
    with front_end.served(name, tmp_path) as address, front_end.chromium(height=1700) as page:
        hosts, errors = set(), []
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        notebook = front_end.Notebook(page, address + "label.ipynb")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        person = Person(notebook, corpus)

        other = LabelFile(labels, "bob")
        notebook.run_all()
        refused = page.locator(".jp-OutputArea", has_text="is being labeled already").first
        reads(refused, f"labels.csv is being labeled already, by bob (process {os.getpid()} on ")
        other.close()

        notebook.run_all()
        notebook.ready()
        notebook.idle()
        assert person.button(MARKUP).locator(".dlb-name").inner_text() == MARKUP
        assert page.locator(".dalbook-labeler img").count() == 0
        person.clicks(4, 5)  # the mouse brings the focus with it
        person.hears()
        person.labeler.evaluate("labeler => labeler.scrollIntoView()")  # all of it: no click has to scroll
        before = notebook.state, page.evaluate(SCROLLED)

        # in the front end 0 0 restarts the kernel, a adds a cell, 1 makes a heading, s saves
        person.presses("1", "0", "0", "a", "s", "u", "3")
        person.hears()
        person.clicks(10)
        last = person.decides(lambda: person.labeler.locator("[data-class='7']").dblclick(), 7)
        person.holds("2", 1)
        # none of these is a key of the labeler, all of them are the front end's
        for key in (
            "d",
            "d",
            "x",
            "c",
            "v",
            "z",
            "y",
            "m",
            "r",
            "b",
            "i",
            "i",
            "Shift+m",
            "Shift+Enter",
            "Control+Enter",
        ):
            page.keyboard.press(key)
        page.keyboard.press(" ")
        page.keyboard.press("ArrowLeft")
        person.hears()
        assert (notebook.state, page.evaluate(SCROLLED)) == before

        held = person.rows[-1][0]
        person.takes_back(corpus.ids.index(held), lambda: page.keyboard.press("Backspace"))
        person.takes_back(last, person.button("Undo").click)
        person.presses("8", "2", "u", "s")
        first = person.rows[0][0]
        assert first not in person.labeler.inner_text()  # names tell the class
        person.button("Show the name").click()
        person.button(f"Change {first}").click()
        notebook.ready()
        page.keyboard.press("9")
        reads(person.labeler.get_by_role("status"), "Changed to")
        person.rows.append([first, person.names[8], "labeled", "correction"])
        notebook.ready()

        person.button("Start learning now").click()
        reads(person.labeler.locator(".dlb-words"), "least sure")
        person.presses("4")
        person.labeler.get_by_text("What does the model think?").click()
        reads(person.labeler.locator(".dlb-opinion"), "hypotheses say")
        person.presses("5", "6")
        person.clicks(0, 1, 2)
        assert (notebook.state, page.evaluate(SCROLLED)) == before

        assert errors == []  # from here on the front end complains of its kernel

        # pull the plug, and decide on one more clip
        _, pid, _, _ = json.loads((tmp_path / "labels.csv.session" / "holder.json").read_text())
        shown = notebook.clip
        line = psutil.Process(pid).cmdline()
        os.kill(pid, signal.SIGKILL)
        page.keyboard.press("1")
        reads(person.labeler.get_by_role("alert"), "not saved yet")
        started_anew(line, pid)
        notebook.restart_and_run_all()
        notebook.ready()
        assert notebook.clip == shown
        reads(person.labeler.locator(".dlb-words"), "least sure")
        person.clicks(3)
        person.presses("7", "u")
        person.hears()
        assert notebook.cells == before[0]["cells"]
        assert page.evaluate("window.broken") is None
        assert hosts == {address.split("/")[2]}
        assert not [error for error in errors if "widget" in error.lower()]
    check(labels, person.rows)


def started_anew(line: list[str], pid: int) -> None:
    """Wait until the server has put another kernel in a dead one's place: a restart meanwhile may get lost."""
    end = time.monotonic() + front_end.PATIENCE
    while time.monotonic() < end:
        for process in psutil.process_iter(["pid", "cmdline"]):
            if process.info["cmdline"] == line and process.pid != pid:
                return
        time.sleep(0.2)
    pytest.fail("the server does not start the kernel anew")


def check(labels: Path, rows: list[list]) -> None:
    """Each row as decided, in that order."""
    frame = pd.read_csv(labels, keep_default_na=False)
    assert frame[["clip", "label", "status"]].values.tolist() == [row[:3] for row in rows]
    assert (frame["annotator"] == "anna").all()
    assert frame["time"].is_monotonic_increasing
    assert frame["round"].is_monotonic_increasing
    known = frame["picked_by"].where([row[3] is not None for row in rows], None)
    assert [by for by in known if by] == [row[3] for row in rows if row[3]]
    decided = frame[~frame["picked_by"].isin(["undo"])]
    assert (pd.to_numeric(decided["seconds"]) > 0).all()
    picked = [by for by, row in zip(frame["picked_by"], rows, strict=True) if row[3] is None]
    assert picked[0] == "medoid"
    assert picked[-3:] == ["vote_entropy"] * 3
    assert set(picked) <= {"medoid", "farthest", "vote_entropy"}


def test_the_chapter_runs_and_labels(tmp_path, monkeypatch):
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)  # figures and sounds as in a live notebook
    shutil.copy(CHAPTER, tmp_path)
    with front_end.served("lab", tmp_path) as address, front_end.chromium() as page:
        notebook = front_end.Notebook(page, address + CHAPTER.name)
        person = Person(notebook, load_toy_city())
        notebook.run_all()
        notebook.ready()
        notebook.idle()  # while other cells run, the kernel hears nothing
        assert notebook.failures == []
        person.clicks(2)
        person.presses("1", "0")
        person.hears()
    frame = read_labels(tmp_path / "toy-city-labels.csv")
    assert frame[["clip", "label", "status"]].values.tolist() == [row[:3] for row in person.rows]
