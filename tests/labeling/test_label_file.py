"""A file of labels loses nothing: killed processes, full disks, torn lines, other programs, second labelers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from dalbook.labeling.csv_rows import COLUMNS, HEADER, Row, line, parse
from dalbook.labeling.label_file import LabelFile, now
from dalbook.labeling.read import read_labels

STRANGE = [
    'a, b "c".wav',
    "zwei\nZeilen.wav",
    "=1+1",
    "żółć 🦉.wav",
    " spaces ",
    "NA",
    "007",
    "\r",
    "<img onerror=x>",
    '"',
]


def row(clip: str = "x.wav", label: str = "dog", status: str = "labeled") -> Row:
    return Row(clip, label, status, "me", now(), 1.5, 2, 0.25, "medoid")


def python(code: str, *arguments: object, **options) -> subprocess.Popen:
    head = "import sys\nfrom dalbook.labeling.label_file import LabelFile, now\n"
    head += "from dalbook.labeling.csv_rows import Row\n"
    line = [sys.executable, "-c", head + textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


LABEL_FOR_EVER = """
    file = LabelFile(sys.argv[1], "anna")
    n = len(file.rows)
    while True:
        file.append(Row(f"clip {n}, \\n{n}", "dog", "labeled", "anna", now(), 1.5, 0, None, "medoid"))
        n += 1
        print(n, flush=True)
