"""The rules of a labeling session, which stand twice: Python's session and the page's take the same requests alike.

Each script in sessions/ is a list of requests, with what is expected after each: a part of the state below, or the
words of a refusal. ``reopen`` closes the session and goes on from what it has kept; ``suggest`` is what a model would
ask next; with ``now`` the clip on screen makes way, as when a search begins.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from labeler_browser import chromium, served, watched

from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import HEADER, Row
from dalbook.labeling.csv_rows import line as as_line
from dalbook.labeling.session import LabelSession, Refused
from dalbook.learners.cold_start import Pick

SCRIPTS = sorted((Path(__file__).parent / "sessions").glob("*.json"))
PAGE = Path(__file__).parents[2] / "dalbook" / "webpage" / "static"
ORDER = (5, 3, 9, 0, 1, 2, 4, 6, 7, 8, 10, 11)  # of the typical clips; clip c was picked by 20 - c
N = len(ORDER)

RUNNER = """
import { Refused, Session } from "./page_session.js";

const columns = ["clip", "label", "status", "picked_by", "score", "seconds", "round"];
const brief = (row) => columns.map((name) => row[name]);

function state(session, refused) {
  const { begun, changes, rows, shown, standing } = session;
  return {
    refused,
    shown: shown?.clip ?? null,
    on_screen: shown && [shown.clip, shown.picked_by, shown.score],
    ahead: session.ahead.map(({ clip }) => clip),
    labels: [...session.labels],
    standing: [...standing].map(([clip, { label, status }]) => [clip, label, status]),
    rows: rows.map(brief),
    can_undo: session.canUndo,
    can_start: session.canStart,
    started: begun && [begun.rows, begun.labels],
    changes: begun ? changes.map((change) => [change.rows, change.clip, change.label]) : [],
  };
}

