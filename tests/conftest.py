"""Tests leave the reader's own cache of embeddings alone; the longest begin first."""

from __future__ import annotations

import os

import pytest

# Modules in the order in which two workers begin them, a module on one worker: what takes minutes must not come last.
LONGEST = (
    "tests/labeling/test_front_ends.py",
    "tests/tools/test_installed.py",
    "tests/book/test_browser.py",
    "tests/webpage/test_learning_page.py",
    "tests/book/test_chapters.py",
    "tests/tools/test_build.py",
    "tests/labeling/test_labeler_page.py",
    "tests/labeling/test_widget.py",
    "tests/webpage/test_replay.py",
    "tests/webpage/test_learner_js.py",
    "tests/experiments/test_runner.py",
    "tests/embeddings/test_embed.py",
)


def pytest_collection_modifyitems(items):
    order = {module: place for place, module in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.split("::")[0], len(order)))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Keep computed embeddings in a folder of this run, unless DALBOOK_CACHE names one."""
    with pytest.MonkeyPatch.context() as patch:
        if "DALBOOK_CACHE" not in os.environ:
            patch.setenv("DALBOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
