"""Modules put together do what they do apart: each once, after what it needs, no name twice."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from dalbook import scripts
from dalbook.scripts import module, parts


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
        'const a = 1; const hidden = "export const"; function b() { return a; } export default { c: () => a + b() };'
    )


def test_a_missing_part_is_named(files, tmp_path):
    (tmp_path / "d.js").write_text('import { x } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match="gone.js"):
        module("d.js")


@pytest.mark.parametrize("name", sorted(path.name for path in scripts.HERE.glob("*.js")))
def test_no_name_stands_twice(name):
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", module(name), re.MULTILINE)
    assert [twice for twice, count in Counter(names).items() if count > 1] == []
    assert not re.search(r"^import ", module(name), re.MULTILINE)