window.play = ({ classes, order, budget, rows, requests }) => {
  const typical = order.map((clip) => ({ clip, picked_by: "medoid", score: 20 - clip, why: "" }));
  const ids = order.map((_, clip) => `clip ${clip}.wav`);
  const made = () => new Session(ids, classes, typical, { budget: budget ?? Infinity });
  let session = made();
  session.open({ rows, begun: null, shown: null, back: [] });
  return requests.map((request) => {
    let refused = "";
    try {
      if (request?.do === "reopen") {
        const kept = JSON.parse(JSON.stringify(session.kept()));
        session = made();
        session.open(kept);
      } else if (request?.do === "suggest") {
        session.suggest(
          request.clips.map((clip) => ({ clip, picked_by: "vote_entropy", score: 0.5, why: "" })),
          request.now,
        );
      } else if (request) session.act(request);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused = error.message;
    }
    return state(session, refused);
  });
};
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with the JavaScript session in it, and nothing else."""
    folder = tmp_path_factory.mktemp("session")
    shutil.copy(PAGE / "page_session.js", folder)
    (folder / "runner.js").write_text(RUNNER)
    (folder / "index.html").write_text('<!doctype html><link rel="icon" href="data:,"><title>Session</title>')
    with served(folder) as address, chromium() as browser:
        one = browser.new_page()
        complaints = watched(one)
        one.goto(address)
        one.evaluate("() => import('/runner.js')")
        yield one
        assert complaints == []


def in_the_page(page, requests: list, classes: list[str], budget: int | None, rows: list) -> list[dict]:
    """The states of the JavaScript session after each request."""
    names = ("clip", "label", "status", "picked_by", "score", "seconds", "round")
    kept = [{**dict(zip(names, row, strict=True)), "annotator": "", "time": ""} for row in rows]
    asked = {"classes": classes, "order": ORDER, "budget": budget, "rows": kept, "requests": requests}
    return page.evaluate("asked => window.play(asked)", asked)


def in_python(
    folder: Path, requests: Iterable, classes: list[str], budget: int | None, rows: list, states: list
) -> None:
    """The states of the Python session after each request, appended to `states` as they come."""
    out = folder / "labels.csv"
    if rows:
        out.write_bytes(HEADER + b"".join(as_line(_row(row, classes)) for row in rows))
    one = _session(out, classes, budget)
    for request in requests:
        refused = ""
        try:
            if request and request.get("do") == "reopen":
                one.close()
                one = _session(out, classes, budget)
            elif request and request.get("do") == "suggest":
                picks = [Pick(clip, "vote_entropy", 0.5) for clip in request["clips"]]
                one.suggest(picks, _typical(), now=request.get("now", False))
            elif request is not None:
                one.act(request)
        except Refused as error:
            refused = str(error)
        states.append(_state(one, refused))
    one.close()


def _typical() -> list[Pick]:
    return [Pick(clip, "medoid", float(20 - clip)) for clip in ORDER]


def _session(out: Path, classes: list[str], budget: int | None) -> LabelSession:
    corpus = Corpus("folder", tuple(classes), [f"clip {i}.wav" for i in range(N)], [-1] * N, [0] * N, None, "", "")
    one = LabelSession(corpus, out, budget=budget)
    one.suggest(_typical())
    return one


def _row(row: list, classes: list[str]) -> Row:
    clip, label, status, picked_by, score, seconds, rounds = row
    name = "" if label is None else classes[label]
    return Row(f"clip {clip}.wav", name, status, "", "2026-01-01T00:00:00+00:00", seconds, rounds, score, picked_by)


def _state(one: LabelSession, refused: str) -> dict:
    book, shown = one.book, one.queue.shown
    rows = [
        [book.clips[r.clip], book.label_of(r), r.status, r.picked_by, r.score, r.seconds, r.round]
        for r in one.file.rows
    ]
    return {
        "refused": refused,
        "shown": shown and shown.clip,
        "on_screen": shown and [shown.clip, shown.picked_by, shown.score],
        "ahead": [pick.clip for pick in one.queue.ahead],
        "labels": list(book.labels.items()),
        "standing": [[clip, book.label_of(row), row.status] for clip, row in book.standing.items()],
        "rows": rows,
        "can_undo": bool(book.undoable),
        "can_start": one.can_start,
        "started": one.started and [one.started.rows, list(one.started.labels.items())],
        "changes": [[change.rows, change.clip, change.label] for change in one.changes],
    }


def expects(state: dict, step: dict) -> None:
    """What a script says of the state after a step holds."""
    refused, then = step.get("refused", ""), step.get("then", {})
    assert refused in state["refused"]
    assert bool(refused) == bool(state["refused"])
    seen = {**state, "last": (state["rows"] or [None])[-1], "rows_count": len(state["rows"])}
    assert {name: seen[name] for name in then} == then


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("where", ["python", "page"])
def test_a_script(where, path, request, tmp_path):
    script = json.loads(path.read_text(encoding="utf-8"))
    steps, classes = script["steps"], script.get("classes", ["cat", "dog"])
    rest = [step["request"] for step in steps], classes, script.get("budget"), script.get("rows", [])
    found: list[dict] = []
    if where == "python":
        in_python(tmp_path, *rest, found)
    else:
        found = in_the_page(request.getfixturevalue("page"), *rest)
    found = json.loads(json.dumps(found))
    for number, (state, step) in enumerate(zip(found, steps, strict=True), 1):
        try:
            expects(state, step)
        except AssertionError as error:
            raise AssertionError(f"step {number}, {step['request']}: {error}") from None


@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_requests_of_any_kind_give_the_same_states(seed, page, tmp_path):
    """Whatever is asked, in whatever order: decisions, corrections, undos, suggestions, reopenings and nonsense."""
    rng = random.Random(seed)
    budget, classes = rng.choice([None, 6]), ["cat", "dog"]

    def requests():
        """The clip on screen more often than not; `states` has been filled up to here."""
        for _ in range(200):
            do = rng.choices(["label", "skip", "unsure", "undo", "suggest", "reopen", "start"], [9, 2, 2, 5, 1, 1, 0.3])
            request = {"do": do[0]}
            if do[0] in ("label", "skip", "unsure"):
                due = states[-1]["shown"] if states and rng.random() < 0.7 else rng.choice([*range(N), -1])
                request |= {"clip": due, "label": rng.randrange(3), "seconds": rng.choice([1.5, -1, None])}
            if do[0] == "suggest":
                request |= {"clips": rng.sample(range(N), rng.randrange(N)), "now": rng.random() < 0.3}
            asked.append(request)
            yield request

    asked, states = [], []
    in_python(tmp_path, requests(), classes, budget, [], states)
    theirs = in_the_page(page, asked, classes, budget, [])
    for number, (mine, other) in enumerate(zip(json.loads(json.dumps(states)), theirs, strict=True)):
        assert bool(mine.pop("refused")) == bool(other.pop("refused")), asked[: number + 1]
        assert mine == other, asked[: number + 1]
