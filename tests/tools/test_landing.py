"""The landing page: two clips that can be played, with the votes on them, made when the page is built."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import soundfile

from dalbook import load_toy_city

ROOT = Path(__file__).parents[2]

_spec = importlib.util.spec_from_file_location("landing", ROOT / "tools" / "landing.py")
landing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(landing)

CLASSES = ["dog_bark", "drilling", "siren", "gun_shot", "car_horn"]


def test_votes_in_words():
    assert landing.tally([0, 0, 8, 0, 0], CLASSES) == "all 8 say siren"
    assert landing.tally([2, 0, 6, 0, 0], CLASSES) == "6 of 8 say siren, 2 dog bark"
    assert landing.tally([1, 2, 3, 4, 5], CLASSES) == "5 of 15 say car horn, 4 gun shot, 3 siren, 2 drilling"


def test_the_page_plays_a_clip_that_divides_the_hypotheses_and_one_that_does_not(tmp_path):
    book, out, audio = tmp_path / "book", tmp_path / "out", tmp_path / "static" / "audio"
    (book / "deep").mkdir(parents=True)
    audio.mkdir(parents=True)
    (book / "index.md").write_text("# Book\n\n```{toctree}\ndeep/page\n```\n\n```{undecided}\n```\n")
    (book / "deep" / "page.md").write_text("# Page\n\n```{undecided}\n```\n")
    (book / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tools')!r})\nextensions = ['myst_parser', 'landing']\n"
        f"html_static_path = [{str(audio.parent)!r}]\n"
    )
    line = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(book), str(out)]
    environment = {**os.environ, "DALBOOK_STATIC": str(audio)}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr

    page = (out / "index.html").read_text(encoding="utf-8")
    names = re.findall(r'aria-label="Clip ([AB]): ([^"]+)"', page)
    assert [letter for letter, _ in names] == ["A", "B"]
    assert re.fullmatch(r"\d+ of 128 say [a-z ]+(, \d+ [a-z ]+)+", names[0][1])
    assert re.fullmatch(r"all 128 say [a-z ]+", names[1][1])
    known = {name.replace("_", " ") for name in load_toy_city().classes}
    assert set(re.findall(r"Clip [AB] is ([a-z ]+)\.", page)) <= known

    for name in ("index.html", "deep/page.html"):
        sounds = re.findall(r'src="([^"]+\.mp3)"', (out / name).read_text(encoding="utf-8"))
        assert len(set(sounds)) == 2
        for sound in sounds:
            samples, rate = soundfile.read((out / name).parent / sound)
            assert 1 <= len(samples) / rate < 4.2
            assert abs(samples).max() > 0.01
