import sys

import pytest

from dalbook.files.cache import cache_folder, code_version


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("DALBOOK_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("DALBOOK_CACHE", "")
    assert "dalbook" in cache_folder().parts


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG folders are Linux's")
def test_the_cache_folder_is_where_this_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("DALBOOK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "dalbook"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "dalbook"


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Two modules `one` and `two` in a folder."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "one.py").write_text("x = 1\n")
    (tmp_path / "two.py").write_text("from one import x\n")
    code_version.cache_clear()
    yield tmp_path
    code_version.cache_clear()


def test_a_code_version_follows_the_content_of_the_modules_and_nothing_else(modules):
    one, two, both = code_version("one"), code_version("two"), code_version("two", "one")
    assert len({one, two, both, code_version("one", "two")}) == 4
    (modules / "one.py").write_text("x = 2\n")
    (modules / "moved.py").write_text("x = 1\n")
    code_version.cache_clear()
    assert code_version("two") == two
    assert code_version("one") != one
    assert code_version("two", "one") != both
    assert code_version("moved") == one


def test_a_module_that_is_gone_is_named(modules):
    with pytest.raises(ModuleNotFoundError, match="gone"):
        code_version("one", "gone")
