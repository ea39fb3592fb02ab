"""The set-up: a light import, one version, locks that say what they must, and no committed output."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENV = Path(".venv/bin")
HEAVY = {"torch", "plotly", "ipywidgets", "numba", "pandas", "librosa", "sklearn", "scipy"}


def python(code: str) -> str:
    """Run code in a fresh interpreter, in the repository."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_is_light():
    loaded = python("import sys, dalbook; dir(dalbook); print(*sys.modules)").split()
    assert "dalbook" in loaded
    assert not HEAVY.intersection(loaded)


def test_every_public_name_loads():
    names = python("import dalbook\nfor name in dalbook.__all__: getattr(dalbook, name); print(name)").split()
    assert {
        "load_toy_city",
        "load_urbansound8k",
        "load_folder",
        "embed",
        "load_embeddings",
        "DALConfig",
        "DropoutLearner",
        "MedoidLearner",
    } <= set(names)


def test_unknown_name_is_an_attribute_error():
    import dalbook

    with pytest.raises(AttributeError, match="no_such_room"):
        dalbook.no_such_room  # noqa: B018


def test_version_stands_in_one_place():
    import dalbook

    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text()
    assert f"version: {dalbook.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_lock_is_pinned_and_names_its_command(name):
    header, lines = [], []
    for line in (ROOT / name).read_text().splitlines():
        (header if line.startswith("#") else lines).append(line)
    assert "make lock" in " ".join(header)
    assert all(re.match(r"[a-z0-9][a-z0-9._-]*==[^ ]+( ; .+)?$", line) for line in lines), lines
    assert not any(line.startswith(("nvidia-", "cuda-", "triton")) for line in lines)
    assert "://" not in " ".join(header + lines)


def test_lock_holds_the_pins_of_the_book():
    lock = (ROOT / "requirements.txt").read_text()
    for pin in (
        "torch==2.13.0",
        "jupyter-book==1.0.4.post1",
        "sphinx-exercise==1.2.1",
        "sphinx-proof==0.4.0",
        "sphinx-togglebutton==0.4.5",
    ):
        assert f"\n{pin}\n" in lock, pin


def test_chapters_are_committed_without_output():
    chapters = sorted((ROOT / "chapters").glob("*.ipynb"))
    assert chapters
    for chapter in chapters:
        for cell in json.loads(chapter.read_text())["cells"]:
            assert not cell.get("outputs"), f"{chapter.name} has an output: strip it"
            assert cell.get("execution_count") is None, f"{chapter.name} has an execution count: strip it"


def test_the_modules_that_begin_first_are_there():
    text = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    longest = re.findall(r'^    "(tests/[^"]+)",$', text, re.MULTILINE)
    assert longest
    assert [module for module in longest if not (ROOT / module).is_file()] == []


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def environment(tmp_path: Path, *lines: str) -> subprocess.CompletedProcess:
    """Run tools/environment.py in an empty folder with a lock of these lines and no package index."""
    shutil.copy(ROOT / "tools" / "environment.py", tmp_path)
    (tmp_path / "lock.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / ".venv").mkdir()
    return subprocess.run(
        [sys.executable, "environment.py", "lock.txt"], cwd=tmp_path, capture_output=True, text=True, check=False
    )


def test_missing_network_is_said_in_one_line(tmp_path, monkeypatch):
    # An address of the reserved test domain: its name never resolves.
    for name, value in {
        "INDEX_URL": "https://index.invalid/simple",
        "RETRIES": "1",
        "CONFIG_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    done = environment(tmp_path, "six==1.17.0")
    assert done.returncode != 0
    assert done.stderr.strip() == "Could not install lock.txt: no network: the package index cannot be reached"


def package(folder: Path, name: str, version: str) -> None:
    """Put a wheel with next to nothing in it into a package index of files."""
    place, info = folder / name, f"{name}-{version}.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(place / wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    (place / "index.html").write_text(f'<!doctype html><a href="{wheel}">{wheel}</a>')


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the package index has the CPU build")
def test_on_linux_the_cpu_build_of_torch_is_taken_where_there_is_one(tmp_path, monkeypatch):
    shutil.copy(ROOT / "tools" / "environment.py", tmp_path)
    (tmp_path / "lock.txt").write_text("torch==2.98.7\n")
    package(tmp_path / "all", "torch", "2.98.7")
    package(tmp_path / "cpu", "torch", "2.98.7+cpu")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "all").as_uri())

    def run(index: str) -> list[str]:
        monkeypatch.setenv("TORCH_INDEX", index)
        code = "import environment as e; e.create(); e.torch('lock.txt'); e.pip('-r', 'lock.txt')"
        code += "; print(e.installed('torch', local=True))"
        line = [sys.executable, "-c", code]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    # An index that cannot be reached: an address of the reserved test domain.
    said = run("https://index.invalid/cpu")
    assert "Not found there: torch==2.98.7 comes from the package index, maybe with 3 GB of CUDA" in said
    assert said[-1] == "torch==2.98.7"

    cpu = (tmp_path / "cpu").as_uri()
    assert f"Looking for torch==2.98.7 at {cpu}" not in run(cpu), "another build that is there already is kept"
    subprocess.run([tmp_path / VENV / "python", "-m", "pip", "uninstall", "-qy", "torch"], check=True)
    said = run(cpu)
    assert "Taken from there: torch==2.98.7+cpu" in said
    assert said[-1] == "torch==2.98.7+cpu"

    subprocess.run([tmp_path / VENV / "python", "-m", "pip", "uninstall", "-qy", "torch"], check=True)
    said = run("")
    assert not any(line.startswith("Looking") for line in said)
    assert said[-1] == "torch==2.98.7"


def test_missing_venv_module_is_said_in_one_line(tmp_path, monkeypatch):
    # As on Debian without python3-venv, where ensurepip is left out.
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('ensurepip')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = environment(tmp_path, "six==1.17.0")
    assert done.returncode != 0
    assert " has no venv module: install it (Debian, Ubuntu: apt install python3." in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_missing_python_is_said_in_one_line(tmp_path):
    done = subprocess.run(
        ["make", "book", "PYTHON="], cwd=copy_of_set_up(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "No Python 3.10 to 3.13 found: install one, or name it with PYTHON=..."


def copy_of_set_up(folder: Path) -> Path:
    shutil.copytree(ROOT / "tools", folder / "tools")
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-test.txt"):
        shutil.copy(ROOT / name, folder)
    return folder
