"""The repository's address: one place, everything else equal to it; and what Binder, Colab and other folders need."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from dalbook.book.results import github, results, set_repository

ROOT = Path(__file__).parents[2]
FORK = "https://github.com/some-body/our.sounds"
CHAPTERS = sorted(path.name for path in (ROOT / "chapters").glob("*.ipynb"))
BUTTON = re.compile(
    r"https://colab\.research\.google\.com/github/(?P<colab>[^/]+/[^/]+)/blob/main/(?P<colab_path>[\w/.-]+)"
    r"|https://mybinder\.org/v2/gh/(?P<binder>[^/]+/[^/]+)/main\?urlpath=lab/tree/(?P<binder_path>[\w/.-]+)"
)


def check_addresses(root: Path, url: str) -> None:
    """Everything in the book's folder `root` that names its repository names this one."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == url
    assert config["launch_buttons"]["binderhub_url"] == "https://mybinder.org"
    assert config["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    assert yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))["repository-code"] == url
    assert f'\nSource = "{url}"\n' in (root / "pyproject.toml").read_text(encoding="utf-8")

    readme = (root / "README.md").read_text(encoding="utf-8")
    name = url.split("/")[-1]
    assert re.findall(r"git clone (\S+) && cd (\S+)", readme) == [(url, name)]
    buttons = list(BUTTON.finditer(readme))
    assert len(buttons) == len(re.findall(r"mybinder\.org/v2/|colab\.research\.google\.com/github/", readme)) == 2
    for button in buttons:
        assert f"https://github.com/{button['colab'] or button['binder']}" == url
        assert (root / (button["colab_path"] or button["binder_path"])).is_file()
    assert re.findall(r"\[the repository\]\(([^)]*)\)", (root / "index.md").read_text(encoding="utf-8")) == [url]

    for chapter in CHAPTERS:
        cell = set_up_cell(root / "chapters" / chapter)
        assert re.findall(r"https?://[^\s\"]+", cell) == [url], chapter


def set_up_cell(chapter: Path) -> str:
    """The source of a chapter's first code cell, which has to be its set-up cell."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    assert first["id"] == "set-up", (
        f"{chapter.name} has no set-up cell: run python -m dalbook.book.results set-repository"
    )
    assert first["metadata"] == {"tags": ["remove-cell"]}
    return "".join(first["source"])


@pytest.fixture
def book(tmp_path) -> Path:
    """A copy of the book's own files."""
    root = tmp_path / "book"
    shutil.copytree(ROOT / "dalbook", root / "dalbook", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "chapters", root / "chapters", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "binder", root / "binder")
    for path in ROOT.iterdir():
        if path.suffix in {".md", ".yml", ".cff", ".toml", ".py", ".in"} or path.name.startswith("LICENSE"):
            shutil.copy(path, root)
    (root / "data" / "results").mkdir(parents=True)
    (root / "data" / "results" / "some_curve.csv").write_text("learner,budget\ndal,30\n")
    return root


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "dalbook.book.results", "set-repository", *arguments]
    return subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)


def test_every_address_is_the_one_in_the_configuration():
    assert len(CHAPTERS) >= 2
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    check_addresses(ROOT, config["repository"]["url"])


def test_a_fork_points_to_itself(book):
    old = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    done = command(book, FORK + "/")
    assert done.returncode == 0, done.stderr
    assert {"changed _config.yml", f"changed chapters/{CHAPTERS[0]}"} <= set(done.stdout.splitlines())
    check_addresses(book, FORK)
    for name, content in contents(book).items():
        assert github(old).encode() not in content, f"{name} still names the old address"

    before = contents(book)
    assert command(book, FORK).stdout == "Nothing to change\n"
    assert contents(book) == before

    set_repository(book, old)  # and back: the way there changed nothing else
    assert (book / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
    assert (book / "pyproject.toml").read_bytes() == (ROOT / "pyproject.toml").read_bytes()


def test_an_address_written_into_the_configuration_by_hand_is_followed(book):
    config = book / "_config.yml"
    old = yaml.safe_load(config.read_text(encoding="utf-8"))["repository"]["url"]
    config.write_text(config.read_text(encoding="utf-8").replace(old, FORK), encoding="utf-8")
    assert command(book).returncode == 0
    check_addresses(book, FORK)


def test_only_the_set_up_cell_of_a_chapter_changes(book):
    for chapter in CHAPTERS:
        path = book / "chapters" / chapter
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "set-up"]
        without = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        path.write_text(without, encoding="utf-8", newline="\n")
        set_repository(book)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert notebook["cells"].pop(1)["id"] == "set-up"
        assert json.dumps(notebook, indent=1, ensure_ascii=False) + "\n" == without
        assert path.read_bytes().endswith(b"}\n")