"""


def test_what_is_written_is_read_by_pandas_and_by_us(tmp_path):
    file = LabelFile(tmp_path / "labels.csv")
    rows = [row(name, name[::-1] or "x") for name in STRANGE] + [Row("y", "", "skipped", "", now(), None, 0, None, "")]
    for one in rows:
        file.append(one)
    file.close()
    frame = pd.read_csv(tmp_path / "labels.csv", dtype=str, keep_default_na=False)
    assert tuple(frame.columns) == COLUMNS
    assert frame["clip"].tolist() == [*STRANGE, "y"]
    assert frame["label"].tolist()[:-1] == [name[::-1] for name in STRANGE]
    assert pd.to_datetime(frame["time"]).dt.tz is not None
    again = LabelFile(tmp_path / "labels.csv")
    assert again.rows == rows
    assert again.notice == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_every_acknowledged_decision_survives_kill_9(tmp_path):
    path, told = tmp_path / "labels.csv", 0
    for _ in range(3):
        labeler = python(LABEL_FOR_EVER, path)
        for _ in range(30):
            told = int(labeler.stdout.readline())
        os.kill(labeler.pid, signal.SIGKILL)
        told = max([told, *map(int, labeler.stdout.read().split())])
        labeler.wait()
        with LabelFileClosed(path) as file:
            assert [r.clip for r in file.rows[:told]] == [f"clip {n}, \n{n}" for n in range(told)]
            assert len(file.rows) - told in (0, 1)  # one may have been written and not yet told


class LabelFileClosed:
    """Open, look, close."""

    def __init__(self, path: Path) -> None:
        self.file = LabelFile(path)

    def __enter__(self) -> LabelFile:
        return self.file

    def __exit__(self, *error: object) -> None:
        self.file.close()


def test_a_second_labeler_is_refused_by_name_until_the_first_is_gone(tmp_path):
    path = tmp_path / "labels.csv"
    first = python(LABEL_FOR_EVER, path)
    first.stdout.readline()
    with pytest.raises(
        BlockingIOError, match=rf"anna \(process {first.pid} on .*, since 20\d\d-.*another out="
    ) as error:
        LabelFile(path, "bob")
    assert str(path) in str(error.value)
    first.kill()
    first.communicate()
    second = LabelFile(path, "bob")
    second.append(row())
    assert second.rows[-1].label == "dog"


def test_the_same_process_takes_over(tmp_path):
    told = []
    first = LabelFile(tmp_path / "labels.csv", taken=lambda: told.append("taken"))
    first.append(row("a"))
    second = LabelFile(tmp_path / "labels.csv")
    assert told == ["taken"]
    with pytest.raises(OSError, match="run again"):
        first.append(row("b"))
    second.append(row("c"))
    assert [r.clip for r in parse((tmp_path / "labels.csv").read_bytes(), "")[0]] == ["a", "c"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of a file's size")
def test_a_full_disk_leaves_the_file_as_it_was_and_says_so(tmp_path):
    path = tmp_path / "labels.csv"
    with LabelFileClosed(path) as file:
        file.append(row("first"))
    before = path.read_bytes()
    full = """
        import resource
        file = LabelFile(sys.argv[1])
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 20, limit[1]))
        try:
            file.append(Row("second", "dog", "labeled", "", now(), None, 0, None, ""))
        except OSError as error:
            print(error.strerror)
        print(len(file.rows), open(sys.argv[1], "rb").read() == open(sys.argv[2], "rb").read())
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        file.append(Row("third", "dog", "labeled", "", now(), None, 0, None, ""))
    """
    (tmp_path / "before").write_bytes(before)
    out, errors = python(full, path, tmp_path / "before").communicate()
    message, state = out.splitlines()
    assert not errors
    assert message.startswith(f"{path}: this decision is NOT saved (File too large); free some space")
    assert state == "1 True"
    assert [r.clip for r in parse(path.read_bytes(), "")[0]] == ["first", "third"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_no_space_left_is_what_the_message_says(tmp_path):
    file = LabelFile(tmp_path / "labels.csv")
    full, kept = os.open("/dev/full", os.O_WRONLY), os.dup(file._fd)
    size = os.fstat(kept).st_size
    file._check = lambda: os.dup2(full, file._fd)  # the very write meets the full device
    with pytest.raises(
        OSError, match=r"labels.csv: this decision is NOT saved \(No space left on device\); free some space"
    ):
        file.append(row())
    assert os.fstat(kept).st_size == size
    assert file.rows == []
    os.close(full)
    os.close(kept)


CUT = [
    b"y.wav,do",
    b'"y,',
    b"y.wav,dog,labeled,me,2026-01-01T00:00:00+00:00,1.5,0,",
    b"\0" * 100,
    b'"two\nli',
    b"\xc5",
]


@pytest.mark.parametrize("cut", CUT)
def test_a_cut_off_last_line_is_mended_kept_and_told(tmp_path, cut):
    path = tmp_path / "labels.csv"
    path.write_bytes(HEADER + line(row("a")) + cut)
    file = LabelFile(path)
    assert [r.clip for r in file.rows] == ["a"]
    assert "cut off" in file.notice
    assert "labels.csv.session/cut-off" in file.notice
    assert (tmp_path / "labels.csv.session" / "cut-off").read_bytes() == cut + b"\n"
    file.append(row("b"))
    file.close()
    with LabelFileClosed(path) as again:
        assert [r.clip for r in again.rows] == ["a", "b"]
        assert again.notice == ""


def test_cut_anywhere_the_rows_before_survive(tmp_path):
    whole = HEADER + b"".join(line(row(name, name or "x")) for name in STRANGE)
    ends, at = [0, len(HEADER)], len(HEADER)
    for name in STRANGE:
        at += len(line(row(name, name or "x")))
        ends.append(at)
    path = tmp_path / "labels.csv"
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        with LabelFileClosed(path) as file:
            safe = max(0, sum(end <= size for end in ends) - 2)
            found = [r.clip for r in file.rows]
            assert found[:safe] == STRANGE[:safe], size
            assert len(found) - safe in (0, 1)  # a line that lacks nothing but its end, or part of its last field
            file.append(row("after"))
            assert [r.clip for r in parse(path.read_bytes(), "")[0]] == [*found, "after"]


def test_a_last_line_without_its_end_is_whole(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes(HEADER + line(row("a")) + line(row("b")).rstrip(b"\n"))
    file = LabelFile(path)
    assert [r.clip for r in file.rows] == ["a", "b"]
    assert file.notice == ""
    file.append(row("c"))
    assert [r.clip for r in parse(path.read_bytes(), "")[0]] == ["a", "b", "c"]


def test_a_spreadsheet_may_have_saved_it(tmp_path):
    path = tmp_path / "labels.csv"
    text = (HEADER + line(row("a"))).decode().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    file = LabelFile(path)
    file.append(row("b"))
    file.close()
    assert [r.clip for r in LabelFile(path).rows] == ["a", "b"]


def test_a_file_of_the_first_edition_goes_on(tmp_path):
    """It spelled the status in British English; nothing in it is changed, and new rows have today's spelling."""
    path = tmp_path / "labels.csv"
    old = HEADER + line(row("a")).replace(b"labeled", b"labelled") + line(row("b", "", status="unsure"))
    path.write_bytes(old)
    file = LabelFile(path)
    assert [(r.clip, r.status) for r in file.rows] == [("a", "labeled"), ("b", "unsure")]
    new = row("c")
    file.append(new)
    file.close()
    assert path.read_bytes() == old + line(new)
    frame = read_labels(path)
    assert frame[["clip", "status"]].values.tolist() == [["a", "labeled"], ["b", "unsure"], ["c", "labeled"]]
    cut = path.read_bytes() + b'd "e,dog,labelled,me,,,0,,\n' + line(row()).replace(b"labeled", b"labelled")
    path.write_bytes(cut)
    with pytest.raises(ValueError, match="not closed"):  # rows of the old spelling are no cut-off line either
        LabelFile(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"clip,label\n", "labels.csv is not a file of labels"),
        (b"\x89PNG\r\n\x1a\n", "not a file of labels"),
        (HEADER + b"a,b\n" + line(row()), "line 2: there are 2 fields instead of 9"),
        (HEADER + line(row(status="done")), "line 2: the status 'done' is none of"),
        (HEADER + b"a,,labeled,,,,0,,\n", "line 2: it is labeled, but has no label"),
        (HEADER + b"a,b,labeled,,,soon,0,,\n", "line 2: could not convert"),
        (HEADER + b'a "b,dog,labeled,me,,,0,,\n' + line(row()), "quotation mark after row 0 is not closed"),
        (HEADER + b"\xff,dog,labeled,me,,,0,,\n" + line(row()), "damaged: 'utf-8' codec"),
    ],
)
def test_something_else_is_refused_and_left_alone(tmp_path, content, message):
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        LabelFile(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder; make it"):
        LabelFile(tmp_path / "nowhere" / "labels.csv")
    with pytest.raises(OSError, match="is not a file; give another out="):
        LabelFile(tmp_path)
    (tmp_path / "labels.csv.session").write_text("in the way")
    with pytest.raises(OSError, match="labels.csv.session cannot be written"):
        LabelFile(tmp_path / "labels.csv")
    assert not (tmp_path / "labels.csv").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_folder_that_cannot_be_written():
    root = os.geteuid() == 0  # who may write anywhere
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        if root:
            os.seteuid(65534)
        try:
            with pytest.raises(OSError, match="cannot be written"):
                LabelFile(Path(folder, "labels.csv"))
        finally:
            if root:
                os.seteuid(0)
            os.chmod(folder, 0o755)


def test_another_programs_change_is_not_overwritten(tmp_path):
    path = tmp_path / "labels.csv"
    file = LabelFile(path)
    file.append(row("a"))
    with open(path, "ab") as other:
        other.write(line(row("theirs")))
    with pytest.raises(OSError, match="changed by another program.*NOT saved; run the labeler's cell again"):
        file.append(row("b"))
    path.with_name("new").write_bytes(path.read_bytes())
    os.replace(path.with_name("new"), path)  # as editors save
    with pytest.raises(OSError, match="changed by another program"):
        file.append(row("b"))
    assert [r.clip for r in LabelFile(path).rows] == ["a", "theirs"]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody remove an open file")
def test_a_file_removed_while_it_is_open_is_written_again(tmp_path):
    path = tmp_path / "labels.csv"
    file = LabelFile(path)
    file.append(row("a"))
    path.unlink()
    file.append(row("b"))
    assert "written again" in file.notice
    file.append(row("c"))
    assert [r.clip for r in parse(path.read_bytes(), "")[0]] == ["a", "b", "c"]


def test_what_is_kept_belongs_to_the_file(tmp_path):
    path = tmp_path / "labels.csv"
    file = LabelFile(path)
    file.keep("about.json", {"a": "żółć"})
    file.keep("next.json", [1], safe=False)
    file.close()
    again = LabelFile(path)
    assert again.kept("about.json") == {"a": "żółć"}
    assert again.kept("next.json") == [1]
    (again.folder / "about.json").write_bytes(b"{")
    assert again.kept("about.json") is None
    again.close()
    path.unlink()
    assert LabelFile(path).kept("next.json") is None


def test_each_decision_is_synced_before_it_counts(tmp_path, monkeypatch):
    """fsync comes after the write and before `append` returns."""
    file, order = LabelFile(tmp_path / "labels.csv"), []
    write, sync = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda *a: (order.append("write"), write(*a))[1])
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("sync"), sync(fd))[1])
    file.append(row())
    assert order == ["write", "sync"]


def test_an_interrupted_write_does_not_count(tmp_path, monkeypatch):
    file = LabelFile(tmp_path / "labels.csv")
    file.append(row("a"))

    def interrupt(fd):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            file.append(row("b"))
    file.append(row("c"))
    assert [r.clip for r in file.rows] == ["a", "c"]
    assert [r.clip for r in parse((tmp_path / "labels.csv").read_bytes(), "")[0]] == ["a", "c"]
