"""What is kept under a name names all the code that it depends on: read from the imports, so that nobody forgets."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from dalbook.corpora.toycity import load as toycity
from dalbook.embeddings.registry import EMBEDDERS
from dalbook.webpage import sounds

# what a result is called, where the code that computes it begins, and which modules its key names
KEYS = {
    **{name: ((one.module, "dalbook.corpora.audio"), one.sources) for name, one in EMBEDDERS.items()},
    "toy-city": (("dalbook.corpora.toycity.clips",), toycity.SOURCES),
    "page sounds": (("dalbook.corpora.preview",), sounds.SOURCES),
}


def reached(*modules: str) -> set[str]:
    """The package's modules that these import, themselves included, without the packages' own `__init__`."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        origin = importlib.util.find_spec(name).origin
        if name in found or Path(origin).name == "__init__.py":
            continue
        found.add(name)
        for node in ast.walk(ast.parse(Path(origin).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names if alias.name.startswith("dalbook.")]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dalbook":
                inside = [f"{node.module}.{alias.name}" for alias in node.names]
                waiting += [name for name in inside if _is_module(name)] + [node.module]
    return found


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("what", KEYS)
def test_a_key_names_every_module_that_the_result_depends_on(what):
    begin, declared = KEYS[what]
    missing = reached(*begin) - set(declared)
    assert not missing, f"the key of {what} must name {', '.join(sorted(missing))} too"


@pytest.mark.parametrize("what", KEYS)
def test_a_key_names_no_module_twice_and_none_in_vain(what):
    begin, declared = KEYS[what]
    assert len(set(declared)) == len(declared)
    assert set(declared) <= reached(*begin) | {"dalbook.webpage.sounds"}


def test_imports_are_followed_through_other_modules():
    assert reached("dalbook.corpora.toycity.clips") > {"dalbook.corpora.toycity.signals"}