def test_a_set_up_cell_saved_with_output_or_twice_is_one_again(book):
    set_repository(book)
    path = book / "chapters" / CHAPTERS[0]
    right = path.read_bytes()
    notebook = json.loads(right)
    cell = {**notebook["cells"][1], "id": "0123", "execution_count": 1}
    cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": "ok"}]
    notebook["cells"].append(cell)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert set_repository(book) == [path]
    assert path.read_bytes() == right


def test_links_to_other_repositories_stay(book):
    config = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    old = config["repository"]["url"]
    others = [f"{old}-data", f"{old}.data/x", f"{old}_2", "https://github.com/other/one"]
    ours = [old, f"{old}.git", f"{old}/issues", f"{old}#readme", f"({old})", f"{old}."]
    readme = book / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\n".join(others + ours), encoding="utf-8")
    set_repository(book, FORK)
    lines = readme.read_text(encoding="utf-8").splitlines()[-len(others + ours) :]
    assert lines == others + [line.replace(old, FORK) for line in ours]


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/some/one",
        "http://github.com/some/one",
        "https://github.com.evil.example/some/one",
        "git@github.com:some/one.git",
        "https://github.com/some",
        "https://github.com/some/one/tree/main",
        "https://github.com/-some/one",
        "https://github.com/some/..",
        'https://github.com/some/one";import os;"',
        "some/one",
        "",
    ],
)
def test_other_hosts_and_malformed_addresses_are_refused(url, book):
    before = contents(book)
    with pytest.raises(ValueError, match="is not a repository on GitHub: give it as https://github.com/OWNER/REPO"):
        set_repository(book, url)
    assert contents(book) == before


def test_the_command_refuses_in_one_line(book):
    done = command(book, "https://gitlab.com/some/one")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "'https://gitlab.com/some/one' is not a repository on GitHub" in done.stderr
    (book / "_config.yml").unlink()
    done = command(book, FORK)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "has no _config.yml: run this in a clone" in done.stderr


def test_a_broken_file_is_named_and_nothing_is_written(book):
    (book / "chapters" / CHAPTERS[-1]).write_text("{")
    before = contents(book)
    with pytest.raises(ValueError, match=f"{CHAPTERS[-1]} is not a Jupyter notebook"):
        set_repository(book, FORK)
    assert contents(book) == before
    (book / "chapters" / CHAPTERS[-1]).unlink()
    (book / "CITATION.cff").write_text("cff-version: 1.2.0\n")
    with pytest.raises(ValueError, match="CITATION.cff has no place for the repository's address"):
        set_repository(book, FORK)


RUN_CELL = """
import sys, types
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
asked = []
shell.register_magic_function(asked.append, magic_name="pip")
if sys.argv[2] == "colab":
    sys.modules["google.colab"] = types.ModuleType("google.colab")
shell.run_cell(open(sys.argv[1], encoding="utf-8").read()).raise_error()
print(asked)
"""


@pytest.mark.parametrize(
    ("place", "asked"),
    [("colab", [f'install --quiet "dalbook @ git+{FORK}"']), ("elsewhere", [])],
    ids=["colab", "elsewhere"],
)
def test_set_up_cell_installs_on_colab_only(place, asked, book, tmp_path):
    set_repository(book, FORK)
    cell = tmp_path / "cell.py"
    cell.write_text(set_up_cell(book / "chapters" / CHAPTERS[0]), encoding="utf-8")
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    line = [sys.executable, "-c", RUN_CELL, str(cell), place]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == repr(asked)


