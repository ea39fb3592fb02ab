"""Modules put together do what they do apart: each once, after what it needs, no name twice."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from dalbook.files import bundle as scripts
from dalbook.files.bundle import HERE, module, parts


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(scripts, "HERE", tmp_path)
    (tmp_path / "a.js").write_text('export const a = 1;\nconst hidden = "export const";\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n\nexport function b() {\n  return a;\n}\n')
    (tmp_path / "c.js").write_text(
        'import { a } from "./a.js";\nimport {\n  b,\n} from "./b.js";\n\nexport default { c: () => a + b() };\n'
    )


def test_each_part_stands_once_after_those_it_needs(files):
    assert parts("c.js") == ["a.js", "b.js", "c.js"]
    words = " ".join(module("c.js").split())
    assert words == (
        'const { a } = (() => { const a = 1; const hidden = "export const"; return { a }; })(); '
        "const { b } = (() => { function b() { return a; } return { b }; })(); "
        "(() => { return { }; })(); export default { c: () => a + b() };"
    )


def test_a_missing_part_is_named(files, tmp_path):
    (tmp_path / "d.js").write_text('import { x } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match="gone.js"):
        module("d.js")


@pytest.mark.parametrize(
    "name",
    ["labeling/static/labeler.js", *(f"webpage/static/{page}.js" for page in ("replay", "page_start", "page_worker"))],
)
def test_nothing_is_exported_twice(name):
    names = [
        other for part in parts(name) for other in re.findall(r"^export \w+ (\w+)", (HERE / part).read_text(), re.M)
    ]
    assert [twice for twice, count in Counter(names).items() if count > 1] == []
    assert not re.search("^import ", module(name), re.MULTILINE)
