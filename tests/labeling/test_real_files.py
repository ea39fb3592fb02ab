"""Files of labels as people really have them: sorted, saved by spreadsheets, about files that are gone or renamed."""

from __future__ import annotations

import csv
import io
import random
import re
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dalbook import labels_to_corpus, load_folder, read_labels
from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.npz import load_embeddings, save_embeddings
from dalbook.labeling.csv_rows import COLUMNS, HEADER, Row, line
from dalbook.labeling.exports import export_csv
from dalbook.labeling.read import read_rows
from dalbook.labeling.row_order import LabelsWarning
from dalbook.labeling.session import LabelSession

CLASSES = ("dog", "owl", "żaba")
CLIPS = ("a.wav", "b, c.wav", "d.wav", "kość.wav", "e.wav", "f.wav")


def corpus(clips=CLIPS) -> Corpus:
    return Corpus("folder", CLASSES, clips, [-1] * len(clips), [0] * len(clips), None, "", "")


def session(path, of=None, **options) -> LabelSession:
    made = LabelSession(of or corpus(), path, **options)
    made.suggest()
    return made


def say(one: LabelSession, do: str, label: int | None = None, clip: int | None = None) -> None:
    clip = clip if clip is not None or one.queue.shown is None else one.queue.shown.clip
    one.act({"do": do, "clip": clip, "label": label, "seconds": 1.5})


@pytest.fixture
def labels(tmp_path):
    """Labels, an undone one that is skipped then, a correction, an unsure one, and an undone correction."""
    path = tmp_path / "labels.csv"
    one = session(path)
    say(one, "label", 0)
    say(one, "label", 1)
    say(one, "undo")
    say(one, "skip")  # "b, c.wav"
    say(one, "label", 1)
    say(one, "label", 1, clip=0)  # dog was wrong
    say(one, "label", 2)
    say(one, "unsure")
    say(one, "label", 0, clip=2)
    say(one, "undo")  # it was right
    one.close()
    return path


STANDING = {"a.wav": ("owl", "labeled"), "b, c.wav": ("", "skipped"), "d.wav": ("owl", "labeled")}
STANDING |= {"kość.wav": ("żaba", "labeled"), "e.wav": ("", "unsure")}


def stands(path) -> dict:
    table = read_labels(path)
    return {row["clip"]: (row["label"], row["status"]) for row in table.to_dict("records")}


def rewrite(path, key=None, **form):
    """As another program does: sorted by `key`, or shuffled."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    body = sorted(rows[1:], key=key) if key else random.Random(form.pop("seed", 0)).sample(rows[1:], len(rows) - 1)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([rows[0], *body])
    path.write_text(out.getvalue(), encoding="utf-8")


@pytest.mark.parametrize("column", [None, *range(len(COLUMNS))])
def test_what_stands_does_not_depend_on_the_order_of_rows(labels, column):
    assert stands(labels) == STANDING
    before = session(labels)
    model = before.book.labels, before.book.chain, before.book.undoable, before.queue.state()
    before.close()
    rewrite(labels, None if column is None else lambda row: row[column])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stands(labels) == STANDING
    again = session(labels)
    assert (again.book.labels, again.book.chain, again.book.undoable, again.queue.state()) == model
    assert again.notice == ""
    say(again, "undo")  # the last decision that stands, and no other: e is asked about again
    assert again.queue.shown.clip == 4
    assert stands(labels) == {clip: said for clip, said in STANDING.items() if clip != "e.wav"}


def test_a_clock_that_was_set_back_changes_nothing(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes(HEADER + line(Row("a.wav", "dog", "labeled", "", "2999-01-01T00:00:00.000+00:00", 1, 0, None, "")))
    one = session(path)
    say(one, "label", 1, clip=0)
    assert stands(path) == {"a.wav": ("owl", "labeled")}
    assert read_rows(path)[-1].time == "2999-01-01T00:00:00.001+00:00"


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00.000+00:00", ""])
@pytest.mark.parametrize("turned", [False, True])
def test_a_contradiction_that_time_cannot_solve_is_told_with_both_rows(tmp_path, time, turned):
    rows = [Row("a.wav", name, "labeled", "anna", time, 1, 0, None, "") for name in ("dog", "owl")]
    other = Row("d.wav", "owl", "labeled", "anna", "2026-01-01T00:00:01.000+00:00", 1, 0, None, "")
    path = tmp_path / "labels.csv"
    path.write_bytes(HEADER + b"".join(map(line, [*(rows[::-1] if turned else rows), other])))
    says = "1 clips have two decisions at the same time.*'a.wav' is '(dog|owl)' .anna, .* and '(dog|owl)' .anna, "
    with pytest.warns(LabelsWarning, match=says):
        assert stands(path) == {"d.wav": ("owl", "labeled")}
    with pytest.warns(LabelsWarning, match=says):
        assert labels_to_corpus(corpus(), path).labels.tolist() == [-1, -1, 1, -1, -1, -1]
    one = session(path)
    assert one.book.labels == {2: 1}
    assert "'a.wav' is " in one.notice
    say(one, "label", 1)  # a is asked about, and that solves it
    one.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stands(path) == {"a.wav": ("owl", "labeled"), "d.wav": ("owl", "labeled")}
    path.write_bytes(HEADER + line(rows[0]) + line(rows[0]))  # the same twice is none
    assert stands(path) == {"a.wav": ("dog", "labeled")}


def saved(path, separator=",", encoding="utf-8", decimal=".", added=(), turned=False, quoting=0, head=""):
    """A file of labels as a spreadsheet saves it."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    numbers = [COLUMNS.index(name) for name in ("seconds", "score")]
    for row in rows[1:]:
        for i in numbers:
            row[i] = row[i].replace(".", decimal)
    rows = [[*row, *(added if n else ["notes"] * len(added))] for n, row in enumerate(rows)]
    rows = [row[::-1] for row in rows] if turned else rows
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\r\n").writerows(rows)
    path.write_bytes((head + out.getvalue()).encode(encoding))
    return path.read_bytes()


