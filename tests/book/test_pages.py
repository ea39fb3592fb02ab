"""The built book as files: every link and sound leads somewhere, figures are numbered in order, words are spelled."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
import yaml
from browser import BOOK, PAGES, ROOT
from bs4 import BeautifulSoup

LIMIT = 1_500_000  # bytes of a page's own HTML, with the data of its figures
HERE = "http://book/"
PROSE = ("*.md", "chapters/*.md", "data/**/*.md", "dalbook/**/*.py", "dalbook/**/*.js", "tools/*.py", "tests/**/*.py")
NO_MISTAKES = "bject,caf,nd"  # what follows a backslash in strings
SOUND = re.compile(r"(?:\.\./)*_static/audio/[0-9a-f]+\.\w+")


@pytest.fixture(scope="module")
def pages() -> dict[str, BeautifulSoup]:
    return {name: BeautifulSoup((BOOK / name).read_text(encoding="utf-8"), "html.parser") for name in PAGES}


def test_every_internal_link_leads_somewhere(pages):
    ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in pages.items()}
    broken = []
    for name, page in pages.items():
        links = [(tag.name, tag[key]) for key in ("href", "src") for tag in page.find_all(attrs={key: True})]
        for tag, link in links:
            address, fragment = urldefrag(urljoin(HERE + name, link))
            if not address.startswith(HERE):
                continue
            path = unquote(urlparse(address).path).lstrip("/") or "index.html"
            if not (BOOK / path).is_file():
                broken.append(f"{name}: <{tag}> {link}")
            elif fragment and tag == "a" and path in ids and unquote(fragment) not in ids[path]:
                broken.append(f"{name}: no place {link}")
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_every_sound_is_there_and_the_page_is_light(name):
    html = (BOOK / name).read_text(encoding="utf-8")
    for sound in SOUND.findall(html.replace("\\u002f", "/")):  # as Plotly writes it
        assert (BOOK / name).parent.joinpath(sound).is_file(), sound
    assert "data:audio" not in html
    assert len(html.encode()) < LIMIT


def test_figures_are_numbered_in_order(pages):
    shown = 0
    for name, page in pages.items():
        figures = page.select("figure.dalbook-figure[id]")  # one that needs real sounds has none
        numbers = [re.sub(r"^fig-(\d+)-(\d+)$", r"\1.\2", figure.get("id", "none")) for figure in figures]
        chapter = re.match(r"chapters/0*(\d+)_", name)
        if chapter:
            assert numbers == [f"{chapter[1] or 0}.{i}" for i in range(1, len(figures) + 1)], name
        for number, figure in zip(numbers, figures, strict=True):
            assert figure.figcaption.get_text().startswith(f"Figure {number}. "), f"{name}: {number} has no caption"
        shown += len(figures)
    assert shown >= 3


def test_every_shown_figure_is_on_its_page(pages):
    """None was lost on the way: a chapter's page has what the chapter shows."""
    for chapter in sorted((ROOT / "chapters").glob("*.ipynb")):
        cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        shown = len(re.findall(r"\bnumber=", code))
        assert len(pages[f"chapters/{chapter.stem}.html"].select("figure.dalbook-figure")) >= shown, chapter.name


def test_citations_and_terms_are_resolved(pages):
    for name, page in pages.items():
        words = (page.find("article") or page).find_all(string=True)
        text = "".join(part for part in words if not part.find_parent(["code", "pre", "script", "style"]))
        assert "[?]" not in text, name
        assert not re.search(r"\{(cite|term|doc|ref|numref|eq)(:\w)?\}`", text), f"{name}: a role is left as text"
    cited = {key for page in pages.values() for key in re.findall(r"\[(\d{4}\w?)\]", page.get_text())}
    assert cited or not any("cite:" in path.read_text(encoding="utf-8") for path in (ROOT / "chapters").glob("*.*"))


def test_buttons_of_a_chapter_lead_to_binder_colab_and_the_notebook(pages):
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    slug = repository.removeprefix("https://github.com/")
    for chapter in sorted((ROOT / "chapters").glob("*.ipynb")):
        links = [link["href"] for link in pages[f"chapters/{chapter.stem}.html"].find_all("a", href=True)]
        binder = f"https://mybinder.org/v2/gh/{slug}/main?urlpath=lab/tree/chapters/{chapter.name}"
        assert binder in links
        assert f"https://colab.research.google.com/github/{slug}/blob/main/chapters/{chapter.name}" in links
        assert any(link.endswith(f"_sources/chapters/{chapter.name}") for link in links)


def test_the_published_book_can_be_found_and_shown(pages):
    sitemap = (BOOK / "sitemap.xml").read_text(encoding="utf-8")
    owner, name = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"].split("/")[-2:]
    base = f"https://{owner}.github.io/{name}/"
    written = [name for name in PAGES if name not in ("search.html", "genindex.html")]
    assert sorted(re.findall("<loc>(.*?)</loc>", sitemap)) == sorted(base + name for name in written)
    for page_name in written:
        page = pages[page_name]
        cards = {tag["property"]: tag["content"] for tag in page.find_all("meta", property=re.compile("^og:"))}
        assert cards["og:url"] == page.find("link", rel="canonical")["href"] == base + page_name
        assert cards["og:title"]
        assert len(cards["og:description"]) > 30 or page_name.endswith(("exercises.html", "bibliography.html"))
        assert (BOOK / cards["og:image"].removeprefix(base)).is_file()


HEAD = re.compile(r"^\s*\|[\s:|-]*---[\s:|-]*\|\s*$")  # the line under a table's head


def cells(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().strip("|")))


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    """A bar within a formula ends the cell, and what comes after it is lost."""
    texts = {path: [path.read_text(encoding="utf-8")] for path in [*ROOT.glob("*.md"), *ROOT.glob("[cd]*/**/*.md")]}
    for path in (ROOT / "chapters").glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        texts[path] = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    torn, tables = [], 0
    for path, lines in ((path, text.split("\n")) for path, parts in texts.items() for text in parts):
        for at in (i for i, line in enumerate(lines) if i and HEAD.match(line)):
            tables += 1
            rows = itertools.takewhile(lambda line: line.strip().startswith("|"), lines[at + 1 :])
            torn += [f"{path.name}: {row}" for row in rows if cells(row) != cells(lines[at - 1])]
    assert tables > 20
    assert torn == []


def test_spelling(tmp_path):
    texts = [path for pattern in PROSE for path in ROOT.glob(pattern)]
    for chapter in (ROOT / "chapters").glob("*.ipynb"):
        cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        texts.append(tmp_path / f"{chapter.stem}.txt")
        texts[-1].write_text("\n\n".join("".join(cell["source"]) for cell in cells), encoding="utf-8")
    line = [sys.executable, "-m", "codespell_lib", "--builtin", "clear,rare", "--ignore-words-list", NO_MISTAKES]
    done = subprocess.run([*line, *map(str, texts)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_external_links_are_listed():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/links.py")], capture_output=True, text=True, check=True, cwd=ROOT
    )
    links = done.stdout.split()
    assert "https://creativecommons.org/licenses/by/4.0/" in links
    assert all(link.startswith("http") for link in links)
