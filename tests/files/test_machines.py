"""Machines as people have them: read-only installations, killed parents, outputs with few letters."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from dalbook.cli import main
from dalbook.files import compiled


@pytest.fixture
def writable(monkeypatch, tmp_path):
    """Pretend that only folders below these can be written to; root may write everywhere."""
    allowed = []
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # not set, and put back afterwards
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled.os, "access", lambda path, mode: any(Path(path).is_relative_to(a) for a in allowed))
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    return allowed


def test_a_read_only_installation_keeps_compiled_code_in_our_cache(writable, tmp_path, monkeypatch):
    import numba

    writable.append(tmp_path)
    compiled.keep_compiled()
    assert os.environ["NUMBA_CACHE_DIR"] == numba.config.CACHE_DIR == str(tmp_path / "cache" / "numba")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    compiled.keep_compiled()
    assert os.environ["NUMBA_CACHE_DIR"] == "elsewhere"


def test_where_the_cache_cannot_be_written_either_it_is_said(writable, tmp_path):
    with pytest.warns(UserWarning, match=r"cache.numba cannot be written to, .* set DALBOOK_CACHE to a folder"):
        compiled.keep_compiled()
    assert Path(os.environ["NUMBA_CACHE_DIR"]).name.startswith("dalbook-numba-")


def test_an_installation_that_can_be_written_is_left_as_it_is(writable):
    writable.append("/")
    compiled.keep_compiled()
    assert os.environ["NUMBA_CACHE_DIR"] == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows does not say that a parent is gone")
def test_workers_end_when_their_parent_was_killed():
    code = """
        import os, subprocess, sys, time
        worker = "import sys, time; from dalbook.files.parent import end_with; "
        worker += "end_with(int(sys.argv[1])); print('ready', flush=True); time.sleep(600)"
        one = subprocess.Popen([sys.executable, "-c", worker, str(os.getpid())], stdout=subprocess.PIPE)
        one.stdout.readline()
        print(one.pid, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    worker = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 60
    while _runs(worker):
        assert time.monotonic() < end, "the worker is still there"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False


def test_an_output_without_letters_for_a_name_ends_no_command(tmp_path, monkeypatch):
    out, error = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", error)
    assert main(["curve", "--corpus", "żółw 🐢"]) == 2
    assert rb"\u017c\xf3\u0142w \U0001f422".replace(rb"\xf3", b"\xf3") in error.buffer.getvalue()


def test_a_missing_dask_is_noticed_before_any_work(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("dalbook.cli.figures.corpus_from", lambda options: pytest.fail("it has begun"))
    assert main(["run", "fig2", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "pip install 'dalbook[dask]'" in capsys.readouterr().err


def test_a_folder_has_no_truth_to_measure_on(capsys):
    assert main(["curve", "--corpus", "folder"]) == 2
    assert "no corpus 'folder' to measure on; choose one of toy-city" in capsys.readouterr().err