FORMS = {
    "semicolons": {"separator": ";", "decimal": ","},
    "tabs": {"separator": "\t"},
    "semicolons, mark": {"separator": ";", "encoding": "utf-8-sig", "decimal": ","},
    "tabs in UTF-16": {"separator": "\t", "encoding": "utf-16"},
    "big-endian UTF-16": {"separator": ",", "encoding": "utf-16-be"},
    "decimal commas in quotation marks": {"decimal": ","},
    "all quoted": {"quoting": csv.QUOTE_ALL},
    "an added column": {"added": ["windy, cold"]},
    "other order": {"turned": True},
    "told its separator": {"separator": ";", "head": "sep=;\r\n"},
    "mark": {"encoding": "utf-8-sig"},
}


@pytest.mark.parametrize("form", FORMS)
def test_saved_by_a_spreadsheet_it_is_read_and_goes_on(labels, form):
    before = read_rows(labels)
    content = saved(labels, **FORMS[form])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_rows(labels) == before
    one = session(labels)
    assert one.book.labels == {0: 1, 2: 1, 3: 2}
    assert labels.read_bytes() == content  # until the first decision
    say(one, "label", 0)
    notice = one.notice
    one.close()
    assert stands(labels) == {**STANDING, "f.wav": ("dog", "labeled")}
    if not labels.read_bytes().startswith(content):  # or a copy is kept
        (copy,) = labels.with_name("labels.csv.session").glob("as-saved-*.csv")
        assert copy.read_bytes() == content
        assert str(copy) in notice
    again = session(labels)
    assert again.notice == ""
    again.close()


def test_a_windows_code_page_is_read_and_said(tmp_path):
    path = tmp_path / "labels.csv"
    row = Row("grüße.wav", "dog", "labeled", "Zoë", "2026-01-01", 1.5, 0, None, "")
    path.write_bytes((HEADER + line(row)).decode().replace(",", ";").replace("1.5", "1,5").encode("cp1252"))
    with pytest.warns(LabelsWarning, match="not in UTF-8; it was read as .*semicolons, in Windows' code page 1252"):
        assert read_rows(path) == [row]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER.replace(b"status,", b"") + b"a,b\n", "it has no status .columns separated by commas, in UTF-8."),
        (HEADER.replace(b",", b";") + b'"a;b\n', "damaged: .*columns separated by semicolons, in UTF-8.; save it as"),
        (HEADER.replace(b",", b";") + b"a;dog;done;;;;;;\n", "line 2 .*semicolons.*: the status 'done' is none of"),
        (HEADER.replace(b",", b":") + b"a:b\n", "is not a file of labels: its first line must be clip,label"),
        (HEADER[:-1] + b",clip\n" + b"a," * 9 + b"b\n", "the column clip twice"),
    ],
)
def test_what_cannot_be_read_without_doubt_is_one_line(tmp_path, content, says):
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    for read in (read_labels, lambda path: session(path)):
        with pytest.raises(ValueError, match=says) as error:
            read(path)
        assert "\n" not in str(error.value)
    assert path.read_bytes() == content


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "sounds"
    root.mkdir()
    rng = np.random.default_rng(0)
    for name in "abcde":
        soundfile.write(root / f"{name}.wav", rng.normal(0, 0.1, 9000), 8000)
    return root


