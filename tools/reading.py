"""How long a chapter takes to read, and how much code its reader sees.

    python tools/reading.py

Words at 200 a minute, 20 seconds a code cell, 4 seconds a sound; solutions are not counted, nor is what is hidden in
the book. Build the book first: the sounds are those of its pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "_build" / "html" / "chapters"
WORD = re.compile(r"\w[\w'’-]*")
SAID = re.compile(r"\*\*Time:\*\* (\d+) minutes")
# An evening: what one needs to use it and to know why it works.
SPINE = (
    "00_in_this_page", "tomorrow", "01_budget", "05_hypotheses", "06_disagreement", "07_pseudo_labels", "08_dal",
    "14_which_question", "15_what_saves_labels",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What there is to read, to hear and to look at in a chapter."""

    words: int
    lines: tuple[int, ...]  # of each code cell that is seen
    sounds: int
    said: int | None  # the minutes that its top promises

    @property
    def minutes(self) -> float:
        """How long it takes."""
        return self.words / 200 + len(self.lines) / 3 + self.sounds / 15


def reading(path: Path) -> Reading:
    """Measure a chapter, a notebook or a page of text."""
    sounds = (PAGES / f"{path.stem}.html").read_text(encoding="utf-8").count("<audio")
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
        return Reading(len(WORD.findall(text)), (), sounds, None)
    words, lines, said = 0, [], None
    for cell in nbformat.read(path, 4).cells:
        if "jupyter" in cell.metadata:  # folded, see tools/fold.py: a solution, or hidden in the book
            continue
        if cell.cell_type == "markdown":
            words += len(WORD.findall(cell.source))
            found = SAID.search(cell.source)
            said = int(found[1]) if found else said
        else:
            lines.append(len(cell.source.splitlines()))
    return Reading(words, tuple(lines), sounds, said)


def readings() -> dict[str, Reading]:
    """Of all chapters, by the names of their files."""
    paths = [*sorted((ROOT / "chapters").glob("*.ipynb")), ROOT / "chapters" / "tomorrow.md"]
    return {path.stem: reading(path) for path in paths}


if __name__ == "__main__":
    print(f"{'chapter':22s} words cells median 90 % sounds minutes said   (* an evening)")
    found = readings()
    for name, one in found.items():
        median, most = np.percentile(one.lines, [50, 90]) if one.lines else (0, 0)
        print(f"{name:21s}{'*' if name in SPINE else ' '} {one.words:5d} {len(one.lines):5d} {median:6.0f} {most:4.0f} "
              f"{one.sounds:6d} {one.minutes:7.0f} {one.said or '':4}")  # fmt: skip
    seen = [lines for one in found.values() for lines in one.lines]
    print(f"visible code cells: {len(seen)}, lines: median {np.median(seen):.0f}, 90 % {np.percentile(seen, 90):.0f}")
    print(f"minutes: {sum(one.minutes for one in found.values()):.0f} in all, "
          f"{sum(found[name].minutes for name in SPINE):.0f} an evening")  # fmt: skip