def test_what_colab_has_already_satisfies_the_package():
    """pip replaces a package only where its version does not satisfy the range, so no range has an upper end."""
    ranges = dict(map(split, package_requirements()))
    assert {"torch", "numpy", "pandas", "scipy", "scikit-learn"} <= set(ranges)
    for name, versions in ranges.items():
        assert re.fullmatch(r">=[\d.]+", versions), f"{name}{versions} may replace the version that Colab has"


def test_chapters_read_nothing_beside_themselves():
    for chapter in CHAPTERS:
        for cell in json.loads((ROOT / "chapters" / chapter).read_text(encoding="utf-8"))["cells"]:
            code = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
            assert not re.search(r"""["']\.\.?/""", code), f"{chapter} reads a file relative to the working directory"


def test_results_are_found_from_anywhere(book, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert ask_for_table(book, tmp_path) == (book / "data" / "results" / "some_curve.csv").resolve()
    with pytest.raises(FileNotFoundError, match="No result table '../pyproject.toml': there are "):
        results("../pyproject.toml")


def ask_for_table(on_path: Path, folder: Path) -> Path:
    """Where a fresh interpreter, working in `folder`, finds the table with the package on this path."""
    code = "from dalbook.book.results import results; print(results('some_curve.csv'))"
    environment = {**os.environ, "PYTHONPATH": str(on_path)}
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True, env=environment)
    return Path(done.stdout.strip())


def test_wheel_ships_the_results_and_needs_no_checkout(book, tmp_path):
    """A source distribution, a wheel from that, unpacked elsewhere: as pip does it, without a network."""
    code = "from setuptools import build_meta; import sys; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"

    def build(what: str, folder: Path) -> Path:
        line = [sys.executable, "-c", code, what, str(tmp_path)]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True)
        return tmp_path / done.stdout.splitlines()[-1]

    with tarfile.open(build("build_sdist", book)) as archive:
        archive.extractall(tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()
    with zipfile.ZipFile(build("build_wheel", source)) as wheel:
        assert "dalbook/results/some_curve.csv" in wheel.namelist()
        assert {name.split("/")[0].split("-")[0] for name in wheel.namelist()} == {"dalbook"}
        wheel.extractall(tmp_path / "site")
    table = ask_for_table(tmp_path / "site", tmp_path)
    assert table == (tmp_path / "site" / "dalbook" / "results" / "some_curve.csv").resolve()
    assert table.read_text() == "learner,budget\ndal,30\n"


CONDA = {"torch": "pytorch-cpu", "soundfile": "pysoundfile", "soxr": "soxr-python"}  # conda-forge's names


def test_binder_has_the_package_s_ranges_and_no_cuda():
    environment = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    python, *rest = environment["dependencies"]
    assert re.fullmatch(r"python=3\.1[0-3]", python)  # as repo2docker reads it

    wanted = set(map(split, package_requirements()))
    there = set(map(split, rest))
    assert {(CONDA.get(name, name), versions) for name, versions in wanted} == there - {
        ("pip", ""),
        ("setuptools", ">=77"),
    }
    assert not any(re.search("cuda|gpu|nvidia", name) for name, _ in there)


def package_requirements() -> list[str]:
    block = re.search(r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r'^ *"([^"]+)"', block[1], re.MULTILINE)


def split(requirement: str) -> tuple[str, str]:
    return re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()


def test_binder_installs_the_checkout_and_builds_no_book():
    script = ROOT / "binder" / "postBuild"
    assert script.read_text(encoding="utf-8").startswith("#!/bin/bash\n")
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert commands[0] == "set -e"
    assert commands[1:] == ["python -m pip install --quiet --no-deps --no-build-isolation --editable ."]


def test_each_chapter_has_one_set_up_cell_and_the_committed_tree_needs_no_change(book):
    for chapter in CHAPTERS:
        ids = [cell["id"] for cell in json.loads((ROOT / "chapters" / chapter).read_text(encoding="utf-8"))["cells"]]
        assert ids.count("set-up") == 1
        assert len(set(ids)) == len(ids)
    assert set_repository(book, None) == []