@pytest.mark.parametrize("segment", [None, 0.5])
def test_labels_of_what_is_there_go_on_and_the_others_are_kept_and_told(root, tmp_path, segment):
    path = tmp_path / "labels.csv"
    whole = load_folder(root, CLASSES, segment=segment)
    one = session(path, whole)
    for n in range(len(whole)):
        say(one, "label", n % 2)
    one.close()
    content = path.read_bytes()
    (root / "b.wav").unlink()  # deleted
    (root / "sub").mkdir()
    (root / "c.wav").rename(root / "sub" / "sea.wav")  # renamed, and moved
    there = load_folder(root, CLASSES, segment=segment)
    with pytest.warns(LabelsWarning) as told:
        labeled = labels_to_corpus(there, path)
    told = str(told[0].message)
    gone = [name for name in whole.ids if name.startswith("b.wav")]
    assert f"decisions on {len(gone)} clips that are not in the corpus; they stay in the file" in told
    assert repr(gone[0]) in told
    assert "1 recordings in " in told
    assert "'c.wav' is 'sub/sea.wav' now" in told
    was = {name.replace("c.wav", "sub/sea.wav"): n % 2 for n, name in enumerate(whole.ids)}
    assert dict(zip(labeled.ids, labeled.labels.tolist(), strict=True)) == {name: was[name] for name in there.ids}
    with pytest.warns(LabelsWarning):
        rows = list(csv.reader(export_csv(there, path, tmp_path / "plain.csv").open()))
    assert [name for name, _ in rows[1:]] == list(there.ids)
    again = session(path, there)
    assert again.book.labels == dict(enumerate(labeled.labels.tolist()))
    assert path.read_bytes() == content
    assert again.notice
    say(again, "label", 2, clip=there.ids.index("sub/sea.wav" + whole.ids[-1].partition(".wav")[2]))
    again.close()
    assert path.read_bytes().startswith(content)
    with pytest.warns(LabelsWarning):
        assert sorted(labels_to_corpus(there, path).labels)[-1] == 2


def test_a_copy_is_no_renamed_file(root, tmp_path):
    path = tmp_path / "labels.csv"
    one = session(path, load_folder(root, CLASSES))
    say(one, "label", 0)
    say(one, "label", 1)
    one.close()
    sound = (root / "a.wav").read_bytes()
    (root / "a.wav").unlink()
    for name in ("x.wav", "y.wav"):
        (root / name).write_bytes(sound)
    with pytest.warns(LabelsWarning, match=r"1 clips that are not in the corpus; .*: 'a\.wav'"):
        assert labels_to_corpus(load_folder(root, CLASSES), path).labels.max() == 1


def test_one_name_in_two_forms_is_one_clip(tmp_path):
    composed, apart = (unicodedata.normalize(form, "café été.wav") for form in ("NFC", "NFD"))
    path = tmp_path / "labels.csv"
    one = session(path, corpus([composed, "b.wav"]))
    say(one, "label", 1)
    one.close()
    save_embeddings(tmp_path / "x.npz", [composed, "b.wav"], [[1.0], [2.0]])
    other = corpus(["b.wav", apart])  # a copy on a file system that takes names apart
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert labels_to_corpus(other, path).labels.tolist() == [-1, 1]
        assert session(path, other).book.labels == {1: 1}
        assert load_embeddings(tmp_path / "x.npz", other).tolist() == [[2.0], [1.0]]
    both = corpus([composed, apart])  # where they are two files they are two clips
    assert labels_to_corpus(both, path).labels.tolist() == [1, -1]


def test_nothing_that_is_read_tempts_to_the_method_of_pandas():
    """``table.clip`` is a method that cuts off values; the column is ``table["clip"]``."""
    root = Path(__file__).parents[2]
    texts = [*root.glob("chapters/*"), root / "README.md", root / "index.md"]
    texts = [path for path in texts if path.suffix in (".ipynb", ".md")]
    assert len(texts) > 15
    tables = r"\b(labels|table|frame|decisions|rows|read_labels\([^)]*\))\.clip\b"
    tempting = [path.name for path in texts if re.search(tables, path.read_text(encoding="utf-8"))]
    assert tempting == []
