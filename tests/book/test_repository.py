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

from dalbook.book.results import results

ROOT = Path(__file__).parents[2]
FORK = "https://github.com/some-body/our.sounds"
PAGE = Path("chapters", "contributing.md")
URL = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
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
    assert re.findall(r"git clone (\S+) (\S+) && cd (\S+)", readme) == [(url, "dalbook", "dalbook")]
    buttons = list(BUTTON.finditer(readme))
    assert len(buttons) == len(re.findall(r"mybinder\.org/v2/|colab\.research\.google\.com/github/", readme)) == 2
    for button in buttons:
        assert f"https://github.com/{button['colab'] or button['binder']}" == url
        assert (root / (button["colab_path"] or button["binder_path"])).is_file()
    assert re.findall(r"\[the repository\]\(([^)]*)\)", (root / "index.md").read_text(encoding="utf-8")) == [url]

    copied = set_up_cell(root / "chapters" / CHAPTERS[0])
    assert re.findall(r"https?://[^\s\"]+", "".join(copied["source"])) == [url]
    for chapter in CHAPTERS:
        assert set_up_cell(root / "chapters" / chapter) == copied, f"{chapter}: copy the first cell of {CHAPTERS[0]}"


def set_up_cell(chapter: Path) -> dict:
    """A chapter's one set-up cell: under its title, before all other code, hidden in the book."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    assert [number for number, cell in enumerate(cells) if cell["id"] == "set-up"] == [1], (
        f"{chapter.name} has no set-up cell under its title: copy the one of {CHAPTERS[0]}"
    )
    assert cells[1]["cell_type"] == "code"
    assert cells[1]["metadata"]["tags"] == ["remove-cell"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    return cells[1]


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
    files = (path for path in root.rglob("*") if path.is_file() and not {"__pycache__", ".git"} & set(path.parts))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def set_repository(root: Path, owner_and_name: str) -> None:
    """Run the page's own command in a clone of the book."""
    (line,) = re.findall(r"^git grep .*$", (root / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    subprocess.run(["bash", "-ec", line.replace("OWNER/REPO", owner_and_name)], cwd=root, check=True)


def test_every_address_is_the_one_in_the_configuration():
    assert len(CHAPTERS) >= 2
    check_addresses(ROOT, URL)


def test_a_fork_points_to_itself(book):
    readme = book / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + f"{URL}-data {URL}_2 {URL}.git\n", encoding="utf-8")
    for line in ("git init --quiet", "git add --all"):
        subprocess.run(line.split(), cwd=book, check=True)
    before = contents(book)

    set_repository(book, FORK.removeprefix("https://github.com/"))
    *_, others = readme.read_text(encoding="utf-8").splitlines()
    assert others == f"{URL}-data {URL}_2 {FORK}.git"  # repositories with longer names are others
    check_addresses(book, FORK)
    for name, content in contents(book).items():
        assert re.findall(rf"{URL.split('.com/')[1]}(?![-\w])", content.decode(errors="ignore")) == [], name

    set_repository(book, URL.removeprefix("https://github.com/"))  # the fork's own page has the way back
    assert contents(book) == before


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
    [("colab", [f'install --quiet "dalbook @ git+{URL}"']), ("elsewhere", [])],
    ids=["colab", "elsewhere"],
)
def test_set_up_cell_installs_on_colab_only(place, asked, tmp_path):
    cell = tmp_path / "cell.py"
    cell.write_text("".join(set_up_cell(ROOT / "chapters" / CHAPTERS[0])["source"]), encoding="utf-8")
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    line = [sys.executable, "-c", RUN_CELL, str(cell), place]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == repr(asked)


def test_what_colab_has_already_satisfies_the_package():
    """pip replaces a package only where its version does not satisfy the range, so no range has an upper end.

    A range may leave out single faulty versions.
    """
    ranges = dict(map(split, package_requirements()))
    assert {"torch", "numpy", "pandas", "scipy", "scikit-learn"} <= set(ranges)
    allowed = r">=[\d.]+|!=[\d.]+\*(,!=[\d.]+\*)*"
    for name, versions in ranges.items():
        assert re.fullmatch(allowed, versions), f"{name}{versions} may replace the version that Colab has"


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
