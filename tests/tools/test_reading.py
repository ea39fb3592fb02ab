"""The minutes that the chapters and the preface promise are those that reading takes."""

from pathlib import Path

import pytest
from reading import SPINE, readings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found():
    return readings()


def test_each_chapter_says_how_long_it_takes(found):
    promised = {name: (one.said, one.minutes) for name, one in found.items() if name != "00_in_this_page"}
    del promised["tomorrow"]  # a recipe
    assert all(said for said, _ in promised.values())
    assert [name for name, (said, minutes) in promised.items() if abs(said - minutes) > 2.5] == []
    assert found["00_in_this_page"].said >= found["00_in_this_page"].minutes  # one labels there too


def test_the_spine_is_an_evening_and_the_book_four_hours(found):
    assert sum(found[name].minutes for name in SPINE) < 115  # "less than two hours"
    assert 200 < sum(one.minutes for one in found.values()) < 250  # "about four hours"


def test_the_spine_is_marked_beside_the_pages():
    style = (ROOT / "_static" / "figures.css").read_text(encoding="utf-8")
    assert [name for name in SPINE if f'[href*="{name}"]' not in style] == []
